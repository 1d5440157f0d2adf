"""A report as Markdown with its pictures beside it, and as one HTML page that needs nothing else."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace

from experiments.report.content import Cell, Report, Section, Table
from experiments.report.page import PAGE
from experiments.report.pictures import coloured

FIGURES = "figures"


def to_markdown(report: Report) -> str:
    """The report for a repository; its pictures are in `figures/`."""
    lines = [f"# {_plain(report.title)}", "", *(f"{_plain(line)}\n" for line in report.lead)]
    for section in report.sections:
        lines += _section(section)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"


def _section(section: Section) -> Iterator[str]:
    yield f"\n{'#' * section.level} {_plain(section.title)}\n"
    if section.folded:
        yield "<details><summary>show</summary>\n"
    yield from (f"- {_plain(sentence)}" for sentence in section.sentences)
    for table in section.tables:
        yield ""
        yield from _table(table)
    for picture in section.pictures:
        yield f"\n![{_plain(picture.caption)}]({FIGURES}/{picture.name}.svg)\n"
    yield ""
    yield from (f"{_plain(sentence)}\n" for sentence in section.after)
    if section.folded:
        yield "\n</details>\n"


def _table(table: Table) -> Iterator[str]:
    yield "| " + " | ".join(map(_plain, table.columns)) + " |"
    yield "|" + "|".join("---:" if numeric else "---" for numeric in numeric_columns(table)) + "|"
    for row in table.rows:
        yield "| " + " | ".join(_plain(cell.text) for cell in row) + " |"


def numeric_columns(table: Table) -> list[bool]:
    """Which columns hold numbers, apart from what is not known."""
    columns = zip(*table.rows, strict=True) if table.rows else [()] * len(table.columns)
    return [
        any(isinstance(cell.value, float) for cell in column) and all(map(_numeric, column))
        for column in columns
    ]


def _numeric(cell: Cell) -> bool:
    return isinstance(cell.value, float) or cell.text == "–"


def _plain(text: str) -> str:
    """Text that Markdown shows as it is: names of runs and last lines of logs can hold anything."""
    escaped = html.escape(" ".join(text.split()), quote=False)
    return re.sub(r"([\\`*_\[\]|])", r"\\\1", escaped)


def to_html(report: Report) -> str:
    """The report as one page: its style, its script and its pictures are in it."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    sections = [
        replace(
            section,
            pictures=[
                replace(picture, svg=Markup(coloured(picture.svg, "currentColor", "none")))
                for picture in section.pictures
            ],
        )
        for section in report.sections
    ]
    page = environment.from_string(PAGE)
    return page.render(
        report=report, sections=sections, numeric_columns=numeric_columns, is_number=_is_number
    )


def _is_number(cell: Cell) -> bool:
    return isinstance(cell.value, float)
