from __future__ import annotations

import numpy as np
import pytest
from keras import ops

from zoo.tasks.forecasting.normalisation import KINDS, Normalisation, spread_of_logarithms

DRAW = np.random.default_rng(0)
POSITIVE = np.exp(DRAW.normal(size=(4, 9, 2)))


def of(kind: str) -> Normalisation:
    return Normalisation(kind, [1.0, 2.0], [3.0, 4.0], [0.5, 0.25])


@pytest.mark.parametrize("kind", KINDS)
def test_back_is_the_inverse_and_keras_does_as_numpy_does(kind: str) -> None:
    z, shift, scale = of(kind)(POSITIVE)
    np.testing.assert_allclose(of(kind).back(z, shift, scale), POSITIVE)
    assert shift.shape == scale.shape == (4, 1, 2)
    in_keras = of(kind)(ops.convert_to_tensor(POSITIVE), ops)
    for ours, theirs in zip((z, shift, scale), in_keras, strict=True):
        np.testing.assert_allclose(ours, theirs)
    np.testing.assert_allclose(of(kind).back(*in_keras, ops), POSITIVE)


@pytest.mark.parametrize("kind", ["difference", "log"])
def test_a_window_a_million_times_as_large_looks_alike(kind: str) -> None:
    np.testing.assert_allclose(of(kind)(1e6 * POSITIVE)[0], of(kind)(POSITIVE)[0])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [0.0, -3.0, 7.0, 1.2e9])
def test_a_flat_window_is_finite(kind: str, value: float) -> None:
    z, shift, scale = of(kind)(np.full((1, 5, 2), value))
    for array in (z, shift, scale, of(kind).back(z, shift, scale)):
        assert np.isfinite(array).all()
    assert (scale > 0).all()


def test_logarithms_of_what_is_not_positive_are_finite() -> None:
    window = np.array([5.0, 0.0, -2.0, 4.0])[None, :, None]
    z, shift, scale = Normalisation("log", [0.0], [1.0], [0.5])(window)
    assert np.isfinite(z).all()
    assert (
        of("log").back(1e9 * np.ones((1, 1, 1)), shift, scale) < 4 * 500
    )  # no forecast is out of all proportion


def test_the_spread_of_logarithms() -> None:
    assert spread_of_logarithms([np.array([[1.0], [2.0], [1.0]])]) == pytest.approx([np.log(2)])
    assert spread_of_logarithms([np.ones((3, 1))]).tolist() == [1.0]


def test_a_kind_that_there_is_not_is_told() -> None:
    with pytest.raises(ValueError, match="kind must be one of last, standard"):
        of("something")
