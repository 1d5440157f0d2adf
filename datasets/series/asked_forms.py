"""The form of dates that `--date-format` asks for, in the letters of Python's `strptime`."""

from __future__ import annotations

import datetime
import re

from datasets.errors import UserError, see

PAGE = see("Time stamps")
#: What is written in a form and read back, to try the form.
SOME_TIME = datetime.datetime(2001, 2, 3, 4, 5, 6, tzinfo=datetime.UTC)


def check_form(form: str) -> None:
    """Refuse what is no form at all.

    Raises:
        UserError: a letter that `strptime` does not know, or one that comes twice; no letter behind `%`; weeks that it
            passes over.
    """
    if "%" not in form:
        raise _no_form(form, "has no letter behind %")
    week_later = SOME_TIME + datetime.timedelta(days=7)
    try:
        now, then = (
            datetime.datetime.strptime(time.strftime(form), form) for time in (SOME_TIME, week_later)
        )
    except re.error:
        raise _no_form(form, "has a letter twice") from None
    except (ValueError, OverflowError, IndexError, KeyError):
        raise _no_form(form, "has letters that Python's strptime does not know or take together") from None
    if now == then and SOME_TIME.strftime(form) != week_later.strftime(form):
        raise _no_form(form, "says a week, of which strptime takes no notice without a day of the week")


def has_year(form: str) -> bool:
    """Whether a form that `check_form` takes tells one year from another."""
    years = {
        datetime.datetime.strptime(SOME_TIME.replace(year=y).strftime(form), form).year for y in (2001, 2002)
    }
    return len(years) > 1


def _no_form(form: str, why: str) -> UserError:
    return UserError(f"--date-format {form[:40]!r}: {why}; give one such as %d.%m.%Y; {PAGE}")


def parsed(text: str, form: str) -> datetime.datetime | None:
    """The time that a text says in the form; None where it says none."""
    try:
        return datetime.datetime.strptime(text, form)
    except (ValueError, OverflowError):
        return None
