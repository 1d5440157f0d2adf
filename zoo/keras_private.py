"""All that this project uses of Keras without a promise that the next version has it.

Each has a test in `tests/zoo/test_keras_private.py` that fails when Keras changes it, and says what to do then.
"""

from __future__ import annotations

import functools
import sys
from types import FrameType

import keras

# `keras.layers.RNN` draws the masks of dropout once for a sequence, before its loop, and only for cells of this class.
from keras.src.layers.rnn.dropout_rnn_cell import DropoutRNNCell

__all__ = ["DropoutRNNCell", "all_layers", "built_in_layer", "exporting"]


def all_layers(model: keras.Model) -> list[keras.layers.Layer]:
    """The layers of a model and the layers inside them; `model.layers` has the outermost only."""
    return list(model._flatten_layers())


def exporting() -> bool:
    """Whether Keras is exporting a model now.

    Keras gives no sign of it: `model.export` traces the model like any other call. But it does so itself, so a module
    of its export is among the callers.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__name__", "").startswith("keras.src.export"):
            return True
        frame = frame.f_back
    return False


@functools.cache
def built_in_layer(layer_class: type[keras.layers.RNN]) -> type[keras.layers.RNN]:
    """A class of built-in layers (`keras.layers.LSTM`) that takes a cell, as `keras.layers.RNN` does.

    The constructor of the built-in class would make a cell of its own, with new variables. What that constructor sets
    beside the cell is set here.
    """

    class AroundCell(layer_class):
        def __init__(self, cell: keras.layers.Layer, **arguments: object):
            keras.layers.RNN.__init__(self, cell, **arguments)
            self.use_cudnn = "auto"

    AroundCell.__name__ = layer_class.__name__
    return AroundCell
