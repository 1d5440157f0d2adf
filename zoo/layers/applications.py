"""Image networks of keras.applications by name, with weights from Keras' hub, from a file, or none."""

from __future__ import annotations

import socket
import threading
import urllib.error
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from datasets.errors import UserError

if TYPE_CHECKING:
    import keras

#: By name: the module of keras.applications that holds the preprocessing, and what makes the network.
APPLICATIONS = {
    "mobilenet_v2": ("mobilenet_v2", "MobileNetV2"),
    "mobilenet_v3_small": ("mobilenet_v3", "MobileNetV3Small"),
    "resnet50": ("resnet50", "ResNet50"),
    "resnet50_v2": ("resnet_v2", "ResNet50V2"),
    "densenet121": ("densenet", "DenseNet121"),
    "efficientnet_b0": ("efficientnet", "EfficientNetB0"),
    "efficientnet_v2_b0": ("efficientnet_v2", "EfficientNetV2B0"),
    "convnext_tiny": ("convnext", "ConvNeXtTiny"),
}
SMALL = "small"  # the network that is no application and is always trained from nothing
NONE, HUB = "none", "imagenet"
FILES = ".weights.h5"
SCALED_BY_HUB = "efficientnet_b0"
#: The side of images where none is asked for: a grid of 4 x 4, at a third of the cost of the usual 224.
SIDE = 128
#: Each of these networks halves an image five times.
LEAST_SIDE = 32
CONNECT_SECONDS = 5.0
STALLED_SECONDS = 30.0


def check(encoder: str, weights: str, trainable: bool | None, side: int) -> None:
    """Refuse options that do not go together, before anything is read; `side` 0 stands for `SIDE`.

    Raises:
        UserError: weights for the small network, random ones that shall stay so, images that are too small, a file
            of weights that is not there or has another ending.
    """
    if encoder == SMALL:
        if weights != NONE or trainable is False:
            raise UserError(
                "--encoder small is always trained from nothing; choose another --encoder, or leave out "
                + ("--encoder-weights" if weights != NONE else "--no-encoder-trainable")
            )
        return
    if weights == NONE and trainable is False:
        raise UserError(
            f"--encoder {encoder} would keep the random weights that it begins with; give --encoder-weights "
            "(imagenet, or a file), or leave out --no-encoder-trainable"
        )
    if side and side < LEAST_SIDE:
        raise UserError(f"--image-size {side} is too small for {encoder}, the least is {LEAST_SIDE}")
    if weights in (NONE, HUB):
        return
    if encoder == SCALED_BY_HUB:
        raise UserError(
            f"--encoder {encoder} takes no file: Keras scales its pixels in another way with weights from the hub, and "
            "a file does not tell where its weights came from; give imagenet, or choose another --encoder"
        )
    if not weights.endswith(FILES):
        raise UserError(
            f"--encoder-weights {weights}: give none, imagenet or a file NAME{FILES}, as Keras saves it"
        )
    if not Path(weights).is_file():
        raise UserError(
            f"--encoder-weights {weights}: no such file; give none, imagenet or a file NAME{FILES}"
        )


def is_trained(weights: str, trainable: bool | None) -> bool:
    """Whether the network is trained along: what began with weights is not, unless that is asked for."""
    return weights == NONE if trainable is None else trainable


def load(encoder: str, weights: str, side: int) -> keras.Model:
    """The network without its classifier, from preprocessed images `(batch, side, side, 3)` to a grid of features.

    Args:
        encoder: one of `APPLICATIONS`.
        weights: `none`, `imagenet`, or a file that the network's `save_weights` wrote.
        side: of the images.

    Raises:
        UserError: weights that cannot be had or belong to another network.
    """
    import keras

    function = getattr(keras.applications, APPLICATIONS[encoder][1])

    def make(kind: str | None) -> keras.Model:
        return function(include_top=False, input_shape=(side, side, 3), weights=kind)

    if weights == HUB:
        return _from_hub(encoder, make)
    network = make(None)
    if weights != NONE:
        _fill(network, encoder, weights)
    return network


def _fill(network: keras.Model, encoder: str, weights: str) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # of layers that keep their random weights
            network.load_weights(weights)
    except Exception:  # a damaged file, or another network's: what is raised depends on where they differ
        raise UserError(
            f"--encoder-weights {weights} does not hold the weights of {encoder}; save them with "
            f"keras.applications.{APPLICATIONS[encoder][1]}(include_top=False).save_weights('NAME{FILES}')"
        ) from None


def _from_hub(encoder: str, make: Callable[[str | None], keras.Model]) -> keras.Model:
    try:
        with _reached_soon(), warnings.catch_warnings():
            # Weights are kept for a few sizes, and those of the largest serve all others.
            warnings.filterwarnings("ignore", message="`input_shape` is undefined or non-square")
            return make(HUB)
    except Exception as problem:
        reason = (str(problem) or type(problem).__name__).splitlines()[0]
        raise UserError(
            f"--encoder-weights imagenet: no weights of {encoder} ({reason}); connect, put the file into the "
            f"folder models of Keras' home, or give a file NAME{FILES}",
            1,
        ) from None


@contextmanager
def _reached_soon() -> Iterator[None]:
    """Meanwhile a download fails in seconds where its host cannot be reached, or when it stalls.

    Whether there is anything to download only Keras knows: it looks into its own folder first. It downloads with
    `urllib`, whose openers can be replaced; without this the connection is tried for minutes.
    """
    before = socket.getdefaulttimeout()
    urllib.request.install_opener(urllib.request.build_opener(_Probe()))
    socket.setdefaulttimeout(STALLED_SECONDS)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
        urllib.request.install_opener(urllib.request.build_opener())


class _Probe(urllib.request.BaseHandler):
    """Looks, before each request, whether the host answers; not behind a proxy, for that asks it itself."""

    def https_request(self, request: urllib.request.Request) -> urllib.request.Request:
        host = urlsplit(request.full_url).hostname or ""
        if not urllib.request.getproxies() and not reachable(host):
            raise urllib.error.URLError(f"{host} cannot be reached")
        return request


def reachable(host: str, port: int = 443, seconds: float = CONNECT_SECONDS) -> bool:
    """Whether a host takes a connection within some seconds in all, however many addresses its name has, and
    however long it takes to look that up."""
    answered = threading.Event()

    def connect() -> None:
        try:
            socket.create_connection((host, port), timeout=seconds).close()
            answered.set()
        except OSError:
            pass

    attempt = threading.Thread(target=connect, daemon=True)
    attempt.start()
    attempt.join(seconds)
    return answered.is_set()
