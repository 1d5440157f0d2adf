"""Numbers as people write them: read, or refused with the reason and the option that helps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.errors import UserError
from datasets.series import numbers as numbers_module
from datasets.series.numbers import Cells, number_form, read_numbers


def numbers(
    cells: Sequence[object],
    decimal: str = "auto",
    thousands: str = "none",
    delimiter: str = "comma",
    covariate: bool = False,
) -> list[float]:
    column = Cells(
        Path("t.csv"), range(2, 2 + len(cells)), {"u": cells}, frozenset({"u"} if covariate else ())
    )
    return read_numbers(column, "u", number_form(column, decimal, thousands, delimiter)).tolist()


@pytest.mark.parametrize(
    ("cells", "options", "expected"),
    [
        (["1", "-2.5", "1e3", " 4 ", "+5"], {}, [1, -2.5, 1000, 4, 5]),
        (["−5", "１２"], {}, [-5, 12]),
        (["10,071", "11,577"], {"delimiter": "semicolon"}, [10.071, 11.577]),
        (["10,5", "3"], {}, [10.5, 3]),
        (["10,071", "3"], {"decimal": "comma"}, [10.071, 3]),
        (["1,000", "999", "1,234,567.5"], {"thousands": "comma"}, [1000, 999, 1234567.5]),
        (["999", "1.000"], {"decimal": "point"}, [999, 1]),
        (["999", "1.000"], {"decimal": "comma", "thousands": "point"}, [999, 1000]),
        (["999", "1.000", "1.5"], {}, [999, 1, 1.5]),
        (["345.125", "346", "347.375"], {}, [345.125, 346, 347.375]),
        (["0", "0", "1.234", "2"], {}, [0, 0, 1.234, 2]),
        (["999", "0.125"], {}, [999, 0.125]),
        (["1999", "1.000"], {}, [1999, 1]),
        (["-999", "1.234", "2.345"], {}, [-999, 1.234, 2.345]),
        ([10.5, 999, 1.125], {"decimal": "comma", "delimiter": "json"}, [10.5, 999, 1.125]),
        (["1,00,000"], {"thousands": "comma"}, [100000]),
        (["1.000,5", "3,25"], {"decimal": "comma", "thousands": "point"}, [1000.5, 3.25]),
        (["1 000", "2"], {"thousands": "blank"}, [1000, 2]),
        (["1\u00a0000,5", "1\u202f000"], {"thousands": "blank", "decimal": "comma"}, [1000.5, 1000]),
        (["1'000.5", "1’000"], {"thousands": "apostrophe"}, [1000.5, 1000]),
        (["True", "no", "FALSE", "yes", "1.0", "0"], {"covariate": True}, [1, 0, 0, 1, 1, 0]),
        ([True, 1, 0.0], {"covariate": True, "delimiter": "json"}, [1, 1, 0]),
    ],
)
def test_what_is_read(cells: list[object], options: dict[str, object], expected: list[float]) -> None:
    assert numbers(cells, **options) == expected  # type: ignore[arg-type]


def test_words_and_blanks_for_nothing() -> None:
    words = ["", "  ", "NaN", "NA", "null", "None", "n/a", "#N/A", "-", "?", None]
    assert np.isnan(numbers(words)).all()


@pytest.mark.parametrize(
    ("cells", "options", "message"),
    [
        (
            ["998", "999", "1.000", "1.001"],
            {},
            "line 4: u is '1.000', which may be 1000 or 1.0, as other cells are whole, up to 999; give --decimal comma",
        ),
        (["-1", "500", "12.000"], {"delimiter": "semicolon"}, "line 4: u is '12.000', which may be 12000 or 12.0"),
        (["1,000", "999"], {}, "line 2: u is '1,000', not a number as numbers are read here; give --thousands"),
        (["1,234,567"], {}, "give --thousands comma; see"),
        (["1.000,5"], {}, "give --decimal comma --thousands point; see"),
        (["1'000.5"], {}, "give --thousands apostrophe; see"),
        (["1,5"], {"thousands": "comma"}, "give --decimal comma --thousands none; see"),
        (["1.5"], {"decimal": "comma"}, "give --decimal point"),
        (["3", "12%"], {}, "line 3: u is '12%', a number with a percent sign; write numbers alone"),
        (["$12.50"], {}, "a number with a sign of currency"),
        (["1,200원"], {}, "a number with a sign of currency"),
        (["(5)"], {}, "a number with brackets"),
        (["12 kg"], {}, "a number with a unit"),
        (["True"], {}, "not a number; name a column of true and false with --future-columns or --past-columns"),
        (["True", "5"], {"covariate": True}, "line 3: u is '5', and other cells of its column are true or false"),
        (["#DIV/0!"], {}, "u is '#DIV/0!', a fault of a spreadsheet and not a number; leave such a cell empty"),
        (["#NAME?"], {}, "a fault of a spreadsheet"),
        (["Y"], {"covariate": True}, "u is 'Y', a letter and not a number; write 1 and 0"),
        (["abc"], {}, "u is 'abc', not a number; name the columns to forecast with --value-columns"),
        (["2024-01-31"], {}, "u is '2024-01-31', not a number; if it is the time stamp, name it with --time-column"),
        (["inf"], {}, "u is infinite"),
    ],
)  # fmt: skip
def test_the_message_fits_the_reason(cells: list[object], options: dict[str, object], message: str) -> None:
    with pytest.raises(UserError) as caught:
        numbers(cells, **options)  # type: ignore[arg-type]
    assert message in str(caught.value)


@given(
    values=st.lists(st.floats(-1e9, 1e9).map(lambda number: round(number, 2)), min_size=1, max_size=20),
    sign=st.sampled_from([("comma", ","), ("point", "."), ("blank", " "), ("apostrophe", "'")]),
    decimal=st.sampled_from([("point", "."), ("comma", ",")]),
)
def test_numbers_that_are_written_with_an_option_are_read_with_it(
    values: list[float], sign: tuple[str, str], decimal: tuple[str, str]
) -> None:
    if sign[1] == decimal[1]:
        return
    texts = [f"{value:,.2f}".translate({ord(","): sign[1], ord("."): decimal[1]}) for value in values]
    assert numbers(texts, decimal[0], sign[0]) == values


CELLS = st.one_of(
    st.sampled_from(
        [
            "",
            "NA",
            ".",
            "-",
            "1.000",
            "999",
            "1,5",
            "1,000",
            "1.5",
            "1e3",
            " 4",
            "１",
            "−5",
            "true",
            "inf",
            "x",
        ]
    ),
    st.floats(-1e6, 1e6).map(str),
    st.integers(-2000, 2000).map(str),
    st.none(),
    st.floats(-10, 10),
    st.integers(-10, 10),
)


@given(st.lists(CELLS, min_size=1, max_size=6), st.sampled_from(["auto", "point"]), st.booleans())
def test_plain_columns_are_read_as_any_other(cells: list[object], decimal: str, covariate: bool) -> None:
    answers: list[object] = []
    for look_closely in (False, True):
        with pytest.MonkeyPatch.context() as patch:
            if look_closely:
                patch.setattr(numbers_module, "_plain_text", lambda column: None)
            try:
                answers.append([str(number) for number in numbers(cells, decimal, covariate=covariate)])
            except UserError as problem:
                answers.append(str(problem))
    assert answers[0] == answers[1]


def test_a_point_between_thousands_is_no_decimal_point_as_well() -> None:
    assert numbers(["1.234", "12.345.678", "7"], thousands="point", delimiter="semicolon") == [
        1234,
        12345678,
        7,
    ]
    for other in ("1.5", "0.125"):
        with pytest.raises(UserError, match=f"'{other}'"):
            numbers(["1.234", other], thousands="point")
