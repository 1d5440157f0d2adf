"""Time series: numbers in an argument, or a table whose columns are read by the names that a model was trained with."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from datasets.base import Example
from datasets.formats.tables import Format
from datasets.input_kinds import texts
from datasets.input_kinds.base import InputKind
from datasets.series.files import NOTHING_SAID, SeriesFile

if TYPE_CHECKING:
    from datasets.series.time_series import TimeSeries


class SeriesReader(Protocol):
    """Series that are read when it is known what their columns are called."""

    @property
    def remarks(self) -> Sequence[str]:
        """What reading did and its user should know."""

    def read(
        self, about: Mapping[str, Any], fill: str | None = None, said: Mapping[str, Any] = NOTHING_SAID, /
    ) -> list[TimeSeries]:
        """The series. See `SeriesFile.read`."""


@dataclass(frozen=True)
class SeriesExample:
    """One series that is there already, filled when it was loaded."""

    series: TimeSeries
    remarks: Sequence[str] = ()

    def read(
        self, about: Mapping[str, Any], _: str | None = None, __: Mapping[str, Any] = NOTHING_SAID, /
    ) -> list[TimeSeries]:
        """The series. Where there are future covariates it ends a horizon earlier, so that the forecast has them."""
        ahead = about["horizon"] if about["future"] else 0
        length = len(self.series) - ahead
        return [dataclasses.replace(self.series.until(length), future=self.series.future)]


def parse(arguments: Sequence[str]) -> list[str | SeriesReader]:
    """Arguments of the command line as texts of numbers, each of a series of one variable."""
    return list(texts.parse(arguments))


def read(path: Path, column: str | None, form: Format) -> Iterator[SeriesReader]:
    """A table of series, read when it is known what its columns are; `column` is the one with the time stamps."""
    yield SeriesFile(path, column, form.as_trained(path))


def example(example: Example, _: Path) -> SeriesReader:
    """The series of an example."""
    return SeriesExample(example["series"])


KIND: InputKind[str | SeriesReader] = InputKind("series", parse, read, example)
