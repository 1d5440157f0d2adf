"""What batches of texts have in common, whether they are a long text in streams or documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from zoo.tasks.base import Batches

if TYPE_CHECKING:
    from zoo.tasks.language_model.tokens import Text


class TextBatches(Batches[Any, np.ndarray, np.ndarray], Protocol):
    """Chunks of texts that are read side by side, a row each.

    Attributes:
        text: what is read.
        rows: of a batch.
        steps: tokens of a chunk.
        unit: what rows read, in the plural.
    """

    text: Text
    rows: int
    steps: int
    unit: str

    @property
    def streams(self) -> int:
        """How many rows training fills."""
