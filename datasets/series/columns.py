"""Which column of a table of series is what: time stamps, names of series, values and covariates."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

from datasets.errors import UserError
from datasets.formats.columns import find, find_usual, usual_name
from datasets.formats.parquet import ParquetTable, is_parquet
from datasets.formats.tables import (
    BLANKS,
    DELIMITERS,
    Format,
    Table,
    is_set_in_columns,
    other_delimiter,
    suffix,
)
from datasets.series.dates import written
from datasets.series.numbers import is_missing, is_number, tidy
from datasets.series.parts import joined, part_columns
from datasets.series.time_stamps import Writing

TIME_NAMES = frozenset({"date", "ds", "time", "datetime", "timestamp", "날짜", "일시", "시간", "일자"})
#: Of time stamps where the column is the first of the table; elsewhere such columns are numbers.
FIRST_TIME_NAMES = frozenset({
    "month", "year", "quarter", "week", "day", "period", "date time", "date_time",
    "연도", "년도", "연월", "년월", "월", "분기", "기간", "측정일시", "기준일", "거래일", "년월일", "연월일",
})  # fmt: skip
ID_NAMES = frozenset({"unique_id", "series", "series_id", "id", "item_id"})
#: Of columns that number the rows, if they do: what tables have that were written with their index.
ROW_NUMBER_NAMES = frozenset({
    "", "unnamed: 0", "index", "id", "row", "rownames", "row_id", "no", "no.", "#", "번호", "순번", "연번",
})  # fmt: skip
LONGEST = 19  # digits of a number of a row
#: Of times of day beside a column of days.
CLOCK_NAMES = frozenset({"time", "hour", "시간", "시각", "시"})
CLOCK = re.compile(r"\d{1,2}(:\d{2}){0,2}(\.0)?")
#: Between the name of a column and one of its categories.
BETWEEN = "="
UNNAMED = re.compile(r"(Unnamed: \d+)?")


@dataclass(frozen=True)
class Columns:
    """What each column of a table is; None or empty for columns that are to be found by their usual names.

    Attributes:
        time, id: with the time stamps and the names of series.
        values: to be forecast; empty takes every column that is nothing else (in a long table: `y`).
        past, future: covariates; `event=sale` is the category sale of the column event.
        header: whether the first row names the columns: `yes`, `no`, or `auto` looks whether it is all numbers.
        encoding: of the file.
        fill: `none`, or how missing steps and values are filled; see `datasets.series.filling.fill_steps`.
        ahead: most rows at the end without values, with future covariates only.
        learnt: the names of the values and covariates are a model's, not the user's.
        writing: how cells are written.
        step: the name of the step; `rows` where each row is a step, `rows:B` where these go on as steps of that name;
            empty to find it.
        zone: of time stamps without one, where a model is to read them; None takes them as they are.
        static: covariates that stay as they are within a series.
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
    writing: Writing = Writing()  # noqa: RUF009  (frozen)
    step: str = ""
    zone: str | None = None
    static: tuple[str, ...] = ()

    @property
    def rows_are_steps(self) -> bool:
        """Whether each row is a step."""
        return self.step.startswith("rows")

    @property
    def named_step(self) -> str:
        """The step that is named, behind `rows:` too; empty where it is to be found."""
        return self.step.removeprefix("rows").removeprefix(":")


@dataclass(frozen=True)
class Roles:
    """Positions of columns, and their names.

    `clock` is a column of times of day, where `time` has days alone. `parts` are the columns that time stamps are made
    of, by the part, where there is no column `time`; see `datasets.series.parts`.
    """

    time: int | None
    id: int | None
    values: tuple[int, ...]
    past: tuple[int, ...]
    future: tuple[int, ...]
    names: tuple[str, ...]
    clock: int | None = None
    parts: Mapping[str, int] = field(default_factory=dict)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The positions of values and covariates, each once."""
        return tuple(dict.fromkeys((*self.values, *self.past, *self.future)))

    def named(self, positions: Sequence[int]) -> tuple[str, ...]:
        """The columns' names."""
        return tuple(self.names[position] for position in positions)


def open_table(path: Path, columns: Columns) -> Table:
    """The table, with or without a header."""
    if is_parquet(path):
        return ParquetTable(path)
    delimiter = columns.delimiter or ("comma" if suffix(path) == ".txt" else None)
    table = Table(path, Format(columns.encoding, delimiter, columns.header != "no"))
    if _is_set_in_columns(table, columns):
        return Table(path, Format(columns.encoding, BLANKS, columns.header == "yes"))
    if not table.is_json and columns.delimiter is None:
        _refuse_other_delimiter(table, columns.encoding)
    _refuse_title(table)
    first_is_a_row = (
        any(map(is_number, table.columns))
        and all(is_number(name) or written(name) is not None for name in table.columns)
        and not _are_numbered(table.columns)
    )
    if columns.header == "auto" and not table.is_json and first_is_a_row:
        return Table(path, Format(columns.encoding, delimiter, False))
    return table


def _are_numbered(names: Sequence[str]) -> bool:
    """Whether columns are called by their numbers behind an index without a name: pandas writes such tables."""
    return not names[0].strip() and [*names[1:]] == [str(n) for n in range(len(names) - 1)]


def _is_set_in_columns(table: Table, columns: Columns) -> bool:
    """Whether blanks separate columns; where they separate thousands, they do not."""
    blanks_are_free = columns.delimiter is None and columns.writing.thousands != "blank"
    return blanks_are_free and is_set_in_columns(table, columns.encoding, is_number)


def _refuse_other_delimiter(table: Table, encoding: str) -> None:
    seems = other_delimiter(table, encoding)
    if seems is not None:
        sign = "tabs" if seems == "tab" else f"'{DELIMITERS[seems]}'"
        raise UserError(f"{table.path}: the columns seem separated by {sign}: give --delimiter {seems}")


def _refuse_title(table: Table) -> None:
    """Refuse a comment or a title above the names of the columns, rather than the row behind it, which is wider."""
    if table.is_json or not table.named or (len(table.columns) > 1 and not table.columns[0].startswith("#")):
        return
    try:
        next(table.rows(()), None)
    except UserError as problem:
        first = table.columns[0].strip()
        if "columns where the first row has" not in str(problem) or re.search(r"[,;|\t]", first):
            raise
        what = f"'{first[:40]}' stands above the names of the columns"
        raise UserError(f"{table.path} line 1: {what}; remove the line ({problem})") from None


def roles_of(table: Table, columns: Columns) -> Roles:
    """What each column is.

    Raises:
        UserError: a column is missing, has two roles, or nothing is left to forecast.
    """
    plain = [name.strip().lower() for name in table.columns] if table.named else []
    time = _time_column(table, columns, plain)
    series = find_usual(table, ID_NAMES) if columns.id is None else find(table, "id", columns.id, frozenset())
    past, future, static = (
        _named(table, field, _base_names(names, table.columns), columns.learnt)
        for field, names in (("past", columns.past), ("future", columns.future), ("static", columns.static))
    )
    past = tuple(dict.fromkeys((*past, *static)))
    parts = _parts(table, columns, series)
    time = None if parts else time
    taken = {time, series, *past, *future, *parts.values()}
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
    named = (*past, *future, *(values if columns.values else ()))
    clocks = [n for n, name in enumerate(plain) if name in CLOCK_NAMES and n not in (time, series, *named)]
    clock = clocks[0] if clocks and time is not None else None
    return Roles(time, series, values, past, future, tuple(table.columns), clock, parts)


def _base_names(names: Sequence[str], there: Sequence[str]) -> tuple[str, ...]:
    """The columns of a table that names mean, each once: `event` for `event=sale` where no column is called so."""
    usual = {usual_name(column) for column in there}
    return tuple(dict.fromkeys(_base_name(name, usual) for name in names))


def _base_name(name: str, usual: Collection[str]) -> str:
    if usual_name(name) in usual:
        return name
    ends = [at for at, sign in enumerate(name) if sign == BETWEEN]
    return next((name[:at] for at in reversed(ends) if usual_name(name[:at]) in usual), name)


def _parts(table: Table, columns: Columns, series: int | None) -> dict[str, int]:
    """The columns that time stamps are made of, if no column has whole ones and the user names none of them."""
    if columns.time is not None or not table.named or find_usual(table, TIME_NAMES - CLOCK_NAMES) is not None:
        return {}
    parts = part_columns(table.columns, set() if series is None else {series})
    given = {usual_name(name) for name in (*columns.values, *columns.past, *columns.future, *columns.static)}
    names = {usual_name(table.columns[position]) for position in parts.values()}
    return {} if given & (names | {str(position) for position in parts.values()}) else parts


def _time_column(table: Table, columns: Columns, plain: Sequence[str]) -> int | None:
    if columns.time is not None:
        return find(table, "time", columns.time, frozenset())
    if not table.named:
        return _first_of_dates(table)
    found = find_usual(table, TIME_NAMES - CLOCK_NAMES)
    found = find_usual(table, TIME_NAMES) if found is None else found
    if found is None and plain and (_begins_with_dates(table) or _begins_with_time(table, columns, plain)):
        return 0
    return found


def _begins_with_dates(table: Table) -> bool:
    """Whether the first column has no name and holds dates, seen by the first row: the index of a table of pandas."""
    return UNNAMED.fullmatch(table.columns[0].strip()) is not None and _first_of_dates(table) == 0


def _begins_with_time(table: Table, columns: Columns, plain: Sequence[str]) -> bool:
    """Whether the first column, called month, year or the like, tells each row of a series from the others."""
    named = {name.strip().lower() for name in (*columns.values, *columns.past, *columns.future)}
    if plain[0] not in FIRST_TIME_NAMES or FIRST_TIME_NAMES & set(plain[1:]) or named & {plain[0], "0"}:
        return False
    series = find_usual(table, ID_NAMES)
    cells = [tuple(map(str, values)) for _, values in table.rows([0] if series is None else [series, 0])]
    return len(set(cells)) == len(cells)


def _first_of_dates(table: Table) -> int | None:
    """The first column without a name that holds dates and no numbers, seen by the first row."""
    _, cells = next(table.rows(range(len(table.columns))), (0, []))
    dates = [not is_number(str(cell)) and written(str(cell)) is not None for cell in cells]
    return dates.index(True) if True in dates else None


def _named(table: Table, field: str, names: tuple[str, ...], learnt: bool) -> tuple[int, ...]:
    """The positions of columns that the user named, or a model that was trained on such a table."""
    asked = "the model's column" if learnt else f"--{field}-columns"
    return tuple(find(table, field, name, frozenset(), asked) for name in names)


def with_clock(roles: Roles, cells: Mapping[int, Sequence[object]]) -> Roles:
    """The roles with a column of times of day as part of the time stamps, if each day comes many times."""
    if roles.clock is None or roles.time is None:
        return replace(roles, clock=None)
    names = [""] * len(cells[roles.time]) if roles.id is None else cells[roles.id]
    days = list(zip(names, cells[roles.time], strict=True))
    is_part = len(set(days)) < len(days) and all(
        CLOCK.fullmatch(str(cell).strip()) for cell in cells[roles.clock]
    )
    if not is_part or (len(roles.values) == 1 and roles.clock in roles.values):
        return replace(roles, clock=None)
    return replace(roles, values=tuple(position for position in roles.values if position != roles.clock))


def refuse_same_names(path: Path, roles: Roles) -> None:
    """Refuse two columns of numbers with one name, by which a model could not find them again."""
    first: dict[str, int] = {}
    for position in sorted(roles.numbers):
        name = roles.names[position]
        if first.setdefault(name, position) != position:
            called = f"are called '{name}'" if name.strip() else "have no name"
            raise UserError(
                f"{path}: columns {first[name]} and {position} (counted from 0) {called}; "
                "give each a name of its own, or name one by its position with --value-columns"
            )


def time_texts(roles: Roles, cells: Mapping[int, Sequence[object]]) -> list[str]:
    """What is written as the time stamp of each row."""
    if roles.time is None:
        return [tidy(text) for text in joined(roles.parts, cells)]
    written = ["" if cell is None else str(cell) for cell in cells[roles.time]]
    tidied = {text: tidy(text) for text in set(written)}
    texts = [tidied[text] for text in written]
    if roles.clock is None:
        return texts
    return [f"{date} {hour(clock)}" for date, clock in zip(texts, cells[roles.clock], strict=True)]


def hour(clock: object) -> str:
    """A time of day as hours and minutes: `9` is 9:00."""
    text = str(clock).strip().removesuffix(".0")
    return text if ":" in text else f"{text}:00"


def without_row_numbers(
    roles: Roles, columns: Columns, cells: Mapping[int, Sequence[object]]
) -> tuple[Roles, list[str]]:
    """The roles without columns that only number the rows, unless the user named these, and a note for each."""
    notes = []
    if roles.id is not None and columns.id is None and _is_no_series(roles, columns, cells):
        notes.append(
            f"column '{roles.names[roles.id]}' numbers the rows: it does not name series, and is left out"
        )
        roles = replace(roles, id=None)
    if not columns.values and len(roles.values) > 1:
        numbering = [position for position in roles.values if _is_row_number(roles, position, cells)]
        notes += [f"column '{roles.names[n]}' numbers the rows and is not forecast" for n in numbering]
        empty = [position for position in roles.values if _is_nothing(roles, position, cells)]
        notes += [f"column {n} has neither a name nor values, and is left out" for n in empty]
        roles = replace(roles, values=tuple(n for n in roles.values if n not in (*numbering, *empty)))
    return roles, notes


def _is_nothing(roles: Roles, position: int, cells: Mapping[int, Sequence[object]]) -> bool:
    """Whether a column has no name and no values, as behind a separator at the end of each line."""
    return UNNAMED.fullmatch(roles.names[position].strip()) is not None and all(
        map(is_missing, cells[position])
    )


def _is_no_series(roles: Roles, columns: Columns, cells: Mapping[int, Sequence[object]]) -> bool:
    """Whether a column of ids has another for each row, so that no series has two; a model's file may have one row."""
    assert roles.id is not None
    if len(set(map(str, cells[roles.id]))) < len(cells[roles.id]):
        return False
    ids = [str(text).strip() for text in cells[roles.id]]
    every_row_another = len(ids) > 1 and len(set(ids)) == len(ids)
    return every_row_another and (not columns.learnt or _is_row_number(roles, roles.id, cells))


def _is_row_number(roles: Roles, position: int, cells: Mapping[int, Sequence[object]]) -> bool:
    """Whether a column of a usual name counts the rows by one, up or down."""
    if roles.names[position].strip().lower() not in ROW_NUMBER_NAMES or len(cells[position]) < 2:
        return False
    column = [str(cell).strip().removesuffix(".0") for cell in cells[position]]
    if not all(cell.isdecimal() and len(cell) < LONGEST for cell in column):
        return False
    steps = {int(after) - int(before) for before, after in pairwise(column)}
    return steps in ({1}, {-1})
