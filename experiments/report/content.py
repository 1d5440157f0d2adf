"""What a report consists of, before it is Markdown or HTML."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Attributes:
        text: as it is shown.
        value: what it sorts by; the exact number, or the text itself.
    """

    text: str
    value: float | str


@dataclass(frozen=True)
class Table:
    """A table with a name that is unique in its report."""

    name: str
    columns: list[str]
    rows: list[list[Cell]]


@dataclass(frozen=True)
class Picture:
    """A picture as SVG, in which colours of text and background are the page's to choose."""

    name: str
    svg: str
    caption: str


@dataclass
class Section:
    """A heading with what stands below it, in the order of the attributes."""

    title: str
    level: int = 2
    sentences: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    folded: bool = False


@dataclass(frozen=True)
class Report:
    """A report: its title, its first lines, and its sections."""

    title: str
    lead: list[str]
    sections: list[Section]
