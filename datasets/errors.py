"""The one exception for what a person can fix, the hint that ends such a message (`did you mean …?`), lists in it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

#: Characters of a message. A value in it may be as long as a file; its beginning and the advice at the end stay.
LONGEST = 1200


class UserError(Exception):
    """A fault in what the user gave, told in one line that names the input and the fix.

    The commands print it without a traceback and exit with `exit_code`: 2 for a wrong command line or input
    (nothing was started), 1 for what went wrong later (a full disk, a loss that became NaN).
    """

    def __init__(self, message: str, exit_code: int = 2):
        line = " ".join(message.split())
        half = LONGEST // 2
        super().__init__(line if len(line) <= LONGEST else f"{line[:half]} … {line[-half:]}")
        self.exit_code = exit_code


def unknown(kind: str, name: str, known: Iterable[str]) -> UserError:
    """The error for a name that does not exist: it tells the nearest right one, or all where none is near."""
    known = sorted(known)
    choices = f"choose one of: {', '.join(known) or '(there is none)'}"
    return UserError(f"unknown {kind} {name!r}{did_you_mean(name, known, choices)}")


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """The end of a message about a wrong name.

    Args:
        name: what the user wrote.
        known: the names that exist. The one most like `name` is given, whatever its case.
        otherwise: what to say where none is like it.

    Returns:
        `; did you mean gru?`, or a semicolon and `otherwise`, or nothing where that is empty.
    """
    by_folded = {candidate.casefold(): candidate for candidate in known}
    near = difflib.get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6)
    hint = f"did you mean {by_folded[near[0]]}?" if near else otherwise
    return f"; {hint}" if hint else ""


def see(section: str) -> str:
    """The end of a message that a section of the page on reading says more about."""
    return f'see docs/reading.md, "{section}"'


def listed(names: Sequence[str], most: int = 5) -> str:
    """The first names, and how many more there are: `a, b and 3 more`."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")
