"""Every task of the zoo on the embedded data: three cells, three seeds each, equal units.

    python -m experiments.compare --grid embedded --out runs/embedded

Takes about half an hour on two cores. Expect: every cell above the rows without recurrence; vanilla behind lstm and gru
where the answer depends on words that are far apart (sentiment); few clear differences elsewhere, for three seeds
show only large ones. The data are synthetic; their known ceilings stand in the report. Keras' own layers are left out
to save time; `--keras-seeds 1` puts them beside.
"""

from __future__ import annotations

from experiments.compare.grid import Grid

GRID = Grid(tasks=("all",), cells=("vanilla", "lstm", "gru"), seeds=(0, 1, 2), match="units", keras_seeds=0)
