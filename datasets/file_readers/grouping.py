"""Which files are tested, and which stay together, by what their names or their rows in a table say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from datasets.assembly.labelled_signals import LabelledSignal
from datasets.assembly.spoken_texts import SpokenText
from datasets.errors import UserError
from datasets.formats.name_patterns import Condition

#: What is known of a file, such as its label and who speaks.
Facts = dict[str, str]
Row = TypeVar("Row", LabelledSignal, SpokenText)


def split_rows(
    by_split: Mapping[str, Iterable[tuple[Row, Facts]]],
    conditions: Sequence[Condition],
    split_by: str | None,
) -> dict[str, list[Row]]:
    """The rows of splits that files, folders or arrays name; each with its group, where dev is taken out of train.

    Args, raises: see `divided`; and where conditions say what is tested, too.
    """
    if conditions:
        raise UserError(
            f"--test-where {conditions[0].part}: what is tested is said by the names of files, folders or arrays; "
            "leave it out, or name one file"
        )
    return {split: [row for row, _ in _grouped(rows, split_by)] for split, rows in by_split.items()}


def divided(
    rows: Iterable[tuple[Row, Facts]], conditions: Sequence[Condition], split_by: str | None, unit: str
) -> dict[str, list[Row]]:
    """The rows by split: those that are to be tested, and all others; each with its group.

    Args:
        rows: and what is known of each.
        conditions: those of `--test-where`, which all hold for the rows that are tested; none: nothing is said of them.
        split_by: what says the group; None: the rows keep theirs.
        unit: what rows are, for messages.

    Raises:
        UserError: nothing of this name is known of the rows, or a split has none.
    """
    parts: dict[str, list[Row]] = {"train": [], "test": []} if conditions else {"train": []}
    for row, facts in _grouped(rows, split_by):
        tested = bool(conditions) and all(condition.holds(facts, "--test-where") for condition in conditions)
        parts["test" if tested else "train"].append(row)
    for part, its in parts.items():
        if not its:
            raise UserError(f"--test-where: leaves the {part} split without {unit}; see docs/data.md")
    return parts


def _grouped(rows: Iterable[tuple[Row, Facts]], split_by: str | None) -> Iterator[tuple[Row, Facts]]:
    """The rows with their groups."""
    for row, facts in rows:
        if split_by is None:
            yield row, facts
        elif split_by in facts:
            yield replace(row, group=facts[split_by]), facts
        else:
            known = ", ".join(facts) or "none"
            raise UserError(f"--split-by {split_by}: no such part or column; there are {known}")
