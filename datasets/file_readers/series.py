"""A user's time series: a wide table (a column a variable) or a long one (`unique_id, ds, y` and covariates)."""

from __future__ import annotations

from dataclasses import dataclass

from datasets.assembly.series import Cut, assemble
from datasets.base import Dataset, Info
from datasets.errors import UserError
from datasets.file_readers.options import TableOptions
from datasets.file_readers.paths import existing
from datasets.options import option, require
from datasets.series.columns import Columns
from datasets.series.numbers import SEPARATORS
from datasets.series.steps import is_step
from datasets.series.tables import read_table
from datasets.series.time_series import TimeSeries
from datasets.series.time_stamps import Writing
from datasets.series.zones import is_zone

FIELDS = ("series", "start")


@dataclass(frozen=True)
class Options(TableOptions):
    """How to read a user's series, and where to cut them."""

    time_column: str | None = option(None, "column with the time stamps: its name, or its position from 0")
    id_column: str | None = option(None, "column with the names of series, where the file has many")
    value_columns: tuple[str, ...] = option((), "columns to forecast; none takes all that are nothing else")
    past_columns: tuple[str, ...] = option((), "covariates that are known up to the moment of a forecast")
    future_columns: tuple[str, ...] = option((), "covariates that are also known for the steps to forecast")
    fill: str = option(
        "none", "what stands in for missing steps and values", ("none", "last", "linear", "zero")
    )
    step: str | None = option(
        None,
        "time between rows, such as h, D, MS, 15min; rows: each row is a step; rows:B: and they go on so",
    )
    date_format: str | None = option(None, "how time stamps are written, such as %d/%m/%Y %H:%M")
    day_first: bool | None = option(None, "whether 01/02/2024 is 1 February")
    time_zone: str | None = option(
        None, "zone of time stamps without one, such as Europe/Paris or +09:00; forecasts are shown in it"
    )
    decimal: str = option("auto", "the sign before decimals", ("auto", "point", "comma"))
    thousands: str = option("none", "the sign between thousands", tuple(SEPARATORS))
    header: str = option("auto", "whether the first row names the columns", ("auto", "yes", "no"))
    valid_fraction: float = option(0.2, "share of each series' steps for the dev split, after train")
    test_fraction: float = option(0.2, "share of each series' last steps for the test split; 0: none")
    split_steps: tuple[str, ...] = option((), "steps of train, dev and test instead of shares; later ones go")

    def __post_init__(self) -> None:
        """Refuse numbers of steps that are none, and what other options of tables may not be."""
        super().__post_init__()
        steps = " ".join(self.split_steps)
        fits = len(self.split_steps) in (0, 3) and all(text.isdecimal() for text in self.split_steps)
        require(fits, "split_steps", steps, "give three whole numbers, such as 8640 2880 2880")
        has_directive = self.date_format is None or "%" in self.date_format
        require(has_directive, "date_format", self.date_format, "write it as %Y-%m-%d, %d/%m/%Y or the like")
        zone_is_known = self.time_zone is None or is_zone(self.time_zone)
        require(
            zone_is_known, "time_zone", self.time_zone, "no such zone; names are like Asia/Seoul or +09:00"
        )
        point = self.decimal == "point" and self.thousands == "point"
        comma = self.decimal == "comma" and self.thousands == "comma"
        require(not point and not comma, "thousands", self.thousands, "is the sign before decimals too")

    @property
    def cut(self) -> Cut:
        """Where the splits begin."""
        steps = tuple(int(text) for text in self.split_steps)
        return Cut(self.valid_fraction, self.test_fraction, steps or None)  # type: ignore[arg-type]

    @property
    def columns(self) -> Columns:
        """How to read the table."""
        return Columns(
            self.time_column, self.id_column, self.value_columns, self.past_columns, self.future_columns,
            self.header, self.encoding, self.format.delimiter, self.fill, writing=self.writing, step=self.step or "",
        )  # fmt: skip

    @property
    def writing(self) -> Writing:
        """How the cells are written."""
        zone = self.time_zone or ""
        return Writing(self.date_format or "", self.day_first, self.decimal, self.thousands, zone)


def load(spec: str, options: Options) -> Dataset:
    """The series of a file, cut by time.

    Raises:
        UserError: no such file, or data that cannot be regular series of numbers.
    """
    path = existing(spec)
    if path.is_dir():
        raise UserError(
            f"{path}: is a folder; name one table of series (.csv, .tsv, .txt, .jsonl, each also .gz)"
        )
    _check_step(options)
    table = read_table(path, options.columns)
    info = Info(name=path.name, fields=FIELDS, source=str(path), notes=(describe(table.series), *table.notes))
    return assemble(info, table.series, options.cut)


def _check_step(options: Options) -> None:
    name = options.columns.named_step
    if (name and not is_step(name)) or options.step == "rows:":
        raise UserError(f"--step {options.step}: no such step; usual ones are 15min, h, D, B, W, MS and rows")


def describe(series: list[TimeSeries]) -> str:
    """One sentence on what was read."""
    first = series[0]
    lengths = sorted(len(single) for single in series)
    sizes = f"{lengths[0]:,}" if lengths[0] == lengths[-1] else f"{lengths[0]:,} to {lengths[-1]:,}"
    step = "steps without time stamps"
    if first.time is not None:
        step = f"step {first.step}, from {first.stamp(0).isoformat()}"
    elif first.numbers != (0, 1):
        step = f"steps numbered from {first.numbers[0]}"
    return f"{len(series)} series of {sizes} steps; {len(first.variables)} variables; {step}"
