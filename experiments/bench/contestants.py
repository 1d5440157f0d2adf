"""Who takes part in the benchmark of layers: one layer each, with the same weights, forward or with all gradients."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import keras
import numpy as np

from datasets import plugins
from experiments.bench.shapes import CELLS, Shape
from zoo import interop
from zoo.layers.recurrent import Recurrent
from zoo.tensors import Inputs, Outputs, Rows, Tensor

#: Runs to its end and gives the outputs; in training also the gradients by the inputs and by each weight.
Call: TypeAlias = Callable[[], Sequence[Tensor]]
#: Weights of a layer in JAX: as a list, or by name.
Weights: TypeAlias = list[Tensor] | dict[str, Tensor]
KERAS_LAYERS = {"vanilla": "SimpleRNN", "lstm": "LSTM", "gru": "GRU"}
TORCH_LAYERS = {"vanilla": "RNN", "lstm": "LSTM", "gru": "GRU"}


@dataclass(frozen=True)
class Contestant:
    """One way of running the layer.

    Attributes:
        calls: `forward` and `train`; each runs to its end. `train` gives the outputs, the gradient of the inputs, and
            then those of the weights.
        restless: whether its threads keep a core busy for a while after a call.
    """

    name: str
    calls: dict[str, Call]
    restless: bool = False


@dataclass(frozen=True)
class Problem:
    """Inputs `(batch, steps, features)`, and the gradients of a loss by the outputs `(batch, steps, units)`."""

    cell: str
    shape: Shape
    inputs: np.ndarray
    gradients: np.ndarray

    @classmethod
    def draw(cls, cell: str, shape: Shape) -> Problem:
        """A problem of standard normal numbers."""
        draw = np.random.default_rng(0).standard_normal
        sizes = (shape.batch, shape.steps)
        inputs, gradients = draw((*sizes, shape.features)), draw((*sizes, shape.units))
        return cls(cell, shape, inputs.astype("float32"), gradients.astype("float32"))

    def layer(self, engine: str) -> Recurrent:
        """Our layer, built; with the same weights each time."""
        keras.utils.set_random_seed(0)
        cell_class = plugins.load("zoo.cells", self.cell, "CELL", type)
        layer = Recurrent(cell_class(self.shape.units), engine=engine)
        layer.build(self.inputs.shape)
        return layer


def contestants(problem: Problem, engines: Iterable[str]) -> list[Contestant]:
    """All of them, Keras first; torch and plain JAX where they are installed."""
    field = [keras_layer(problem), *[ours(problem, engine) for engine in engines]]
    if importlib.util.find_spec("torch"):
        field.append(torch_layer(problem))
    if importlib.util.find_spec("jax"):
        field.append(jax_scan(problem))
    return [*field, products(problem)]


def make(problem: Problem, name: str) -> Contestant:
    """The contestant of this name: `keras`, `torch`, or an engine of ours."""
    if name in ("keras", "torch"):
        return {"keras": keras_layer, "torch": torch_layer}[name](problem)
    return ours(problem, name)


def ours(problem: Problem, engine: str) -> Contestant:
    """Our layer on one of its engines."""
    return of_layer(engine, problem, problem.layer(engine))


def keras_layer(problem: Problem) -> Contestant:
    """The built-in layer of Keras."""
    layer = getattr(keras.layers, KERAS_LAYERS[problem.cell])(problem.shape.units, return_sequences=True)
    layer.build(problem.inputs.shape)
    interop.to_keras(problem.layer("loop"), layer)
    return of_layer("keras", problem, layer)


def of_layer(name: str, problem: Problem, layer: keras.layers.Layer) -> Contestant:
    """A built layer on the backend of Keras."""
    on_jax = keras.backend.backend() == "jax"
    calls = _in_jax(problem, layer) if on_jax else _in_tensorflow(problem, layer)
    return Contestant(name, calls, restless=on_jax)


# ------------------------------------------------------------------------------------ TensorFlow


def _in_tensorflow(problem: Problem, layer: keras.layers.Layer) -> dict[str, Call]:
    import tensorflow as tf

    inputs, gradients = tf.constant(problem.inputs), tf.constant(problem.gradients)

    @tf.function(autograph=False)
    def forward(inputs: Inputs) -> Outputs:
        return layer(inputs, training=False)

    @tf.function(autograph=False)
    def train(inputs: Inputs, gradients: Outputs) -> tuple[Tensor, ...]:
        weights = [variable.value for variable in layer.trainable_variables]
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(inputs, training=True)
        return outputs, *tape.gradient(outputs, [inputs, *weights], output_gradients=gradients)

    return {
        "forward": _to_its_end(lambda: [forward(inputs)]),
        "train": _to_its_end(lambda: train(inputs, gradients)),
    }


def _to_its_end(call: Call) -> Call:
    """On a GPU a call of TensorFlow may come back before its work is done."""
    import tensorflow as tf

    if not tf.config.list_logical_devices("GPU"):
        return call

    def waiting() -> Sequence[Tensor]:
        result = call()
        tf.test.experimental.sync_devices()
        return result

    return waiting


def products(problem: Problem) -> Contestant:
    """The floor: the matrix products alone, each over all steps at once, with the backend's threads."""
    shape, width = problem.shape, CELLS[problem.cell] * problem.shape.units
    rows = problem.inputs.reshape(-1, shape.features)
    states = problem.gradients.reshape(-1, shape.units)
    kernel, recurrent = np.ones((shape.features, width), "float32"), np.ones((shape.units, width), "float32")

    def forward(rows: Rows, states: Rows, kernel: Tensor, recurrent: Tensor) -> tuple[Tensor, Tensor]:
        return keras.ops.matmul(rows, kernel), keras.ops.matmul(states, recurrent)

    def train(rows: Rows, states: Rows, kernel: Tensor, recurrent: Tensor) -> tuple[Tensor, ...]:
        matmul, transpose = keras.ops.matmul, keras.ops.transpose
        first, second = forward(rows, states, kernel, recurrent)
        by_states = matmul(first, transpose(kernel)), matmul(second, transpose(recurrent))
        return *by_states, matmul(transpose(rows), first), matmul(transpose(states), second)

    tensors = [keras.ops.convert_to_tensor(array) for array in (rows, states, kernel, recurrent)]
    return Contestant("products", {"forward": _graph(forward, tensors), "train": _graph(train, tensors)})


def _graph(function: Callable[..., tuple[Tensor, ...]], tensors: list[Tensor]) -> Call:
    """A call of the function as the backend's graph."""
    if keras.backend.backend() == "jax":
        import jax

        compiled = jax.jit(function)
        return lambda: jax.block_until_ready(compiled(*tensors))
    import tensorflow as tf

    graph = tf.function(function, autograph=False)
    return _to_its_end(lambda: graph(*tensors))


# ------------------------------------------------------------------------------------ JAX


def _in_jax(problem: Problem, layer: keras.layers.Layer) -> dict[str, Call]:
    fixed = [variable.value for variable in layer.non_trainable_variables]

    def run(inputs: Inputs, weights: list[Tensor], training: bool) -> Outputs:
        return layer.stateless_call(weights, fixed, inputs, training=training)[0]

    return _jax_calls(problem, run, [variable.value for variable in layer.trainable_variables])


def _jax_calls(problem: Problem, run: Callable[..., Outputs], weights: Weights) -> dict[str, Call]:
    """`run(inputs, weights, training)`, and its gradients found by JAX, both compiled."""
    import jax

    inputs, gradients = jax.numpy.array(problem.inputs), jax.numpy.array(problem.gradients)

    @jax.jit
    def forward(inputs: Inputs, weights: Weights) -> Outputs:
        return run(inputs, weights, False)

    @jax.jit
    def train(inputs: Inputs, weights: Weights, gradients: Outputs) -> tuple[Tensor, ...]:
        outputs, pull = jax.vjp(lambda inputs, weights: run(inputs, weights, True), inputs, weights)
        return outputs, *jax.tree.leaves(pull(gradients))  # of the inputs, then of the weights

    return {
        "forward": lambda: [jax.block_until_ready(forward(inputs, weights))],
        "train": lambda: jax.block_until_ready(train(inputs, weights, gradients)),
    }


def jax_scan(problem: Problem) -> Contestant:
    """What one writes in plain JAX: the inputs' product hoisted out of `lax.scan`, compiled, differentiated by JAX."""
    import jax

    from experiments.bench.jax import run

    layer = problem.layer("loop")
    weights = {weight.name: jax.numpy.array(keras.ops.convert_to_numpy(weight)) for weight in layer.weights}
    calls = _jax_calls(problem, lambda inputs, weights, _: run(problem.cell, inputs, weights), weights)
    return Contestant("jax", calls, restless=True)


# ------------------------------------------------------------------------------------ torch


def torch_layer(problem: Problem) -> Contestant:
    """torch's layer: on all cores, or on a GPU where Keras has one too."""
    import torch

    shape = problem.shape
    device = "cuda" if torch.cuda.is_available() else "cpu"
    layer = getattr(torch.nn, TORCH_LAYERS[problem.cell])(shape.features, shape.units, batch_first=True)
    state = {name: torch.tensor(value) for name, value in interop.to_torch(problem.layer("loop")).items()}
    layer.load_state_dict(state)
    layer.to(device)
    inputs = torch.tensor(problem.inputs, device=device, requires_grad=True)
    gradients, resting = torch.tensor(problem.gradients, device=device), inputs.detach()
    finish = torch.cuda.synchronize if device == "cuda" else lambda: None

    def forward() -> list[Tensor]:
        with torch.inference_mode():
            outputs = layer(resting)[0]
        finish()
        return [outputs]

    def train() -> tuple[Tensor, ...]:
        outputs = layer(inputs)[0]
        by_all = torch.autograd.grad(outputs, [inputs, *layer.parameters()], gradients)
        finish()
        return outputs.detach(), *by_all

    return Contestant("torch", {"forward": forward, "train": train}, restless=True)
