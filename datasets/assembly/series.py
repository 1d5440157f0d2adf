"""Time series as examples: splits by time that share their history.

A split for forecasting holds the same series up to different times. The example of a split is

    {"series": TimeSeries, "start": first step of the split}

where the series ends with the split. Steps before `start` may be read by a forecast, as history is known when the
forecast is made; only steps from `start` on are forecast. So no step is a target of two splits, and nothing that
comes after a split is in it. What is learned from data (scaling, parameters) is learned from the train examples.

A test split may have folds: spans of a length, one behind the other, an example each. The series of a fold ends with
it, so that no window reaches from one fold into the next, and what came in one is known in those behind it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from datasets.base import Dataset, Example, Info, Split
from datasets.errors import UserError, listed
from datasets.series.time_series import TimeSeries

FIELDS = ("series", "start")


@dataclass(frozen=True)
class Cut:
    """Where a series is cut into train, dev and test: by fractions, or by numbers of steps where these are given.

    Attributes:
        valid, test: fractions of the steps.
        steps: numbers of steps of train, dev and test, or None; later steps are left out.
        last: numbers of steps of dev and test at the end of each series, by its name; empty where they follow from the
            others. A series that would have no step of train has none of dev.
        folds: of the test split.
    """

    valid: float = 0.2
    test: float = 0.2
    steps: tuple[int, int, int] | None = None
    last: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    folds: int = 1

    def ends(self, length: int, name: str) -> tuple[int, int, int]:
        """The first steps after train, after dev and after test.

        Raises:
            UserError: more steps are asked for than the series has.
        """
        if length < self.least(name):
            raise UserError(f"series {name} has {length:,} steps; {self._asked(name)}")
        if self.last:
            valid, test = self.last[name]
            train = length - test - valid
            return train if train > 0 else length - test, length - test, length
        if self.steps is None:
            return (
                int((1 - self.valid - self.test) * length + 1e-9),
                int((1 - self.test) * length + 1e-9),
                length,
            )
        train, valid, test = self.steps
        return train, train + valid, train + valid + test

    def least(self, name: str) -> int:
        """How many steps a series must have."""
        return self.last[name][1] + 1 if self.last else sum(self.steps or ())

    def _asked(self, name: str) -> str:
        """What a series is too short for."""
        if self.last:
            return f"none of them is before the {self.last[name][1]:,} steps of the test split"
        asked = " ".join(map(str, self.steps or ()))
        return f"--split-steps {asked} asks for {self.least(name):,}"

    @property
    def takes(self) -> str:
        """Why series are left out."""
        if self.last:
            return "which have no step before those of the test split"
        return f"for --split-steps takes {sum(self.steps or ()):,} steps"


def assemble(info: Info, series: Sequence[TimeSeries], cut: Cut) -> Dataset:
    """Every series in three splits by time; the test split is None where it has no step.

    A series that has fewer steps than the cut takes is left out, with a note.

    Raises:
        UserError: if all series have fewer.
    """
    short = [f"{whole.name} ({len(whole):,} steps)" for whole in series if len(whole) < cut.least(whole.name)]
    # Where all are too short, the longest tells it.
    enough = [whole for whole in series if len(whole) >= cut.least(whole.name)] or sorted(series, key=len)[
        -1:
    ]
    if short:
        note = f"{len(short):,} of {len(series):,} series left out, {cut.takes}: {listed(short)}"
        info = dataclasses.replace(info, notes=(*info.notes, note))
    parts: dict[str, list[Example]] = {"train": [], "valid": [], "test": []}
    for whole in enough:
        start = 0
        for part, end in zip(parts, cut.ends(len(whole), whole.name), strict=True):
            parts[part] += _folds(whole, start, end, cut.folds if part == "test" else 1)
            start = end
    splits = {part: _split(examples) for part, examples in parts.items()}
    return Dataset(info, splits["train"], splits["valid"], splits["test"] if parts["test"] else None)


def _folds(whole: TimeSeries, start: int, end: int, folds: int) -> Iterator[Example]:
    """The example of each fold of a span; their lengths differ by one step at most. `fold` numbers them, from 0."""
    bounds = [end - (end - start) * (folds - n) // folds for n in range(folds + 1)]
    for fold, (first, stop) in enumerate(pairwise(bounds)):
        if stop > first:
            number = {"fold": fold} if folds > 1 else {}
            yield {"series": whole.until(stop), "start": first, **number}


def _split(examples: list[Example]) -> Split:
    return Split(lambda: examples, len(examples))
