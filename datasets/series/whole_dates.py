"""Whole numbers as dates: digits that say the parts of a date, and seconds and the like since 1970."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from datasets.series.dates import NO_TIME, Way, days, week

#: Whole numbers of so many digits are dates of this form. Where there are several, the first that fits all is taken.
WHOLE_DATES = {
    4: ("YYYY",), 5: ("YYYYQ",), 6: ("YYYYMM", "YYMMDD", "YYYYWW"), 7: ("YYYYDDD",),
    8: ("YYYYMMDD", "DDMMYYYY", "MMDDYYYY"),
    10: ("YYYYMMDDhh",), 12: ("YYYYMMDDhhmm",), 14: ("YYYYMMDDhhmmss",), 17: ("YYYYMMDDhhmmssfff",),
}  # fmt: skip
FIRST_YEAR, LAST_YEAR = 1500, 2200
#: Numbers since 1970 are believed between these times only.
EARLIEST, LATEST = np.datetime64("1975-01-01", "s"), np.datetime64("2100-01-01", "s")
SINCE_1970 = {"seconds": 1, "milliseconds": 10**3, "microseconds": 10**6, "nanoseconds": 10**9}


def since_1970(unique: Sequence[int]) -> Way | None:
    """Numbers as seconds and the like since 1970, if all are believable."""
    for unit, parts in SINCE_1970.items():
        seconds = np.array([number // parts for number in unique], object)
        if all(0 <= second < 2**40 for second in seconds):
            stamps = seconds.astype(np.int64).astype("datetime64[s]")
            if stamps.min() >= EARLIEST and stamps.max() < LATEST:
                return Way(f"{unit} since 1970", stamps)
    return None


def whole_dates(texts: Sequence[str]) -> list[Way]:
    """Numbers as dates of each form that has as many digits as all of them."""
    digits = {len(text) for text in texts}
    forms = WHOLE_DATES.get(digits.pop(), ()) if len(digits) == 1 else ()
    return [Way(form, _cut(texts, form)) for form in forms if not any(text.startswith("-") for text in texts)]


def _cut(texts: Sequence[str], form: str) -> np.ndarray:
    """Texts of digits, cut where the letters of the form change, as datetime64[s]; NaT where there is no such time."""

    def part(letters: str, otherwise: int) -> np.ndarray:
        if letters not in form:
            return np.full(len(texts), otherwise)
        at = form.index(letters)
        return np.array([int(text[at : at + len(letters)]) for text in texts])

    year = part("YYYY", 0) if "YYYY" in form else 2000 + part("YY", 0)
    quarter = part("Q", 0) if form.endswith("Q") else None
    month = (
        part("MM", 1) if quarter is None else np.where((quarter >= 1) & (quarter <= 4), 3 * quarter - 2, 0)
    )
    of_year = part("DDD", 1) if "DDD" in form else np.ones(len(texts), int)
    day = part("DD", 1) if "DDD" not in form else np.ones(len(texts), int)
    if "WW" in form:
        return np.array([week(*parts) for parts in zip(year, part("WW", 1), np.ones_like(year), strict=True)])
    stamps = days(year, month, day) + (of_year - 1).astype("timedelta64[D]")
    hour, minute, second = part("hh", 0), part("mm", 0), part("ss", 0)
    seconds = 3600 * hour + 60 * minute + second
    real = (year >= FIRST_YEAR) & (year <= LAST_YEAR) & (minute < 60) & (second < 60) & (seconds <= 86_400)
    real &= (of_year >= 1) & (stamps.astype("datetime64[Y]").astype(int) + 1970 == year)
    return np.where(real, stamps + seconds.astype("timedelta64[s]"), NO_TIME)
