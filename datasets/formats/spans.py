"""Schemes that write spans as one tag a word: `B-PER I-PER O`.

IOB1 (Ramshaw and Marcus 1995) begins a span with `I-` unless it touches one of its own kind; IOB2 (Ratnaparkhi 1998)
begins every span with `B-`; BIOES also marks the last word of a span (`E-` or `L-`) and spans of one word (`S-`, `U-`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

OUTSIDE = "O"
IOB = re.compile(r"O|[BI]-.+", re.DOTALL)
ANY_SCHEME = re.compile(r"O|[BIESLU]-.+", re.DOTALL)


def are_iob(tags: Iterable[str]) -> bool:
    """Whether these are the tags of IOB1 or IOB2."""
    return _all_match(IOB, tags)


def are_spans(tags: Iterable[str]) -> bool:
    """Whether these are the tags of any scheme for spans."""
    return _all_match(ANY_SCHEME, tags)


def to_iob2(tags: Sequence[str]) -> tuple[str, ...]:
    """The same spans in IOB2: an `I-` that begins a span becomes a `B-`; tags of IOB2 stay as they are."""
    changed = []
    before = OUTSIDE
    for tag in tags:
        kind = tag[2:]
        begins = tag.startswith("I-") and (before == OUTSIDE or before[2:] != kind)
        changed.append(f"B-{kind}" if begins else tag)
        before = tag
    return tuple(changed)


def _all_match(pattern: re.Pattern[str], tags: Iterable[str]) -> bool:
    tags = set(tags)
    return any(tag != OUTSIDE for tag in tags) and all(pattern.fullmatch(tag) for tag in tags)
