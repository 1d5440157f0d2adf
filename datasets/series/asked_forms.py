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
        UserError: a letter that `strptime` does not know, or one that comes twice; no letter behind `%`.
    """
    if "%" not in form:
        raise _no_form(form, "has no letter behind %")
    try:
        datetime.datetime.strptime(SOME_TIME.strftime(form), form)
    except re.error:
        raise _no_form(form, "has a letter twice") from None
    except (ValueError, OverflowError, IndexError, KeyError):
        raise _no_form(form, "has letters that Python's strptime does not know or take together") from None


def _no_form(form: str, why: str) -> UserError:
    return UserError(f"--date-format {form[:40]!r}: {why}; give one such as %d.%m.%Y; {PAGE}")


def parsed(text: str, form: str) -> datetime.datetime | None:
    """The time that a text says in the form; None where it says none."""
    try:
        return datetime.datetime.strptime(text, form)
    except (ValueError, OverflowError):
        return None
