"""Types of tensors, named by their axes: `Inputs` in a signature says `(batch, time, features)`.

The axes:

    batch       sequences side by side
    time        steps of a sequence, padded to the longest of the batch
    features    numbers of one input
    units       numbers of one output or state
    gates       parts of a cell's product that stand side by side, each `units` wide
    rows        steps of all sequences below each other, batch * time
    classes     what is told apart: labels, tags, or the words of a vocabulary
    height, width, channels    of an image

Type checkers see `Tensor`: what the tensors of TensorFlow and JAX, Keras' symbolic ones and the arrays of NumPy have in
common. The axes are for the reader.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    import numpy as np

#: The other side of an operator: a tensor of the same backend, an array, a number. Backends do not agree on its type.
Operand: TypeAlias = Any


class Tensor(Protocol):
    """A tensor of any backend; an axis whose size is not known yet is None."""

    @property
    def shape(self) -> tuple[int | None, ...]:
        """Size of each axis."""

    @property
    def dtype(self) -> object:
        """Type of the numbers."""

    def __array__(self) -> np.ndarray:
        """For NumPy; a symbolic tensor refuses."""

    def __getitem__(self, index: Operand, /) -> Tensor: ...
    def __add__(self, other: Operand, /) -> Tensor: ...
    def __radd__(self, other: Operand, /) -> Tensor: ...
    def __sub__(self, other: Operand, /) -> Tensor: ...
    def __rsub__(self, other: Operand, /) -> Tensor: ...
    def __mul__(self, other: Operand, /) -> Tensor: ...
    def __rmul__(self, other: Operand, /) -> Tensor: ...
    def __truediv__(self, other: Operand, /) -> Tensor: ...
    def __rtruediv__(self, other: Operand, /) -> Tensor: ...
    def __floordiv__(self, other: Operand, /) -> Tensor: ...
    def __mod__(self, other: Operand, /) -> Tensor: ...
    def __pow__(self, other: Operand, /) -> Tensor: ...
    def __matmul__(self, other: Operand, /) -> Tensor: ...
    def __neg__(self) -> Tensor: ...
    def __invert__(self) -> Tensor: ...
    def __and__(self, other: Operand, /) -> Tensor: ...
    def __or__(self, other: Operand, /) -> Tensor: ...
    def __lt__(self, other: Operand, /) -> Tensor: ...
    def __le__(self, other: Operand, /) -> Tensor: ...
    def __gt__(self, other: Operand, /) -> Tensor: ...
    def __ge__(self, other: Operand, /) -> Tensor: ...


Shape: TypeAlias = tuple[int | None, ...]


def last_axis(shape: Shape) -> int:
    """Size of the last axis.

    Raises:
        ValueError: if it is not known.
    """
    size = shape[-1]
    if size is None:
        raise ValueError(f"the size of the last axis must be known, not {shape}")
    return size


# ---- one step

StepInputs: TypeAlias = Annotated[Tensor, "batch features"]
StepOutputs: TypeAlias = Annotated[Tensor, "batch units"]
#: What the input gives to a step, one block for each gate.
Projected: TypeAlias = Annotated[Tensor, "batch gates*units"]
State: TypeAlias = Annotated[Tensor, "batch units"]
#: All states of one cell.
States: TypeAlias = list[State]
#: What recurrent dropout multiplies the state with, the same at each step.
RecurrentMask: TypeAlias = Annotated[Tensor, "batch units"]

# ---- sequences

Inputs: TypeAlias = Annotated[Tensor, "batch time features"]
#: Outputs of all steps.
Outputs: TypeAlias = Annotated[Tensor, "batch time units"]
#: True where there is an input, False where there is padding.
Mask: TypeAlias = Annotated[Tensor, "batch time"]
#: `states[layer][direction]`: the states of each cell of a stack; direction 0 runs forward.
StackedStates: TypeAlias = list[list[States]]
Rows: TypeAlias = Annotated[Tensor, "rows features"]

# ---- what goes into and comes out of models

#: Words, characters or subwords by their place in a vocabulary; 0 is padding.
TokenIds: TypeAlias = Annotated[Tensor, "batch time"]
#: The right class of each sequence.
Labels: TypeAlias = Annotated[Tensor, "batch"]
#: The right class of each step.
StepLabels: TypeAlias = Annotated[Tensor, "batch time"]
#: Scores before the softmax, one for each class.
Logits: TypeAlias = Annotated[Tensor, "batch classes"]
StepLogits: TypeAlias = Annotated[Tensor, "batch time classes"]
Images: TypeAlias = Annotated[Tensor, "batch height width channels"]
#: One number.
Scalar: TypeAlias = Annotated[Tensor, ""]
