from __future__ import annotations

import keras
import numpy as np
import pytest

from zoo.data.channels import OwnScales
from zoo.data.ragged import Ragged
from zoo.layers.own_scaling import OwnScaling

RANDOM = np.random.default_rng(0)
#: Two channels of sequences of other lengths; of the third, one value is missing and the second channel is constant.
SEQUENCES = [
    RANDOM.normal(size=(7, 2)) * [1, 1e4] + [2, -5e4],
    RANDOM.normal(size=(4, 2)) * [1e-4, 10],
    np.stack([[1e6, np.nan, 3e6, 2e6, 2e6], np.full(5, 8.0)], axis=1),
]
OWN = OwnScales.of(Ragged.of(SEQUENCES))


def layer(missing: bool = False) -> OwnScaling:
    return OwnScaling(OWN.least, OWN.spread, OWN.level, missing)


def run(scaling: OwnScaling, sequences: list[np.ndarray], width: int, filling: float = 0.0) -> np.ndarray:
    inputs = np.full((len(sequences), width, 2), filling, np.float32)
    mask = np.arange(width) < np.array([[len(values)] for values in sequences])
    for row, values in zip(inputs, sequences, strict=True):
        row[: len(values)] = values
    tensors = keras.ops.convert_to_tensor(inputs), keras.ops.convert_to_tensor(mask)
    return keras.ops.convert_to_numpy(scaling(*tensors))


def test_it_gives_what_the_training_split_learned_gives_and_a_missing_value_is_the_mean() -> None:
    found = run(layer(), SEQUENCES, 7)
    for row, values in zip(found, SEQUENCES, strict=True):
        wanted = np.nan_to_num(OWN.scaled(values), nan=0.0)
        np.testing.assert_allclose(row[: len(values)], wanted, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("filling", [0.0, 1e9, np.nan])
def test_padding_changes_nothing(filling: float) -> None:
    wide = run(layer(), SEQUENCES, 12, filling)
    for row, values in zip(wide, SEQUENCES, strict=True):
        alone = run(layer(), [values], len(values))[0]
        np.testing.assert_allclose(row[: len(values)], alone, rtol=1e-5, atol=1e-5)
        assert np.isfinite(row).all()


@pytest.mark.parametrize("factor", [1e-30, 1e30])
def test_numbers_whose_squares_are_none_of_32_bits(factor: float) -> None:
    plain = run(layer(), [SEQUENCES[0]], 7)[..., :2]
    tiny = OwnScaling([1e-37] * 2, OWN.spread, OWN.level)
    np.testing.assert_allclose(run(tiny, [SEQUENCES[0] * factor], 7)[..., :2], plain, rtol=1e-3, atol=1e-4)


def test_what_is_missing_is_said_beside() -> None:
    found = run(layer(missing=True), SEQUENCES, 7)
    assert found.shape == (3, 7, 8)
    assert found[2, :5, 6].tolist() == [0, 1, 0, 0, 0]
    assert not found[..., 7].any()
    all_missing = run(layer(), [np.full((3, 2), np.nan)], 3)
    assert np.isfinite(all_missing).all()
    assert not all_missing[..., :2].any()


def test_it_can_be_made_again_and_knows_its_shape() -> None:
    first = layer(missing=True)
    again = OwnScaling.from_config(first.get_config())
    assert again.get_config() == first.get_config()
    np.testing.assert_array_equal(run(again, SEQUENCES, 7), run(first, SEQUENCES, 7))
    symbolic = first(keras.Input((None, 2)), keras.Input((None,), dtype="bool"))
    assert symbolic.shape == (None, None, 8)


def test_a_channel_has_each_number() -> None:
    with pytest.raises(ValueError, match="2 least deviations, 1 spreads and 2 levels"):
        OwnScaling([1, 1], [(0, 1)], [(0, 1), (0, 1)])
