from __future__ import annotations

import keras
import numpy as np
import pytest

from datasets.errors import UserError
from zoo.config import RecurrentOptions
from zoo.factory import RecurrentFactory, order_agnostic_factory, recurrent_factory


def factory(*cell_options: str, cell: str = "gru", seed: int = 3, **options):
    return recurrent_factory(RecurrentOptions(cell=cell, cell_options=cell_options, **options), seed)


def test_options_reach_the_layer():
    layer = factory(units=5, layers=2, bidirectional=True, dropout=0.3, engine="loop")()
    assert (layer.cell.units, layer.layers, layer.bidirectional) == (5, 2, True)
    assert (layer.dropout, layer.engine, layer.seed) == (0.3, "loop", 3)


def test_a_task_overrules_options():
    layer = factory(units=5, layers=2, bidirectional=True)(
        units=7, layers=1, bidirectional=False, return_state=True, name="decoder"
    )
    assert (layer.cell.units, layer.layers, layer.bidirectional) == (7, 1, False)
    assert (layer.return_state, layer.name) == (True, "decoder")


def test_one_layer_has_no_dropout_between_layers():
    assert factory(dropout=0.3)().dropout == 0


def test_cell_options_are_read_as_json_or_as_words():
    cell = factory("reset_after=false", "activation=relu", "use_bias=true").cell(2)
    assert (cell.reset_after, cell.activation, cell.use_bias) == (False, keras.activations.relu, True)


def test_recurrent_dropout_comes_with_the_runs_seed():
    cell = factory(recurrent_dropout=0.25).cell(2)
    assert (cell.recurrent_dropout, cell.seed) == (0.25, 3)


@pytest.mark.parametrize(
    ("cell_options", "told"),
    [
        (["reset_aftr=false"], "gru has no such argument; did you mean reset_after"),
        (
            ["reset_after=maybe"],
            "--cell-options reset_after=maybe: write reset_after=true or reset_after=false",
        ),
        (["colour=red"], "there are .*reset_after"),
        (["reset_after"], "write NAME=VALUE"),
        (["=3"], "write NAME=VALUE"),
        (["dropout=1.5"], "--cell gru cannot be made with .*below 1"),
        (["activation=tahn"], "--cell gru cannot be made with"),
        (["units=3"], "no such argument"),
    ],
)
def test_wrong_cell_options_are_told(cell_options, told):
    with pytest.raises(UserError, match=told):
        factory(*cell_options).cell(2)


def test_a_misspelt_cell_is_told():
    with pytest.raises(UserError, match="did you mean lstm"):
        factory(cell="ltsm")


def test_an_engine_that_cannot_run_the_cell_is_told():
    with pytest.raises(UserError, match="--cell gru: the keras engine cannot run GRUCell"):
        factory(engine="keras")()


@keras.saving.register_keras_serializable("tests")
class OnlyCall(keras.layers.Layer):
    """A cell of someone's own with nothing but what `keras.layers.RNN` needs."""

    def __init__(self, units, **arguments):
        super().__init__(**arguments)
        self.units = self.state_size = self.output_size = units

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], self.units))

    def call(self, inputs, states):
        output = keras.ops.tanh(inputs @ self.kernel + states[0])
        return output, [output]


def test_a_cell_of_ones_own_without_recurrent_dropout():
    name = f"{__name__}:OnlyCall"
    assert factory(cell=name)().cell.units == 64
    with pytest.raises(UserError, match=r"--recurrent-dropout: the cell .*OnlyCall has none"):
        factory(cell=name, recurrent_dropout=0.5).cell(2)


def test_entries_of_a_kernel_that_a_cell_has_not_cannot_be_dropped():
    assert factory(weight_dropout=0.5)().weight_dropout == 0.5
    factory(weight_dropout=0.5).check_cell()
    with pytest.raises(UserError, match="--weight-dropout: the cell mean has no recurrent_kernel"):
        factory(cell="mean", weight_dropout=0.5).check_cell()


def test_the_order_agnostic_baseline_keeps_sizes_and_drops_what_only_a_recurrence_has():
    options = RecurrentOptions(
        cell="lstm",
        units=5,
        layers=3,
        bidirectional=True,
        dropout=0.3,
        recurrent_dropout=0.2,
        weight_dropout=0.2,
        cell_options=("unit_forget_bias=false",),
        engine="loop",
    )
    made = order_agnostic_factory(options, 4)
    layer = made()
    assert made.order_agnostic
    assert (layer.cell.units, layer.layers, layer.bidirectional, layer.dropout) == (5, 1, False, 0)
    assert layer.weight_dropout == 0
    assert (made.options.dropout, made.seed) == (0.3, 4)
    # What the model beside it knows when all was read, it may know as well.
    assert made.reads_whole
    assert not order_agnostic_factory(RecurrentOptions(bidirectional=False)).reads_whole
    assert factory(bidirectional=True).reads_whole
    assert not factory(bidirectional=False).reads_whole
    assert not factory().order_agnostic


def test_layers_made_twice_have_weights_of_their_own():
    make = factory(units=2)
    one, other = make(), make()
    inputs = np.ones((1, 2, 3), "float32")
    one(inputs), other(inputs)
    assert one.weights[0] is not other.weights[0]


class NoCell:
    def __init__(self, units):
        self.state_size = units


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("tests.zoo.test_factory:NoCell", "NoCell is no cell of Keras: it has no call, get_config$"),
        ("tests.zoo.test_factory:factory", "test_factory:factory is no class$"),
    ],
)
def test_what_is_no_cell_is_told(cell, told):
    with pytest.raises(UserError, match=told):
        factory(cell=cell)()


def test_the_former_name_of_order_agnostic_is_understood() -> None:
    class Mine:
        order_blind = True

    assert RecurrentFactory(Mine, RecurrentOptions()).order_agnostic


@pytest.mark.parametrize(
    ("options", "gigabytes"),
    [
        ({"units": 65_536}, "258"),
        ({"units": 20_000, "layers": 2, "bidirectional": True}, "192"),
        ({"units": 20_000, "layers": 2, "cell": "mean"}, "8"),
        ({"units": 65_536, "cell": "keras_lstm"}, "86"),
    ],
)
def test_layers_that_no_memory_can_train_are_refused(options: dict[str, object], gigabytes: str) -> None:
    factory = recurrent_factory(RecurrentOptions(**options))  # type: ignore[arg-type]
    with pytest.raises(UserError, match=rf"--units {options['units']} .* more than {gigabytes} GB of memory"):
        factory.check_memory(5 * 10**9)
    factory.check_memory(10**12)
    factory.check_memory(None)


def test_a_cell_option_of_any_size_is_told_in_one_line() -> None:
    for value in (10**30, -(10**30), "[" * 5000, "9" * 5000):
        factory = recurrent_factory(RecurrentOptions(cell_options=(f"seed={value}", f"dropout={value}")))
        with pytest.raises(UserError, match="--cell gru cannot be made with"):
            factory.cell(4)
