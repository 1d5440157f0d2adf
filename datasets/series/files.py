"""Tables of series that a trained model continues: read as the tables were that it was trained on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasets.formats.tables import Format
from datasets.series.columns import Columns
from datasets.series.reading import column_names, read_file
from datasets.series.time_stamps import Writing

if TYPE_CHECKING:
    from datasets.series.time_series import TimeSeries

NOTHING_SAID: Mapping[str, Any] = {}


@dataclass(frozen=True)
class SeriesFile:
    """A table whose columns are named later, by a model that was trained on such a table.

    Attributes:
        path: the file.
        time: the column with the time stamps, or None to find it.
        form: encoding, delimiter and header, what was said of the training data, and remarks, to which reading adds.
    """

    path: Path
    time: str | None
    form: Format

    @property
    def remarks(self) -> list[str]:
        """What reading did with the file and its user should know."""
        return self.form.remarks

    def read(
        self, about: Mapping[str, Any], fill: str | None = None, said: Mapping[str, Any] = NOTHING_SAID
    ) -> list[TimeSeries]:
        """The series; `about` holds the column names `variables`, `past` and `future`, and `horizon`.

        It may hold `step`, `zone`, `rows` and `writing`, each a tuple of texts: those of the model's own data.
        Rows at the end that have no value are the steps to forecast, and are never filled.

        Args:
            about: see above.
            fill: see `datasets.series.filling.fill_steps`; None fills as the training data were filled.
            said: fields of `Writing` that the user says of this file.
        """
        names = (about["variables"], about["past"], about["future"])
        fill = fill or self.form.trained.get("fill", "none")
        plain = Columns(header=self._header, encoding=self.form.encoding, delimiter=self.form.delimiter)
        there = column_names(self.path, plain)
        time = self.time or self._column("time_column", there)
        columns = Columns(
            time, self._column("id_column", there), *names, plain.header, plain.encoding, plain.delimiter, fill,
            ahead=about["horizon"], learnt=True, **of_model(about, said),
        )  # fmt: skip
        table = read_file(self.path, columns)
        self.remarks.extend(table.notes)
        return table.series

    @property
    def _header(self) -> str:
        return self.form.trained.get("header", "auto" if self.form.header else "no")

    def _column(self, option: str, there: list[str]) -> str | None:
        """A column that the user named for training, if the file has it."""
        name = self.form.trained.get(option)
        return name if name in there else None


def of_model(about: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """What a model says of the time and the cells of its data; models of version 0.1 say only the step.

    Raises:
        KeyError, ValueError: there is too little or too much of it.
    """
    (step,) = about.get("step", ("",))
    known: dict[str, Any] = {"step": step, "writing": replace(Writing(), **said)}
    if "writing" in about:
        date_format, day_first, decimal, thousands = about["writing"]
        first = {"True": True, "False": False}.get(day_first)
        known["writing"] = replace(Writing(date_format, first, decimal, thousands), **said)
        (zone,), (rows,) = about["zone"], about["rows"]
        known["zone"] = said.get("time_zone", zone)
        if rows == "rows":
            known["step"] = f"rows:{step}".removesuffix(":")
    if not known["step"]:
        known["writing"] = replace(known["writing"], numbered=True)
    return known
