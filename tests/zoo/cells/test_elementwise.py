"""The bases of cells without a recurrent product, with cells as a user would write them."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from tests.zoo.running import randomise
from zoo.cells.base import Cell
from zoo.cells.elementwise import ElementwiseCell, LinearCell, held
from zoo.layers.engines import choose
from zoo.layers.recurrent import Recurrent
from zoo.tensors import Projected, RecurrentMask, States, StepOutputs, Tensor

MASK = np.array([[1, 1, 1, 1, 1], [0, 1, 0, 1, 0], [0, 0, 0, 0, 0]], bool)


@keras.saving.register_keras_serializable(package="tests")
class Pooling(LinearCell):
    """One gate, a candidate, and an output that is twice the state."""

    gates = 2

    def input_gates(self, projected: Projected) -> dict[str, Tensor]:
        f, candidate = keras.ops.split(projected, 2, axis=-1)
        return {"f": keras.ops.sigmoid(f), "h": candidate}

    def coefficients(self, gates: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        return gates["f"], (1 - gates["f"]) * gates["h"]

    def read_out(self, state: Tensor, _gates: dict[str, Tensor], /) -> Tensor:
        return 2 * state


@keras.saving.register_keras_serializable(package="tests")
class Stepped(Pooling):
    """Its step is another than that of its base, whose scan does not know of it."""

    def step(
        self, projected: Projected, states: States, recurrent_mask: RecurrentMask | None = None
    ) -> tuple[StepOutputs, States]:
        output, [h] = super().step(projected, states, recurrent_mask)
        return output, [h + 1]


@keras.saving.register_keras_serializable(package="tests")
class Gated(Pooling):
    """It says what its gates are past its base, from which the step takes them and the scan does not."""

    def gate_values(
        self, projected: Projected, states: States, recurrent_mask: RecurrentMask | None = None
    ) -> dict[str, Tensor]:
        return {name: 1 - gate for name, gate in super().gate_values(projected, states).items()}


def test_all_steps_at_once_are_the_steps_in_a_row() -> None:
    inputs = np.random.default_rng(0).normal(size=(3, 5, 2)).astype("float32")
    answers = []
    for engine in ("parallel", "loop"):
        layer = Recurrent(Pooling(4), engine=engine, return_state=True, bidirectional=True)
        layer.build((None, None, 2))
        randomise(layer)
        answers.append(keras.tree.flatten(layer(inputs, mask=MASK)))
    for got, expected in zip(*answers, strict=True):
        np.testing.assert_allclose(got, expected, atol=1e-6)


def test_a_linear_cell_runs_at_once() -> None:
    assert choose(Pooling(4)).engine == "parallel"


@pytest.mark.parametrize("cell_class", [Stepped, Gated])
def test_a_scan_that_belongs_to_another_step_is_not_used(cell_class: type[Cell]) -> None:
    assert choose(cell_class(32)).engine == "hoisted"
    with pytest.raises(ValueError, match="its step has no scan of its own"):
        choose(cell_class(4), "parallel")


def test_a_cell_without_a_scan_says_so() -> None:
    with pytest.raises(ValueError, match="its recurrence has no closed form over time"):
        choose(ElementwiseCell(4), "parallel")
    with pytest.raises(NotImplementedError, match="ElementwiseCell has no scan"):
        ElementwiseCell(4).scan(keras.ops.ones((1, 2, 4)), None, [keras.ops.ones((1, 4))])


@pytest.mark.parametrize("name", ["input_gates", "coefficients"])
def test_what_a_subclass_has_to_write_is_told(name: str) -> None:
    with pytest.raises(NotImplementedError, match=f"LinearCell has no {name}"):
        getattr(LinearCell(4), name)({})


@pytest.mark.parametrize("cell_class", [ElementwiseCell, Pooling])
def test_recurrent_dropout_has_no_meaning_here(cell_class: type[Cell]) -> None:
    with pytest.raises(ValueError, match="no recurrent product"):
        cell_class(4, recurrent_dropout=0.5)


@pytest.mark.parametrize("mask", [None, MASK], ids=["full", "gaps"])
def test_what_is_held_is_the_value_of_the_last_step_that_counts(mask: np.ndarray | None) -> None:
    values = np.random.default_rng(0).normal(size=(3, 5, 2)).astype("float32")
    first = -np.ones((3, 2), "float32")
    found, kept = held(keras.ops.convert_to_tensor(values), keras.ops.convert_to_tensor(first), mask)
    for row in range(3):
        holding = first[row]
        for t in range(5):
            np.testing.assert_array_equal(found[row, t], holding)
            if mask is None or mask[row, t]:
                holding = values[row, t]
        np.testing.assert_array_equal(kept[row], holding)
