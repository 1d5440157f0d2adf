"""Forecasts by series: a folded section for each, the worst first, of one run of a group."""

from __future__ import annotations

import math
from typing import Any

from experiments.report.content import Cell, Section, Table
from experiments.report.groups import Group
from experiments.report.metrics import number
from experiments.report.pictures import Drawer
from experiments.report.reading import RunCollection

Row = dict[str, Any]


def series_sections(
    group: Group, collection: RunCollection, drawer: Drawer | None, name: str
) -> list[Section]:
    """Of the first run of the best cell that tells scores by series: one table of all, and a section for each."""
    best = group.best()
    cells = [best, *(cell for cell in group.cells if cell != best)]
    runs = [run for cell in cells for run in group.counted(cell)["run"] if run in collection.by_series]
    if not runs:
        return []
    rows = collection.by_series[runs[0]]
    columns = list(dict.fromkeys(score for row in rows for score in row["scores"]))
    table = Table(
        f"{name}-series",
        ["series", "forecasts", *columns],
        [[Cell(_title(row), _title(row)), *_scores(row, columns)] for row in rows],
    )
    sentence = f"{group.split} of {runs[0]}, the worst of {len(rows):,} series and variables first."
    overview = Section("By series", 3, [sentence], [table], folded=len(rows) > 10)
    return [overview, *(_section(row, n, drawer, name) for n, row in enumerate(rows, 1))]


def _scores(row: Row, columns: list[str]) -> list[Cell]:
    scores = [row["scores"].get(column, math.nan) for column in columns]
    cells = [Cell(number(score), score) if math.isfinite(score) else Cell("–", "") for score in scores]
    return [Cell(f"{row['forecasts']:,}", float(row["forecasts"])), *cells]


def _title(row: Row) -> str:
    return ", ".join(dict.fromkeys((row["series"], row["variable"])))


def _section(row: Row, position: int, drawer: Drawer | None, name: str) -> Section:
    scores = ", ".join(f"{score} {number(value)}" for score, value in row["scores"].items())
    section = Section(
        f"Series {position}: {_title(row)}", 3, [f"{scores}; {row['forecasts']:,} forecasts."], folded=True
    )
    if drawer is not None:
        section.pictures = [drawer.forecast(row, f"{name}-series-{position}", _title(row))]
    return section
