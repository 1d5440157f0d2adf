"""How well intervals hold: three models each of five data sets, all options left to the data, beside AR and ETS.

    python -m experiments.compare --grid intervals --data FOLDER --out runs/intervals

FOLDER holds `ett`, `exchange_rate`, `weather_wth` and `m4_weekly`. Takes about half an hour on two cores. Expect: 80 %
intervals that cover between .77 and .83 of the test values.
"""

from __future__ import annotations

from experiments.compare.grid import Grid

GRID = Grid(
    tasks=("forecasting",),
    cells=("gru",),
    seeds=(0, 1, 2),
    vary=(
        "forecasting.dataset=microworld,{data}/ett/ETTh1.csv,{data}/exchange_rate/exchange_rate.txt.gz,"
        "{data}/weather_wth/WTH.csv.gz,{data}/m4_weekly",
    ),
    keras_seeds=0,
)
