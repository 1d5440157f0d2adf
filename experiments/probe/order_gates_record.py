"""What is seen of a cell that has learned the temporal order problem."""

from __future__ import annotations

from typing import NamedTuple

from experiments.probe.gates_record import Record
from experiments.probe.memory import Outcome


class Looked(NamedTuple):
    """What is seen of a cell.

    Attributes:
        cell: its name, with options.
        outcome: of its training.
        record: gates and states over one sequence.
        tokens: the symbols of that sequence.
        means: of each gate, over many sequences: at marks, and at all other steps.
    """

    cell: str
    outcome: Outcome
    record: Record
    tokens: list[str]
    means: dict[str, tuple[float, float]]
