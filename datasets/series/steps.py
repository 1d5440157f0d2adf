"""Steps of time: which step a series has, where its next steps are, and which are missing.

A step has the name that pandas gives it (`h`, `15min`, `D`, `W-SUN`, `B`, `MS`); months, quarters and years on a day
that is neither the first nor the last have it behind their name: `MS-15`, `QS-FEB-15`. Time stamps are a
`DatetimeIndex`, or whole numbers where steps are only numbered; then a step is a number too, as text. Steps of a day
and more follow the clock on the wall of the stamps' zone, shorter ones follow time itself.
"""

from __future__ import annotations

import functools
import re
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

DAY = 86_400
MINUTE = 60
#: Months of a step, by pandas' name of it.
MONTHS = {"M": 1, "Q": 3, "Y": 12}
MONTH_STEP = re.compile(r"(\d*)([MQY])([SE])(?:-([A-Z]{3}))?(?:-(\d{1,2}))?")
SHORTEST_MONTH = 28
LONGEST_MONTHS = 1_200  # of a step
LONGEST = 36_525 * DAY  # seconds of a step: a hundred years
MOST_NUMBERS = 2**31  # between numbered steps
DIGITS = 10  # of the number of a step
SPARSE = 1_000  # times as many steps as stamps are not laid out
SHARE_THERE = 0.5  # of the steps of a calendar must be there, or the stamps are no such steps


def is_numbered(time: pd.Index) -> bool:
    """Whether steps are only numbered."""
    return time.dtype.kind in "iu"


def find_step(time: pd.Index) -> str:
    """The name of the step between rising time stamps, which may have gaps; empty for fewer than two.

    It is a step of the calendar (months, business days, …) where all stamps fit one, else the most frequent difference.
    """
    import pandas as pd

    time = time.unique()
    if len(time) < 2:
        return ""
    if is_numbered(time):
        return str(pd.Series(time).diff().mode()[0].astype(int))
    wall = time.tz_localize(None)
    one_time_of_day = wall.normalize() - wall
    clock = (
        wall if (one_time_of_day == one_time_of_day[0]).all() else time.tz_convert(None) if time.tz else wall
    )
    return _months(wall) or _exact(clock) or _business_days(wall) or _most_frequent(clock)


def _months(wall: pd.DatetimeIndex) -> str:
    """A step of whole months, on the same day of each or on the last; empty where there is none such."""
    import numpy as np

    days = np.diff(wall.to_numpy("datetime64[s]")) / np.timedelta64(DAY, "s")
    day, last = wall.day.to_numpy(), wall.days_in_month.to_numpy()
    if (days < SHORTEST_MONTH).any() or len(set(wall - wall.normalize())) > 1:
        return ""
    if not (day == np.minimum(day.max(), last)).all() and not (day == last).all():
        return ""
    differences = np.diff(12 * wall.year.to_numpy() + wall.month.to_numpy())
    values, counts = np.unique(differences, return_counts=True)
    months = int(values[counts.argmax()])
    if (differences % months).any():
        months = int(np.gcd.reduce(differences))
    rule = "" if (day == 1).all() else "E" if (day == last).all() else str(day.max())
    return _name_of_months(months, rule, wall[0].strftime("%b").upper(), wall[0].month)


def _name_of_months(months: int, rule: str, month_name: str, month: int) -> str:
    letter, size = next(
        (letter, size) for letter, size in (("Y", 12), ("Q", 3), ("M", 1)) if months % size == 0
    )
    if letter == "Q" and months > size:
        letter, size = "M", 1
    count = "" if months == size else str(months // size)
    usual = {"Y": 12 if rule == "E" else 1, "Q": 3 if rule == "E" else 1}.get(letter)
    in_quarter = {"Q": (month - 1) % 3 + 1, "Y": month}.get(letter)
    anchor = "" if usual == in_quarter else f"-{month_name}"
    end = "E" if rule == "E" else "S"
    return f"{count}{letter}{end}{anchor}" + (f"-{rule}" if rule not in ("", "E") else "")


def _exact(clock: pd.DatetimeIndex) -> str:
    """Pandas' name of a step without any gap; empty where it knows none."""
    import pandas as pd

    if len(clock) < 3:
        return ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas 4 will give an offset, pandas 3 gives its name
        exact = pd.infer_freq(clock)
    return "" if exact is None else getattr(exact, "freqstr", exact)


def _business_days(wall: pd.DatetimeIndex) -> str:
    import numpy as np

    if len(wall) < 3 or (wall.day_of_week > 4).any() or len(set(wall - wall.normalize())) > 1:
        return ""
    first, last = wall[0].date(), wall[-1].date()
    steps = int(np.busday_count(first, last)) + 1
    has_weekend = (last - first).days + 1 > steps
    return "B" if has_weekend and len(wall) >= SHARE_THERE * steps else ""


def _most_frequent(clock: pd.DatetimeIndex) -> str:
    """The step of a fixed length, called as `pandas.infer_freq` calls it: `D`, not `24h`; `W-SUN`, not `168h`."""
    import pandas as pd

    difference = pd.Series(clock).diff().mode()[0]
    days = difference / pd.Timedelta(days=1)
    if days == 7 and clock.day_of_week.nunique() == 1:
        return f"W-{clock[0]:%a}".upper()
    if days == int(days):
        return f"{int(days)}D" if days > 1 else "D"
    return pd.tseries.frequencies.to_offset(difference).freqstr


@functools.cache
def length(step: str) -> str | float:
    """What two steps have in common that are the same but for the day on which they begin: a length, or a name."""
    import pandas as pd

    months = MONTH_STEP.fullmatch(step)
    if months:
        return f"{int(months[1] or 1) * MONTHS[months[2]]} months"
    if step.isdecimal():
        return f"{step} numbers"
    offset = pd.tseries.frequencies.to_offset(step)
    if isinstance(offset, pd.offsets.Week):
        return float(offset.n * 7 * DAY)
    if isinstance(offset, pd.offsets.Day):
        return float(offset.n * DAY)
    return offset.nanos / 1e9 if isinstance(offset, pd.offsets.Tick) else step


def are_seconds(step: str) -> bool:
    """Whether a step is shorter than a minute, so that parts of a second matter to it."""
    size = length(step) if step else ""
    return isinstance(size, float) and size < MINUTE


def is_step(name: str) -> bool:
    """Whether there is a step of this name, of whole seconds and no longer than `LONGEST`."""
    import pandas as pd

    months = MONTH_STEP.fullmatch(name)
    if months or name.isdecimal():
        digits, most = (months[1], LONGEST_MONTHS // MONTHS[months[2]]) if months else (name, MOST_NUMBERS)
        return not name.startswith("0") and len(digits) <= DIGITS and int(digits or 1) <= most
    try:
        offset = pd.tseries.frequencies.to_offset(name)
    except (ValueError, OverflowError):
        return False
    if isinstance(offset, pd.offsets.Tick) and offset.nanos % 10**9:
        return False
    size = length(name)
    return offset.n > 0 and (size if isinstance(size, float) else offset.n * DAY) <= LONGEST


def ahead(last: pd.Timestamp | int, step: str, steps: int) -> pd.Index:
    """The steps after the last one, which need be none itself."""
    found = grid(last, step, steps + 1)
    return found[found > last][:steps]


def grid(first: pd.Timestamp | int, step: str, steps: int) -> pd.Index:
    """Steps from the first one on, which is left out where it is none itself (a Sunday, for business days)."""
    import numpy as np
    import pandas as pd

    if not isinstance(first, pd.Timestamp):
        return pd.RangeIndex(int(first), int(first) + steps * int(step), int(step))
    months = MONTH_STEP.fullmatch(step)
    if not months and not isinstance(length(step), str) and float(length(step)) % DAY:
        return pd.date_range(first, periods=steps, freq=step)
    wall = first.tz_localize(None)
    found = _month_grid(wall, months, steps) if months else pd.date_range(wall, periods=steps, freq=step)
    if first.tz is None:
        return found
    return found.tz_localize(first.tz, ambiguous=np.ones(steps, bool), nonexistent="shift_forward")


def _month_grid(first: pd.Timestamp, name: re.Match[str], steps: int) -> pd.DatetimeIndex:
    """Months from that of the first stamp on, each on the day that the step's name says."""
    import numpy as np
    import pandas as pd

    distance = int(name[1] or 1) * MONTHS[name[2]]
    begin = np.datetime64(f"{first.year:04}-{first.month:02}", "M") + distance * np.arange(steps)
    last = (begin + 1).astype("datetime64[D]") - begin.astype("datetime64[D]")
    day = np.minimum(int(name[5] or 1) if name[3] == "S" else 31, last.astype(int))
    stamps = (begin.astype("datetime64[D]") + (day - 1)).astype("datetime64[s]")
    return pd.DatetimeIndex(stamps) + (first - first.normalize())


def count(first: pd.Timestamp | int, last: pd.Timestamp | int, step: str) -> int:
    """How many steps there are from the first to the last, both counted, without laying them out."""
    import numpy as np
    import pandas as pd

    if not isinstance(first, pd.Timestamp) or not isinstance(last, pd.Timestamp):
        return (int(last) - int(first)) // int(step) + 1
    months = MONTH_STEP.fullmatch(step)
    if months:
        between = 12 * (last.year - first.year) + last.month - first.month
        return between // (int(months[1] or 1) * MONTHS[months[2]]) + 1
    if step == "B":
        return int(np.busday_count(first.date(), last.date())) + 1
    size = length(step)
    if isinstance(size, str):
        return len(pd.date_range(first.tz_localize(None), last.tz_localize(None), freq=step))
    whole_days = size % DAY == 0
    distance = last.tz_localize(None) - first.tz_localize(None) if whole_days else last - first
    return int(distance.total_seconds() // size) + 1


def lost_rows(time: pd.Index, step: str) -> tuple[int, str] | None:
    """The first of rising stamps that are no steps counted from the first one, and how many they are.

    None where all are steps, or where most steps are missing.
    """
    steps = count(time[0], time[-1], step)
    if steps > SPARSE * len(time):
        return None
    wrong = ~time.isin(grid(time[0], step, steps))
    if not wrong.any():
        return None
    row, number = int(wrong.argmax()), int(wrong.sum())
    what = f"{number:,} rows are" if number > 1 else "1 row is"
    return row, f"{what} on no step of {step}, the first is {time[row]}, and would be lost"


def share_there(time: pd.Index, step: str) -> float:
    """How many of the steps from the first to the last there are: 1 without gaps."""
    return len(time) / max(count(time[0], time[-1], step), 1)


def first_fault(time: pd.Index, step: str) -> tuple[int, str] | None:
    """The first row that does not come one step after the row before it, and what is wrong there."""
    if _is_even(time, step):
        return None
    steps = min(len(time), max(count(time[0], time[-1], step), 0) + 1)
    expected = grid(time[0], step, steps)
    wrong = (time[:steps] != expected).nonzero()[0]
    if not len(wrong):
        return None
    row = int(wrong[0])
    if row == 0:
        return 0, f"{time[0]} is no step of {step}"
    return row, f"after {time[row - 1]} comes {time[row]} where {expected[row]} is expected (step {step})"


def _is_even(time: pd.Index, step: str) -> bool:
    """Whether each stamp comes one step after the one before it: told at once of numbers, days and parts of days.

    False where it takes a calendar to tell.
    """
    import numpy as np

    if is_numbered(time):
        return bool((np.diff(time.to_numpy()) == int(step)).all())
    size = length(step)
    if isinstance(size, str) or size % (7 * DAY) == 0 or (time.tz is not None and size % DAY == 0):
        return False
    units = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
    return bool((np.diff(time.asi8) == size * units[time.unit]).all())


def share_on_grid(time: pd.Index, step: str) -> float:
    """How many of the stamps are steps counted from the first one; 0 where far most steps are missing."""
    steps = count(time[0], time[-1], step)
    return 0.0 if steps > SPARSE * len(time) else float(time.isin(grid(time[0], step, steps)).mean())


def anchored(step: str, stamp: pd.Timestamp | int) -> str | None:
    """A step's name with the day of a stamp, where it is a step of weeks or months; None where the stamp is no step."""
    import pandas as pd

    if not isinstance(stamp, pd.Timestamp) or grid(stamp, step, 1)[0] == stamp:
        return step
    months = MONTH_STEP.fullmatch(step)
    wall = stamp.tz_localize(None)
    if months:
        rule = "E" if months[3] == "E" and wall.day == wall.days_in_month else str(wall.day)
        size = int(months[1] or 1) * MONTHS[months[2]]
        return _name_of_months(size, "" if rule == "1" else rule, wall.strftime("%b").upper(), wall.month)
    return f"W-{wall:%a}".upper() if length(step) == 7.0 * DAY else None
