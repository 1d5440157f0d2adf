"""The built-in layers of Keras, as a baseline; on a GPU Keras may run them through cuDNN."""

from __future__ import annotations

from typing import Any

from zoo.keras_private import built_in_layer
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
    layer = built_in_layer(cell.layer_class)(cell, **layer_arguments(cell, reverse, sequences))
    return run_layer(layer, inputs, mask, states, training)
