"""The built-in layers of Keras, as a baseline; on a GPU Keras may run them through cuDNN."""

from __future__ import annotations

import functools
from typing import Any

import keras

from zoo.layers.engines.loop import layer_arguments, run_layer


def unfit(cell: Any) -> str | None:
    """Only a built-in cell has a built-in layer."""
    return None if hasattr(cell, "layer_class") else "it is not a built-in cell of Keras"


def run(
    cell: Any,
    inputs: Any,
    mask: Any,
    states: list[Any],
    *,
    reverse: bool,
    sequences: bool,
    training: bool,
    beside: int = 1,
) -> tuple[Any, list[Any]]:
    """See `zoo.layers.engines.loop.run`."""
    layer = _around(cell.layer_class)(cell, **layer_arguments(cell, reverse, sequences))
    return run_layer(layer, inputs, mask, states, training)


@functools.cache
def _around(layer_class: type) -> type:
    """The built-in layer around a cell that exists already: its own constructor would make a cell, and variables."""

    class Around(layer_class):
        def __init__(self, cell: Any, **arguments: Any):
            keras.layers.RNN.__init__(self, cell, **arguments)
            self.use_cudnn = "auto"

    Around.__name__ = layer_class.__name__
    return Around
