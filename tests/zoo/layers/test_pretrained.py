"""A network with its preprocessing as a layer: what it takes, what stays as it is, and what is saved."""

from __future__ import annotations

from pathlib import Path
from typing import Unpack

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from zoo.keras_types import LayerArguments
from zoo.layers.applications import APPLICATIONS
from zoo.layers.pretrained import PretrainedEncoder

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), np.uint8)


def network() -> keras.Model:
    """With what behaves otherwise in training: batch normalisation and dropout."""
    images = keras.Input((16, 16, 3))
    x = layers.Conv2D(4, 3, strides=8, padding="same")(images)
    x = layers.BatchNormalization(momentum=0.5)(x)
    return keras.Model(images, layers.Dropout(0.5)(x), name="network")


def encoder(preprocessing: str = "mobilenet_v2", **arguments: Unpack[LayerArguments]) -> PretrainedEncoder:
    arguments |= {"name": "image_encoder"}
    return PretrainedEncoder(network(), preprocessing, **arguments)


@pytest.mark.parametrize("module", sorted({module for module, _ in APPLICATIONS.values()}))
def test_raw_pixels_are_brought_to_what_the_network_was_trained_on(module: str) -> None:
    layer = encoder(module)
    pixels = getattr(keras.applications, module).preprocess_input(IMAGES.astype(np.float32))
    expected = layer.network(pixels, training=False).numpy()
    found = layer(IMAGES).numpy()
    assert found.shape == (3, 2, 2, 6)
    np.testing.assert_allclose(found[..., :4], expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(found[0, ..., 4:], [[[-1, -1], [-1, 1]], [[1, -1], [1, 1]]])


def test_scales_differ_between_networks() -> None:
    """So the test above sees a wrong module."""
    module = keras.applications
    pixels = IMAGES.astype(np.float32)
    assert module.mobilenet_v2.preprocess_input(pixels.copy()).min() >= -1
    assert module.resnet50.preprocess_input(pixels.copy()).min() < -100
    assert (module.efficientnet.preprocess_input(pixels.copy()) == pixels).all()


@pytest.mark.parametrize("trainable", [False, True])
def test_a_frozen_network_is_the_same_in_training(trainable: bool) -> None:
    layer = encoder(trainable=trainable)
    calm = layer(IMAGES, training=False).numpy()
    moving = [variable.numpy() for variable in layer.non_trainable_variables]
    excited = layer(IMAGES, training=True).numpy()
    assert (np.abs(excited - calm).max() > 0.1) == trainable
    moved = [(v.numpy() != old).any() for v, old in zip(layer.non_trainable_variables, moving, strict=True)]
    assert any(moved) == trainable
    assert bool(layer.trainable_variables) == trainable


def test_features_pass_as_they_are() -> None:
    features = np.random.default_rng(0).normal(size=(2, 3, 3, 7)).astype(np.float32)
    np.testing.assert_array_equal(encoder()(features, training=True), features)


def test_a_copy_has_variables_of_its_own() -> None:
    layer = encoder(trainable=False)
    same, other = layer.copy(with_weights=True), layer.copy(with_weights=False)
    np.testing.assert_array_equal(same(IMAGES), layer(IMAGES))
    assert np.abs(other(IMAGES) - layer(IMAGES)).max() > 0.1
    same.network.set_weights([array + 1 for array in same.network.get_weights()])
    assert np.abs(same(IMAGES) - layer(IMAGES)).max() > 0.1
    assert not same.trainable
    assert same.name == "image_encoder"


@pytest.mark.parametrize("trainable", [False, True])
def test_it_goes_through_a_keras_file(tmp_path: Path, trainable: bool) -> None:
    images = keras.Input((16, 16, 3), dtype="uint8")
    model = keras.Model(images, encoder(trainable=trainable)(images))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(IMAGES), model(IMAGES))
    assert len(again.trainable_variables) == (4 if trainable else 0)


def test_a_frozen_network_that_made_features_is_saved_with_the_model_of_them(tmp_path: Path) -> None:
    layer = encoder(trainable=False)
    features = keras.Input((2, 2, 6))
    model = keras.Model(features, layers.Dense(2)(layer(features)))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras").get_layer("image_encoder")
    np.testing.assert_array_equal(again(tf.constant(IMAGES)), layer(IMAGES))


def test_a_real_network_goes_through_a_keras_file(tmp_path: Path) -> None:
    real = keras.applications.MobileNetV3Small(include_top=False, weights=None, input_shape=(32, 32, 3))
    layer = PretrainedEncoder(real, "mobilenet_v3", trainable=False, name="image_encoder")
    images = keras.Input((32, 32, 3), dtype="uint8")
    keras.Model(images, layer(images)).save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras").get_layer("image_encoder")
    for old, new in zip(real.get_weights(), again.network.get_weights(), strict=True):
        np.testing.assert_array_equal(new, old)
    assert (again.trainable, again.network.trainable_variables) == (False, [])
