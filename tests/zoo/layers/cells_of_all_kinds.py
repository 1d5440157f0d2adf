"""Cells that use what Keras' contract leaves open."""

from __future__ import annotations

import keras
from keras import ops

from zoo.cells.base import Cell
from zoo.tensors import State, States, StepInputs, StepOutputs, Tensor


class OfUnits(keras.layers.Layer):
    """What these cells share: units, and weights for inputs and state."""

    def __init__(self, units: int, **arguments: object) -> None:
        super().__init__(**arguments)
        self.units = units

    def build(self, shape: tuple[int | None, ...]) -> None:
        assert shape[-1] is not None
        self.kernel = self.add_weight(shape=(shape[-1], self.units), name="kernel")
        self.recurrent_kernel = self.add_weight(shape=(self.units, self.units), name="recurrent_kernel")
        self.built = True

    def after(self, x: StepInputs, h: State) -> State:
        return ops.tanh(ops.matmul(x, self.kernel) + ops.matmul(h, self.recurrent_kernel))

    def get_config(self) -> dict[str, object]:
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable(package="tests")
class Matrix(OfUnits):
    """A vector and a matrix as states (fast weights); the outputs are those of the vector."""

    @property
    def state_size(self) -> list[object]:
        return [self.units, (self.units, 4)]

    @property
    def output_size(self) -> int:
        return self.units

    def get_initial_state(self, batch_size: int | Tensor | None = None) -> States:
        shapes = ((batch_size, self.units), (batch_size, self.units, 4))
        return [ops.zeros(shape, dtype=self.compute_dtype) for shape in shapes]

    def call(self, x: StepInputs, states: States, training: bool = False) -> tuple[StepOutputs, States]:
        h, memory = states
        h = self.after(x, h)
        memory = 0.5 * memory + h[..., None]
        return h + ops.mean(memory, axis=-1), [h, memory]


@keras.saving.register_keras_serializable(package="tests")
class Bare(OfUnits):
    """One state, given bare; no say in the first state, and no word of training."""

    @property
    def state_size(self) -> int:
        return self.units

    @property
    def output_size(self) -> int:
        return self.units

    def call(self, x: StepInputs, states: States) -> tuple[StepOutputs, State]:
        h = self.after(x, states[0])
        return h, h


@keras.saving.register_keras_serializable(package="tests")
class Projected(OfUnits):
    """A first state that is learnt, a counter, outputs of another size, and no word of it; states in a tuple."""

    @property
    def state_size(self) -> tuple[int, int]:
        return (self.units, 1)

    def build(self, shape: tuple[int | None, ...]) -> None:
        super().build(shape)
        self.projection = self.add_weight(shape=(self.units, 3), name="projection")
        self.first = self.add_weight(shape=(self.units,), name="first", initializer="ones")

    def get_initial_state(self, batch_size: int | Tensor | None = None) -> tuple[State, State]:
        return ops.broadcast_to(self.first, (batch_size, self.units)), ops.zeros((batch_size, 1))

    def call(
        self, x: StepInputs, states: States, training: bool = False
    ) -> tuple[StepOutputs, tuple[State, State]]:
        h, count = states
        h = self.after(x, h)
        return ops.matmul(h, self.projection) + count, (h, count + 1)


@keras.saving.register_keras_serializable(package="tests")
class Nested(OfUnits):
    """States in one another, as those of stacked cells; its configuration holds what it needs and no name."""

    def __init__(self, units: int) -> None:
        super().__init__(units)

    @property
    def state_size(self) -> list[list[int]]:
        return [[self.units, self.units], [self.units]]

    @property
    def output_size(self) -> int:
        return self.units

    def get_initial_state(self, batch_size: int | Tensor | None = None) -> list[list[State]]:
        return [[ops.zeros((batch_size, self.units)) for _ in range(size)] for size in (2, 1)]

    def call(
        self, x: StepInputs, states: list[list[State]], training: bool = False
    ) -> tuple[StepOutputs, list[list[State]]]:
        (h, slow), (slower,) = states
        h = self.after(x, h)
        slow = 0.5 * slow + h
        slower = 0.9 * slower + slow
        return h + slower, [[h, slow], [slower]]

    def get_config(self) -> dict[str, object]:
        return {"units": self.units}


@keras.saving.register_keras_serializable(package="tests")
class OfTheZoo(Cell):
    """A cell with `project` and `step` and a matrix as its second state."""

    @property
    def state_size(self) -> list[int]:
        return [self.units, (2, self.units)]  # type: ignore[list-item]

    def step(
        self, projected: Tensor, states: States, recurrent_mask: Tensor | None = None
    ) -> tuple[StepOutputs, States]:
        h, pair = states
        h = ops.tanh(projected + ops.matmul(h, self.recurrent_kernel))
        pair = ops.stack([h, pair[:, 0]], axis=1)
        return h + pair[:, 1], [h, pair]


KINDS = (Matrix, Bare, Projected, Nested, OfTheZoo)
