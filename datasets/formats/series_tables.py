"""Tables of numbers with time stamps: wide (a column a variable) or long (`unique_id, ds, y`), as time series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasets.errors import UserError
from datasets.formats.columns import find, find_usual
from datasets.formats.tables import Format, Table, suffix
from datasets.formats.time_series import TimeSeries, fill_steps, find_step, first_fault

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

TIME_NAMES = frozenset({"date", "ds", "time", "datetime", "timestamp", "날짜", "일시", "시간", "일자"})
ID_NAMES = frozenset({"unique_id", "series", "series_id", "id", "item_id"})
MISSING = frozenset({"", "na", "nan", "null", "none", "n/a", "-"})


@dataclass(frozen=True)
class Columns:
    """What each column of a table is; None or empty for columns that are to be found by their usual names.

    Attributes:
        time, id: with the time stamps and the names of series.
        values: to be forecast; empty takes every column that is nothing else (in a long table: `y`).
        past, future: covariates.
        header: whether the first row names the columns: `yes`, `no`, or `auto` looks whether it is all numbers.
        encoding: of the file.
        fill: `none`, or how missing steps and values are filled; see `datasets.formats.time_series.fill_steps`.
        ahead: most rows at the end without values, with future covariates only.
        learnt: the names of the values and covariates are a model's, not the user's.
    """

    time: str | None = None
    id: str | None = None
    values: tuple[str, ...] = ()
    past: tuple[str, ...] = ()
    future: tuple[str, ...] = ()
    header: str = "auto"
    encoding: str = "utf-8"
    delimiter: str | None = None
    fill: str = "none"
    ahead: int = 0
    learnt: bool = False


def read(path: Path, columns: Columns) -> list[TimeSeries]:
    """The series of a table.

    Raises:
        UserError: whatever is wrong with the file; names the line.
    """
    table = _open(path, columns)
    roles = _roles(table, columns)
    cells = _cells(table, roles)
    groups = cells.groupby("id", sort=False) if roles.id is not None else [(path.name.split(".")[0], cells)]
    series = [_series(path, str(name), group, roles, columns) for name, group in groups]
    if not series:
        raise UserError(f"{path}: has no rows of numbers")
    steps = {single.step for single in series}
    if len(steps) > 1:
        raise UserError(
            f"{path}: series have different steps ({', '.join(sorted(steps))}); give a file a step"
        )
    return series


@dataclass(frozen=True)
class SeriesFile:
    """A table whose columns are named later, by a model that was trained on such a table.

    Attributes:
        path: the file.
        time: the column with the time stamps, or None to find it.
        form: encoding, delimiter and header.
    """

    path: Path
    time: str | None
    form: Format

    def read(self, about: Mapping[str, Any], fill: str = "none") -> list[TimeSeries]:
        """The series; `about` holds the column names `variables`, `past` and `future`, and `horizon`.

        Rows at the end that have future covariates and no value are the steps to forecast; `fill` leaves them so.
        """
        names = (about["variables"], about["past"], about["future"])
        columns = Columns(
            self.time, None, *names, "auto" if self.form.header else "no", self.form.encoding,
            self.form.delimiter, fill, ahead=about["horizon"], learnt=True,
        )  # fmt: skip
        return read(self.path, columns)


@dataclass(frozen=True)
class Roles:
    """Positions of columns, and their names."""

    time: int | None
    id: int | None
    values: tuple[int, ...]
    past: tuple[int, ...]
    future: tuple[int, ...]
    names: tuple[str, ...]

    def named(self, positions: tuple[int, ...]) -> tuple[str, ...]:
        """The columns' names."""
        return tuple(self.names[position] for position in positions)


def _open(path: Path, columns: Columns) -> Table:
    delimiter = columns.delimiter or ("comma" if suffix(path) == ".txt" else None)
    table = Table(path, Format(columns.encoding, delimiter, columns.header != "no"))
    if columns.header == "auto" and not table.is_json and all(_is_number(name) for name in table.columns):
        return Table(path, Format(columns.encoding, delimiter, False))
    return table


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return text.strip().lower() in MISSING
    return True


def _roles(table: Table, columns: Columns) -> Roles:
    plain = [name.strip().lower() for name in table.columns] if table.named else []
    time = _column(table, "time", columns.time, TIME_NAMES)
    series = _column(table, "id", columns.id, ID_NAMES)
    past = _named(table, "past", columns.past, columns.learnt)
    future = _named(table, "future", columns.future, columns.learnt)
    taken = {time, series, *past, *future}
    if columns.values:
        values = _named(table, "value", columns.values, columns.learnt)
    elif "y" in plain and "ds" in plain:
        values = (plain.index("y"),)
    else:
        values = tuple(n for n in range(len(table.columns)) if n not in taken)
    if not values:
        raise UserError(f"{table.path}: no column is left to forecast; name them with --value-columns")
    twice = [table.columns[n] for n in values if n in taken]
    if twice:
        raise UserError(f"{table.path}: column '{twice[0]}' is given two roles")
    return Roles(time, series, values, past, future, tuple(table.columns))


def _named(table: Table, field: str, names: tuple[str, ...], learnt: bool) -> tuple[int, ...]:
    """The positions of columns that the user named, or a model that was trained on such a table."""
    asked = "the model's column" if learnt else f"--{field}-columns"
    return tuple(find(table, field, name, frozenset(), asked) for name in names)


def _column(table: Table, field: str, wanted: str | None, usual: frozenset[str]) -> int | None:
    """The column that the user named, or the first of a usual name, or none."""
    return find_usual(table, usual) if wanted is None else find(table, field, wanted, frozenset())


def _cells(table: Table, roles: Roles) -> pd.DataFrame:
    """Numbers by position of their column, beside `line`, `id` and `time` as they stand in the file."""
    import pandas as pd

    numbers = (*roles.values, *roles.past, *roles.future)
    others = [position for position in (roles.id, roles.time) if position is not None]
    rows = list(table.rows([*others, *numbers]))
    if not rows:
        raise UserError(f"{table.path}: has no rows of numbers")
    columns = dict(zip([*others, *numbers], zip(*(values for _, values in rows), strict=True), strict=True))
    lines = [line for line, _ in rows]
    cells: dict[object, object] = {"line": lines}
    if roles.id is not None:
        cells["id"] = columns[roles.id]
    if roles.time is not None:
        cells["time"] = columns[roles.time]
    for position in numbers:
        cells[position] = _numbers(table, roles.names[position], columns[position], lines)
    return pd.DataFrame(cells)


def _numbers(table: Table, name: str, texts: tuple[object, ...], lines: list[int]) -> np.ndarray:
    """A column as float64, NaN where a value is missing."""
    import numpy as np

    numbers = np.empty(len(texts))
    for n, text in enumerate(texts):
        try:
            numbers[n] = np.nan if text is None or str(text).strip().lower() in MISSING else float(str(text))
        except ValueError:
            raise UserError(
                f"{table.path} line {lines[n]}: {name} is {str(text)[:40]!r}, not a number; "
                "name the columns to forecast with --value-columns"
            ) from None
        if np.isinf(numbers[n]):
            raise UserError(f"{table.path} line {lines[n]}: {name} is infinite; remove or correct it")
    return numbers


def _series(path: Path, name: str, group: pd.DataFrame, roles: Roles, columns: Columns) -> TimeSeries:
    import numpy as np
    import pandas as pd

    step, time, given = "", None, group[list(roles.values)].notna()
    if roles.time is not None:
        stamps = _time_stamps(path, group)
        order = np.argsort(stamps.to_numpy(), kind="stable")
        group, stamps = group.iloc[order], stamps[order]
        _refuse_duplicates(path, name, group, stamps)
        step = find_step(stamps)
        until = stamps[: _length(group, roles)]
        given = given.loc[group.index].set_axis(stamps, axis=0)
        group, stamps = _regular(path, name, group, stamps, step, columns)
        length = int(stamps.searchsorted(until[-1], side="right")) if len(until) else 0
        time = stamps.to_numpy("datetime64[s]")
        given = given.reindex(stamps, fill_value=False)
    else:
        length = _length(group, roles)
        group = group if columns.fill == "none" else _fill_cells(group, columns.fill)
    values = group[list(roles.values)].to_numpy(np.float64)
    length = max(length, len(values) - columns.ahead)
    covariates = group[[*roles.past, *roles.future]].to_numpy(np.float64)
    used = pd.DataFrame(values[:length], columns=list(roles.values))
    _refuse_missing(path, name, used, group["line"].to_numpy(), roles)
    past = covariates[:length, : len(roles.past)]
    _refuse_missing(path, name, pd.DataFrame(past, columns=list(roles.past)), group["line"].to_numpy(), roles)
    future = covariates[:, len(roles.past) :]
    _refuse_missing(
        path, name, pd.DataFrame(future, columns=list(roles.future)), group["line"].to_numpy(), roles
    )
    return TimeSeries(
        name, values[:length], None if time is None else time[:length], step, past, future,
        roles.named(roles.values), roles.named(roles.past), roles.named(roles.future),
        None if given[:length].to_numpy().all() else ~given[:length].to_numpy(bool),
    )  # fmt: skip


def _length(group: pd.DataFrame, roles: Roles) -> int:
    """How many rows there are up to the last one that has any value."""
    import numpy as np

    there = np.flatnonzero(group[list(roles.values)].notna().any(axis=1))
    return int(there[-1]) + 1 if len(there) else 0


def _time_stamps(path: Path, group: pd.DataFrame) -> pd.DatetimeIndex:
    """Time stamps of any usual form: one format for the column, found from its first value, or numbers of seconds.

    Numbers are years (4 digits), dates as YYYYMMDD (8 digits), or seconds or milliseconds since 1970.
    """
    import pandas as pd

    texts = group["time"].astype(str).str.strip()
    whole = texts.str.fullmatch(r"\d+").all()
    digits = texts.str.len().max()
    try:
        if whole and digits in (4, 8):
            stamps = pd.to_datetime(texts, format="%Y" if digits == 4 else "%Y%m%d")
        elif whole:
            stamps = pd.to_datetime(pd.to_numeric(texts), unit="ms" if digits > 11 else "s")
        else:
            stamps = _dates(texts)
    except (ValueError, OverflowError):
        readable = pd.to_datetime(texts, errors="coerce", format="mixed", utc=True)
        wrong = int(readable.isna().to_numpy().argmax()) if readable.isna().any() else 0
        raise UserError(
            f"{path} line {group['line'].iloc[wrong]}: '{texts.iloc[wrong][:40]}' is no date of the column's form; "
            "usual ones are 2024-01-31, 2024-01-31 13:00:00, 31.01.2024"
        ) from None
    index = pd.DatetimeIndex(stamps)
    return (index.tz_convert("UTC").tz_localize(None) if index.tz is not None else index).as_unit("s")


def _dates(texts: pd.Series) -> pd.Series:
    """Dates, all of one form: ISO; or the day first where dots are used; or the month first where it can be."""
    import pandas as pd

    day_first = "." in texts.iloc[0].split(" ")[0]
    if "/" in texts.iloc[0]:
        first = pd.to_numeric(texts.str.split("/").str[0], errors="coerce")
        day_first = bool(((first > 12) & (first <= 31)).any())
    if texts.iloc[0][:4].isdigit():
        return pd.to_datetime(texts, format="ISO8601" if texts.iloc[0][4:5] == "-" else None)
    return pd.to_datetime(texts, dayfirst=day_first)


def _refuse_duplicates(path: Path, name: str, group: pd.DataFrame, stamps: pd.DatetimeIndex) -> None:
    again = stamps.duplicated()
    if again.any():
        row = int(again.argmax())
        raise UserError(
            f"{path} line {group['line'].iloc[row]}: series {name} has {stamps[row]} twice; "
            "remove one, or name the series' column with --id-column"
        )


def _regular(
    path: Path, name: str, group: pd.DataFrame, stamps: pd.DatetimeIndex, step: str, columns: Columns
) -> tuple[pd.DataFrame, pd.DatetimeIndex]:
    """The rows at every step, filled where that is asked for."""
    import pandas as pd

    if columns.fill != "none":
        numbers = group.drop(columns=["time", "id", "line"], errors="ignore").set_axis(stamps, axis=0)
        filled = fill_steps(numbers, step, columns.fill, name)
        return filled.assign(line=0), pd.DatetimeIndex(filled.index)
    fault = first_fault(stamps, step)
    if fault:
        row, what = fault
        raise UserError(
            f"{path} line {group['line'].iloc[row]}: series {name}: {what}; give --fill last, linear or zero"
        )
    return group, stamps


def _fill_cells(group: pd.DataFrame, how: str) -> pd.DataFrame:
    """The rows of a table without time stamps, missing values filled."""
    if how == "zero":
        return group.fillna(0.0)
    numbers = group.drop(columns=["id", "line"], errors="ignore")
    filled = numbers.interpolate(limit_area="inside") if how == "linear" else numbers
    return group.assign(**{}).drop(columns=list(numbers.columns)).join(filled.ffill().bfill())


def _refuse_missing(path: Path, name: str, values: pd.DataFrame, lines: np.ndarray, roles: Roles) -> None:
    import numpy as np

    rows, columns = np.nonzero(values.isna().to_numpy())
    if len(rows):
        column = roles.names[values.columns[columns[0]]]
        place = f"line {lines[rows[0]]}" if lines[rows[0]] else f"row {rows[0]}"
        raise UserError(
            f"{path} {place}: series {name} has no value of {column}; give --fill last, linear or zero"
        )
