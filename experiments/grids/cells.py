"""Every cell of the zoo on every task, embedded data: which cell, with seeds added until pairs are clear.

    python -m experiments.compare --grid cells --out runs/cells

All cells that have a recurrence, with small models and few epochs; beside the LSTM and the GRU as they are, the LSTM
without its open forget gate and the GRU with the reset before the product. Three seeds each, 378 runs, and up to ten
seeds for pairs that are not clear for 2 % of the mean score. Takes about two and a half hours on two cores with three
seeds, judging by the grid `embedded`; it has not been run as a whole. Expect: few of the 91 pairs of a task clear with
three seeds. The data are synthetic views of one generated world, so that the tasks are not independent draws, as the
tests over all of them suppose.
"""

from __future__ import annotations

from datasets import plugins
from experiments.compare.grid import Grid
from zoo.cli.cells import PACKAGE, in_order, keras_layers

#: The mean of the inputs stands in every table as a baseline; its former name is not another cell.
NOT_RECURRENT = {"mean", *plugins.exported(PACKAGE, "FORMER_NAME_OF")}
CELLS = in_order({*plugins.names(PACKAGE, "CELL")} - NOT_RECURRENT - {*keras_layers()})

GRID = Grid(
    tasks=("all",),
    cells=(*CELLS, "lstm(unit_forget_bias=false)", "gru(reset_after=false)"),
    seeds=(0, 1, 2),
    vary=("units=32", "epochs=4", "sentiment.base=none"),
    match="units",
    keras_seeds=0,
    until_clear=("2%",),
    most=10,
)
