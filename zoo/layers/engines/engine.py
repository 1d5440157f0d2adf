"""What an engine is: a way of running one cell over a batch of sequences."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from zoo.tensors import Inputs, Mask, Outputs, States, StepOutputs, Tensor

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, eq=False)
class Call:
    """One cell and the batch of sequences that it is to read.

    Attributes:
        cell: a built cell.
        inputs: `(batch, time, features)`, at least one step.
        mask: `(batch, time)` bool, True where there is an input, or None where all steps are. A masked step hands the
            states on as they are.
        states: the states before the first step, each `(batch, size)`.
        reverse: go from the last step to the first. The outputs still stand at the steps of their inputs.
        sequences: give the outputs of all steps; else the output of the last step that is not masked (for `reverse`,
            of the first).
        training: whether dropout is applied.
        recurrent_kernel: what stands for the cell's `recurrent_kernel` in this call, or None for the kernel itself.
        concurrent: how many such calls run at the same time, which an engine may want to know when it shares out the
            cores.
    """

    cell: keras.layers.Layer
    inputs: Inputs
    mask: Mask | None
    states: States
    reverse: bool = False
    sequences: bool = True
    training: bool = False
    recurrent_kernel: Tensor | None = None
    concurrent: int = 1


class Engine(Protocol):
    """A way of running a cell over time. All engines give the same numbers, at different speeds."""

    @abstractmethod
    def unsupported_reason(self, cell: keras.layers.Layer, /) -> str | None:
        """Why this cell cannot run on this engine, or None where it can."""

    def discouraged_reason(self, _cell: keras.layers.Layer, /) -> str | None:
        """Why `auto` passes over this engine although it can run the cell, or None where it does not."""
        return None

    @abstractmethod
    def run(self, call: Call, /) -> tuple[Outputs | StepOutputs, States]:
        """Run the cell over the batch.

        Returns:
            Outputs `(batch, time, units)`, zero where masked, or `(batch, units)`, zero where all steps are masked; and
            the final states.
        """


def place(cell: keras.layers.Layer, method: str) -> int:
    """Which class of the cell's ancestry defines the method that counts; 0 is the cell's own class."""
    ancestry = type(cell).__mro__
    return next(n for n, ancestor in enumerate(ancestry) if method in vars(ancestor))
