"""A small network that stands in the place of one of keras.applications, which take seconds to build."""

from __future__ import annotations

import keras
import pytest
from keras import layers


def small(
    include_top: bool = True, input_shape: tuple[int, ...] = (), weights: str | None = "imagenet"
) -> keras.Model:
    """No rectifier: whatever its random weights are, it tells colours apart."""
    assert not include_top
    del weights
    images = keras.Input(input_shape)
    x = layers.Conv2D(5, 3, strides=16, padding="same")(images)
    return keras.Model(images, layers.BatchNormalization(momentum=0.5)(x))


def put_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """`resnet50` is the small one from now on, with other random weights than those of a run."""
    keras.utils.set_random_seed(1000)
    monkeypatch.setattr(keras.applications, "ResNet50", small)
