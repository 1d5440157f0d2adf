"""A user's time series: tables, wide or long, M4's tables, the Monash archive's files; one file, or one a split."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from pathlib import Path

from datasets.assembly.joined_series import joined
from datasets.assembly.known_categories import without_unknown
from datasets.assembly.series import Cut, assemble
from datasets.base import Dataset, Info
from datasets.errors import UserError
from datasets.file_readers.options import TableOptions
from datasets.file_readers.paths import existing
from datasets.file_readers.split_discovery import data_files, split_files
from datasets.options import flag, option, require
from datasets.series.columns import Columns
from datasets.series.numbers import SEPARATORS
from datasets.series.reading import FORMATS, is_series_file, read_file
from datasets.series.steps import is_step
from datasets.series.tables import SeriesTable
from datasets.series.time_series import TimeSeries
from datasets.series.time_stamps import Writing
from datasets.series.zones import is_zone

FIELDS = ("series", "start")
#: More steps of test than that are no single horizon, but a span of many origins.
LONGEST_HORIZON = 100
#: What is to be done instead of folds of a file.
ONE_FILE = "join the files and give --test-steps"


@dataclass(frozen=True)
class Options(TableOptions):
    """How to read a user's series, and where to cut them."""

    time_column: str | None = option(None, "column with the time stamps: its name, or its position from 0")
    id_column: str | None = option(None, "column with the names of series, where the file has many")
    value_columns: tuple[str, ...] = option((), "columns to forecast; none takes all that are nothing else")
    past_columns: tuple[str, ...] = option((), "covariates that are known up to the moment of a forecast")
    future_columns: tuple[str, ...] = option((), "covariates that are also known for the steps to forecast")
    static_columns: tuple[str, ...] = option((), "covariates that stay as they are within a series")
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
    test_steps: int | None = option(
        None, "last steps of each series for the test split instead of a share", minimum=1
    )
    valid_steps: int | None = option(
        None, "steps of each series before them for the dev split (default: as many)", minimum=1
    )
    test_file: str | None = option(None, "file with the steps that follow, for the test split")
    folds: int = option(
        1,
        "spans of the test split, each scored by itself; with --test-steps so many times these",
        minimum=1,
        maximum=1_000,
    )

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
        self._refuse_two_cuts()

    def _refuse_two_cuts(self) -> None:
        """Refuse options that cut in two ways."""
        steps = " ".join(self.split_steps)
        ways = {"split_steps": steps, "test_steps": self.test_steps, "test_file": self.test_file}
        given = [name for name, value in ways.items() if value]
        for name, other in pairwise(given):
            require(False, name, ways[name], f"does not go with {flag(other)}, which says the test split too")
        both = bool(self.split_steps and self.valid_steps)
        require(
            not both, "valid_steps", self.valid_steps, "does not go with --split-steps, which says it too"
        )
        of_file = bool(self.folds > 1 and self.test_file)
        require(not of_file, "folds", self.folds, f"does not go with --test-file; {ONE_FILE}")

    def check_shares(self, files: Collection[str]) -> None:
        """Refuse shares of what something else says the steps of.

        Args:
            files: the splits that have a file of their own.

        Raises:
            UserError: names both.
        """
        of_test = {
            "--split-steps": self.split_steps,
            "--test-steps": self.test_steps,
            "a file of the test split": "test" in files,
        }
        of_dev = {**of_test, "--valid-steps": self.valid_steps, "a file of the dev split": "valid" in files}
        usual = {field.name: field.default for field in fields(self)}
        for name, others in (("test_fraction", of_test), ("valid_fraction", of_dev)):
            share, said = getattr(self, name), [other for other, given in others.items() if given]
            may_say_steps = others is of_dev and set(said) <= {"--test-steps", "a file of the test split"}
            fix = "; give --valid-steps" if may_say_steps else ""
            fits = not said or share in (usual[name], 0.0)
            require(fits, name, share, f"does not go with {said[0] if said else ''}{fix}")

    @property
    def columns(self) -> Columns:
        """How to read the table."""
        return Columns(
            self.time_column, self.id_column, self.value_columns, self.past_columns, self.future_columns,
            self.header, self.encoding, self.format.delimiter, self.fill, writing=self.writing, step=self.step or "",
            static=self.static_columns,
        )  # fmt: skip

    @property
    def writing(self) -> Writing:
        """How the cells are written."""
        zone = self.time_zone or ""
        return Writing(self.date_format or "", self.day_first, self.decimal, self.thousands, zone)


def load(spec: str, options: Options) -> Dataset:
    """The series of a file, cut by time; or of a folder with a file for train and others for dev or test.

    Raises:
        UserError: no such file, or data that cannot be regular series of numbers.
    """
    path = existing(spec)
    _check_step(options)
    files = _files(path, options)
    options.check_shares(files)
    tables = _read(files, options.columns)
    series, own, notes = tables["train"].series, dict[str, Mapping[str, int]](), list(tables["train"].notes)
    for split in ("valid", "test"):
        if split in files:
            if split == "test" and options.folds > 1:
                raise UserError(f"--folds {options.folds}: {path} has a file for the test split; {ONE_FILE}")
            series, own[split], joining = joined(series, tables[split].series, files[split])
            notes += [*(note for note in tables[split].notes if note not in notes), *joining]
    horizon = tables["train"].horizon or options.test_steps or max(own.get("test", {"": 0}).values())
    info = Info(
        name=path.name, fields=FIELDS, source=str(path), notes=(describe(series), *notes),
        horizon=horizon if horizon <= LONGEST_HORIZON else 0,
    )  # fmt: skip
    return without_unknown(assemble(info, series, _cut(options, series, own)))


def _read(files: Mapping[str, Path], columns: Columns) -> dict[str, SeriesTable]:
    """The table of each split; those behind train have its categories."""
    tables = {"train": read_file(files["train"], columns)}
    first = tables["train"].series[0]
    columns = replace(columns, past=first.past_names, future=first.future_names, static=())
    if first.time is None and not first.rows:
        columns = replace(columns, writing=replace(columns.writing, numbered=True))
    return tables | {split: read_file(file, columns) for split, file in files.items() if split != "train"}


def _files(path: Path, options: Options) -> Mapping[str, Path]:
    """The file of each split that has one of its own, and of train."""
    if not path.is_dir():
        return {"train": path} | ({"test": existing(options.test_file)} if options.test_file else {})
    found = split_files(path, is_series_file)
    if found and options.test_file:
        raise UserError(
            f"--test-file {options.test_file}: {path} is a folder that has the files of all splits"
        )
    if len(found) < 2:
        files = data_files(path, is_series_file)
        raise UserError(
            f"{path}: is a folder of {len(files):,} tables and not of one a split, whose names say train and test; "
            f"name one table of series ({FORMATS})"
        )
    return found


def _cut(options: Options, series: Sequence[TimeSeries], own: Mapping[str, Mapping[str, int]]) -> Cut:
    """Where the splits begin."""
    if not own and options.test_steps is None and options.valid_steps is None:
        steps = tuple(int(text) for text in options.split_steps)
        return Cut(options.valid_fraction, options.test_fraction, steps or None, folds=options.folds)  # type: ignore[arg-type]
    last = {}
    for whole in series:
        test = own["test"][whole.name] if "test" in own else _test_steps(options, whole)
        valid = own["valid"][whole.name] if "valid" in own else options.valid_steps
        usual = options.test_steps or max(own.get("test", {"": test}).values())
        last[whole.name] = (usual if valid is None else valid, test)
    return Cut(last=last, folds=options.folds)


def _test_steps(options: Options, whole: TimeSeries) -> int:
    """Of a series, all folds together."""
    if options.test_steps is None:
        return int(options.test_fraction * len(whole))
    return options.test_steps * options.folds


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
