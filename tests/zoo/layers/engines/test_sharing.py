"""Cells share compiled loops only where their steps are the same: each engine gives what `loop` gives, in any order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Unpack, cast

import keras
import numpy as np
import pytest

from tests.zoo.running import randomise
from zoo.cells.base import Cell, CellArguments
from zoo.cells.gru import GRUCell
from zoo.cells.vanilla import VanillaCell
from zoo.keras_types import Activation
from zoo.layers.recurrent import Recurrent, RecurrentArguments
from zoo.tensors import States, Tensor

if keras.backend.backend() != "tensorflow":
    pytest.skip("only the loops of TensorFlow are shared", allow_module_level=True)

from zoo.layers.engines import fused_tensorflow
from zoo.layers.engines.recurrence import AutomaticGradients, ManualGradients

#: Arguments of cells, called like others that make no difference to a step.
HOSTILE_NAMES = ("activation_name", "my_seed", "gate_dropout", "is_trainable")
#: Both ways round, so that whichever cell comes second finds the loops of the other.
ORDERS = [(1.0, 3.0), (3.0, 1.0)]
INPUTS = np.random.default_rng(0).normal(size=(3, 4, 2)).astype("float32")


class Scaled(VanillaCell):
    """The inputs of the step times a factor, which each cell below comes by in its own way."""

    def factor(self) -> float | Tensor:
        raise NotImplementedError

    def project(self, inputs: Tensor) -> Tensor:
        """See `Cell.project`."""
        return super().project(inputs) * self.factor()


def outputs(cell: Cell, engine: str, /, **options: Unpack[RecurrentArguments]) -> np.ndarray:
    """What a layer of this cell gives, with the same weights each time."""
    layer = Recurrent(cell, **(options | {"engine": engine}))
    layer.build(INPUTS.shape)
    randomise(layer)
    return keras.ops.convert_to_numpy(layer(INPUTS))


def assert_engines_agree(cells: list[Cell], **options: Unpack[RecurrentArguments]) -> None:
    """One cell after the other on each engine; they differ on `loop`."""
    expected = [outputs(cell, "loop", **options) for cell in cells]
    for engine in ("hoisted", "fused"):
        for cell, numbers in zip(cells, expected, strict=True):
            np.testing.assert_allclose(outputs(cell, engine, **options), numbers, atol=1e-5, err_msg=engine)
    if len(expected) > 1:
        assert np.abs(expected[0] - expected[1]).max() > 1e-3


def with_argument(argument: str, reverse_config: bool = False) -> Callable[[float], Cell]:
    """A class with a constructor argument of this name, which is the factor; `get_config` in either order."""

    class WithArgument(Scaled):
        def __init__(self, units: int, **arguments: float) -> None:
            value = arguments.pop(argument, 1.0)
            super().__init__(units, **cast("CellArguments", arguments))
            setattr(self, f"{argument}_", value)

        def factor(self) -> float:
            return getattr(self, f"{argument}_")

        def get_config(self) -> dict[str, Any]:
            config = {**super().get_config(), argument: self.factor()}
            return dict(reversed(config.items())) if reverse_config else config

    return lambda value: WithArgument(4, **{argument: value})


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("argument", HOSTILE_NAMES)
def test_an_argument_of_any_name_counts(argument: str, order: tuple[float, float]) -> None:
    make = with_argument(argument, reverse_config=order[0] > order[1])
    assert_engines_agree([make(value) for value in order])


class ReadsDropout(Scaled):
    def factor(self) -> float:
        return 1.0 + self.dropout + self.recurrent_dropout


class ReadsSeed(Scaled):
    def factor(self) -> float:
        return 1.0 + (self.seed or 0)


def name_of(layer: keras.layers.Layer) -> str:
    return layer.name


class AsksForName(Scaled):
    def factor(self) -> float:
        return 1.0 if "backward" in name_of(self) else 3.0


class ReadsTrainable(Scaled):
    def factor(self) -> float:
        flag = ("trainable",)
        return 1.0 if getattr(self, flag[0]) else 3.0


class InitializerGain(Scaled):
    def factor(self) -> float:
        return self.kernel_initializer.gain


ARGUMENTS_OF_THE_BASE: dict[str, tuple[type[Cell], list[Mapping[str, Any]]]] = {
    "dropout": (ReadsDropout, [{"dropout": 0.0}, {"dropout": 0.5}]),
    "recurrent_dropout": (ReadsDropout, [{"recurrent_dropout": 0.0}, {"recurrent_dropout": 0.5}]),
    "seed": (ReadsSeed, [{"seed": 1}, {"seed": 3}]),
    "trainable": (ReadsTrainable, [{"trainable": True}, {"trainable": False}]),
    "kernel_initializer": (
        InitializerGain,
        [{"kernel_initializer": keras.initializers.Orthogonal(gain)} for gain in (1.0, 3.0)],
    ),
}


@pytest.mark.parametrize("argument", ARGUMENTS_OF_THE_BASE)
def test_an_argument_of_the_base_class_counts_where_the_step_reads_it(argument: str) -> None:
    cell_class, values = ARGUMENTS_OF_THE_BASE[argument]
    assert_engines_agree([cell_class(4, **arguments) for arguments in values])


@pytest.mark.parametrize("cell", [ReadsSeed(4, seed=1), AsksForName(4)], ids=["seed", "name"])
def test_the_two_directions_of_a_layer_count_where_the_step_tells_them_apart(cell: Cell) -> None:
    assert_engines_agree([cell], bidirectional=True)


class DrawnWhenMade(Scaled):
    """A factor of which the configuration knows nothing, and which each copy draws again."""

    drawn = 0

    def __init__(self, units: int, **arguments: Unpack[CellArguments]) -> None:
        super().__init__(units, **arguments)
        DrawnWhenMade.drawn += 1
        self.factors = [np.full(1, DrawnWhenMade.drawn, "float32")]

    def factor(self) -> Tensor:
        return self.factors[0]


def test_what_a_cell_draws_for_itself_counts() -> None:
    layers = {}
    for engine in ("loop", "hoisted"):
        DrawnWhenMade.drawn = 0
        layers[engine] = outputs(DrawnWhenMade(4), engine, bidirectional=True)
    np.testing.assert_allclose(layers["hoisted"], layers["loop"], atol=1e-5)


class OwnActivation(Cell):
    """An activation that is found by its name where the cell is made."""

    def __init__(
        self, units: int, *, activation: Activation | str = "tanh", **arguments: Unpack[CellArguments]
    ) -> None:
        super().__init__(units, **arguments)
        self.activation = keras.activations.get(activation)

    def step(
        self, projected: Tensor, states: States, recurrent_mask: Tensor | None = None
    ) -> tuple[Tensor, States]:
        """See `Cell.step`."""
        del recurrent_mask
        h = self.activation(projected + keras.ops.matmul(states[0], self.recurrent_kernel))
        return h, [h]

    def get_config(self) -> dict[str, Any]:
        """See `Cell.get_config`."""
        return {**super().get_config(), "activation": keras.activations.serialize(self.activation)}


def test_two_functions_of_one_name_are_two() -> None:
    results = {}
    for engine in ("loop", "hoisted"):
        for times in (1.0, 3.0):

            def activation(x: Tensor, times: float = times) -> Tensor:
                return keras.ops.tanh(x * times)

            with keras.saving.custom_object_scope({"activation": activation}):
                results[engine, times] = outputs(OwnActivation(4, activation=activation), engine)
    for times in (1.0, 3.0):
        np.testing.assert_allclose(results["hoisted", times], results["loop", times], atol=1e-5)


class WithLayer(Scaled):
    """A layer inside the cell, which has a number of its own."""

    def __init__(self, units: int, *, slope: float = 1.0, **arguments: Unpack[CellArguments]) -> None:
        super().__init__(units, **arguments)
        self.leaky = keras.layers.LeakyReLU(slope)

    def factor(self) -> Tensor:
        return -self.leaky(keras.ops.full((1,), -1.0))

    def get_config(self) -> dict[str, Any]:
        """See `Cell.get_config`."""
        return {**super().get_config(), "slope": self.leaky.negative_slope}


def test_a_layer_inside_a_cell_counts_by_its_numbers() -> None:
    assert_engines_agree([WithLayer(4, slope=slope) for slope in (1.0, 3.0)])
    fused_tensorflow._LOOPS.clear()
    outputs(WithLayer(4), "hoisted", bidirectional=True)
    assert len(fused_tensorflow._LOOPS) == 1


@pytest.mark.parametrize("make", [GRUCell, with_argument("gain")], ids=["gru", "own"])
def test_the_cells_of_a_layer_share_their_loops(make: Callable[..., Cell]) -> None:
    """Seeds, names and what is trained make no difference; the features of the second layer do."""
    layer = Recurrent(make(4), layers=2, bidirectional=True, seed=3)
    layer.build((None, None, 5))
    layer.cells[0][1].trainable = False
    fused_tensorflow._LOOPS.clear()
    loops = [fused_tensorflow.loops_of(cell, AutomaticGradients) for row in layer.cells for cell in row]
    assert loops[0] is loops[1]
    assert loops[2] is loops[3]
    assert len(fused_tensorflow._LOOPS) == 2


def test_both_directions_run_one_program() -> None:
    fused_tensorflow._LOOPS.clear()
    layer = Recurrent(GRUCell(3), bidirectional=True, engine="fused")
    layer(INPUTS)
    loops = fused_tensorflow.loops_of(layer.cells[0][0], ManualGradients)
    assert len(loops.compiled) == 1
