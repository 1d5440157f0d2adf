from __future__ import annotations

import keras
import numpy as np
import pytest

from zoo.layers.adversarial_noise import AdversarialNoise, adversarial_noise, vectors_through

VECTORS = np.random.default_rng(0).normal(size=(3, 5, 4)).astype("float32")
GRADIENT = np.random.default_rng(1).normal(size=(3, 5, 4)).astype("float32")
LENGTHS = (5, 2, 0)
MASK = np.arange(5) < np.array(LENGTHS)[:, None]


def noise(vectors=VECTORS, gradient=GRADIENT, mask=MASK, epsilon=0.1) -> np.ndarray:
    vectors, gradient = (keras.ops.convert_to_tensor(x) for x in (vectors, gradient))
    return keras.ops.convert_to_numpy(adversarial_noise(vectors, gradient, mask, epsilon))


def test_it_goes_along_the_gradient_as_far_as_a_share_of_the_text() -> None:
    for row, length in enumerate(LENGTHS[:2]):
        vectors, gradient = VECTORS[row, :length], GRADIENT[row, :length]
        expected = 0.1 * np.linalg.norm(vectors) * gradient / np.linalg.norm(gradient)
        np.testing.assert_allclose(noise()[row, :length], expected, rtol=1e-5)


def test_padding_gets_none_and_is_not_counted() -> None:
    assert not noise()[~MASK].any()
    vectors, gradient = (
        np.pad(x, ((0, 0), (0, 7), (0, 0)), constant_values=np.inf) for x in (VECTORS, GRADIENT)
    )
    wide = noise(vectors, gradient, np.pad(MASK, ((0, 0), (0, 7))))
    np.testing.assert_allclose(wide[:, :5], noise(), rtol=1e-5)


def test_without_a_mask_all_is_counted() -> None:
    np.testing.assert_array_equal(noise(mask=None), noise(mask=np.ones((3, 5), bool)))


def test_the_gradient_may_be_as_small_or_great_as_numbers_are() -> None:
    for scale in (1e-30, 1e30):
        np.testing.assert_allclose(noise(gradient=GRADIENT * np.float32(scale)), noise(), rtol=1e-4)


@pytest.mark.parametrize("value", [0, np.nan, np.inf])
def test_a_text_without_a_usable_gradient_gets_none(value: float) -> None:
    gradient = GRADIENT.copy()
    gradient[0] = value
    found = noise(gradient=gradient)
    assert not found[0].any()
    np.testing.assert_array_equal(found[1:], noise()[1:])


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_it_has_the_type_of_the_vectors(dtype: str) -> None:
    found = noise(VECTORS.astype(dtype), GRADIENT.astype(dtype))
    assert found.dtype == dtype
    np.testing.assert_allclose(found, noise(), rtol=1e-2)


def test_the_layer_changes_nothing_by_itself() -> None:
    layer = AdversarialNoise(0.5)
    np.testing.assert_array_equal(layer(VECTORS, mask=MASK), VECTORS)
    with vectors_through(lambda vectors, mask, epsilon: vectors * epsilon):
        np.testing.assert_array_equal(layer(VECTORS, mask=MASK), VECTORS / 2)
    np.testing.assert_array_equal(layer(VECTORS), VECTORS)


def test_it_can_be_made_again() -> None:
    config = AdversarialNoise(0.5).get_config()
    assert AdversarialNoise.from_config(config).get_config() == config
    assert config["epsilon"] == 0.5


def test_an_epsilon_below_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="epsilon must be"):
        AdversarialNoise(-0.1)
