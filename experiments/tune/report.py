"""The report of a search: its budget, how the best score rose, which options mattered, and the comparison."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from optuna.trial import FrozenTrial, TrialState

from experiments.compare.contestants import contestant
from experiments.report.content import Cell, Report, Section, Table
from experiments.report.metrics import number
from experiments.report.pictures import Drawer
from experiments.report.reading import RunCollection, read
from experiments.report.sections import report as comparison_report
from experiments.report.writing import write_pages
from experiments.tune.asked import Asked
from experiments.tune.study import STOPPED, TEXT, WHY, Study
from zoo.tasks.base import load_task

MOST_PICTURES = 20


def write(asked: Asked, studies: Sequence[Study], out: Path, comparison: Path) -> str:
    """Write the report into `out`.

    Args:
        comparison: folder of the comparison at the end; it may be missing.

    Returns:
        The best options of each contestant, for the terminal.
    """
    metric, _ = load_task(asked.task).monitor
    drawer = Drawer(RunCollection(out, pd.DataFrame(), pd.DataFrame()), [study.name for study in studies])
    sections = [_budget(asked, studies, metric), _best(studies, metric), _importances(studies, metric)]
    curves = {study.name: best_so_far(study) for study in studies}
    sections[1].pictures = drawer.best_so_far(curves, metric)
    if (comparison / "runs").is_dir():
        collection = read(comparison)
        sections += comparison_report(collection, "", MOST_PICTURES).sections
    matched = " Units were chosen for equal numbers of parameters." if asked.match == "parameters" else ""
    lead = [
        f"{asked.task} on {Path(asked.dataset).name}: {asked.trials} trials of each of {len(studies)} contestants, "
        f"seed {asked.seed}. Searched: {'; '.join(asked.space)}. "
        f"Shared: {'; '.join(asked.vary) or 'the defaults'}.{matched}",
        "Options were chosen by dev scores; the trials left the test split unread. The comparison that follows has "
        "seeds that no trial had, and each of its runs read the test split once.",
    ]
    write_pages(Report(f"Search on {asked.task}", lead, sections), out)
    lines = [f"{study.name}: {_text_of(study.best_trial())}" for study in studies]
    return "\n".join([*lines, f"{out / 'report.md'}, {out / 'report.html'}"])


def _text_of(trial: FrozenTrial | None) -> str:
    return "–" if trial is None else str(trial.user_attrs[TEXT])


def best_so_far(study: Study) -> list[float]:
    """After each trial the best dev score of those that came to their end."""
    found, best = list[float](), math.nan
    for trial in study.trials():
        if trial.state == TrialState.COMPLETE:
            value = trial.values[0]
            best = value if math.isnan(best) else study.best([best, value])
        found.append(best)
    return found


def _budget(asked: Asked, studies: Sequence[Study], metric: str) -> Section:
    rows = []
    for study in studies:
        every = study.trials()
        counts = [
            sum(trial.state == state for trial in every)
            for state in (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)
        ]
        epochs = sum(len(trial.intermediate_values) for trial in every)
        rows.append([_text(study.name), *map(_count, (len(every), *counts, epochs))])
    table = Table("budget", ["contestant", "trials", "to their end", "cut short", "failed", "epochs"], rows)
    order = (
        "each combination of the values once"
        if all(study.is_small for study in studies)
        else "the first ones at random, then by a tree-structured Parzen estimator"
    )
    sentences = [
        f"Each contestant had {asked.trials} trials: {order}. A trial was cut short where its best dev {metric} was "
        "worse than the median of the others at the same epoch.",
    ]
    for study in studies:
        for trial in study.trials():
            if WHY in trial.user_attrs:
                sentences.append(f"Failed: {_text_of(trial)}: {trial.user_attrs[WHY]}.")
    again = sum(STOPPED in trial.user_attrs for study in studies for trial in study.trials())
    if again:
        sentences.append(f"{again} trials went on after a stop.")
    return Section("Budget", sentences=sentences, tables=[table])


def _best(studies: Sequence[Study], metric: str) -> Section:
    rows, at_ends = [], list[str]()
    for study in studies:
        trial = study.best_trial()
        if trial is not None:
            ends = [one.name for one in study.dimensions if one.at_an_end(trial.params[one.name])]
            at_ends += [f"{study.name} ({', '.join(ends)})"] if ends else []
            options = contestant(str(trial.user_attrs[TEXT])).name
            rows.append(
                [
                    _text(study.name),
                    _text(options),
                    Cell(number(trial.values[0]), trial.values[0]),
                    _count([one.number for one in study.trials()].index(trial.number) + 1),
                ]
            )
    columns = ["contestant", "at its best", f"dev {metric}", "found in trial"]
    sentences = [
        f"The best of many trials is better than it deserves: its dev {metric} says which options to take, not how "
        "good they are."
    ]
    if at_ends:
        sentences.append(f"At an end of what was tried, so that more may be better: {'; '.join(at_ends)}.")
    return Section("Each at its best", sentences=sentences, tables=[Table("best", columns, rows)])


def _importances(studies: Sequence[Study], metric: str) -> Section:
    found = {study.name: study.importances() for study in studies}
    names = sorted({name for shares in found.values() for name in shares})
    section = Section("Which options mattered")
    if not names:
        section.sentences = [
            "Too few trials came to their end, or all with the same score, to say which options mattered."
        ]
        return section
    section.sentences = [
        f"The share of the variation of dev {metric} that each option explains by itself among the trials that came to "
        "their end (fANOVA, Hutter et al. 2014). With few trials the shares are rough."
    ]
    rows = [
        [
            _text(cell),
            *(Cell(f"{shares[name]:.2f}", shares[name]) if name in shares else _text("–") for name in names),
        ]
        for cell, shares in found.items()
    ]
    section.tables = [Table("importances", ["contestant", *names], rows)]
    return section


def _text(text: str) -> Cell:
    return Cell(text, text)


def _count(value: int) -> Cell:
    return Cell(f"{value:,}", float(value))
