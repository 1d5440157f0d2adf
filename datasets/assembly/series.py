"""Time series as examples: splits by time that share their history.

A split for forecasting holds the same series up to different times. The example of a split is

    {"series": TimeSeries, "start": first step of the split}

where the series ends with the split. Steps before `start` may be read by a forecast, as history is known when the
forecast is made; only steps from `start` on are forecast. So no step is a target of two splits, and nothing that
comes after a split is in it. What is learned from data (scaling, parameters) is learned from the train examples.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

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
    """

    valid: float = 0.2
    test: float = 0.2
    steps: tuple[int, int, int] | None = None

    def ends(self, length: int, name: str) -> tuple[int, int, int]:
        """The first steps after train, after dev and after test.

        Raises:
            UserError: more steps are asked for than the series has.
        """
        if self.steps is None:
            return (
                int((1 - self.valid - self.test) * length + 1e-9),
                int((1 - self.test) * length + 1e-9),
                length,
            )
        train, valid, test = self.steps
        if train + valid + test > length:
            raise UserError(
                f"series {name} has {length:,} steps; --split-steps {train} {valid} {test} asks for "
                f"{train + valid + test:,}"
            )
        return train, train + valid, train + valid + test


def assemble(info: Info, series: Sequence[TimeSeries], cut: Cut) -> Dataset:
    """Every series in three splits by time; the test split is None where it has no step.

    A series that has fewer steps than `--split-steps` takes is left out, with a note.

    Raises:
        UserError: if all series have fewer.
    """
    taken = sum(cut.steps or ())
    short = [f"{whole.name} ({len(whole):,} steps)" for whole in series if len(whole) < taken]
    # Where all are too short, the longest tells it.
    enough = [whole for whole in series if len(whole) >= taken] or sorted(series, key=len)[-1:]
    if short:
        note = (
            f"{len(short):,} of {len(series):,} series left out, for --split-steps takes {taken:,} steps: "
            f"{listed(short)}"
        )
        info = dataclasses.replace(info, notes=(*info.notes, note))
    parts: dict[str, list[Example]] = {"train": [], "valid": [], "test": []}
    for whole in enough:
        start = 0
        for part, end in zip(parts, cut.ends(len(whole), whole.name), strict=True):
            if end > start:
                parts[part].append({"series": whole.until(end), "start": start})
            start = end
    splits = {part: _split(examples) for part, examples in parts.items()}
    return Dataset(info, splits["train"], splits["valid"], splits["test"] if parts["test"] else None)


def _split(examples: list[Example]) -> Split:
    return Split(lambda: examples, len(examples))
