from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import pytest

from zoo.layers.pooling import LastStep, MaskedPooling

KINDS = pytest.mark.parametrize("kind", ["mean", "max", "both"])
MASK = np.array([[True, True, False], [False, False, False], [True, False, True]])


def inputs(dtype: str = "float32") -> np.ndarray:
    """`(batch, time, features)`, below zero too, with the largest and smallest numbers where there is no input."""
    draw = np.random.default_rng(0).normal(size=(3, 3, 4)) - 5
    draw[~MASK] = 3e4
    return draw.astype(dtype)


def expected(kind: str, values: np.ndarray) -> np.ndarray:
    if kind == "both":
        return np.concatenate([expected("mean", values), expected("max", values)], axis=1)
    pools: dict[str, Callable[..., np.ndarray]] = {"mean": np.mean, "max": np.max}
    pool = pools[kind]
    return np.stack(
        [pool(v[m], axis=0) if m.any() else np.zeros(4) for v, m in zip(values, MASK, strict=True)]
    )


@KINDS
def test_steps_without_input_do_not_count(kind: str) -> None:
    pooled = MaskedPooling(kind)(inputs(), mask=MASK)
    np.testing.assert_allclose(pooled, expected(kind, inputs()), rtol=1e-6)


@KINDS
def test_without_a_mask_all_steps_count(kind: str) -> None:
    pooled = MaskedPooling(kind)(inputs())
    kinds = ("mean", "max") if kind == "both" else (kind,)
    whole = np.concatenate([getattr(inputs(), name)(axis=1) for name in kinds], axis=1)
    np.testing.assert_allclose(pooled, whole, rtol=1e-6)


def test_both_stand_side_by_side_the_mean_first() -> None:
    layer = MaskedPooling("both")
    pooled = layer(inputs(), mask=MASK)
    np.testing.assert_allclose(pooled[:, :4], expected("mean", inputs()), rtol=1e-6)
    np.testing.assert_allclose(pooled[:, 4:], expected("max", inputs()), rtol=1e-6)
    assert layer(keras.Input((None, 4)), mask=keras.Input((None,), dtype="bool")).shape == (None, 8)


def test_the_maximum_may_be_any_number() -> None:
    values = np.full((1, 2, 1), -3e38, np.float32)
    pooled = MaskedPooling("max")(values, mask=np.array([[True, False]]))
    np.testing.assert_array_equal(pooled, values[:, 0])


@KINDS
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float64"])
def test_other_precisions(kind: str, policy: str) -> None:
    layer = MaskedPooling(kind, dtype=policy)
    values = inputs()
    values[~MASK] = 100
    pooled = layer(values, mask=MASK)
    assert keras.backend.standardize_dtype(pooled.dtype) == layer.compute_dtype
    np.testing.assert_allclose(np.asarray(pooled, "float64"), expected(kind, values), rtol=0.02)


@KINDS
def test_gradients_are_finite_and_zero_where_there_is_no_input(kind: str) -> None:
    import tensorflow as tf

    values = tf.constant(inputs())
    with tf.GradientTape() as tape:
        tape.watch(values)
        total = tf.reduce_sum(MaskedPooling(kind)(values, mask=MASK))
    gradient = tape.gradient(total, values).numpy()
    assert np.isfinite(gradient).all()
    assert not gradient[~MASK].any()
    times = 2.0 if kind == "both" else 1.0
    np.testing.assert_allclose(gradient.sum(axis=1), np.repeat([[times], [0], [times]], 4, axis=1), rtol=1e-6)


@KINDS
def test_a_batch_may_be_empty(kind: str) -> None:
    shape = MaskedPooling(kind)(inputs()[:0], mask=MASK[:0]).shape
    assert shape == (0, 8 if kind == "both" else 4)


def test_configuration_round_trip() -> None:
    layer = MaskedPooling("max", name="pool")
    assert MaskedPooling.from_config(layer.get_config()).get_config() == layer.get_config()


def test_other_kinds_are_refused() -> None:
    with pytest.raises(ValueError, match="mean, max or both, not 'sum'"):
        MaskedPooling("sum")


def test_symbolic_shape_and_no_mask_after_it() -> None:
    tokens = keras.Input((None,), dtype="int32")
    embedded = keras.layers.Embedding(5, 3, mask_zero=True)(tokens)
    assert MaskedPooling("both")(embedded).shape == (None, 6)
    pooled = MaskedPooling("mean")(embedded)
    assert pooled.shape == (None, 3)
    assert getattr(pooled, "_keras_mask", None) is None


def test_the_last_step_of_each_direction() -> None:
    values = inputs()
    values[~MASK] = np.nan
    forwards = LastStep()(values, mask=MASK)
    np.testing.assert_array_equal(forwards, [values[0, 1], np.zeros(4), values[2, 2]])
    both_ways = LastStep(directions=2)(values, mask=MASK)
    first = [values[0, 0], np.zeros(4), values[2, 0]]
    np.testing.assert_array_equal(both_ways[:, :2], np.asarray(forwards)[:, :2])
    np.testing.assert_array_equal(both_ways[:, 2:], np.array(first)[:, 2:])
    np.testing.assert_array_equal(LastStep()(inputs()), inputs()[:, -1])


def test_the_last_step_is_what_a_recurrent_layer_gives_alone() -> None:
    from zoo.cells.gru import GRUCell
    from zoo.layers.recurrent import Recurrent

    whole, alone = (
        Recurrent(GRUCell(2, seed=0), bidirectional=True, return_sequences=sequences, seed=0)
        for sequences in (True, False)
    )
    values, mask = inputs().clip(-1, 1), np.array([[True, True, False], [True, False, False], [True] * 3])
    outputs, _ = whole(values, mask=mask), alone(values, mask=mask)
    alone.set_weights(whole.get_weights())
    expected = alone(values, mask=mask)
    np.testing.assert_allclose(LastStep(2)(outputs, mask=mask), expected, atol=1e-6)


def test_the_last_step_has_a_shape_and_a_configuration() -> None:
    layer = LastStep(2, name="last")
    assert layer(keras.Input((None, 4)), mask=keras.Input((None,), dtype="bool")).shape == (None, 4)
    assert LastStep.from_config(layer.get_config()).directions == 2
    assert layer(np.zeros((0, 3, 4)), mask=np.zeros((0, 3), bool)).shape == (0, 4)
