"""Time zones: an offset from UTC, or a named zone whose offset changes with summer time."""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING, Literal

import numpy as np

from datasets.series.steps import length

if TYPE_CHECKING:
    import pandas as pd

OFFSET = re.compile(r"[+-]([01]\d|2[0-3]):[0-5]\d", re.ASCII)


def zone_name(utc: pd.DatetimeIndex, wall: pd.DatetimeIndex, seconds: np.ndarray, named: str) -> str:
    """The offset, if there is one only; else a zone that has these offsets at these times, or UTC.

    Args:
        utc, wall: `(rows,)` the same times by UTC and by the clock on the wall.
        seconds: `(rows,)` the offset of each.
        named: a zone that the file names, or nothing.
    """
    import zoneinfo

    if named in zoneinfo.available_timezones():
        return named
    different = np.unique(seconds)
    if len(different) == 1:
        return offset_name(int(different[0]))
    changes = np.flatnonzero(np.diff(seconds)) + 1
    near = np.unique(np.concatenate([[0], changes - 1, changes]))[:100]
    for zone in sorted(
        zoneinfo.available_timezones(), key=lambda name: (not name.startswith("Europe/"), name)
    ):
        if all(
            (utc[rows].tz_convert(zone).tz_localize(None) == wall[rows]).all() for rows in (near, slice(None))
        ):
            return zone
    return "UTC"


def offset_name(seconds: int) -> str:
    """`+09:00`, or `UTC` for no offset."""
    sign, minutes = "-" if seconds < 0 else "+", abs(seconds) // 60
    return f"{sign}{minutes // 60:02}:{minutes % 60:02}" if minutes else "UTC"


def zone_of(name: str) -> datetime.tzinfo:
    """The zone of a name or an offset.

    Raises:
        ValueError: there is none such.
    """
    import zoneinfo

    if name == "UTC":
        return datetime.UTC
    if name[0] in "+-":
        offset = datetime.timedelta(hours=int(name[1:3]), minutes=int(name[4:6]))
        return datetime.timezone(-offset if name[0] == "-" else offset)
    return zoneinfo.ZoneInfo(name)


def is_zone(name: str) -> bool:
    """Whether there is a zone of this name or an offset such as `+09:00`."""
    import zoneinfo

    return name in zoneinfo.available_timezones() or OFFSET.fullmatch(name) is not None


def is_hour_forward(before: object, after: object, step: str) -> bool:
    """Whether an hour is left out between two times without a zone, in which clocks are put forward somewhere."""
    import zoneinfo

    import pandas as pd

    size = length(step)
    if not isinstance(before, pd.Timestamp) or not isinstance(after, pd.Timestamp) or isinstance(size, str):
        return False
    expected = before + pd.Timedelta(seconds=size)
    if before.tz is not None or after - expected != pd.Timedelta(hours=1):
        return False
    wall = expected.to_pydatetime()
    return any(_is_jumped_over(wall, zone) for zone in sorted(zoneinfo.available_timezones()))


def _is_jumped_over(wall: datetime.datetime, zone: str) -> bool:
    there = wall.replace(tzinfo=zone_of(zone))
    return there.astimezone(datetime.UTC).astimezone(there.tzinfo).replace(tzinfo=None) != wall


def localised(wall: pd.DatetimeIndex, zone: str, series: np.ndarray) -> pd.DatetimeIndex:
    """Times of the clocks on the walls of a zone; NaT for those that clocks jump over.

    Where all rows are of one time of day, as days are of midnight, such a time is the first one behind the jump.
    Of an hour that comes twice, as clocks go back, the first in the order of time is that of summer.

    Args:
        wall: `(rows,)` in the order of the file.
        zone: see `zone_of`.
        series: `(rows,)` numbers of the series that rows belong to.
    """
    import pandas as pd

    keys = pd.DataFrame({"series": series, "wall": wall})
    backwards = len(wall) > 1 and wall[0] > wall[-1]
    summer = (keys.groupby(["series", "wall"]).cumcount() == 0).to_numpy()
    if backwards:
        summer = np.where(keys.duplicated(keep=False), ~summer, summer)
    are_days = len(wall) > 0 and (wall - wall.normalize()).nunique() == 1
    missing: Literal["shift_forward", "NaT"] = "shift_forward" if are_days else "NaT"
    return wall.tz_localize(zone_of(zone), ambiguous=summer, nonexistent=missing)
