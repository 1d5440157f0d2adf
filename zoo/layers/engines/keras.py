"""The built-in layers of Keras, as a baseline; on a GPU Keras may run them through cuDNN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoo.keras_private import built_in_layer
from zoo.layers.engines.engine import Call, Engine
from zoo.layers.engines.loop import layer_arguments, run_layer
from zoo.tensors import States, Tensor

if TYPE_CHECKING:
    import keras


class BuiltIn(Engine):
    """Keras' own layer of Keras' own cell."""

    def unsupported_reason(self, cell: keras.layers.Layer, /) -> str | None:
        """Only a built-in cell has a built-in layer."""
        return None if hasattr(cell, "layer_class") else "it is not a built-in cell of Keras"

    def run(self, call: Call, /) -> tuple[Tensor, States]:
        """See `Engine.run`."""
        layer_class = built_in_layer(call.cell.layer_class)
        return run_layer(layer_class(call.cell, **layer_arguments(call)), call)


ENGINE = BuiltIn()
