from __future__ import annotations

import keras
import numpy as np
import pytest

from zoo.layers.embedding_dropout import EmbeddingDropout

SIZE = 400
#: Every token twice, in two rows.
IDS = np.stack([np.arange(SIZE), np.arange(SIZE)[::-1]])
VECTORS = 1.0 + np.repeat(IDS[..., None], 3, axis=-1).astype(np.float32)


def run(layer: EmbeddingDropout, **arguments: object) -> np.ndarray:
    return keras.ops.convert_to_numpy(layer(VECTORS, IDS, **arguments))


def test_some_words_have_no_vector_wherever_they_stand_and_the_others_are_larger() -> None:
    scale = run(EmbeddingDropout(0.25, SIZE, seed=0), training=True) / VECTORS
    np.testing.assert_allclose(np.unique(np.round(scale, 4)), [0, 1.3333])
    np.testing.assert_array_equal(scale[0], scale[1, ::-1])
    np.testing.assert_array_equal(scale[..., 0], scale[..., 2])
    assert (scale == 0).mean() == pytest.approx(0.25, abs=0.06)


def test_outside_of_training_nothing_changes() -> None:
    np.testing.assert_array_equal(run(EmbeddingDropout(0.9, SIZE)), VECTORS)
    np.testing.assert_array_equal(run(EmbeddingDropout(0.0, SIZE), training=True), VECTORS)


def test_its_random_numbers_are_state_that_training_can_set() -> None:
    layer = EmbeddingDropout(0.5, SIZE, seed=1)
    (state,) = layer.variables
    assert state.path.endswith("seed_generator_state")
    before = state.numpy()
    first, second = run(layer, training=True), run(layer, training=True)
    assert (first != second).any()
    state.assign(before)
    np.testing.assert_array_equal(run(layer, training=True), first)


def test_it_can_be_made_again() -> None:
    config = EmbeddingDropout(0.5, 7, seed=1).get_config()
    assert EmbeddingDropout.from_config(config).get_config() == config
    assert (config["rate"], config["size"], config["seed"]) == (0.5, 7, 1)


@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_a_rate_out_of_range_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="rate must be"):
        EmbeddingDropout(rate, 5)
