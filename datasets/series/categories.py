"""Covariates that are no numbers: categories, each a column of its own that is 1 where it holds and 0 elsewhere.

A column `event` with `none` and `sale` becomes `event=none` and `event=sale`. A recurrent layer multiplies its inputs
by a matrix, so that each category has a learnt vector there: an embedding. What is not known is 0 in all columns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from datasets.errors import UserError, listed, see
from datasets.formats.columns import usual_name
from datasets.series.columns import BETWEEN, Columns, Roles
from datasets.series.numbers import TRUE_OR_FALSE, around_number, is_missing, tidy

PAGE = see("Categories")
#: Categories of a column; more are names of something, of which a model learns nothing.
MOST = 100


@dataclass(frozen=True)
class Categories:
    """The columns of a table with its categories.

    Attributes:
        roles: where each category is a column behind those of the file.
        indicators: `(rows,)` 1 and 0 of each, by its position.
        notes: which columns are read as categories.
    """

    roles: Roles
    indicators: Mapping[int, np.ndarray]
    notes: tuple[str, ...] = ()

    def numeric(self, given: Roles) -> Roles:
        """The roles of the file without covariates of words."""
        past, future = (
            tuple(n for n in of_file if n in of_table)
            for of_file, of_table in ((given.past, self.roles.past), (given.future, self.roles.future))
        )
        return replace(given, past=past, future=future)


def is_category(cells: Sequence[object]) -> bool:
    """Whether a column holds words: most of its different cells begin with a letter and are no truth values, nor
    numbers behind a currency."""
    texts = {tidy(cell) for cell in dict.fromkeys(cells) if not is_missing(cell)}
    begun = [text for text in texts if text[:1].isalpha() and text.lower() not in TRUE_OR_FALSE]
    words = [text for text in begun if not around_number(text)]
    return len(words) > len(texts) / 2


def with_categories(
    path: Path, roles: Roles, columns: Columns, cells: Mapping[int, Sequence[object]]
) -> Categories:
    """The roles with a column for each category in place of a covariate of words.

    Raises:
        UserError: more categories than `MOST`.
    """
    names, indicators, notes = list(roles.names), dict[int, np.ndarray](), []
    there = {usual_name(name) for name in names}
    expanded: dict[int, tuple[int, ...]] = {}
    for position in dict.fromkeys((*roles.past, *roles.future)):
        name = roles.names[position]
        covariates = dict.fromkeys((*columns.past, *columns.future))
        asked = [each for each in covariates if _is_of(each, name) and usual_name(each) not in there]
        if not asked and not is_category(cells[position]):
            continue
        texts = _texts(cells[position])
        chosen = [each[len(name) + 1 :] for each in asked] or _found(path, name, texts)
        first = len(names)
        for category in chosen:
            indicators[len(names)] = np.array([text == category for text in texts], np.float64)
            names.append(f"{name}{BETWEEN}{category}")
        expanded[position] = tuple(range(first, len(names)))
        if not asked:
            notes.append(f"{name} is read as {len(chosen)} categories ({listed(chosen)})")
    if not expanded:
        return Categories(roles, {})
    past, future = (
        tuple(each for position in part for each in expanded.get(position, (position,)))
        for part in (roles.past, roles.future)
    )
    return Categories(replace(roles, names=tuple(names), past=past, future=future), indicators, tuple(notes))


def _is_of(asked: str, name: str) -> bool:
    """Whether a name asks for a category of a column."""
    return usual_name(asked).startswith(usual_name(name) + BETWEEN)


def _texts(cells: Sequence[object]) -> list[str]:
    """What is written in cells; `none` and `NA` are words here."""
    return ["" if cell is None else tidy(cell) for cell in cells]


def _found(path: Path, name: str, texts: Sequence[str]) -> list[str]:
    counts = Counter(text for text in texts if text)
    if len(counts) > MOST:
        few = listed(sorted(counts), 3)
        raise UserError(
            f"{path}: column '{name}' has {len(counts):,} different texts ({few}), and at most {MOST} are taken for "
            f"categories; leave it out, or put them in groups; {PAGE}"
        )
    return sorted(counts)


def refuse_changing(
    path: Path, roles: Roles, columns: Columns, cells: Mapping[int, Sequence[object]], codes: np.ndarray
) -> None:
    """Refuse static columns that change within a series.

    Args:
        cells: by position of the column.
        codes: `(rows,)` the series of each row.

    Raises:
        UserError: names the column and what it changes from and to.
    """
    positions = [n for n in roles.past if usual_name(roles.names[n]) in map(usual_name, columns.static)]
    for position in positions:
        first: dict[int, str] = {}
        for code, text in zip(codes.tolist(), _texts(cells[position]), strict=True):
            if first.setdefault(code, text) != text:
                raise UserError(
                    f"{path}: column '{roles.names[position]}' changes within a series, from '{first[code][:40]}' to "
                    f"'{text[:40]}'; name it with --past-columns or --future-columns; {PAGE}"
                )
