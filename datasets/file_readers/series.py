"""A user's time series: a wide table (a column a variable) or a long one (`unique_id, ds, y` and covariates)."""

from __future__ import annotations

from dataclasses import dataclass

from datasets.assembly.series import Cut, assemble
from datasets.base import Dataset, Info
from datasets.errors import UserError
from datasets.file_readers.options import TableOptions
from datasets.file_readers.paths import existing
from datasets.formats.series_tables import Columns, read
from datasets.formats.time_series import TimeSeries
from datasets.options import option, require

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
            self.header, self.encoding, self.format.delimiter, self.fill,
        )  # fmt: skip


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
    series = read(path, options.columns)
    info = Info(name=path.name, fields=FIELDS, source=str(path), notes=(describe(series),))
    return assemble(info, series, options.cut)


def describe(series: list[TimeSeries]) -> str:
    """One sentence on what was read."""
    first = series[0]
    lengths = sorted(len(single) for single in series)
    sizes = f"{lengths[0]:,}" if lengths[0] == lengths[-1] else f"{lengths[0]:,} to {lengths[-1]:,}"
    step = (
        f"step {first.step}, from {first.time[0]}" if first.time is not None else "steps without time stamps"
    )
    return f"{len(series)} series of {sizes} steps; {len(first.variables)} variables; {step}"
