"""How long work shows that it goes on: a bar on a terminal, nothing in a file or a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any


def progress_bar(items: Iterable[Any], title: str, **arguments: Any) -> Any:
    """A tqdm bar on standard error that vanishes when it is done; silent where standard error is no terminal."""
    from tqdm import tqdm

    return tqdm(
        items, desc=title, leave=False, disable=not sys.stderr.isatty(), dynamic_ncols=True, **arguments
    )


def log(line: str) -> None:
    """One line on standard error, for what a person follows and no program reads."""
    print(line, file=sys.stderr, flush=True)
