"""Every task of the zoo as it comes: its defaults on the embedded data, ten seeds, beside what needs no recurrence.

    python -m experiments.compare --grid embedded --out runs/embedded

90 runs. Takes about an hour on two cores. Expect: on each task the interval of the difference from the best
baseline, seed by seed, above zero. The data are synthetic, and the report gives their known ceilings. One cell, so that
nothing is said here about which is better: that is what the grid `cells` is for.
"""

from __future__ import annotations

from experiments.compare.grid import Grid

GRID = Grid(
    tasks=("all",),
    cells=("gru",),
    seeds=(0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    vary=(),
    match="units",
    keras_seeds=0,
)
