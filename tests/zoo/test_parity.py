"""One table: the reference in NumPy, our cell on every engine, the built-in Keras layer and torch give the
same.

Compared are outputs, final states and every gradient (inputs, initial states, all weights), from initial
states that are not zero. The table and its problems are in `tests/zoo/parity.py`.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil

import keras
import numpy as np
import pytest

import zoo.cells
from tests.zoo import parity
from tests.zoo.parity import TABLE, Case
from tests.zoo.running import TOLERANCES, WIDEST, make_cell, make_layer, marks_of, randomise, results, takes
from zoo import interop, reference
from zoo.layers.engines import ENGINES
from zoo.layers.recurrent import Recurrent
from zoo.tensors import Inputs, Mask, Outputs, StackedStates


def runnable(case: Case, engine: str) -> bool:
    """Whether the engine takes the case's cell."""
    return takes(engine, make_cell(case.kind, use_bias=case.use_bias))


def with_weights(case: Case, layer: Recurrent) -> Recurrent:
    """The layer with the case's weights: those of torch's recording, where there is one."""
    if case.kind.torch:
        record = np.load(parity.fixture(case), allow_pickle=False)
        interop.from_torch(layer, torch_weights(record, "weights/"))
    else:
        randomise(layer)
    return layer


def torch_weights(record: parity.Record, prefix: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): record[name] for name in record if name.startswith(prefix)}


@functools.cache
def ours(case: Case) -> tuple[Recurrent, dict[str, np.ndarray]]:
    """Our layer in the `loop` engine, and its results: what all others are compared with."""
    layer = with_weights(case, make_layer(case, "loop", WIDEST))
    return layer, results(layer, parity.problem(case))


def arrays_by_cell(layer: Recurrent) -> list[list[dict[str, np.ndarray]]]:
    return [[{v.name: v.numpy() for v in cell.trainable_variables} for cell in row] for row in layer.cells]


def named_weights(gradients: list[list[dict[str, np.ndarray]]]) -> dict[str, np.ndarray]:
    return {
        f"d layer {layer} direction {way} {name}": value
        for layer, row in enumerate(gradients)
        for way, weights in enumerate(row)
        for name, value in weights.items()
    }


def of(cases: list[Case]) -> pytest.MarkDecorator:
    """A test for each of the cases."""
    return pytest.mark.parametrize("case", cases, ids=[case.id for case in cases])


# ---- the columns of the table


def tolerance(case: Case) -> float:
    """Of the widest floats; of float32, which JAX has, a digit is lost where units are divided by their deviation."""
    lost = 10 if WIDEST == "float32" and case.kind.options.get("layer_norm") else 1
    return lost * TOLERANCES[WIDEST]


@of([case for case in TABLE if case.kind.reference])
def test_reference(case: Case) -> None:
    layer, got = ours(case)
    problem = parity.problem(case)
    cell = reference.named(case.kind.cell, **case.kind.options)
    tape = reference.forward_stack(cell, arrays_by_cell(layer), problem.inputs, problem.mask, problem.states)
    gradients = reference.backward_stack(cell, tape, problem.outputs_factor, problem.states_factors)
    expected = {
        "outputs": tape.outputs,
        **parity.named_states("final", tape.final_states),
        "d inputs": gradients.inputs,
        **parity.named_states("d initial", gradients.initial_states),
        **named_weights(gradients.weights),
    }
    parity.assert_equal(got, expected, tolerance(case))


@of([case for case in TABLE if case.kind.torch])
def test_torch(case: Case) -> None:
    _, got = ours(case)
    record = np.load(parity.fixture(case), allow_pickle=False)
    rows = np.array(parity.LENGTHS[case.lengths]) > 0
    expected = {
        "outputs": record["outputs"],
        **parity.named_states("final", parity.unstacked(case, record, "final")),
        "d inputs": record["d inputs"],
        **parity.named_states("d initial", parity.unstacked(case, record, "d initial")),
        **named_weights(gradients_of_torch(case, record)),
    }
    whole = {name for name in got if any(weight in name for weight in ("kernel", "bias"))}
    got = {name: value if name in whole else value[rows] for name, value in got.items()}
    parity.assert_equal(got, expected, TOLERANCES[WIDEST])


def gradients_of_torch(case: Case, record: parity.Record) -> list[list[dict[str, np.ndarray]]]:
    """The recorded gradients in our layout. Of two biases that are added up one counts."""
    gradients = torch_weights(record, "d weights/")
    if case.kind.torch != "GRU":
        for name in [name for name in gradients if name.startswith("bias_hh")]:
            np.testing.assert_allclose(gradients[name], gradients[name.replace("_hh", "_ih")], rtol=1e-12)
            gradients[name] = np.zeros_like(gradients[name])
    holder = make_layer(case)
    interop.from_torch(holder, gradients)
    return arrays_by_cell(holder)


@pytest.mark.parametrize(
    "kind", [kind for kind in parity.KINDS if parity.package_fixture(kind).exists()], ids=lambda kind: kind.id
)
def test_other_packages(kind: parity.Kind) -> None:
    case, record = parity.package_case(kind), dict(np.load(parity.package_fixture(kind), allow_pickle=False))
    weights = {name.removeprefix("weights/"): record.pop(name) for name in list(record) if "/" in name}
    layer = make_layer(case, "loop", WIDEST)
    for variable in layer.trainable_variables:
        variable.assign(weights.pop(variable.name))
    assert not weights
    parity.assert_equal(results(layer, parity.drawn_problem(case)), record, TOLERANCES[WIDEST])


@of([case for case in TABLE if case.kind.keras])
def test_keras(case: Case) -> None:
    layer, got = ours(case)
    built_in = KerasStack(case)
    interop.to_keras(layer, built_in.stack)
    parity.assert_equal(results(built_in, parity.problem(case)), got, TOLERANCES[WIDEST])


class KerasStack(keras.layers.Layer):
    """The built-in layers of Keras, stacked, with the arguments and answers of `Recurrent`."""

    def __init__(self, case: Case) -> None:
        super().__init__(dtype=WIDEST)
        self.supports_masking = True
        self.stack = [self.make(case) for _ in range(case.layers)]
        self.directions = case.directions
        self.cells = [interop._keras_cells(layer) for layer in self.stack]

    @staticmethod
    def make(case: Case) -> keras.layers.Layer:
        arguments = {"return_sequences": True, "return_state": True, "zero_output_for_mask": True}
        layer = getattr(keras.layers, case.kind.keras or "")(
            parity.UNITS, use_bias=case.use_bias, dtype=WIDEST, **case.kind.options, **arguments
        )
        return keras.layers.Bidirectional(layer, dtype=WIDEST) if case.bidirectional else layer

    def call(
        self, inputs: Inputs, mask: Mask | None, initial_state: StackedStates, training: bool = False
    ) -> tuple[Outputs, StackedStates]:
        final = []
        for layer, row in zip(self.stack, initial_state, strict=True):
            inputs, *states = layer(
                inputs, mask=mask, initial_state=keras.tree.flatten(row), training=training
            )
            each = len(states) // self.directions
            final.append([states[way * each : (way + 1) * each] for way in range(self.directions)])
        return inputs, final


RUNS = [
    pytest.param(
        case,
        engine,
        dtype,
        id=f"{case.id}-{engine}-{dtype}",
        marks=[*marks_of(case.kind, engine), *([] if dtype == WIDEST else [pytest.mark.slow])],
    )
    for case in TABLE
    for engine in ENGINES
    for dtype in sorted({"float32", WIDEST})
    if parity.way_of(case) in (parity.ENGINE_WAYS if dtype == WIDEST else parity.FLOAT32_WAYS)
    if (dtype, engine) != (WIDEST, "loop")
    if runnable(case, engine)
]


@pytest.mark.parametrize(("case", "engine", "dtype"), RUNS)
def test_engine(case: Case, engine: str, dtype: str) -> None:
    layer = with_weights(case, make_layer(case, engine, dtype))
    assert layer.engine_choice.engine == engine
    got = results(layer, parity.problem(case))
    assert {value.dtype.name for value in got.values()} == {dtype}
    parity.assert_equal(got, ours(case)[1], TOLERANCES[dtype])


# ---- nothing is missing


def test_every_cell_is_in_the_table() -> None:
    modules = [f"zoo.cells.{module.name}" for module in pkgutil.iter_modules(zoo.cells.__path__)]
    cells = {name.split(".")[-1] for name in modules if hasattr(importlib.import_module(name), "CELL")}
    assert {kind.cell for kind in parity.KINDS} == cells


def test_every_reference_and_every_engine_is_met() -> None:
    assert {kind.cell for kind in parity.KINDS if kind.reference} == set(reference.CELLS)
    assert {engine for engine in ENGINES for case in TABLE if runnable(case, engine)} == set(ENGINES)


def test_every_recording_is_met() -> None:
    recorded = {file.stem for file in parity.PACKAGES.glob("*.npz")}
    assert recorded
    assert recorded <= {kind.id for kind in parity.KINDS}


def test_every_way_of_running_is_in_the_table() -> None:
    """Per cell: padded and full, with and without bias, one and two layers, one and both directions."""
    for kind in parity.KINDS:
        ways = [parity.way_of(case) for case in TABLE if case.kind is kind]
        assert [len(set(column)) for column in zip(*ways, strict=True)] == [2, 2, 2, 2]


def test_the_problems_are_not_trivial() -> None:
    """From a zero state the recurrent weights could not change one step; an empty row is among the padded."""
    for case in TABLE:
        problem = parity.problem(case)
        assert all(np.abs(state).min() > 0 for state in keras.tree.flatten(problem.states))
        assert problem.mask is None or list(problem.mask.sum(axis=1)) == list(parity.LENGTHS["ragged"])
        gradients = [value for name, value in ours(case)[1].items() if name.startswith("d ")]
        assert all(np.abs(value).max() > 1e-3 for value in gradients)
