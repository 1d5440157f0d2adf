"""Columns of time stamps, in every form that is read and with every fault that is told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from datasets.errors import UserError
from datasets.series.steps import ahead, find_step, first_fault
from datasets.series.time_stamps import Column, Stamps, Writing, read_stamps

USUAL = Writing()


def stamps_of(texts: Sequence[str], writing: Writing = USUAL) -> Stamps:
    series = np.zeros(len(texts), int)
    return read_stamps(Column(Path("t.csv"), texts, range(2, 2 + len(texts)), series), writing)


def fault(texts: Sequence[str], writing: Writing = USUAL) -> str:
    with pytest.raises(UserError) as caught:
        stamps_of(texts, writing)
    return str(caught.value)


#: First and second cell, what the first says, and the step between them.
FORMS = [
    ("201501", "201502", "2015-01-01", "MS"),
    ("20150131", "20150201", "2015-01-31", "D"),
    ("31012015", "01022015", "2015-01-31", "D"),
    ("150131", "150201", "2015-01-31", "D"),
    ("2024010123", "2024010124", "2024-01-01 23:00", "h"),
    ("202401012330", "202401012345", "2024-01-01 23:30", "15min"),
    ("20240101233000", "20240101233030", "2024-01-01 23:30", "30s"),
    ("2015", "2016", "2015-01-01", "YS"),
    ("2015.0", "2016.0", "2015-01-01", "YS"),
    ("2024031", "2024032", "2024-01-31", "D"),
    ("20241", "20242", "2024-01-01", "QS"),
    ("202413", "202414", "2024-03-25", "W-MON"),
    ("1704067200", "1704070800", "2024-01-01", "h"),
    ("1704067200000", "1704070800000", "2024-01-01", "h"),
    ("1704067200000000", "1704070800000000", "2024-01-01", "h"),
    ("1704067200000000000", "1704070800000000000", "2024-01-01", "h"),
    ("2024-01-31T23:00", "2024-02-01T00:00", "2024-01-31 23:00", "h"),
    ("2024-01-31 23:00:00.000", "2024-02-01 00:00:00.000", "2024-01-31 23:00", "h"),
    ("2024-01-31 23:00", "2024-01-31 24:00", "2024-01-31 23:00", "h"),
    ("20240131T2300", "20240201T0000", "2024-01-31 23:00", "h"),
    ("20240131 230000", "20240201 000000", "2024-01-31 23:00", "h"),
    ("2024-01-31 23-10", "2024-01-31 23-25", "2024-01-31 23:10", "15min"),
    ("2024-01-31 22-15", "2024-01-31 23-15", "2024-01-31 22:15", "h"),
    ("2024-01-31_23-10-30", "2024-01-31_23-11-00", "2024-01-31 23:10:30", "30s"),
    ("2024-01-31T22+09:00", "2024-01-31T23+09:00", "2024-01-31 22:00+09:00", "h"),
    ("2024-01-31T22Z", "2024-01-31T23Z", "2024-01-31 22:00+00:00", "h"),
    ("2024/1/31", "2024/2/1", "2024-01-31", "D"),
    ("2024.01.31", "2024.02.01", "2024-01-31", "D"),
    ("2024-31-01", "2024-01-02", "2024-01-31", "D"),
    ("31-01-2024", "01-02-2024", "2024-01-31", "D"),
    ("01-31-2024", "02-01-2024", "2024-01-31", "D"),
    ("1/31/2024 11:00 PM", "2/1/2024 12:00 AM", "2024-01-31 23:00", "h"),
    ("1/31/2024 11:00:00 a.m.", "1/31/2024 12:00:00 p.m.", "2024-01-31 11:00", "h"),
    ("31-Jan-2024", "01-Feb-2024", "2024-01-31", "D"),
    ("31JAN2024:23:00:00", "01FEB2024:00:00:00", "2024-01-31 23:00", "h"),
    ("Jan 31, 2024", "Feb 1, 2024", "2024-01-31", "D"),
    ("January 2024", "February 2024", "2024-01-01", "MS"),
    ("Jan-24", "Feb-24", "2024-01-01", "MS"),
    ("Wed, 31 Jan 2024 23:00:00 GMT", "Thu, 01 Feb 2024 00:00:00 GMT", "2024-01-31 23:00+00:00", "h"),
    ("2024-01", "2024-02", "2024-01-01", "MS"),
    ("Dec-23", "Jan-24", "2023-12-01", "MS"),
    ("01/24", "02/24", "2024-01-01", "MS"),
    ("Jan 2023", "Jan 2024", "2023-01-01", "YS"),
    ("01/2024", "02/2024", "2024-01-01", "MS"),
    ("2024M01", "2024M02", "2024-01-01", "MS"),
    ("2024Q1", "2024Q2", "2024-01-01", "QS"),
    ("2024-Q1", "2024-Q2", "2024-01-01", "QS"),
    ("1Q2024", "2Q2024", "2024-01-01", "QS"),
    ("Q1/2024", "Q2/2024", "2024-01-01", "QS"),
    ("2024H1", "2024H2", "2024-01-01", "6MS"),
    ("2024-W05", "2024-W06", "2024-01-29", "W-MON"),
    ("2024W05", "2024W06", "2024-01-29", "W-MON"),
    ("2024-W05-3", "2024-W06-3", "2024-01-31", "W-WED"),
    ("2024년 1월 31일", "2024년 2월 1일", "2024-01-31", "D"),
    ("2024년 1월 31일 오후 11시", "2024년 2월 1일 오전 12시", "2024-01-31 23:00", "h"),
    ("2024년 1월", "2024년 2월", "2024-01-01", "MS"),
    ("2024년 1분기", "2024년 2분기", "2024-01-01", "QS"),
    ("2024년", "2025년", "2024-01-01", "YS"),
    ("2024. 1. 31.", "2024. 2. 1.", "2024-01-31", "D"),
    ("2024. 1. 31. 오후 11:00", "2024. 2. 1. 오전 12:00", "2024-01-31 23:00", "h"),
    ("2024-01-31 (수)", "2024-02-01 (목)", "2024-01-31", "D"),
    ("２０２４-01-31", "２０２４-02-01", "2024-01-31", "D"),
    ("2024-01-31T23:00:00+09:00", "2024-02-01T00:00:00+09:00", "2024-01-31 23:00+09:00", "h"),
    ("2024-01-31T23:00:00Z", "2024-02-01 00:00:00+00:00", "2024-01-31 23:00+00:00", "h"),
    (
        "2024-01-31T23:00+09:00[Asia/Seoul]",
        "2024-02-01T00:00+09:00[Asia/Seoul]",
        "2024-01-31 23:00+09:00",
        "h",
    ),
]


@pytest.mark.parametrize(("first", "second", "said", "step"), FORMS)
def test_forms_that_people_write(first: str, second: str, said: str, step: str) -> None:
    found = stamps_of([first, second]).index
    assert str(found[0]) == str(pd.Timestamp(said))
    assert find_step(found) == step


@pytest.mark.parametrize(
    ("dates", "first", "last"),
    [
        ([f"{day:02}-01-2024" for day in range(1, 32)], "2024-01-01", "2024-01-31"),
        ([f"01/{month:02}/{year}" for year in (2022, 2023) for month in range(1, 13)], "2022-01-01", "2023-12-01"),
        ([f"{month:02}/01/{year}" for year in (2022, 2023) for month in range(1, 13)], "2022-01-01", "2023-12-01"),
        ([f"{month}.1.{year}" for year in (2022, 2023) for month in range(1, 13)], "2022-01-01", "2023-12-01"),
        ([f"{day:02}/01/2024 {hour}:00" for day in range(1, 9) for hour in range(24)], "2024-01-01", "2024-01-08 23"),
        ([f"{day:02}/01/24" for day in range(1, 32)], "2024-01-01", "2024-01-31"),
        ([f"{year}-{month:02}" for year in (1, 2, 3) for month in range(1, 13)], "2001-01-01", "2003-12-01"),
        ([f"{year}-01-{day:02}" for year in ("24", "25") for day in range(1, 32)], "2024-01-01", "2025-01-31"),
    ],
)  # fmt: skip
def test_the_whole_column_decides_what_is_day_month_and_year(dates: list[str], first: str, last: str) -> None:
    found = stamps_of(dates).index
    assert (found[0], found[-1]) == (pd.Timestamp(first), pd.Timestamp(last))


def test_rows_in_the_order_of_time_decide_where_no_step_is_regular() -> None:
    forward = ["01/03/2024", "05/03/2024", "02/04/2024", "12/04/2024", "03/06/2024"]
    for dates in (forward, forward[::-1]):
        assert stamps_of(dates).writing.day_first is True
    assert "give --day-first" in fault(["02/03/2024", "03/02/2024", "01/05/2024", "05/01/2024"])


def test_what_the_column_does_not_decide_is_asked() -> None:
    open_dates = ["01/01/2024", "01/02/2024", "01/03/2024"]
    assert fault(open_dates).startswith(
        "t.csv line 3: '01/02/2024' may be 2024-02-01 (DD/MM/YYYY) or 2024-01-02 (MM/DD/YYYY); "
        "give --day-first or --no-day-first"
    )
    assert find_step(stamps_of(open_dates, Writing(day_first=True)).index) == "MS"
    assert find_step(stamps_of(open_dates, Writing(day_first=False)).index) == "D"
    assert find_step(stamps_of(["1-01", "1-02", "1-03"]).index) == "MS"
    assert stamps_of(["01/13/2024"], Writing(day_first=True)).writing.day_first is False
    assert stamps_of(["2024-01-02"]).writing.day_first is None  # nothing that other files are to be read by


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["2023-02-27", "2023-02-28", "2023-02-29"], "line 4: '2023-02-29' is no date, where the column's are read as"),
        (["20230227", "20230228", "20230229"], "line 4: '20230229' is no date, where the column's are read as YYYY"),
        (["01.01.2024", "02.01.2024", "31.13.2024"], "line 4: '31.13.2024' is no date"),
        (["2024-01-01", "soon", "2024-01-03"], "line 3: 'soon' is no date of the column's form, such as '2024-01-01'"),
        (["2024-01-01", "", "2024-01-03"], "line 3: '' is no date of the column's form"),
        (["20240101", "20240102", "soon"], "line 4: 'soon' is no whole number"),
        (["2024-01-01 10:00", "2024-01-01 25:00"], "line 3: '2024-01-01 25:00' is no date"),
        (["2024-01-01 10-08", "2024-01-01 10-75"], "line 3: '2024-01-01 10-75' is no date"),
        (["2024-01-01 10+08", "2024-01-01 11+08"], "line 2: '2024-01-01 10+08' is no date"),
        (["2024-01-01 10:00-15", "2024-01-01 11:00-15"], "line 2: '2024-01-01 10:00-15' is no date"),
        (["2024_01", "2024_02"], "line 2: '2024_01' is no date"),
        (["2024 10-08", "2024 10-09"], "line 2: '2024 10-08' is no date"),
        ([f"Jan {day:02}" for day in range(1, 32)], "line 2: 'Jan 01' has no year; write it"),
        (["Jan 24", "Jan 31", "Feb 07", "Feb 14"], "line 2: 'Jan 24' has no year"),
        (["Jan 01 00:00", "Jan 01 06:00", "Jan 01 12:00"], "line 3: 'Jan 01 06:00' has no year"),
        ([f"01/{day:02}" for day in range(1, 32)], "line 2: '01/01' has no year"),
        ([f"1월 {day}일" for day in range(1, 32)], "line 2: '1월 1일' has no year"),
        (["2024-W52", "2024-W53"], "line 3: '2024-W53' is no date, where the column's are read as ISO weeks"),
        (["2024Q4", "2024Q5"], "line 3: '2024Q5' is no date"),
        (["2024Q4", "2024M5", "2024Q1"], "line 3: '2024M5' is no date"),
        (["13:00 PM 2024", "x"], "line 2: '13:00 PM 2024' is no date; usual ones are"),
        (["1/31/2024 13:00 PM", "1/31/2024 2:00 PM"], "line 2: '1/31/2024 13:00 PM' is no date"),
        (["2024-01-01T00:00Z", "2024-01-02T00:00"], "line 3: '2024-01-02T00:00' has no offset from UTC"),
        (["9" * 5000, "9" * 5001], "line 2: '9999999999999999999999999999999999999999' is no date"),
        (["9999-12-31", "9999-12-31"], "line 2: '9999-12-31' is no date"),
        (["0.1", "0.2", "0.3"], "line 2: '0.1' is no date"),
        (["5", "19", "2223"], ": the time stamps 5, 19, 2223, … are no dates (YYYY, YYYYMM,"),
        (["201511", "201512", "201513"], "line 4: '201513' is no date, where the column's are read as YYYYMM"),
        (["201513", "201599", "201612"], ": the time stamps 201513, 201599, 201612, … are no dates"),
        (["1704067200", "1904067200", "1904070000", "1904870000"], "as seconds since 1970 they have no regular step"),
    ],
)  # fmt: skip
def test_the_cell_that_is_wrong_is_blamed(texts: list[str], message: str) -> None:
    told = fault(texts)
    assert message in told
    assert told.endswith('see docs/reading.md, "Time stamps"')


def test_a_form_that_is_asked_for() -> None:
    form = Writing(date_format="%d|%m|%y")
    assert stamps_of(["31|01|24", "01|02|24"], form).index[1] == pd.Timestamp("2024-02-01")
    for wrong in ("%Y-%Y", "%Q", "%", "%d.%m.%", "%G", "YYYY-MM-DD", "%Y-%m-%d %"):
        assert fault(["2024-01-31"], Writing(date_format=wrong)).startswith(f"--date-format '{wrong}': has ")
    months = stamps_of(["Jan 20", "Jan 21", "Jan 22"], Writing(date_format="%b %y"))
    assert find_step(months.index) == "YS"
    assert fault(["31|01|24", "2|30|24"], form).startswith(
        "t.csv line 3: '2|30|24' is no date of the form %d|%m|%y"
    )
    zoned = stamps_of(["2024-01-31 +0900"], Writing(date_format="%Y-%m-%d %z"))
    assert (str(zoned.index[0]), zoned.zone) == ("2024-01-31 00:00:00+09:00", "+09:00")


@given(
    first=st.integers(-5, 10**7), distance=st.integers(1, 50), count=st.integers(5, 40),
    gaps=st.sets(st.integers(1, 3), max_size=1),
)  # fmt: skip
@example(first=1, distance=1, count=30, gaps=set())
@example(first=131071, distance=3, count=20, gaps={1})  # most are YYMMDD: 131101, …
@settings(max_examples=40, deadline=None)
def test_whole_numbers_that_rise_evenly_are_numbers_of_steps_or_dates(
    first: int, distance: int, count: int, gaps: set[int]
) -> None:
    numbers = [first + distance * step for step in range(count) if step not in gaps]
    try:
        found = stamps_of([str(number) for number in numbers])
    except UserError as caught:  # most may be dates, such as 131101 among others: asked about
        problem = str(caught)
    else:
        problem = ""
    if problem:
        assert "is no date, where the column's are read as" in problem
        assert 6 <= len(str(first)) <= 8
        return
    if found.how == "numbered steps":
        assert found.index.tolist() == numbers
        assert find_step(found.index) == str(distance)
    else:  # 2001 … 2005 are years, 201501 … 201505 are months
        assert 4 <= len(str(first)) <= 8
        assert len({len(str(number)) for number in numbers}) == 1


WRITTEN = [
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y/%m/%d %H:%M", "%Y%m%d%H%M", "%Y%m%d%H%M%S", "%d.%m.%Y %H:%M",
    "%m/%d/%Y %I:%M:%S %p", "%d %b %Y %H:%M", "%Y년 %m월 %d일 %H시 %M분", "%Y. %m. %d. %H:%M",
]  # fmt: skip
ZONES = ["", "UTC", "Asia/Seoul", "Europe/Paris", "America/New_York", "Asia/Kolkata"]


@given(
    start=st.datetimes(
        pd.Timestamp("1980-01-01").to_pydatetime(), pd.Timestamp("2060-01-01").to_pydatetime()
    ),
    step=st.sampled_from(["15min", "h", "6h", "D", "3D", "W-WED", "MS", "ME", "QS", "YE", "B"]),
    form=st.sampled_from(WRITTEN),
    zone=st.sampled_from(ZONES),
)
@settings(max_examples=80, deadline=None)
def test_any_table_is_read_back_and_goes_on(start: pd.Timestamp, step: str, form: str, zone: str) -> None:
    """80 steps, of which 60 are written down: the stamps come back, and the rest is what comes next."""
    begin = pd.Timestamp(start).floor("15min").as_unit("s")
    begin = begin if step in ("15min", "h", "6h") else begin.normalize()
    if zone:
        begin = begin.tz_localize(zone, ambiguous=False, nonexistent="shift_forward")
        form = form.replace("%p", "%p %z") if "%p" in form else form + "%z"
        if "시" in form or "Y%m" in form:
            form = "%Y-%m-%d %H:%M%z"
    every = pd.date_range(begin, periods=80, freq=step)
    texts = [stamp.strftime(form) for stamp in every[:60]]
    try:
        found = stamps_of(texts)
    except UserError:  # asked for by its message: all stamps are of one day, or on one day of each month
        found = stamps_of(texts, Writing(day_first=form.startswith("%d")))
    assert (found.index == every[:60]).all()
    own = find_step(found.index)
    assert first_fault(found.index, own) is None
    one_offset = len({stamp.utcoffset() for stamp in every}) == 1
    assert not (one_offset or "/" in found.zone) or (ahead(found.index[-1], own, 20) == every[60:]).all()


def test_dates_without_a_year_are_of_one_year() -> None:
    days, form = ["30.12", "31.12", "01.01", "02.01"], Writing(date_format="%d.%m")
    assert "line 4: '01.01' begins anew, and the form %d.%m has no year" in fault(days, form)
    for fine in (days[:2], days[2:], days[1::-1]):
        assert stamps_of(fine, form).how == "%d.%m"
    series = np.array([0, 0, 1, 1])
    column = Column(Path("t.csv"), ["30.12", "31.12", "30.12", "31.12"], range(2, 6), series)
    assert len(read_stamps(column, form).index) == 4


@pytest.mark.parametrize("form", ["%Y-%W", "%Y week %U"])
def test_a_form_of_weeks_without_their_days_is_refused(form: str) -> None:
    assert fault(["2024-01", "2024-02"], Writing(date_format=form)).startswith(f"--date-format '{form}': ")
    assert stamps_of(["2024-05-1"], Writing(date_format="%Y-%W-%w")).how == "%Y-%W-%w"


@pytest.mark.parametrize(
    ("cells", "writing"),
    [
        (["1704067200000", "1704067201100"], USUAL),
        (["1704067200000000", "1704067200000001"], USUAL),
        (["20240131230000000", "20240131230001100"], USUAL),
        (["2024-01-31 23:00:00.0", "2024-01-31 23:00:01.1"], Writing(date_format="%Y-%m-%d %H:%M:%S.%f")),
    ],
)
def test_parts_of_a_second_are_noticed_however_they_are_written(cells: list[str], writing: Writing) -> None:
    assert stamps_of(cells, writing).finer
    assert not stamps_of([cells[0], cells[0]], writing).finer


def test_weeks_that_begin_like_months_are_weeks_where_they_go_on() -> None:
    weeks = [f"2020{week:02}" for week in range(1, 21)]
    assert stamps_of(weeks).how == "YYYYWW"
    assert stamps_of(weeks[:12]).how == "YYYYMM"
    months = [f"{year}{month:02}" for year in (2019, 2020) for month in range(1, 13)]
    assert "'202015' is no date, where the column's are read as YYYYMM" in fault([*months, "202015"])


def test_days_are_days_where_clocks_go_forward_at_midnight() -> None:
    days = [f"2024-04-{day}" for day in range(10, 31)]
    found = stamps_of(days, Writing(time_zone="Africa/Cairo")).index
    assert isinstance(found, pd.DatetimeIndex)
    assert find_step(found) == "D"
    assert [str(stamp)[8:16] for stamp in found[15:18]] == ["25 00:00", "26 01:00", "27 00:00"]
    hours = ["2024-04-25 23:00", "2024-04-26 00:00"]
    assert "is no time in Africa/Cairo" in fault(hours, Writing(time_zone="Africa/Cairo"))


def test_numbers_of_steps_stay_numbers_where_the_data_that_go_on_had_such() -> None:
    for cells in (["2001", "2002", "2003"], ["202001", "202002", "202003"], ["1704067200", "1704070800"]):
        assert isinstance(stamps_of(cells).index, pd.DatetimeIndex)
        assert stamps_of(cells, Writing(numbered=True)).how == "numbered steps"
