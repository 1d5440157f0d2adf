"""Columns of numbers as people write them: decimal commas, thousands, true and false, and words for nothing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datasets.errors import UserError, see
from datasets.series.dates import written

PAGE = see("Numbers in tables")
#: What stands for no value, in lower case.
MISSING = frozenset({
    "", "na", "nan", "null", "none", "n/a", "#n/a", "#na", "<na>", "nat", "-", "--", "?", ".", "nil",
})  # fmt: skip
TRUE_OR_FALSE = {"true": 1.0, "yes": 1.0, "false": 0.0, "no": 0.0}
SEPARATORS = {"none": "", "comma": ",", "point": ".", "blank": r"\s", "apostrophe": "'’"}
#: Between thousands in `1,000`, which may be a decimal number as well.
GROUPS = re.compile(r"[+-]?\d{1,3}(,\d{3})+")
POINT_GROUPS = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}", re.ASCII)
WHOLE_BELOW_1000 = re.compile(r"[+-]?\d{1,3}", re.ASCII)
#: The end of a number with decimals that are no three digits.
NO_GROUP = re.compile(r"\d\.(\d{1,2}|\d{4,})$", re.ASCII | re.MULTILINE)
WITH_COMMA = re.compile(r"[+-]?\d+,\d+(e[+-]?\d+)?|[+-]?,\d+", re.IGNORECASE)
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
SPREADSHEET_FAULT = re.compile(r"#[A-Z0-9_/]+[!?]", re.ASCII)
CURRENCY = r"[A-Z]{0,3}[$€£¥₩₹]|원|USD|EUR|KRW|JPY|GBP"
#: Characters of a cell that is no number which are looked at to say why: some patterns take long for long texts.
MOST_LOOKED_AT = 100
#: Signs and units around a number, by what they are called.
AROUND = {
    "a percent sign": re.compile(r"^(.*)[%％‰]$"),
    "a sign of currency": re.compile(rf"^(?:{CURRENCY})\s*(.*)$|^(.*?)\s*(?:{CURRENCY})$"),
    "brackets": re.compile(r"^\((.*)\)$"),
    "a unit": re.compile(r"^([+-]?[\d.,]+)\s*[^\W\d]+[²³/\w]*$"),
}  # fmt: skip


@dataclass(frozen=True)
class NumberForm:
    """How the numbers of a table are written.

    Attributes:
        decimal: `point` or `comma`.
        thousands: a name in `SEPARATORS`.
    """

    decimal: str = "point"
    thousands: str = "none"

    def plain(self, text: str) -> str:
        """The number as Python writes it; a text that is no number stays none."""
        separator = SEPARATORS[self.thousands]
        if separator and re.fullmatch(
            rf"[+-]?(?!0)\d{{1,3}}([{separator}]\d{{2,3}})*[{separator}]\d{{3}}(\D.*)?", text
        ):
            text = re.sub(rf"(?<=\d)[{separator}](?=\d{{2,3}}(\D|$))", "", text)
        if self.decimal == "comma":
            if "." in text:
                return "a point"
            text = text.replace(",", ".")
        return text


def tidy(cell: object) -> str:
    """What is written in a cell, without blanks around it and with plain digits and signs."""
    text = str(cell).strip()
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", text).strip().replace("\N{MINUS SIGN}", "-")


def is_missing(cell: object) -> bool:
    """Whether a cell says that there is no value."""
    return cell is None or tidy(cell).lower() in MISSING


def around_number(text: str) -> str:
    """What stands around a number, in words, such as a sign of currency; empty where a text is no such thing."""
    for what, pattern in AROUND.items():
        match = pattern.match(text)
        if match and _is_any_number(next((group for group in match.groups() if group is not None), "")):
            return what
    return ""


def is_number(text: str) -> bool:
    """Whether a name of a column is none but a number, or stands for no value."""
    try:
        float(text)
    except ValueError:
        return is_missing(text)
    return True


@dataclass(frozen=True)
class Cells:
    """The numbers of a table as they are written.

    Attributes:
        path: the file, for messages.
        lines: `(rows,)`.
        columns: what is written in each column, by its name.
        covariates: names of the columns where true and false may stand for 1 and 0.
        learnt: a model names the columns, not the user.
    """

    path: Path
    lines: Sequence[int]
    columns: Mapping[str, Sequence[object]]
    covariates: frozenset[str] = frozenset()
    learnt: bool = False


def number_form(cells: Cells, decimal: str, thousands: str, delimiter: str) -> NumberForm:
    """How numbers are written: as asked for, or with a decimal comma where a column says so.

    A column says so if its numbers have a comma and could not be thousands, or if semicolons separate the columns.

    Args:
        cells: the table.
        decimal: `point`, `comma` or `auto`.
        thousands: a name in `SEPARATORS`.
        delimiter: a name of what separates columns.

    Raises:
        UserError: points may stand between thousands.
    """
    if decimal == "auto" and thousands == "none":
        _refuse_open_points(cells)
    if decimal != "auto" or thousands in ("comma", "point"):
        other = "comma" if thousands == "point" else "point"
        return NumberForm(other if decimal == "auto" else decimal, thousands)
    for column in cells.columns.values():
        text = _plain_text(column)
        if text is not None and "," not in text:
            continue
        texts = [tidy(cell) for cell in column if isinstance(cell, str) and not is_missing(cell)]
        commas = [text for text in texts if "," in text]
        others = [text for text in texts if "," not in text]
        if not commas or not all(WITH_COMMA.fullmatch(text) for text in commas):
            continue
        only_groups = all(GROUPS.fullmatch(text) for text in commas)
        if (delimiter == "semicolon" or not only_groups) and not any("." in text for text in others):
            return NumberForm("comma", thousands)
    return NumberForm("point", thousands)


def _refuse_open_points(cells: Cells) -> None:
    """Refuse `1.000` in a column that has 999 and no number of other digits behind a point: both may be thousands."""
    for name, column in cells.columns.items():
        text = _plain_text(column)
        if text is not None and ("." not in text or NO_GROUP.search(text)):
            continue
        texts = [tidy(cell) if isinstance(cell, str) and not is_missing(cell) else "" for cell in column]
        pointed = [text for text in texts if "." in text]
        whole = [int(text) for text in texts if text.isdecimal() and len(text) < 4]
        if not pointed or not whole or not all(POINT_GROUPS.fullmatch(text) for text in pointed):
            continue
        if any(text and "." not in text and not WHOLE_BELOW_1000.fullmatch(text) for text in texts):
            continue
        smallest = min(float(text.lstrip("+-").split(".")[0]) for text in pointed)
        if max(whole) > 1000**0.5 * smallest:  # nearer to 1000 times the number than to the number
            row = texts.index(pointed[0])
            raise UserError(
                f"{cells.path} line {cells.lines[row]}: {name} is {pointed[0]!r}, which may be "
                f"{pointed[0].replace('.', '')} or {float(pointed[0])}, as other cells are whole, up to {max(whole)}; "
                f"give --decimal comma --thousands point, or --decimal point; {PAGE}"
            )


def _plain_text(column: Sequence[object]) -> str | None:
    """The texts of a column, a line each; None where signs in them are not what they seem."""
    text = "\n".join(cell for cell in column if isinstance(cell, str))
    return text if text.isascii() else None


def read_numbers(cells: Cells, name: str, form: NumberForm) -> np.ndarray:
    """A column as float64 `(rows,)`, NaN where a value is missing.

    Raises:
        UserError: a cell is no number; says why, and what helps.
    """
    plain = _plain_numbers(cells.columns[name]) if form == NumberForm() else None
    if plain is not None:
        return plain
    known: dict[str, float] = {}
    numbers = np.empty(len(cells.lines))
    for row, cell in enumerate(cells.columns[name]):
        text = "" if cell is None else str(cell)
        if text not in known:
            known[text] = _number(cells, name, row, text, form if isinstance(cell, str) else NumberForm())
        numbers[row] = known[text]
    if name in cells.covariates:
        _check_truth(cells, name, known)
    return numbers


def _plain_numbers(column: Sequence[object]) -> np.ndarray | None:
    """A column of which each cell is a finite number as Python writes it, or empty; None where one is not."""
    text = _plain_text(column)
    if text is None or not set(map(type, column)) <= {str, int, float, type(None)}:
        return None
    try:
        numbers = np.array([np.nan if cell in ("", None) else float(cell) for cell in column])  # type: ignore[arg-type]
    except (ValueError, OverflowError):
        return None
    return None if np.isinf(numbers).any() else numbers


def _number(cells: Cells, name: str, row: int, text: str, form: NumberForm) -> float:
    plain = tidy(text)
    if plain.lower() in MISSING:
        return np.nan
    if name in cells.covariates and plain.lower() in TRUE_OR_FALSE:
        return TRUE_OR_FALSE[plain.lower()]
    try:
        number = float(form.plain(plain))
    except ValueError:
        what = _advice(plain[:MOST_LOOKED_AT], form, name in cells.covariates, cells.learnt)
        raise UserError(f"{cells.path} line {cells.lines[row]}: {name} is {text[:40]!r}, {what}") from None
    if np.isinf(number):
        raise UserError(f"{cells.path} line {cells.lines[row]}: {name} is infinite; remove or correct it")
    return number


def _check_truth(cells: Cells, name: str, known: Mapping[str, float]) -> None:
    """Refuse numbers besides 0 and 1 beside true and false."""
    if not any(tidy(text).lower() in TRUE_OR_FALSE for text in known):
        return
    other = next(
        (text for text, number in known.items() if number not in (0.0, 1.0) and not np.isnan(number)), None
    )
    if other is not None:
        row = next(row for row, cell in enumerate(cells.columns[name]) if str(cell) == other)
        raise UserError(
            f"{cells.path} line {cells.lines[row]}: {name} is {other[:40]!r}, and other cells of its column are "
            f"true or false, which are read as 1 and 0; {PAGE}"
        )


def _advice(text: str, form: NumberForm, covariate: bool, learnt: bool) -> str:
    """Why a text is no number, and what helps."""
    if text.lower() in TRUE_OR_FALSE and not covariate and not learnt:
        return (
            "not a number; name a column of true and false with --future-columns or --past-columns, or the columns "
            "to forecast with --value-columns"
        )
    if SPREADSHEET_FAULT.fullmatch(text):
        return f"a fault of a spreadsheet and not a number; leave such a cell empty, or correct it; {PAGE}"
    if text.lower() in ("y", "n", "t", "f"):
        return f"a letter and not a number; write 1 and 0, or leave the column out; {PAGE}"
    if what := around_number(text):
        return f"a number with {what}; write numbers alone; {PAGE}"
    options = _options(text, form)
    if options:
        return f"not a number as numbers are read here; give {options}; {PAGE}"
    if learnt:
        return f"not a number, as the model's columns hold; correct it; {PAGE}"
    if re.search(r"\d[-/:]\d|\d[년월]", text) and written(text) is not None:
        return "not a number; if it is the time stamp, name it with --time-column"
    return (
        "not a number; name the columns to forecast with --value-columns, one that names series with --id-column, and "
        "categories with --past-columns, --future-columns or --static-columns"
    )


def _is_any_number(text: str) -> bool:
    return bool(text.strip()) and re.fullmatch(r"[+-]?[\d.,' \u00a0]*\d[.,]?", text.strip()) is not None


def _options(text: str, form: NumberForm) -> str:
    """The options with which the text would be a number."""
    names = {",": "comma", ".": "point", "'": "apostrophe", "’": "apostrophe"}
    found = []
    for decimal in ("point", "comma"):
        for thousands in (
            "none",
            *dict.fromkeys(names.get(sign, "blank") for sign in re.sub(r"[+\-\w]", "", text)),
        ):
            other = NumberForm(decimal, thousands)
            same_sign = decimal == thousands
            if other != form and not same_sign and NUMBER.fullmatch(other.plain(text)):
                flags = [f"--decimal {decimal}"] if decimal != "point" or form.decimal != "point" else []
                flags += [f"--thousands {thousands}"] if thousands != form.thousands else []
                found.append(" ".join(flags))
    return " or ".join(found)
