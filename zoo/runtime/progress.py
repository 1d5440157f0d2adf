"""What a command shows while it works: a bar on a terminal and lines on standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from tqdm import tqdm

T = TypeVar("T")


def progress_bar(items: Iterable[T], title: str) -> tqdm[T]:
    """A tqdm bar on standard error that vanishes when it is done; silent where standard error is no terminal."""
    from tqdm import tqdm

    return tqdm(items, desc=title, leave=False, disable=not sys.stderr.isatty(), dynamic_ncols=True)


def log(line: str) -> None:
    """One line on standard error, for what a person follows and no program reads."""
    print(line, file=sys.stderr, flush=True)
