"""CSV, TSV and JSON Lines files as rows of values, one at a time, with the line that each row begins on."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any, NoReturn

from datasets.errors import UserError
from datasets.formats.lines import LONGEST_LINE, lines
from datasets.formats.number_cells import is_number

DELIMITERS = {"comma": ",", "semicolon": ";", "pipe": "|", "tab": "\t"}
#: What separates columns of numbers that are set in columns: any number of blanks. No option asks for it, for in texts
#: they separate words.
BLANKS = "blanks"
SUFFIXES = {".csv": "comma", ".tsv": "tab", ".tab": "tab", ".txt": "tab", ".jsonl": "json", ".ndjson": "json"}

#: The first line with which Excel is told what separates columns.
NAMES_SIGN = re.compile(r'"?sep=(.)"?\r?')

LONGEST_NAMING = 10  # characters of such a line
LOOKED_AT = 10  # lines of a file to see what separates its columns

Row = tuple[int, Sequence[Any]]  # the line that it begins on, counted from 1, and its values


@dataclass(frozen=True)
class Format:
    """How to read a table.

    Attributes:
        encoding: Python's name of the text encoding.
        delimiter: a name in `DELIMITERS`, `BLANKS`, or None to go by the file's name.
        header: whether the first row names the columns; JSON Lines name them in every row.
        kind: what the file is, where its name does not tell: `text` for a text a line, or a format of tagged sentences.
        image_column: the column of the images, where there are questions about them; None finds it.
        trained: what was said of the data that a model was trained on, by the names of the options; see `as_trained`.
        remarks: what a reader did with a file and its user should know; readers add to it.
    """

    encoding: str = "utf-8"
    delimiter: str | None = None
    header: bool = True
    kind: str | None = None
    image_column: str | None = None
    trained: Mapping[str, Any] = field(default_factory=dict, hash=False)
    remarks: list[str] = field(default_factory=list, compare=False)

    @classmethod
    def of(cls, encoding: str, delimiter: str, header: str) -> Format:
        """From the values of options: `auto` for a delimiter, `yes` or `no` for a header."""
        return cls(encoding, None if delimiter == "auto" else delimiter, header == "yes")

    def as_trained(self, path: Path) -> Format:
        """How to read a table as the training data were read; JSON has no delimiter where theirs were no JSON."""
        is_json = (
            SUFFIXES.get(suffix(path))
            == "json"
            != SUFFIXES.get(suffix(Path(self.trained.get("dataset", ""))))
        )
        delimiter = None if is_json else self.delimiter or self.trained.get("delimiter")
        return replace(
            self,
            encoding=self.trained.get("encoding", self.encoding),
            delimiter=delimiter if delimiter in DELIMITERS else None,
            header=self.trained["header"] == "yes" if "header" in self.trained else self.header,
        )


def suffix(path: Path) -> str:
    """The suffix in lower case that says the format: `.csv` of `reviews.CSV.gz`."""
    name = path.name.lower().removesuffix(".gz")
    return Path(name).suffix


def is_table(path: Path) -> bool:
    """Whether the name is that of a table."""
    return suffix(path) in SUFFIXES


class Table:
    """A table on disk, read again at each pass, so that it may be larger than memory.

    Attributes:
        path: the file.
        columns: the column names as they stand in the file; positions as strings where there is no header.
        named: whether the file names its columns.

    Raises:
        UserError: unknown format, unreadable file, no row.
    """

    def __init__(self, path: Path, format: Format):
        self.path = path
        self._format = format
        self._kind = format.delimiter or SUFFIXES.get(suffix(path)) or _refuse(path)
        named = None if self.is_json else _named_delimiter(path, format.encoding)
        self._kind = named or self._kind
        self._begins_at = 1 if named is None else 2
        self.named = format.header or self._kind == "json"
        self.columns = self._first_columns()

    @property
    def is_json(self) -> bool:
        """Whether rows hold any values of JSON rather than strings."""
        return self._kind == "json"

    @property
    def delimiter(self) -> str:
        """The name of what separates the columns, or `json`."""
        return self._kind

    def rows(self, positions: Sequence[int]) -> Iterator[Row]:
        """The rows, each with the values of the columns at these positions.

        Raises:
            UserError: a row that does not parse, with more or fewer values than the first row, that is the header row
                again, or (JSON) without one of the columns; names its line.
        """
        return self._json_rows(positions) if self.is_json else self._delimited_rows(positions)

    def cells(self, positions: Sequence[int]) -> tuple[Sequence[int], list[Sequence[Any]]]:
        """The lines of all rows, and the cells of each of these columns: what `rows` gives, in a fraction of the time.

        Raises:
            UserError: as `rows`.
        """
        plain = None if self.is_json else self._plain_rows_at_once()
        if plain is not None:
            return plain[0], [list(map(itemgetter(position), plain[1])) for position in positions]
        rows = list(self.rows(positions))
        return [line for line, _ in rows], [[values[n] for _, values in rows] for n in range(len(positions))]

    def _plain_rows_at_once(self) -> tuple[Sequence[int], list[list[str]]] | None:
        """Lines and values of all rows; None where any row needs a look, such as one with a fault or a line break."""
        width, texts = len(self.columns), list(lines(self.path, self._format.encoding))
        rows = _split_at_once(texts, self._kind)
        if rows is None or width == 1:
            return None
        begin = self._begins_at - 1
        numbers: Sequence[int] = range(begin + 1, len(rows) + 1)
        rows = rows[begin:]
        if set(map(len, rows)) != {width}:
            filled = [n for n, row in enumerate(rows) if row and not _is_blank(row)]
            numbers, rows = [numbers[n] for n in filled], [rows[n] for n in filled]
        if self.named:
            numbers, rows = numbers[1:], rows[1:]
        if set(map(len, rows)) - {width} or self._may_name_again(rows):
            return None
        return numbers, rows

    def _may_name_again(self, rows: Sequence[Sequence[str]]) -> bool:
        """Whether the last cell of any row may be the name of a column."""
        last = "\n".join(map(itemgetter(-1), rows)).casefold()
        return self.named and any(_folded(name) in last for name in self.columns)

    def _delimited_rows(self, positions: Sequence[int]) -> Iterator[Row]:
        rows = self._delimited()
        width = len(self.columns)
        names = sorted(map(_folded, self.columns)) if self.named and width > 1 else []
        if self.named:
            next((row for row in rows if not _is_blank(row[1])), None)
        for line, values in rows:
            if width > 1 and _is_blank(values):
                continue
            if len(values) != width:
                raise UserError(
                    f"{self.path} line {line}: {len(values)} columns where the first row has {width}"
                )
            if names and _folded(values[-1]) in names and sorted(map(_folded, values)) == names:
                raise UserError(f"{self.path} line {line}: {self._header_again(values)}")
            yield line, [values[position] for position in positions]

    def _header_again(self, values: Sequence[str]) -> str:
        """What is wrong with a row that names the columns again."""
        if [*map(_folded, values)] == [*map(_folded, self.columns)]:
            return "is the header row again, as where files were joined; remove this line"
        return (
            "is a header row with the columns in another order; these are two files joined, give them apart"
        )

    def _json_rows(self, positions: Sequence[int]) -> Iterator[Row]:
        names = [self.columns[position] for position in positions]
        for line, item in self._objects():
            for name in names:
                if name not in item:
                    raise UserError(f"{self.path} line {line}: has no '{name}'")
            yield line, [item[name] for name in names]

    def _first_columns(self) -> list[str]:
        first = next(self._objects() if self.is_json else self._filled(), None)
        if first is None:
            raise UserError(f"{self.path}: is empty")
        if not self.named:
            return [str(position) for position in range(len(first[1]))]
        return list(first[1])

    def _delimited(self) -> Iterator[tuple[int, list[str]]]:
        """The rows; an empty line is one empty value, as in a table of one column."""
        read = {"tab": self._plain_rows, BLANKS: self._blank_rows}.get(self._kind, self._quoted_rows)
        return ((line, values or [""]) for line, values in read() if line >= self._begins_at)

    def _filled(self) -> Iterator[tuple[int, list[str]]]:
        """The rows that are no empty lines."""
        return ((line, values) for line, values in self._delimited() if not _is_blank(values))

    def _plain_rows(self) -> Iterator[tuple[int, list[str]]]:
        """Rows split at tabs, where quotes are characters like any other."""
        ending = ""
        for number, line in enumerate(lines(self.path, self._format.encoding), 1):
            if number == 1 and line.endswith("\r"):
                ending = "\r"
            yield number, line.removesuffix(ending).split("\t")

    def _blank_rows(self) -> Iterator[tuple[int, list[str]]]:
        """Rows of what stands between blanks."""
        texts = enumerate(lines(self.path, self._format.encoding), 1)
        return ((number, _between_blanks(text)) for number, text in texts)

    def _quoted_rows(self) -> Iterator[tuple[int, list[str]]]:
        """Rows of RFC 4180: fields may be quoted, and quoted ones may hold line breaks."""
        csv.field_size_limit(LONGEST_LINE)
        with_ends = (line + "\n" for line in lines(self.path, self._format.encoding))
        reader = csv.reader(with_ends, delimiter=DELIMITERS[self._kind], strict=True)
        while True:
            line = reader.line_num + 1
            try:
                yield line, next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise UserError(f"{self.path} line {line}: {_csv_fault(error)}") from None

    def _objects(self) -> Iterator[tuple[int, dict[str, Any]]]:
        for number, line in enumerate(lines(self.path, self._format.encoding), 1):
            if line.strip():
                yield number, self._object(number, line)

    def _object(self, number: int, line: str) -> dict[str, Any]:
        try:
            item = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UserError(f"{self.path} line {number}: is not JSON ({json_fault(error)})") from None
        if not isinstance(item, dict):
            raise UserError(f"{self.path} line {number}: is JSON and not an object; each line is one {{...}}")
        return item


def _split_at_once(texts: Sequence[str], kind: str) -> list[list[str]] | None:
    """The values of each line; None where lines do not say them by themselves."""
    if kind == BLANKS:
        return [_between_blanks(text) for text in texts]
    if kind == "tab":
        return [] if not texts else None if texts[0].endswith("\r") else [text.split("\t") for text in texts]
    csv.field_size_limit(LONGEST_LINE)
    try:
        rows = list(csv.reader(texts, delimiter=DELIMITERS[kind], strict=True))
    except csv.Error:
        return None
    return rows if len(rows) == len(texts) else None


def _named_delimiter(path: Path, encoding: str) -> str | None:
    """The delimiter that a first line such as `sep=;` names; None where there is no such line."""
    match = NAMES_SIGN.fullmatch(next(lines(path, encoding), "")[:LONGEST_NAMING])
    return {sign: name for name, sign in DELIMITERS.items()}.get(match[1]) if match else None


def _between_blanks(text: str) -> list[str]:
    return [cell for cell in text.replace("\t", " ").split(" ") if cell.strip()]


def is_set_in_columns(table: Table, encoding: str, is_number: Callable[[str], bool] = is_number) -> bool:
    """Whether a table of one column rather has several, set between blanks, as in the UCR archive's `.txt`: all of
    them hold numbers, but for the first or the last, which may hold labels. No row names the columns.

    Args:
        table: as its name says that it is separated.
        encoding: of the file.
        is_number: whether a cell is a number, or one of the signs of a missing one.
    """
    if len(table.columns) != 1 or table.is_json:
        return False
    rows = [_between_blanks(line) for line in islice(lines(table.path, encoding), LOOKED_AT) if line.strip()]
    widths = set(map(len, rows))
    ends = [all(is_number(row[end]) for row in rows) for end in (0, -1)]
    inner = all(is_number(cell) for row in rows for cell in row[1:-1])
    return len(widths) == 1 and widths.isdisjoint({1, 2}) and inner and any(ends)


def other_delimiter(table: Table, encoding: str) -> str | None:
    """The only delimiter that stands as often in each of the first lines, if it is not that of the table."""
    first = [line for line in islice(lines(table.path, encoding), LOOKED_AT) if line.strip()]
    counts = {name: {line.count(sign) for line in first} for name, sign in DELIMITERS.items()}
    even = [name for name, times in counts.items() if len(times) == 1 and times != {0}]
    return even[0] if len(even) == 1 and len(first) > 1 and even[0] != table.delimiter else None


def _folded(name: str) -> str:
    """A column's name as headers of joined files may differ in it: without case, blanks or a byte order mark."""
    return name.removeprefix("\ufeff").strip().casefold()


def _is_blank(values: Sequence[object]) -> bool:
    """Whether a row is a line of blanks alone."""
    return len(values) == 1 and not str(values[0]).strip()


def json_fault(error: Exception) -> str:
    """What is wrong with a text that `json.loads` cannot read."""
    return error.msg if isinstance(error, json.JSONDecodeError) else "too deep or too long a value"


def _refuse(path: Path) -> NoReturn:
    known = ", ".join(SUFFIXES)
    raise UserError(f"{path}: unknown format '{suffix(path)}'; known are {known}, each also .gz")


def _csv_fault(error: csv.Error) -> str:
    """The fault that the csv module reports, and how to fix it."""
    reason = str(error)
    if "field larger" in reason or "end of data" in reason:
        return "a quoted field begins here and does not end; double the quotes inside a text"
    if "new-line" in reason:
        return "a carriage return inside a field without quotes; end lines with \\n or quote the field"
    return f"{reason}; double the quotes inside a quoted text"
