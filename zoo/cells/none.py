"""The former name of the cell `mean`: `--cell none` and models that were saved under it still work."""

from __future__ import annotations

import keras

from zoo.cells.mean import MeanCell

FORMER_NAME_OF = "mean"


@keras.saving.register_keras_serializable(package="zoo")
class NoneCell(MeanCell):
    """The cell `mean` as it stands in models of version 0.1; in a file, Keras finds weights by the class' name."""
