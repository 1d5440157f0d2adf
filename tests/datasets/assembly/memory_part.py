"""A part of a data set whose rows are in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

Row = TypeVar("Row", bound=tuple[object, ...])


class MemoryPart(Generic[Row]):
    """See `datasets.assembly.parts.LabelledPart`. Change `content` or `version` to stand for a file that changes."""

    fix = "fix it"

    def __init__(self, name: str, content: Sequence[Row], label_name: str = "column 'label'") -> None:
        self.name, self.label_name = name, label_name
        self.content = list(content)
        self.version = 0

    def rows(self) -> Iterator[Row]:
        return iter(self.content)

    def place(self, where: object) -> str:
        return f"{self.name} row {where}"

    def fingerprint(self) -> object:
        return self.version
