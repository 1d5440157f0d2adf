"""How the bias of several gates, side by side, starts when they do not all start alike."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import keras

from zoo.tensors import Shape, Tensor

if TYPE_CHECKING:
    from zoo.cells.base import Cell

#: `initializer(shape, dtype=…)`, as Keras calls it.
Initialize: TypeAlias = Callable[..., Tensor]


def side_by_side(units: int, initializers: list[Initialize]) -> Initialize:
    """An initialiser of a bias `(gates * units,)`: one for each gate.

    Gates next to each other with the same initialiser are drawn at once.

    Args:
        units: of the cell.
        initializers: in the order of the gates.
    """
    groups = [list(group) for _, group in itertools.groupby(initializers, key=id)]

    def initialize(_: Shape, *args: object, **kwargs: object) -> Tensor:
        return keras.ops.concatenate([group[0]((len(group) * units,), *args, **kwargs) for group in groups])

    return initialize


def memory_spans(cell: Cell, length: int) -> Initialize:
    r"""Biases with which the gates of each unit start at a memory of its own span (Tallec and Ollivier 2018, "chrono").

    A gate that keeps the share f of a memory at each step forgets in about 1 / (1 - f) steps. With the bias
    $b \sim \log \mathcal{U}(1, T - 1)$ and no input, that is uniform between 2 and T steps. A gate that writes starts
    with -b, all others as `bias_initializer` says.

    Args:
        cell: says in `gate_order`, `keeping_gates` and `writing_gates` which gate is which.
        length: T, the longest span in steps.
    """
    draw = keras.initializers.RandomUniform(1.0, length - 1.0)

    def initialize(_: Shape, *args: object, **kwargs: object) -> Tensor:
        keeping = keras.ops.log(draw((cell.units,), *args, **kwargs))
        rest = cell.bias_initializer((cell.units,), *args, **kwargs)
        by_gate = {
            **dict.fromkeys(cell.keeping_gates, keeping),
            **dict.fromkeys(cell.writing_gates, -keeping),
        }
        return keras.ops.concatenate([by_gate.get(gate, rest) for gate in cell.gate_order or ""])

    return initialize


def refuse_spans(length: int | None, use_bias: bool) -> None:
    """Check the option `chrono` of a cell.

    Args:
        length: its value.
        use_bias: whether the cell has the biases that it sets.

    Raises:
        ValueError: if it is below 2, or there are no biases.
    """
    if length is not None and length < 2:
        raise ValueError(f"chrono must be at least 2 steps or None, not {length!r}")
    if length is not None and not use_bias:
        raise ValueError("chrono sets biases, and use_bias=False leaves them out; give one of the two")
