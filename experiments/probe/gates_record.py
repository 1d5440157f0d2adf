"""What the gates probe records of a layer: values of gates and states at each token."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Record:
    """Gates and states of one direction of a layer over a text.

    Attributes:
        direction: forward or backward.
        values: `(tokens, units)` by name, gates before states, in the order of the text.
        states: the names of the states among them.
    """

    direction: str
    values: dict[str, np.ndarray]
    states: tuple[str, ...]

    @property
    def moves(self) -> np.ndarray:
        """The values of the last state that is as wide as any, by which units are chosen to be drawn."""
        widest = max(self.values[name].shape[1] for name in self.states)
        return [self.values[name] for name in self.states if self.values[name].shape[1] == widest][-1]
