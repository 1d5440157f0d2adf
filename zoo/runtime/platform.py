"""Settings that TensorFlow and Keras read once, when they are imported, and what device they then run on."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from datasets.errors import UserError
from zoo.runtime.cores import cores


def configure(device: str = "auto") -> None:
    """Choose device and settings; call it before the first import of Keras or TensorFlow.

    Args:
        device: `cpu`, `gpu`, or `auto` for a GPU where there is one.

    Raises:
        UserError: if a GPU is asked for and there is none.
    """
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    # oneDNN's kernels change the bits of a result; they are off, so that a seed gives the same numbers everywhere.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    if device == "cpu" or (device == "auto" and not _gpu_driver()):
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    with _silent_stderr():
        import tensorflow as tf

        tf.config.list_physical_devices()
    if device == "gpu" and not tf.config.list_physical_devices("GPU"):
        raise UserError("--device gpu: TensorFlow finds no GPU here; use --device cpu or auto")


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """Drop what C++ code writes to standard error: TensorFlow prints there before it reads its log level."""
    sys.stderr.flush()
    stderr, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nowhere)


def device_name() -> str:
    """What the default device is called, and how many cores or devices there are."""
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        name = tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU")
        return f"{len(gpus)} × {name}"
    return f"CPU, {cores()} cores"


def _gpu_driver() -> bool:
    """Whether NVIDIA's driver is loaded; asked so that a machine without one starts without a complaint."""
    return os.path.exists("/proc/driver/nvidia/version")
