"""Networks of keras.applications: which options go together, and weights that are there, wrong or out of reach."""

from __future__ import annotations

import socket
import threading
import urllib.request
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from datasets.errors import UserError
from zoo.layers import applications


def tiny(
    input_shape: tuple[int, ...], weights: str | None = None, include_top: bool = False, folder: str = ""
) -> keras.Model:
    """In the place of a large network; downloads are kept in a folder."""
    assert not include_top
    images = keras.Input(input_shape)
    network = keras.Model(images, layers.Conv2D(3, 3, strides=8, padding="same", name="only")(images))
    if weights == "imagenet":
        where = "https://nowhere.invalid/tiny.weights.h5"
        network.load_weights(keras.utils.get_file("tiny.weights.h5", where, cache_dir=folder))
    return network


@pytest.fixture
def in_its_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(keras.applications, "MobileNetV2", partial(tiny, folder=str(tmp_path)))


def test_every_network_is_one_of_keras() -> None:
    for module, function in applications.APPLICATIONS.values():
        assert callable(getattr(keras.applications, module).preprocess_input)
        assert callable(getattr(keras.applications, function))


@pytest.mark.parametrize(
    ("encoder", "weights", "trainable", "side", "problem"),
    [
        ("small", "none", None, 8, None),
        ("small", "imagenet", None, 0, "leave out --encoder-weights"),
        ("small", "none", False, 0, "leave out --no-encoder-trainable"),
        ("resnet50", "none", None, 0, None),
        ("resnet50", "none", False, 0, "would keep the random weights"),
        ("resnet50", "imagenet", False, 32, None),
        ("resnet50", "imagenet", None, 31, "--image-size 31 is too small for resnet50, the least is 32"),
        ("resnet50", "there.weights.h5", True, 0, None),
        ("resnet50", "missing.weights.h5", None, 0, "missing.weights.h5: no such file"),
        ("resnet50", "there.h5", None, 0, "there.h5: give none, imagenet or a file NAME.weights.h5"),
        ("efficientnet_b0", "imagenet", None, 0, None),
        ("efficientnet_b0", "there.weights.h5", None, 0, "efficientnet_b0 takes no file"),
    ],
)
def test_options_that_do_not_go_together_are_told(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    encoder: str,
    weights: str,
    trainable: bool | None,
    side: int,
    problem: str | None,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("there.weights.h5").touch()
    Path("there.h5").touch()
    with pytest.raises(UserError, match=problem) if problem else nullcontext():
        applications.check(encoder, weights, trainable, side)


def test_what_begins_with_weights_is_frozen_unless_it_is_said() -> None:
    trained = applications.is_trained
    assert trained("none", None)
    assert not trained("imagenet", None)
    assert trained("imagenet", True)
    assert not trained("imagenet", False)


@pytest.mark.usefixtures("in_its_place")
def test_a_file_of_weights_is_read(tmp_path: Path) -> None:
    file = tmp_path / "a.weights.h5"
    saved = tiny((64, 64, 3))
    saved.save_weights(file)
    network = applications.load("mobilenet_v2", str(file), 32)
    assert network.output_shape == (None, 4, 4, 3)
    np.testing.assert_array_equal(network.get_weights()[0], saved.get_weights()[0])


@pytest.mark.usefixtures("in_its_place")
@pytest.mark.parametrize("kind", ["another size", "another network", "garbage"])
def test_a_file_of_other_weights_is_refused_in_one_line(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "a.weights.h5"
    images = keras.Input((32, 32, 3))
    last = layers.Conv2D(4, 3, name="only") if kind == "another size" else layers.Dense(3, name="only")
    keras.Model(images, last(images)).save_weights(file)
    if kind == "garbage":
        file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(UserError, match="does not hold the weights of mobilenet_v2") as problem:
        applications.load("mobilenet_v2", str(file), 32)
    assert "\n" not in str(problem.value)


def no_network(*_: object, **__: object) -> None:
    raise OSError("no network")


@pytest.mark.usefixtures("in_its_place")
def test_without_a_network_the_hub_is_out_of_reach_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def silent(host: str) -> bool:
        asked.append(host)
        return False

    monkeypatch.setattr(urllib.request, "getproxies", dict)
    monkeypatch.setattr(applications, "reachable", silent)
    with pytest.raises(UserError, match=r"no weights of mobilenet_v2 .*nowhere.invalid cannot be reached"):
        applications.load("mobilenet_v2", "imagenet", 32)
    assert asked == ["nowhere.invalid"]
    assert socket.getdefaulttimeout() is None


@pytest.mark.usefixtures("in_its_place")
def test_what_was_downloaded_before_needs_no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(applications, "reachable", no_network)
    (tmp_path / "datasets").mkdir()
    saved = tiny((32, 32, 3))
    saved.save_weights(tmp_path / "datasets" / "tiny.weights.h5")
    network = applications.load("mobilenet_v2", "imagenet", 32)
    np.testing.assert_array_equal(network.get_weights()[0], saved.get_weights()[0])


def test_a_host_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a name that takes long to look up, nor one refused."""
    hang = threading.Event()

    def hanging(*_: object, **__: object) -> socket.socket:
        hang.wait(60)
        return socket.socket()

    monkeypatch.setattr(socket, "create_connection", hanging)
    assert not applications.reachable("nowhere.invalid", seconds=0.05)
    hang.set()
    monkeypatch.setattr(socket, "create_connection", no_network)
    assert not applications.reachable("nowhere.invalid", seconds=1)
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: socket.socket())
    assert applications.reachable("somewhere.invalid", seconds=30)
