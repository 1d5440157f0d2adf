"""Every task of the zoo on the embedded data: three cells, three seeds each, equal units.

    python -m experiments.compare --grid embedded --out runs/embedded

81 runs. Takes about half an hour on two cores. Expect: every cell far above the baselines, except in visual question
answering, where few questions need the order of their words; a GRU clearly behind both others on tagging; an LSTM
clearly ahead of vanilla on forecasting; and nothing else clear, for three seeds show only large differences. The data
are synthetic, and the report gives their known ceilings. Keras' own layers are left out to save time; `--keras-seeds 1`
adds them.
"""

from __future__ import annotations

from experiments.compare.grid import Grid

GRID = Grid(
    tasks=("all",),
    cells=("vanilla", "lstm", "gru"),
    seeds=(0, 1, 2),
    vary=("sentiment.base=none",),
    match="units",
    keras_seeds=0,
)
