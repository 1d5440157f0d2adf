from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from zoo.layers.time_stretch import TimeStretch

LENGTHS = np.where(np.arange(200) < 100, 21, 11)
MASK = np.arange(24) < LENGTHS[:, None]
#: Each number says at which step it is; NaN where there is none.
STEPS = np.where(MASK, np.arange(24), np.nan)[..., None].astype(np.float32)


def run(layer: TimeStretch, training: bool = True, **arguments: object) -> tuple[np.ndarray, np.ndarray]:
    found = layer(tf.constant(STEPS), tf.constant(MASK), training=training, **arguments)
    return tuple(keras.ops.convert_to_numpy(each) for each in found)


def test_each_sequence_has_a_tempo_of_its_own_between_its_first_and_its_last_step() -> None:
    found, mask = run(TimeStretch(0.25, seed=0))
    assert found.shape == (200, 30, 1)
    lengths = mask.sum(axis=1)
    assert set(lengths[:100]) == set(range(16, 27))
    assert set(lengths[100:]) == set(range(8, 15))
    for values, before, after in zip(found[..., 0], LENGTHS, lengths, strict=True):
        np.testing.assert_allclose(values[:after], np.linspace(0, before - 1, after), atol=1e-5)
        assert not values[after:].any()


def test_no_fewer_steps_are_left_than_wanted_or_than_there_were() -> None:
    least = np.full(200, 18, np.int32)
    _, mask = run(TimeStretch(0.5, seed=0), least=least)
    lengths = mask.sum(axis=1)
    assert (lengths[:100].min(), lengths[100:].min()) == (18, 11)


def test_one_step_and_none_stay() -> None:
    mask = np.array([[True, False], [False, False]])
    values, there = TimeStretch(0.4, seed=0)(np.ones((2, 2, 3), np.float32), mask, training=True)
    assert there.numpy().tolist() == [[True, False, False], [False] * 3]
    np.testing.assert_array_equal(values[0, 0], 1)


def test_the_same_numbers_come_whether_the_width_is_known_or_not() -> None:
    known, mask = run(TimeStretch(0.3, seed=1))
    layer = TimeStretch(0.3, seed=1)
    unknown = tf.function(
        lambda steps, mask: layer(steps, mask, training=True),
        input_signature=[tf.TensorSpec([None, None, 1]), tf.TensorSpec([None, None], tf.bool)],
    )
    found = unknown(tf.constant(STEPS), tf.constant(MASK))
    np.testing.assert_array_equal(found[0], known)
    np.testing.assert_array_equal(found[1], mask)


def test_outside_of_training_nothing_changes() -> None:
    for layer, training in ((TimeStretch(0.2), False), (TimeStretch(0.0), True)):
        values, mask = run(layer, training)
        np.testing.assert_array_equal(values, STEPS)
        np.testing.assert_array_equal(mask, MASK)


def test_gradients_reach_what_was_stretched() -> None:
    inputs = tf.constant(np.where(MASK[..., None], STEPS, 0))
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        values, _ = TimeStretch(0.2, seed=0)(inputs, tf.constant(MASK), training=True)
        total = tf.reduce_sum(values)
    slope = tf.convert_to_tensor(tape.gradient(total, inputs)).numpy()[..., 0]
    assert (slope[MASK] > 0).mean() > 0.9
    assert not slope[~MASK].any()


def test_it_can_be_made_again_and_refuses_what_is_no_share() -> None:
    config = TimeStretch(0.2, seed=1).get_config()
    assert TimeStretch.from_config(config).get_config() == config
    with pytest.raises(ValueError, match="share must be"):
        TimeStretch(1.0)
