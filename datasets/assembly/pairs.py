"""Pairs of sentences in parts, read once to be checked and split, become a data set.

Each later pass reads them again: the first keeps 17 bytes a pair (two hashes and its split). Official splits stay as
they are. A split that is missing is taken out of train so that neither a source nor a target is on two sides: pairs
that share one of them, directly or by way of other pairs, stay together.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Protocol

from datasets.assembly.splitting import CODES, assign, content_hash
from datasets.base import Dataset, Example, Info, Split
from datasets.errors import UserError
from datasets.formats.characters import composed, encodable

if TYPE_CHECKING:
    import numpy as np

FIELDS = ("source", "target")
Pair = tuple[Any, str, str]  # where it is, the sentence to translate, its translation


class Part(Protocol):
    """Pairs on disk, in the same order at each pass.

    Attributes:
        name: what the user knows it by.
    """

    name: str

    def pairs(self) -> Iterator[Pair]:
        """A fresh pass. Raises UserError on what is no pair, saying where it is."""

    def stamp(self) -> object:
        """Something that changes when the content does."""


@dataclass
class Scan:
    """What the first pass over a part keeps: the hashes of its sources and of its targets."""

    part: Part
    stamp: object
    sources: array[int] = field(default_factory=lambda: array("Q"))
    targets: array[int] = field(default_factory=lambda: array("Q"))


def checked(place: str, source: Any, target: Any) -> tuple[str, str]:
    """The two sentences as every later step sees them: composed (NFC), without blanks around.

    Args:
        place: the words for where the pair is.

    Raises:
        UserError: one of them is no text, or empty.
    """
    texts = []
    for side, value in (("source", source), ("target", target)):
        if not isinstance(value, str):
            raise UserError(f"{place}: the {side} is {str(value)[:40]!r}, not a string")
        text = composed(encodable(place, value)).strip()
        if not text:
            raise UserError(f"{place}: the {side} is empty; leave the pair out")
        texts.append(text)
    return texts[0], texts[1]


def assemble(info: Info, parts: Mapping[str, Part], valid_fraction: float, test_fraction: float) -> Dataset:
    """Check every part and make the data set.

    Args:
        info: what is known; notes are added.
        parts: `train` and, where they exist, `valid` and `test`.
        valid_fraction, test_fraction: share of the groups of training pairs for a split without a part.

    Returns:
        Examples with `source` and `target`, both strings.

    Raises:
        UserError: no pairs, or a bad one.
    """
    import numpy as np

    scans = {split: _scan(part) for split, part in parts.items()}
    missing = {
        "valid": 0.0 if "valid" in parts else valid_fraction,
        "test": 0.0 if "test" in parts else test_fraction,
    }
    train = scans["train"]
    together = groups(np.frombuffer(train.sources, np.uint64), np.frombuffer(train.targets, np.uint64))
    taken = assign({"train": together}, missing["valid"], missing["test"])["train"]
    codes = {split: np.full(len(scan.sources), CODES[split], np.uint8) for split, scan in scans.items()}
    codes["train"] = taken

    def split(name: str) -> Split:
        part = name if name in scans else "train"
        kept = codes[part].tobytes()
        return Split(lambda: _read(scans[part], kept, CODES[name]), kept.count(CODES[name]))

    has_test = "test" in parts or test_fraction > 0
    notes = (*info.notes, *_notes(scans), *_split_notes(taken, missing))
    return Dataset(
        replace(info, notes=notes), split("train"), split("valid"), split("test") if has_test else None
    )


def groups(sources: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """For each pair a number that it shares with all pairs that share its source or its target, and so on.

    Args:
        sources, targets: content hashes, (pairs,) uint64.

    Returns:
        (pairs,) uint64, the smallest source hash of the group.
    """
    import numpy as np
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    distinct_sources, of_source = np.unique(sources, return_inverse=True)
    distinct_targets, of_target = np.unique(targets, return_inverse=True)
    size = len(distinct_sources) + len(distinct_targets)
    links = (np.ones(len(sources)), (of_source, len(distinct_sources) + of_target))
    count, group = connected_components(coo_array(links, shape=(size, size)), directed=False)
    smallest = np.full(count, np.iinfo(np.uint64).max, np.uint64)
    np.minimum.at(smallest, group[of_source], sources)
    return smallest[group[of_source]]


def _scan(part: Part) -> Scan:
    scan = Scan(part, part.stamp())
    for _, source, target in part.pairs():
        scan.sources.append(content_hash(source))
        scan.targets.append(content_hash(target))
    if not scan.sources:
        raise UserError(f"{part.name}: has no pair of sentences")
    return scan


def _read(scan: Scan, codes: bytes, wanted: int) -> Iterator[Example]:
    """One pass over the pairs of a part that belong to a split."""
    if scan.part.stamp() != scan.stamp:
        raise UserError(f"{scan.part.name}: has changed since it was loaded; start again", exit_code=1)
    for pair, code in zip_longest(scan.part.pairs(), codes):
        if pair is None or code is None:
            raise UserError(f"{scan.part.name}: changed while it was read; start again", exit_code=1)
        if code == wanted:
            yield {"source": pair[1], "target": pair[2]}


def _notes(scans: Mapping[str, Scan]) -> Iterator[str]:
    """What official splits share with train."""
    train = set(scans["train"].sources)
    for split, scan in scans.items():
        shared = 0 if split == "train" else sum(source in train for source in scan.sources)
        if shared:
            yield f"{scan.part.name}: {shared:,} sources are in train too (kept: the splits are official)"


def _split_notes(codes: np.ndarray, missing: Mapping[str, float]) -> Iterator[str]:
    """How splits without a part came about."""
    for split, fraction in missing.items():
        if fraction:
            count = int((codes == CODES[split]).sum())
            yield f"{split}: {count:,} pairs taken out of train by hash; no sentence is on two sides"
