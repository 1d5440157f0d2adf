"""How the bias of several gates, side by side, starts when they do not all start alike."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TypeAlias

import keras

from zoo.tensors import Shape, Tensor

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
