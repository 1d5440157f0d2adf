"""Every cell of the zoo on every task, embedded data: which cell?

    python -m experiments.compare --grid cells --out runs/cells

All cells that have a recurrence, with small models (32 units) and four epochs, all at one learning rate; beside the
LSTM and the GRU as they are, the LSTM without its open forget gate and the GRU with the reset before the product. Three
seeds each, 378 runs. Takes about two hours on two cores. Expect: an order of the cells over all tasks that is no
chance, sLSTM, LSTM and GRU in front, most cells without a gate or without a product with the state behind; and few of
the 91 pairs of a task clear with three seeds, for which `--until-clear 2% --most 10` adds more. The data are synthetic
views of one generated world, so that the tasks are not independent draws, as the tests over all of them suppose.
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
)
