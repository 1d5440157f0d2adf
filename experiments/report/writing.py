"""A folder's report as files: report.md with figures/, report.html, results.parquet and results.csv."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import pandas as pd

from experiments.report.content import Report
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
) -> str:
    """Read the runs under `source` and write their tables and report into `out`.

    Returns:
        The report in short, for the terminal.

    Raises:
        UserError: if there is no such folder, or nothing can be written.
    """
    collection = read(source)
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
    plain = frame.drop(columns="host", errors="ignore")
    plain.attrs = {}
    for name in plain.columns:  # an option can be a number in one run and a text in another
        if plain[name].dtype == object:
            known = plain[name].notna()
            kinds = {type(value) for value in plain.loc[known, name]}
            if not kinds <= {bool} and not kinds <= {int, float}:
                plain[name] = plain[name].where(known).map(str, na_action="ignore")
        if pd.api.types.is_string_dtype(plain[name]):
            plain[name] = plain[name].map(_without_folder, na_action="ignore")
    write_atomically(out / "results.parquet", lambda path: plain.to_parquet(path, index=False))
    write_atomically(out / "results.csv", lambda path: plain.to_csv(path, index=False))


def _without_folder(text: str) -> str:
    return Path(text).name if os.path.isabs(text) else text


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
