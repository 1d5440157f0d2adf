"""The former name of the cell `mean`: `--cell none` and models that were saved under it still work."""

from __future__ import annotations

import keras

from zoo.cells.mean import MeanCell as NoneCell

__all__ = ["NoneCell"]

FORMER_NAME_OF = "mean"

keras.saving.get_custom_objects()["zoo>NoneCell"] = NoneCell
