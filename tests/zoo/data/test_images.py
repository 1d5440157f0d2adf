from __future__ import annotations

import numpy as np
import pytest

from tests.zoo.tasks.vqa.toy import pictures
from zoo.data.images import Resizer, resize, size_of

IMAGES = np.random.default_rng(0).integers(0, 256, (2, 6, 9, 3), np.uint8)


def test_images_of_the_right_size_stay_as_they_are() -> None:
    np.testing.assert_array_equal(resize(IMAGES, (6, 9)), IMAGES)
    resizer = Resizer((6, 9))
    np.testing.assert_array_equal(resizer(IMAGES[0]), IMAGES[0])


def test_an_image_alone_is_resized_as_in_a_batch() -> None:
    together = np.asarray(resize(IMAGES, (4, 5)))
    assert together.dtype == np.uint8
    for image, right in zip(IMAGES, together, strict=True):
        np.testing.assert_array_equal(Resizer((4, 5))(image), right)


def test_smaller_images_are_means_of_all_pixels() -> None:
    stripes = np.zeros((1, 16, 16, 3), np.uint8)
    stripes[:, :, ::2] = 200
    small = np.asarray(resize(stripes, (4, 4)))
    assert np.abs(small[:, 1:3, 1:3].astype(int) - 100).max() <= 8  # without care every pixel were 0 or 200


def test_a_table_of_images() -> None:
    table = Resizer((4, 6)).table(pictures(3), 3)
    assert table.shape == (3, 4, 6, 3)
    assert table[0, 0, 0].tolist() == [220, 30, 30]
    assert table[1, 0, 0].tolist() == [30, 30, 220]


@pytest.mark.parametrize(
    ("shape", "wanted", "size"),
    [((48, 48), 0, (48, 48)), ((128, 64), 0, (64, 32)), ((1000, 2), 0, (64, 1)), ((10, 30), 24, (24, 24))],
)
def test_the_models_size(shape: tuple[int, int], wanted: int, size: tuple[int, int]) -> None:
    assert size_of(np.zeros((*shape, 3), np.uint8), wanted) == size
