"""Run a recurrent layer on a problem of the parity table, and take every gradient, on any Keras backend."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TypeAlias

import keras
import numpy as np
import pytest

from datasets import plugins
from tests.zoo import parity
from zoo.layers.engines import ENGINES, choose
from zoo.layers.recurrent import Recurrent
from zoo.tensors import Inputs, Outputs, Scalar, StackedStates, Tensor

#: Outputs and final states.
Answers: TypeAlias = tuple[Outputs, StackedStates]
#: By the inputs, the initial states and the weights.
Gradients: TypeAlias = tuple[Tensor, StackedStates, list[Tensor]]
LossAndAnswers: TypeAlias = Callable[[Answers], tuple[Scalar, Answers]]

#: The widest floats of Keras' backend: with JAX, Keras computes tanh in float32 whatever it is given.
WIDEST = "float64" if keras.backend.backend() == "tensorflow" else "float32"
#: The engines that compile loops, and the kind of cell that the quick tests compile them for; all tests take each.
COMPILED = ("fused", "hoisted")
QUICK_CELL = "gru"
QUICK_KIND = parity.Kind(QUICK_CELL, {"reset_after": True}).id
#: Any other cell is like one of these: states of one or more tensors, gates or none, linear or not,
#: Keras' own layer, and the mean that stands beside every cell.
OF_EACH_KIND = ("vanilla", "lstm", QUICK_CELL, "lru", "slstm", "keras_lstm", "mean")
#: Those of them that make a difference to a task: a cell of one state, of several, a linear one, Keras' own, the mean.
OF_EACH_KIND_FOR_A_TASK = (QUICK_CELL, "lstm", "lru", "keras_lstm", "mean")
#: Largest difference, absolute and relative.
TOLERANCES = {"float64": 1e-12, "float32": 1e-5}


def cell_class(name: str) -> type:
    """The cell of a module of `zoo.cells`."""
    return importlib.import_module(f"zoo.cells.{name}").CELL


def takes(engine: str, cell: keras.layers.Layer) -> bool:
    """Whether the engine can run the cell."""
    try:
        choose(cell, engine)
    except ValueError:
        return False
    return True


def runs(kinds: list[parity.Kind], *, quick: str = QUICK_KIND, **options: object) -> pytest.MarkDecorator:
    """A test for each kind and each engine that takes it with these options, as the arguments `kind` and `engine`.

    Compiled loops of cells that are not of `OF_EACH_KIND`, and of variants, are `exhaustive`. The quick tests compile
    the kind `quick`.
    """
    pairs = [
        (kind, engine) for kind in kinds for engine in ENGINES if takes(engine, make_cell(kind, **options))
    ]
    params = [
        pytest.param(
            kind,
            engine,
            id=f"{kind.id}-{engine}",
            marks=marks_of(kind, engine, compile_all=False, quick=quick),
        )
        for kind, engine in pairs
    ]
    return pytest.mark.parametrize(("kind", "engine"), params)


def marks_of(
    kind: parity.Kind, engine: str, compile_all: bool = True, quick: str = QUICK_KIND
) -> list[pytest.MarkDecorator]:
    """`slow` for variants and cells that are not of `OF_EACH_KIND`, and where loops are compiled, which takes seconds;
    `quick` is left to the quick tests. For `exhaustive` see `runs`; with `compile_all` only the loops of the engine
    `hoisted` are, whose backward nobody derived by hand.
    """
    common = kind.id == QUICK_KIND or (kind.cell in OF_EACH_KIND and not kind.options)
    if kind.id == quick or (engine not in COMPILED and common):
        return []
    further = engine in COMPILED and not common and not (compile_all and engine == "fused")
    return [pytest.mark.slow, pytest.mark.exhaustive] if further else [pytest.mark.slow]


def every_cell() -> pytest.MarkDecorator:
    """A test for each cell of the zoo by name, as the argument `cell`: one of them quick, the others `slow`; those that
    are not of `OF_EACH_KIND_FOR_A_TASK` are `exhaustive`, too.
    """
    names = plugins.names("zoo.cells", "CELL")
    params = [pytest.param(name, marks=_marks_of_cell(name), id=name) for name in names]
    return pytest.mark.parametrize("cell", params)


def _marks_of_cell(name: str) -> list[pytest.MarkDecorator]:
    if name == QUICK_CELL:
        return []
    further = name not in OF_EACH_KIND_FOR_A_TASK
    return [pytest.mark.slow, pytest.mark.exhaustive] if further else [pytest.mark.slow]


def make_cell(kind: parity.Kind, units: int = parity.UNITS, /, **options: object) -> keras.layers.Layer:
    """A cell of this kind."""
    return cell_class(kind.cell)(units, **kind.options, **options)


def make_layer(case: parity.Case, engine: str = "loop", dtype: str = WIDEST) -> Recurrent:
    """A built layer for the case, with return_state."""
    layer = Recurrent(
        make_cell(case.kind, use_bias=case.use_bias, dtype=dtype),
        layers=case.layers,
        bidirectional=case.bidirectional,
        return_state=True,
        engine=engine,
        dtype=dtype,
    )
    layer.build((None, None, parity.FEATURES))
    return layer


def randomise(layer: keras.layers.Layer, seed: int = 0) -> None:
    """Give every weight, biases included, numbers from a normal distribution."""
    draw = np.random.default_rng(seed).normal
    layer.set_weights([draw(scale=0.5, size=variable.shape) for variable in layer.weights])


def results(layer: Recurrent, problem: parity.Problem, training: bool = False) -> dict[str, np.ndarray]:
    """Outputs, final states and the loss's gradient for inputs, initial states and weights, by name."""
    dtype = layer.compute_dtype
    inputs, states, outputs_factor, states_factors = keras.tree.map_structure(
        lambda array: keras.ops.convert_to_tensor(array, dtype=dtype),
        (problem.inputs, problem.states, problem.outputs_factor, problem.states_factors),
    )

    def loss_and_answers(answers: Answers) -> tuple[Scalar, Answers]:
        outputs, final = answers
        terms = zip(keras.tree.flatten(final), keras.tree.flatten(states_factors), strict=True)
        loss = keras.ops.sum(outputs * outputs_factor)
        return loss + sum(keras.ops.sum(value * factor) for value, factor in terms), answers

    differentiate = {"tensorflow": _with_tensorflow, "jax": _with_jax}[keras.backend.backend()]
    answers, gradients = differentiate(layer, inputs, states, problem.mask, training, loss_and_answers)
    return _by_name(layer, answers, gradients)


def _with_tensorflow(
    layer: Recurrent,
    inputs: Inputs,
    states: StackedStates,
    mask: np.ndarray | None,
    training: bool,
    loss_and_answers: LossAndAnswers,
) -> tuple[Answers, Gradients]:
    import tensorflow as tf

    leaves = (inputs, states, [variable.value for variable in layer.trainable_variables])
    with tf.GradientTape() as tape:
        tape.watch(leaves[:2])
        loss, answers = loss_and_answers(layer(inputs, mask=mask, initial_state=states, training=training))
    return answers, tape.gradient(loss, leaves, unconnected_gradients="zero")


def _with_jax(
    layer: Recurrent,
    inputs: Inputs,
    states: StackedStates,
    mask: np.ndarray | None,
    training: bool,
    loss_and_answers: LossAndAnswers,
) -> tuple[Answers, Gradients]:
    import jax

    fixed = [variable.value for variable in layer.non_trainable_variables]

    def loss(inputs: Inputs, states: StackedStates, weights: list[Tensor]) -> tuple[Scalar, Answers]:
        answers, _ = layer.stateless_call(
            weights, fixed, inputs, mask=mask, initial_state=states, training=training
        )
        return loss_and_answers(answers)

    leaves = (inputs, states, [variable.value for variable in layer.trainable_variables])
    differentiated = jax.value_and_grad(loss, argnums=(0, 1, 2), has_aux=True)
    # Compiled as a whole in half the time of its operations one by one; but what draws changes variables on the way.
    (_, answers), gradients = (differentiated if training else jax.jit(differentiated))(*leaves)
    return answers, gradients


def _by_name(layer: Recurrent, answers: Answers, gradients: Gradients) -> dict[str, np.ndarray]:
    (outputs, final), (d_inputs, d_states, d_weights) = keras.tree.map_structure(
        keras.ops.convert_to_numpy, (answers, gradients)
    )
    paths = [f"d {path}" for path in weight_names(layer)]
    return {
        "outputs": outputs,
        **parity.named_states("final", final),
        "d inputs": d_inputs,
        **parity.named_states("d initial", d_states),
        **dict(zip(paths, d_weights, strict=True)),
    }


def weight_names(layer: Recurrent) -> list[str]:
    """A name for each of `layer.trainable_variables`."""
    owners = {
        id(variable): f"layer {n} direction {way} {variable.name}"
        for n, row in enumerate(layer.cells)
        for way, cell in enumerate(row)
        for variable in cell.trainable_variables
    }
    return [owners[id(variable)] for variable in layer.trainable_variables]
