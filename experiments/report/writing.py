"""A folder's report as files: report.md with figures/, report.html, results.parquet and results.csv."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pandas as pd

from experiments.report.content import Report
from experiments.report.earlier import RESULTS, plain
from experiments.report.pages import FIGURES, to_html, to_markdown
from experiments.report.pictures import coloured
from experiments.report.reading import read
from experiments.report.sections import report as make_report
from zoo.runtime.rundir import write_atomically

MOST_PICTURES = 20


def write(
    source: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    title: str | None = None,
    most_pictures: int = MOST_PICTURES,
    size: float | None = None,
    beside: Sequence[str] = (),
) -> str:
    """Read the runs under `source` and write their tables and report into `out`.

    Args:
        beside: earlier reports whose runs stand beside; see `experiments.report.earlier`.

    Returns:
        The report in short, for the terminal.

    Raises:
        UserError: if there is no such folder, or nothing can be written.
    """
    collection = read(source, beside)
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    write_results(collection.frame, out)
    title = title or f"Comparison {Path(source).resolve().name}"
    report = make_report(collection, title, most_pictures, size)
    write_pages(report, out)
    return "\n".join([*report.lead, *_conclusions(report), f"{out / 'report.md'}, {out / 'report.html'}"])


def write_pages(report: Report, out: Path) -> None:
    """A report as `report.md` with `figures/`, and as `report.html`."""
    _write_text(out / "report.md", to_markdown(report))
    _write_text(out / "report.html", to_html(report))
    _write_figures(report, out / FIGURES)


def write_results(frame: pd.DataFrame, out: Path) -> None:
    """One row a run, as Parquet and as CSV; names of machines and folders on them are not for others to read."""
    table = plain(frame)
    write_atomically(out / RESULTS, lambda path: table.to_parquet(path, index=False))
    write_atomically(out / "results.csv", lambda path: table.to_csv(path, index=False))


def _write_text(path: Path, text: str) -> None:
    write_atomically(path, partial(_put_text, text))


def _put_text(text: str, path: Path) -> None:
    path.write_text(text, encoding="utf-8", newline="\n", errors="replace")


def _write_figures(report: Report, folder: Path) -> None:
    pictures = [picture for section in report.sections for picture in section.pictures]

    def put(aside: Path) -> None:
        aside.mkdir()
        for picture in pictures:
            _put_text(coloured(picture.svg, "#1d1f23", "#ffffff"), aside / f"{picture.name}.svg")

    if pictures or folder.exists():
        write_atomically(folder, put)


def _conclusions(report: Report) -> list[str]:
    """The overview, for the terminal."""
    section = next((section for section in report.sections if section.title == "Overview"), None)
    if section is None:
        return []
    table = section.tables[0]
    frame = pd.DataFrame([[cell.text for cell in row] for row in table.rows], columns=table.columns)
    return ["", frame.to_string(index=False), ""]
