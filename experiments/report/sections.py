"""The report's sections: counts first, then a section for each group of runs that may be compared."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import pandas as pd

from experiments.report import conclusions, differences
from experiments.report.content import Cell, Picture, Report, Section, Table
from experiments.report.groups import Group, groups
from experiments.report.methods import how_measured
from experiments.report.metrics import number, share, signed
from experiments.report.pictures import Drawer
from experiments.report.rank_sections import over_all_data
from experiments.report.reading import RunCollection
from experiments.report.series import series_sections
from experiments.report.statistics import MOST_SEEDS, Mean, seeds_needed
from zoo.cli.cells import in_order

#: Of the table of all runs: column and heading.
RUN_COLUMNS = {
    "task": "task", "dataset": "data", "cell": "cell", "seed": "seed", "recurrent.units": "units", "score": "score",
    "metric": "metric", "parameters": "parameters", "seconds.train": "training s", "seconds.processor": "processor s",
    "seconds.total": "total s",
    "peak_memory_bytes": "peak memory MB", "latency_p50_ms": "p50 ms", "latency_p95_ms": "p95 ms",
    "artifact_bytes": "SavedModel MB", "engine": "engine", "device": "device", "threads": "cores",
}  # fmt: skip
MEGABYTES = 1e6


def report(collection: RunCollection, title: str, most_pictures: int, size: float | None = None) -> Report:
    """The whole report.

    Args:
        most_pictures: groups that get pictures; the others have their tables.
        size: a difference of interest, for the number of seeds that it needs; None takes 1 % of the mean.
    """
    all_groups = groups(collection)
    drawer = Drawer(collection, _every_cell(all_groups))
    sections = (
        [*_not_there(collection), _overview(all_groups, drawer.overview(all_groups[:most_pictures]))]
        if all_groups
        else _not_there(collection)
    )
    sections += over_all_data(all_groups, drawer)
    for position, group in enumerate(all_groups):
        sections += _of_group(group, collection, drawer if position < most_pictures else None, position, size)
    if len(all_groups) > most_pictures:
        sections[-1].after.append(
            f"Pictures are drawn for the first {most_pictures} of {len(all_groups)} groups (--pictures)."
        )
    if all_groups:
        sections += [how_measured(collection.frame), _all_runs(collection.frame)]
    return Report(title, _lead(collection, all_groups), sections)


# ------------------------------------------------------------------------------------ what there is


def _lead(collection: RunCollection, all_groups: list[Group]) -> list[str]:
    frame = collection.frame
    counts = [f"{len(frame):,} finished runs"]
    for count, what in (
        (len(collection.failures), "failed"),
        (len(collection.left_out), "left out because they cannot be read or are not finished"),
        (len(collection.missing), "not begun"),
    ):
        if count:
            counts.append(f"{count:,} {what}")
    sentences = ["; ".join(counts) + "."]
    sentences += [
        f"{count:,} of the runs are those of an earlier report, {Path(name).name}: they have no learning curves here."
        for name, count in collection.earlier.items()
    ]
    if len(frame) and not frame["measured"].all():
        sentences.append(
            f"{(~frame['measured']).sum():,} runs could not be measured: they have no latency and no size."
        )
    if not all_groups:
        return [*sentences, "There is nothing to compare."]
    if frame["synthetic"].any():
        names = ", ".join(sorted(set(frame.loc[frame["synthetic"], "dataset"])))
        sentences.append(f"Synthetic data: {names}.")
    return sentences


def _not_there(collection: RunCollection) -> list[Section]:
    """The runs that are not counted, each with the reason."""
    sections = []
    rows = [[_text(name), _text(reason)] for name, reason in collection.left_out.items()]
    if rows:
        sections.append(
            Section("Left out", tables=[Table("left-out", ["folder", "reason"], rows)], folded=len(rows) > 10)
        )
    rows = [
        [_text(failure.run), _text(" ⏎ ".join(failure.last_lines[-3:]))] for failure in collection.failures
    ]
    if rows:
        sections.append(Section("Failed", tables=[Table("failed", ["run", "last lines"], rows)]))
    if collection.missing:
        rows = [[_text(name)] for name in collection.missing]
        sections.append(
            Section("Not begun", tables=[Table("not-begun", ["run"], rows)], folded=len(rows) > 10)
        )
    return sections


def _cells(all_groups: list[Group]) -> list[str]:
    return in_order({cell for group in all_groups for cell in group.compared})


def _every_cell(all_groups: list[Group]) -> list[str]:
    """With Keras' own layers, which come last."""
    return list(dict.fromkeys([*_cells(all_groups), *(cell for group in all_groups for cell in group.cells)]))


def _overview(all_groups: list[Group], pictures: list[Picture]) -> Section:
    cells = _cells(all_groups)
    rows = []
    for group in all_groups:
        best = group.best()
        means = [group.mean(cell, "score") if cell in group.compared else None for cell in cells]
        baseline = group.best_baseline()
        rows.append(
            [
                _text(group.title),
                _text(f"{group.split} {group.metric}{' (less is better)' if group.less_is_better else ''}"),
                _text(_seeds(group, max(mean.seeds for mean in means if mean))),
                *(_mean(mean) if mean else _text("–") for mean in means),
                _text(f"{number(baseline[1].value)} ({baseline[0]})" if baseline else "–"),
                _value(group.ceiling, number(group.ceiling)),
                _text(_verdict(best, group)),
            ]
        )
    columns = ["task and data", "score", "seeds", *cells, "best baseline", "ceiling", "best"]
    return Section(
        "Overview",
        sentences=[
            "Means over seeds ± half of the 95 % t interval; what is clear is said where each task is shown.",
            *conclusions.of_all(all_groups),
        ],
        tables=[_without_empty(Table("overview", columns, rows))],
        pictures=pictures,
    )


def _seeds(group: Group, counted: int) -> str:
    """How many seeds a mean is over, and of how many."""
    return str(counted) if counted >= group.seeds else f"{counted} of {group.seeds}"


def _verdict(best: str, group: Group) -> str:
    """The cell with the best mean, and whether that is clear."""
    if len(group.compared) == 1:
        return f"{best}, the only cell"
    return best if group.is_clearly_best(best) else f"{best}, not clearly"


# ------------------------------------------------------------------------------------ one group


def _of_group(
    group: Group, collection: RunCollection, drawer: Drawer | None, position: int, size: float | None
) -> list[Section]:
    name = f"group-{position + 1}"
    section = Section(
        group.title,
        sentences=[*conclusions.of_matching(group), *conclusions.of_group(group)],
        tables=[_results(group, f"{name}-results")],
    )
    compared = Section(
        "Differences between cells", 3, [*differences.of_rule(group), *differences.of_group(group)]
    )
    if group.differences:
        compared.tables.append(_differences(group, f"{name}-differences", size))
    costs = Section("Score and cost", 3, sentences=conclusions.of_costs(group))
    if drawer is not None:
        section.pictures = drawer.curves(group, name)
        costs.pictures = drawer.costs(group, name)
    sections = [section, *_beside_baseline(group, name)]
    sections += [compared] if group.differences else []
    sections += [costs] if costs.sentences or costs.pictures else []
    sections += _lengths(group, collection, drawer, name)
    return sections + series_sections(group, collection, drawer, name)


def _results(group: Group, name: str) -> Table:
    metrics = [metric for metric in group.headline if f"{group.split}.{metric}" in group.runs]
    columns = [
        "model", "seeds", *(f"{group.split} {metric}" for metric in metrics),
        "parameters", "training s", "processor s", "peak memory MB", "p50 ms", "p95 ms", "SavedModel MB", "engine",
        "device",
    ]  # fmt: skip
    rows = [_result_row(group, cell, metrics) for cell in group.cells]
    baselines = {metric: group.baseline_means(metric) for metric in metrics}
    for baseline in dict.fromkeys(name for means in baselines.values() for name in means):
        means = [baselines[metric].get(baseline, Mean(math.nan, math.nan, 0)) for metric in metrics]
        seeds = max((mean.seeds for mean in means), default=0)
        empty = [_text("–")] * (len(columns) - len(metrics) - 2)
        rows.append([_text(baseline), _value(seeds, str(seeds)), *map(_mean, means), *empty])
    return _without_empty(Table(name, columns, rows))


def _without_empty(table: Table) -> Table:
    """The table without the columns that hold no value."""
    filled = [any(row[n].text != "–" for row in table.rows) for n in range(len(table.columns))]
    return Table(
        table.name,
        [*itertools.compress(table.columns, filled)],
        [[*itertools.compress(row, filled)] for row in table.rows],
    )


def _result_row(group: Group, cell: str, metrics: list[str]) -> list[Cell]:
    runs, counted = group.counted(cell), group.mean(cell, "score").seeds

    def average(column: str, scale: float = 1.0, digits: int = 1) -> Cell:
        value = group.mean(cell, column).value / scale
        shown = f"{value:,.{digits}f}" if math.isfinite(value) else "–"
        return _value(value, shown)

    return [
        _text(cell),
        _value(counted, _seeds(group, counted) if cell in group.compared else str(counted)),
        *(_mean(group.mean(cell, f"{group.split}.{metric}")) for metric in metrics),
        average("parameters", digits=0),
        average("seconds.train"),
        average("seconds.processor"),
        average("peak_memory_bytes", MEGABYTES, 0),
        average("latency_p50_ms", digits=2),
        average("latency_p95_ms", digits=2),
        average("artifact_bytes", MEGABYTES, 2),
        _text(_several(runs["engine"])),
        _text(_several(runs["device"])),
    ]


def _differences(group: Group, name: str, size: float | None) -> Table:
    scale = abs(group.mean(group.best(), "score").value)
    wanted = size if size is not None else 0.01 * scale
    columns = [
        "pair", "seeds", f"difference in {group.split} {group.metric}", "95 % t interval", "95 % bootstrap",
        "p", "p corrected (Holm)", "clear", "seeds for this difference",
        f"seeds for {'1 % of the best mean' if size is None else 'a difference'} ({number(wanted)})",
    ]  # fmt: skip
    rows = []
    for pair in group.differences:
        needed = seeds_needed(pair.mean, pair.deviation, pair.comparisons)
        for_size = seeds_needed(wanted, pair.deviation, pair.comparisons)
        rows.append(
            [
                _text(f"{pair.first} − {pair.second}"),
                _value(len(pair.seeds), str(len(pair.seeds))),
                _value(pair.mean, signed(pair.mean)),
                _interval(pair.low, pair.high),
                _interval(pair.bootstrap_low, pair.bootstrap_high),
                _value(pair.p, share(pair.p)),
                _value(pair.corrected, share(pair.corrected)),
                _text("yes" if group.is_clear(pair) else "no"),
                _count(needed, pair.mean, pair.deviation),
                _count(for_size, wanted, pair.deviation),
            ]
        )
    return Table(name, columns, rows)


def _beside_baseline(group: Group, name: str) -> list[Section]:
    """How far each cell is from the best baseline; nothing where there is none, or a single seed."""
    best = group.best_baseline()
    pairs = [group.difference_from_baseline(cell, best[0]) for cell in group.compared] if best else []
    rows = [
        [
            _text(pair.first),
            _value(len(pair.seeds), str(len(pair.seeds))),
            _value(pair.mean, signed(pair.mean)),
            _interval(pair.low, pair.high),
        ]
        for pair in pairs
        if len(pair.seeds) > 1
    ]
    if best is None or not rows:
        return []
    columns = ["cell", "seeds", f"difference in {group.split} {group.metric}", "95 % t interval"]
    return [
        Section(f"Beside {best[0]}, the best baseline", 3, tables=[Table(f"{name}-baseline", columns, rows)])
    ]


def _lengths(group: Group, collection: RunCollection, drawer: Drawer | None, name: str) -> list[Section]:
    """Scores by the length of the sequence: means over the seeds of each cell."""
    columns = lengths(group, collection)
    if not columns:
        return []
    cells = [cell for cell in group.cells if cell in columns]
    bounds = sorted({key for cell in cells for key in columns[cell]})
    rows = []
    for low, high in bounds:
        means = [columns[cell].get((low, high), math.nan) for cell in cells]
        span = f"{low:.0f}" if low == high else f"{low:.0f}–{high:.0f}"
        rows.append([_value(low, span), *(_value(value, number(value)) for value in means)])
    metric = _length_metric(group, collection)
    table = Table(f"{name}-lengths", ["length", *cells], rows)
    section = Section("By length of the sequence", 3, [f"{group.split} {metric}, means over seeds."], [table])
    if drawer is not None:
        section.pictures = drawer.lengths(group, name, columns, metric)
    return [section]


def lengths(group: Group, collection: RunCollection) -> dict[str, dict[tuple[float, float], float]]:
    """By cell and by shortest and longest length, the mean of the scores."""
    metric = _length_metric(group, collection)
    sentences: dict[str, dict[tuple[float, float], float]] = {}
    for cell in group.cells:
        rows = [row for run in group.counted(cell)["run"] for row in collection.by_length.get(run, ())]
        table = pd.DataFrame(rows)
        if len(table) and metric in table:
            means = table.groupby(["low", "high"])[metric].mean()
            sentences[cell] = {
                (float(low), float(high)): float(value) for (low, high), value in means.items()
            }
    return sentences


def _length_metric(group: Group, collection: RunCollection) -> str:
    """The metric of the scores where the runs have it by length, else the first that they have."""
    rows = next((collection.by_length[run] for run in group.runs["run"] if run in collection.by_length), [])
    names = [name for name in (rows[0] if rows else {}) if name not in ("low", "high", "examples")]
    return group.metric if group.metric in names or not names else names[0]


# ------------------------------------------------------------------------------------ the end


def _all_runs(frame: pd.DataFrame) -> Section:
    columns = {
        column: title
        for column, title in RUN_COLUMNS.items()
        if column in frame and frame[column].notna().any()
    }
    rows = [
        [_of_frame(column, value) for column, value in zip(columns, values, strict=True)]
        for values in frame[list(columns)].itertuples(index=False, name=None)
    ]
    return Section("All runs", tables=[Table("runs", list(columns.values()), rows)], folded=True)


def _of_frame(column: str, value: object) -> Cell:
    if isinstance(value, str):
        return _text(value)
    if value is None or value != value:
        return _text("–")
    plain = float(value)  # type: ignore[arg-type]
    if column in ("peak_memory_bytes", "artifact_bytes"):
        return _value(plain / MEGABYTES, f"{plain / MEGABYTES:,.1f}")
    if column == "score":
        return _value(plain, number(plain))
    return _value(plain, f"{plain:,.0f}" if plain == int(plain) else f"{plain:,.2f}")


def _several(values: pd.Series) -> str:
    return ", ".join(str(value) for value in dict.fromkeys(values.dropna())) or "–"


def _text(text: str) -> Cell:
    return Cell(text, text)


def _value(value: float, text: str) -> Cell:
    return Cell(text, float(value)) if math.isfinite(value) else Cell("–", "")


def _interval(low: float, high: float) -> Cell:
    return _text(f"{signed(low)} to {signed(high)}" if math.isfinite(low) else "–")


def _count(seeds: int | None, size: float, deviation: float) -> Cell:
    """Seeds that are needed for a difference of some size; no number where nothing can be estimated."""
    if seeds is not None:
        return Cell(f"{seeds:,}", float(seeds))
    return Cell(f"> {MOST_SEEDS:,}", MOST_SEEDS + 1.0) if deviation > 0 and size else Cell("–", "")


def _mean(mean: Mean) -> Cell:
    if not math.isfinite(mean.value):
        return Cell("–", "")
    value = number(mean.value)
    places = len(value.partition(".")[2])
    half = f" ± {mean.half:,.{places}f}" if math.isfinite(mean.half) else ""
    if mean.half == 0:
        half = " ± 0"
    elif half and not float(half[3:].replace(",", "")):  # it is there, but below the digits that are shown
        half = f" ± < {10**-places:.{places}f}"
    return Cell(value + half, mean.value)
