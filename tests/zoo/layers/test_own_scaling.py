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
#: Centred ones of different amplitude, and ones of one level and amplitude: what they share is rounding.
CENTRED = [
    scale * (wave - wave.mean()) for scale in (0.01, 1, 100) for wave in RANDOM.normal(size=(3, 100, 1))
]
ALIKE = [(wave - wave.mean()) / wave.std() for wave in RANDOM.normal(size=(9, 100, 1))]


def learned(sequences: list[np.ndarray]) -> OwnScales:
    return OwnScales.of(Ragged.of(sequences), every=True)


def layer(sequences: list[np.ndarray], dtype: str = "float32") -> OwnScaling:
    own = learned(sequences)
    return OwnScaling(own.channels, own.least, own.spread, own.level, dtype=dtype)


def run(scaling: OwnScaling, sequences: list[np.ndarray], width: int, filling: float = 0.0) -> np.ndarray:
    inputs = np.full((len(sequences), width, sequences[0].shape[1]), filling, np.float32)
    mask = np.arange(width) < np.array([[len(values)] for values in sequences])
    for row, values in zip(inputs, sequences, strict=True):
        row[: len(values)] = values
    tensors = keras.ops.convert_to_tensor(inputs), keras.ops.convert_to_tensor(mask)
    return keras.ops.convert_to_numpy(scaling(*tensors))


@pytest.mark.parametrize("sequences", [SEQUENCES, CENTRED, ALIKE], ids=["any", "centred", "alike"])
def test_it_gives_what_the_training_split_learned_gives_and_a_missing_value_is_the_mean(
    sequences: list[np.ndarray],
) -> None:
    found = run(layer(sequences), sequences, max(map(len, sequences)))
    for row, values in zip(found, sequences, strict=True):
        course, beside = learned(sequences).beside(values)
        channels = course.shape[1]
        np.testing.assert_allclose(row[: len(values), :channels], np.nan_to_num(course), rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(row[: len(values), channels:], [beside] * len(values), atol=1e-4)


@pytest.mark.parametrize("filling", [0.0, 1e9, np.nan])
@pytest.mark.parametrize("sequences", [SEQUENCES, CENTRED, ALIKE], ids=["any", "centred", "alike"])
def test_padding_changes_nothing(sequences: list[np.ndarray], filling: float) -> None:
    wide = run(layer(sequences), sequences, 160, filling)
    for row, values in zip(wide, sequences, strict=True):
        alone = run(layer(sequences), [values], len(values))[0]
        np.testing.assert_allclose(row[: len(values)], alone, rtol=1e-5, atol=1e-5)
        assert np.isfinite(row).all()


@pytest.mark.parametrize("factor", [1e-30, 1e30])
def test_numbers_whose_squares_are_none_of_32_bits(factor: float) -> None:
    plain = OwnScaling([0, 1], [1e-6] * 2, [(0, 1)] * 2, [(0, 1)] * 2)
    scaled = OwnScaling([0, 1], [1e-6 * factor] * 2, [(np.log(factor), 1)] * 2, [(0, 1)] * 2)
    wanted = run(plain, [SEQUENCES[0]], 7)
    np.testing.assert_allclose(run(scaled, [SEQUENCES[0] * factor], 7), wanted, rtol=1e-3, atol=1e-3)


def test_a_small_course_at_a_high_level() -> None:
    """The mean of 5,000 numbers around a million, which vary by 1, is not summed exactly."""
    values = 1e6 + np.round(RANDOM.normal(size=(5000, 1)) * 8) / 8
    found = run(layer([values]), [values], 5000)[0, :, 0]
    np.testing.assert_allclose(found, ((values - values.mean()) / values.std())[:, 0], atol=1e-3)


def test_half_precision_has_numbers_too() -> None:
    found = run(layer(CENTRED, dtype="mixed_float16"), CENTRED, 120)
    assert found.dtype == np.float16
    np.testing.assert_allclose(found, run(layer(CENTRED), CENTRED, 120), atol=0.01)


def test_a_channel_of_which_all_is_missing_is_zero() -> None:
    found = run(layer(SEQUENCES), [np.full((3, 2), np.nan)], 3)
    assert np.isfinite(found).all()
    assert not found[..., :2].any()


def test_channels_are_chosen() -> None:
    own = learned(SEQUENCES)
    second = OwnScaling([1], own.least[1:], own.spread[1:], own.level[1:])
    np.testing.assert_array_equal(run(second, SEQUENCES, 7), run(layer(SEQUENCES), SEQUENCES, 7)[..., 1::2])


def test_it_can_be_made_again_and_knows_its_shape() -> None:
    first = layer(SEQUENCES)
    again = OwnScaling.from_config(first.get_config())
    assert again.get_config() == first.get_config()
    np.testing.assert_array_equal(run(again, SEQUENCES, 7), run(first, SEQUENCES, 7))
    symbolic = first(keras.Input((None, 2)), keras.Input((None,), dtype="bool"))
    assert symbolic.shape == (None, None, 6)


def test_a_channel_has_each_number() -> None:
    with pytest.raises(ValueError, match=r"hold \[2, 2, 1, 2\] numbers; a channel has each"):
        OwnScaling([0, 1], [1, 1], [(0, 1)], [(0, 1), (0, 1)])
