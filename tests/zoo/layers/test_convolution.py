from __future__ import annotations

import keras
import numpy as np
import pytest

from zoo.layers.convolution import TimeConvolution

X = np.random.default_rng(0).normal(size=(1, 9, 3)).astype(np.float32)


def run(layer: TimeConvolution, x: np.ndarray, lengths: tuple[int, ...] | None = None) -> np.ndarray:
    mask = None if lengths is None else np.arange(x.shape[1]) < np.array(lengths)[:, None]
    return keras.ops.convert_to_numpy(layer(keras.ops.convert_to_tensor(x), mask=mask))


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("width", [1, 4, 5])
def test_padding_changes_nothing(width: int, stride: int, causal: bool) -> None:
    layer = TimeConvolution(4, width, stride, causal)
    alone = run(layer, X)
    assert alone.shape == (1, -(-9 // stride), 4)
    padded = np.pad(X, [(0, 0), (0, 4), (0, 0)], constant_values=np.nan)
    np.testing.assert_allclose(run(layer, padded, (9,))[:, : alone.shape[1]], alone, atol=1e-6)


def test_it_is_the_convolution_of_each_step_with_its_neighbours() -> None:
    layer = TimeConvolution(2, 3, 2)
    found = run(layer, X)[0]
    kernel = layer.convolution.kernel.numpy()
    around = np.pad(X[0], [(1, 1), (0, 0)])
    sums = np.stack([np.einsum("wf,wfo->o", around[t : t + 3], kernel) for t in range(0, 9, 2)])
    scaled = (sums - sums.mean(axis=1, keepdims=True)) / np.sqrt(sums.var(axis=1, keepdims=True) + 1e-3)
    np.testing.assert_allclose(found, np.maximum(scaled, 0), atol=1e-5)


def test_one_that_is_scaled_over_the_batch_counts_each_step_of_each_sequence_once() -> None:
    x = np.random.default_rng(1).normal(size=(2, 9, 3)).astype(np.float32)
    lengths = np.array([9, 5])
    mask = np.arange(9) < lengths[:, None]
    layer = TimeConvolution(2, 3, 2, scaling="batch")
    found = layer(keras.ops.convert_to_tensor(x), mask=mask, training=True).numpy()
    kernel, seen = layer.convolution.kernel.numpy(), np.where(mask[..., None], x, 0)
    around = np.pad(seen, [(0, 0), (1, 1), (0, 0)])
    sums = np.stack([np.einsum("nwf,wfo->no", around[:, t : t + 3], kernel) for t in range(0, 9, 2)], axis=1)
    steps = sums[mask[:, ::2]]
    assert steps.shape == (5 + 3, 2)
    mean, variance = steps.mean(axis=0), steps.var(axis=0)
    np.testing.assert_allclose(found, np.maximum((sums - mean) / np.sqrt(variance + 1e-3), 0), atol=1e-5)
    np.testing.assert_allclose(layer.scaling.moving_mean.numpy(), 0.01 * mean, rtol=1e-4)
    np.testing.assert_allclose(layer.scaling.moving_variance.numpy(), 0.99 + 0.01 * variance, rtol=1e-4)
    later = layer(keras.ops.convert_to_tensor(x), mask=mask).numpy()
    moving = layer.scaling.moving_mean.numpy(), layer.scaling.moving_variance.numpy()
    np.testing.assert_allclose(
        later, np.maximum((sums - moving[0]) / np.sqrt(moving[1] + 1e-3), 0), atol=1e-5
    )


@pytest.mark.parametrize("training", [False, True])
def test_padding_changes_nothing_of_what_is_scaled_over_the_batch(training: bool) -> None:
    lengths = np.array([9, 4])
    x = np.random.default_rng(1).normal(size=(2, 9, 3)).astype(np.float32)
    answers, kept = [], []
    for padding in (0, 6):
        keras.utils.set_random_seed(0)
        layer = TimeConvolution(4, 5, 2, scaling="batch")
        padded = np.pad(x, [(0, 0), (0, padding), (0, 0)], constant_values=np.nan)
        mask = np.arange(9 + padding) < lengths[:, None]
        answers.append(
            layer(keras.ops.convert_to_tensor(padded), mask=mask, training=training).numpy()[:, :5]
        )
        kept.append([weight.numpy() for weight in layer.weights])
    inside = mask[:, :9:2]
    np.testing.assert_allclose(answers[0][inside], answers[1][inside], atol=1e-6)
    for one, other in zip(*kept, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_a_causal_one_does_not_look_ahead() -> None:
    layer = TimeConvolution(4, 3, causal=True)
    changed = X.copy()
    changed[:, 5:] += 1
    np.testing.assert_array_equal(run(layer, changed)[:, :5], run(layer, X)[:, :5])
    other = TimeConvolution(4, 3)
    assert not np.allclose(run(other, changed)[:, 4], run(other, X)[:, 4])


def test_the_mask_is_shortened_with_the_steps() -> None:
    mask = keras.ops.convert_to_tensor(np.arange(7) < np.array([[4], [5]]))
    shorter = keras.ops.convert_to_numpy(TimeConvolution(1, stride=2).compute_mask(mask, mask))
    assert shorter.tolist() == [[True, True, False, False], [True, True, True, False]]


def test_it_can_be_made_again_and_refuses_what_is_no_size() -> None:
    layer = TimeConvolution(4, 3, 2, True, "batch")
    again = TimeConvolution.from_config(layer.get_config())
    assert (again.filters, again.width, again.stride, again.causal, again.per_batch) == (4, 3, 2, True, True)
    written_before = {name: value for name, value in layer.get_config().items() if name != "scaling"}
    assert not TimeConvolution.from_config(written_before).per_batch
    assert layer.compute_output_shape((None, 9, 3)) == (None, 5, 4)
    with pytest.raises(ValueError, match="must be at least 1"):
        TimeConvolution(4, 0)
    with pytest.raises(ValueError, match="scaling must be one of step, batch, not 'time'"):
        TimeConvolution(4, scaling="time")
