from __future__ import annotations

import keras
import numpy as np
import pytest

from zoo.layers.word_dropout import WordDropout

IDS = np.repeat(np.array([[0, 1, 2, 3, 4]], np.int32), 2000, axis=0)


def run(layer: WordDropout, **arguments: object) -> np.ndarray:
    return keras.ops.convert_to_numpy(layer(keras.ops.convert_to_tensor(IDS), **arguments))


def test_some_words_are_unknown_in_training_and_padding_stays() -> None:
    found = run(WordDropout(0.25, seed=0), training=True)
    assert not found[:, 0].any()
    changed = found != IDS
    assert set(found[changed]) == {1}
    assert changed[:, 2:].mean() == pytest.approx(0.25, abs=0.02)
    assert found.dtype == np.int32


def test_outside_of_training_nothing_changes() -> None:
    assert (run(WordDropout(0.9)) == IDS).all()
    assert (run(WordDropout(0.0), training=True) == IDS).all()


def test_its_random_numbers_are_state_that_training_can_set() -> None:
    layer = WordDropout(0.5, seed=1)
    (state,) = layer.variables
    assert state.path.endswith("seed_generator_state")
    before = state.numpy()
    first, second = run(layer, training=True), run(layer, training=True)
    assert (first != second).any()
    state.assign(before)
    assert (run(layer, training=True) == first).all()


def test_it_can_be_made_again() -> None:
    config = WordDropout(0.5, unknown=7, seed=1).get_config()
    assert WordDropout.from_config(config).get_config() == config
    assert (config["rate"], config["unknown"], config["seed"]) == (0.5, 7, 1)


@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_a_rate_out_of_range_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="rate must be"):
        WordDropout(rate)
