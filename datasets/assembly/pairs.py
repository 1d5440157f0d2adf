"""Pairs of sentences in parts, read once to be checked and split, become a data set.

Each later pass reads them again: the first keeps 17 bytes a pair (two hashes and its split). Official splits stay as
they are. A split that is missing is taken out of train so that neither a source nor a target is on two sides: pairs
that share one of them, directly or by way of other pairs, stay together.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from datasets.assembly.parts import Index, Part, make_splits
from datasets.assembly.splitting import assign, taken_notes
from datasets.base import Dataset, Info
from datasets.errors import UserError
from datasets.formats.characters import composed, encodable
from datasets.formats.hashes import content_hash

if TYPE_CHECKING:
    import numpy as np

FIELDS = ("source", "target")

#: Where a pair stands, the sentence to translate, its translation.
Pair = tuple[object, str, str]
PairPart = Part[Pair]


@dataclass
class PairIndex(Index[Pair]):
    """The index of pairs: `hashes` are those of the sources, `targets` those of the targets."""

    targets: array[int] = field(default_factory=lambda: array("Q"))


def checked(place: str, source: object, target: object) -> tuple[str, str]:
    """The two sentences as every later step sees them: composed (NFC), without blanks around.

    Args:
        place: the words for where the pair is.

    Raises:
        UserError: one of them is no text, or empty.
    """
    return _sentence(place, "source", source), _sentence(place, "target", target)


def _sentence(place: str, side: str, value: object) -> str:
    if not isinstance(value, str):
        raise UserError(f"{place}: the {side} is {str(value)[:40]!r}, not a string")
    text = composed(encodable(place, value)).strip()
    if not text:
        raise UserError(f"{place}: the {side} is empty; leave the pair out")
    return text


def assemble(
    info: Info, parts: Mapping[str, PairPart], valid_fraction: float, test_fraction: float
) -> Dataset:
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

    indexes = {split: _index(part) for split, part in parts.items()}
    hashes = {split: np.frombuffer(index.hashes, np.uint64) for split, index in indexes.items()}
    targets = np.frombuffer(indexes["train"].targets, np.uint64)
    together = hashes | {"train": groups(hashes["train"], targets)}
    codes = assign(together, valid_fraction, test_fraction, drop_shared=False)
    taken = taken_notes(codes["train"], "pairs taken out of train by hash; no sentence is on two sides")
    info = replace(info, notes=(*info.notes, *_notes(indexes), *taken))
    splits = make_splits(
        indexes,
        codes,
        "test" in parts or test_fraction > 0,
        lambda row: {"source": row[1], "target": row[2]},
    )
    return Dataset(info, *splits)


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


def _index(part: PairPart) -> PairIndex:
    index = PairIndex(part)
    for _, source, target in part.rows():
        index.hashes.append(content_hash(source))
        index.targets.append(content_hash(target))
    if not index.hashes:
        raise UserError(f"{part.name}: has no pair of sentences")
    return index


def _notes(indexes: Mapping[str, PairIndex]) -> Iterator[str]:
    """What official splits share with train."""
    train = set(indexes["train"].hashes)
    for split, index in indexes.items():
        shared = 0 if split == "train" else sum(source in train for source in index.hashes)
        if shared:
            yield f"{index.part.name}: {shared:,} sources are in train too (kept: the splits are official)"
