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
    layer = TimeConvolution(4, 3, 2, True)
    again = TimeConvolution.from_config(layer.get_config())
    assert (again.filters, again.width, again.stride, again.causal) == (4, 3, 2, True)
    assert layer.compute_output_shape((None, 9, 3)) == (None, 5, 4)
    with pytest.raises(ValueError, match="must be at least 1"):
        TimeConvolution(4, 0)
