"""The cells in plain NumPy float64, with back-propagation through time derived by hand.

It is what the tests compare the fast implementations with, and meant to be read. In this order:

1. `vanilla.py`, then `lstm.py` and `gru.py`: one step forward and one step backward; then the other cells, and variants
   in a file of their own.
2. `unroll.py`: the steps put in a row, and walked back; masks, direction, truncation.
3. `output.py` and `stack.py`: softmax and cross-entropy; several layers, both directions.

The equations stand in docs/equations.md. A run in both directions of time:

    cell = named("gru", reset_after=False)
    weights = random_weights(cell, features=4, units=3, rng=np.random.default_rng(0))
    tape = forward(cell, weights, inputs, mask, initial_states)
    gradients = backward(cell, tape, d_outputs, d_final_states)
"""

from __future__ import annotations

import dataclasses
from typing import Any, cast

from zoo.reference.brc import BRC
from zoo.reference.cell import Cell, States, Weights, random_weights
from zoo.reference.gru import GRU
from zoo.reference.gru_variants import GRUVariant
from zoo.reference.ind_rnn import IndRNN
from zoo.reference.lru import LRU
from zoo.reference.lstm import LSTM
from zoo.reference.lstm_variants import LSTMVariant
from zoo.reference.mgu import MGU
from zoo.reference.min_gru import MinGRU
from zoo.reference.min_lstm import MinLSTM
from zoo.reference.output import cross_entropy, linear, linear_backward, softmax
from zoo.reference.qrnn import QRNN
from zoo.reference.rg_lru import RGLRU
from zoo.reference.slstm import SLSTM
from zoo.reference.stack import StackGradients, StackTape, backward_stack, forward_stack
from zoo.reference.unroll import Gradients, Tape, backward, forward
from zoo.reference.vanilla import Vanilla
from zoo.reference.zoneout import Zoneout

# By the names that `--cell` takes.
CELLS: dict[str, type[Cell]] = {
    "vanilla": Vanilla,
    "lstm": LSTM,
    "gru": GRU,
    "ind_rnn": IndRNN,
    "mgu": MGU,
    "slstm": SLSTM,
    "brc": BRC,
    "min_gru": MinGRU,
    "min_lstm": MinLSTM,
    "rg_lru": RGLRU,
    "lru": LRU,
    "qrnn": QRNN,
}

# With options that the plain cell does not have.
VARIANTS: dict[str, type[Cell]] = {"lstm": LSTMVariant, "gru": GRUVariant}


def named(name: str, **options: object) -> Cell:
    """A cell by the name that `--cell` takes, with its options; a variant of it where the plain cell lacks one.

    The rates `zoneout_h`, `zoneout_c` of its states give the expectation, as outside of training (`Zoneout`).
    """
    rates = {key: cast(float, options.pop(key)) for key in list(options) if key.startswith("zoneout_")}
    cell_class = CELLS[name]
    known = {field.name for field in dataclasses.fields(cast(Any, cell_class))}
    cell = (cell_class if known >= set(options) else VARIANTS[name])(**options)
    kept = [rates.get(f"zoneout_{state}", 0.0) for state in cell.state_names]
    return Zoneout(cell, kept) if rates else cell


__all__ = [
    "BRC",
    "CELLS",
    "GRU",
    "LRU",
    "LSTM",
    "MGU",
    "QRNN",
    "RGLRU",
    "SLSTM",
    "VARIANTS",
    "Cell",
    "GRUVariant",
    "Gradients",
    "IndRNN",
    "LSTMVariant",
    "MinGRU",
    "MinLSTM",
    "StackGradients",
    "StackTape",
    "States",
    "Tape",
    "Vanilla",
    "Weights",
    "Zoneout",
    "backward",
    "backward_stack",
    "cross_entropy",
    "forward",
    "forward_stack",
    "linear",
    "linear_backward",
    "named",
    "random_weights",
    "softmax",
]
