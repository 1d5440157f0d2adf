"""Labelled texts in parts, read once to be checked and split, become a data set.

Each later pass reads them again: the first keeps 11 bytes an example
(the hash of its text, its class and its split).
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Protocol

from datasets.assembly.splitting import CODES, DROPPED, TRAIN, assign, content_hash
from datasets.base import Dataset, Example, Info, Split
from datasets.errors import UserError

if TYPE_CHECKING:
    import numpy as np

MOST_CLASSES = 1000
FEW_CLASSES = 20  # so many are never taken for a column of texts
NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")

Row = tuple[Any, str, str]  # where it is, its text, its label


class Part(Protocol):
    """Labelled texts on disk, in the same order at each pass.

    Attributes:
        name: what the user knows it by.
        label_name: the column or feature that holds the label.
        fix: what to do when the labels make no sense.
    """

    name: str
    label_name: str
    fix: str

    def rows(self) -> Iterator[Row]:
        """A fresh pass. Raises UserError on a row that is no example, saying where it is."""

    def place(self, where: Any) -> str:
        """The words for where a row is."""

    def stamp(self) -> object:
        """Something that changes when the content does."""


@dataclass
class Scan:
    """What the first pass over a part keeps: each row's content hash and class, each class's first row."""

    part: Part
    stamp: object
    hashes: array[int] = field(default_factory=lambda: array("Q"))
    classes: array[int] = field(default_factory=lambda: array("H"))
    first: dict[str, Any] = field(default_factory=dict)
    empty: int = 0


def assemble(
    info: Info,
    parts: Mapping[str, Part],
    valid_fraction: float,
    test_fraction: float,
    labels: tuple[str, ...] | None = None,
) -> Dataset:
    """Check every part and make the data set.

    Args:
        info: what is known; labels and notes are added.
        parts: `train` and, where they exist, `valid` and `test`.
        valid_fraction, test_fraction: share of the distinct training texts for a split without a part.
        labels: the class names in their order, or None to sort those that occur.

    Raises:
        UserError: no examples, one class, labels that look like texts, labels in one part alone, a bad row.
    """
    import numpy as np

    scans = {split: _scan(part) for split, part in parts.items()}
    names = labels or _sorted_labels(scans["train"].first)
    _check_classes(scans)
    hashes = {split: np.frombuffer(scan.hashes, np.uint64) for split, scan in scans.items()}
    codes = assign(hashes, valid_fraction, test_fraction)
    notes = [note for split in scans for note in _notes(scans[split], hashes[split])]
    notes += _split_notes(scans, codes, names)
    numbers = {name: number for number, name in enumerate(names)}

    def split(name: str) -> Split:
        scan, its_codes = _holder(name, scans, codes)
        kept = its_codes.tobytes()
        return Split(lambda: _read(scan, kept, CODES[name], numbers), kept.count(CODES[name]))

    has_test = "test" in parts or test_fraction > 0
    info = replace(info, labels=names, notes=(*info.notes, *notes))
    return Dataset(info, split("train"), split("valid"), split("test") if has_test else None)


def _holder(name: str, scans: Mapping[str, Scan], codes: Mapping[str, np.ndarray]) -> tuple[Scan, np.ndarray]:
    """The part whose rows make a split: its own, or else train."""
    part = name if name in scans else "train"
    return scans[part], codes[part]


def _scan(part: Part) -> Scan:
    scan = Scan(part, part.stamp())
    numbers: dict[str, int] = {}
    for where, text, label in part.rows():
        if label not in numbers:
            numbers[label] = len(numbers)
            scan.first[label] = where
            if len(numbers) > MOST_CLASSES:
                raise UserError(_too_many(part, f"more than {MOST_CLASSES}"))
        scan.hashes.append(content_hash(text))
        scan.classes.append(numbers[label])
        scan.empty += not text
    if not scan.hashes:
        raise UserError(f"{part.name}: has no examples")
    return scan


def _read(scan: Scan, codes: bytes, wanted: int, numbers: Mapping[str, int]) -> Iterator[Example]:
    """One pass over the rows of a part that belong to a split."""
    if scan.part.stamp() != scan.stamp:
        raise UserError(f"{scan.part.name}: has changed since it was loaded; start again", exit_code=1)
    for row, code in zip_longest(scan.part.rows(), codes):
        if row is None or code is None or row[2] not in numbers:
            raise UserError(f"{scan.part.name}: changed while it was read; start again", exit_code=1)
        if code == wanted:
            yield {"text": row[1], "label": numbers[row[2]]}


def _sorted_labels(labels: Mapping[str, Any]) -> tuple[str, ...]:
    """Class names in order: by value where all are numbers, else by letters."""
    if all(NUMBER.fullmatch(label) for label in labels):
        return tuple(sorted(labels, key=lambda label: (float(label), label)))
    return tuple(sorted(labels))


def _check_classes(scans: Mapping[str, Scan]) -> None:
    train = scans["train"]
    for scan in scans.values():
        for label, where in scan.first.items():
            if label not in train.first:
                known = ", ".join(f"'{name}'" for name in _sorted_labels(train.first)[:5])
                raise UserError(
                    f"{scan.part.place(where)}: the label '{label[:40]}' is not in {train.part.name}, "
                    f"which begins with {known}"
                )
    if len(train.first) == 1:
        (label,) = train.first
        raise UserError(
            f"{train.part.name}: every example has the {train.part.label_name} '{label[:40]}'; "
            f"at least two classes are needed; {train.part.fix}"
        )
    if len(train.first) > max(FEW_CLASSES, len(train.hashes) / 2):
        raise UserError(_too_many(train.part, f"{len(train.first)} in {len(train.hashes)} examples"))


def _too_many(part: Part, count: str) -> str:
    return f"{part.name}: {count} different values of {part.label_name} are no classes; {part.fix}"


def _notes(scan: Scan, hashes: np.ndarray) -> list[str]:
    """What a person would like to know of a part: empty, repeated and contradictory texts."""
    repeated, conflicting = _repetitions(hashes, scan.classes)
    said = {
        "empty texts": scan.empty,
        "examples that repeat an earlier text": repeated,
        "texts with more than one label": conflicting,
    }
    return [f"{scan.part.name}: {count:,} {what} (kept)" for what, count in said.items() if count]


def _repetitions(hashes: np.ndarray, classes: array[int]) -> tuple[int, int]:
    """How many rows repeat an earlier text, and how many texts have several labels."""
    import numpy as np

    order = np.argsort(hashes, kind="stable")
    texts, labels = hashes[order], np.frombuffer(classes, np.uint16)[order]
    repeats = texts[1:] == texts[:-1]
    starts = np.flatnonzero(np.concatenate([[True], ~repeats]))
    conflicts = np.maximum.reduceat(labels, starts) != np.minimum.reduceat(labels, starts)
    return int(repeats.sum()), int(conflicts.sum())


def _split_notes(
    scans: Mapping[str, Scan], codes: Mapping[str, np.ndarray], names: tuple[str, ...]
) -> list[str]:
    """How the splits came about."""
    train = codes["train"]
    notes = []
    dropped = int((train == DROPPED).sum())
    if dropped:
        notes.append(f"{dropped:,} training examples whose text is in another split were dropped")
    for split in ("valid", "test"):
        taken = int((train == CODES[split]).sum())
        if taken:
            notes.append(f"{split}: {taken:,} examples taken out of train by the hash of their text")
    present = set(_labels_of(scans["train"], train == TRAIN))
    unseen = [name for name in names if name not in present]
    if unseen:
        notes.append(f"no training example has the label {', '.join(unseen[:5])}")
    return notes


def _labels_of(scan: Scan, rows: np.ndarray) -> list[str]:
    """The labels that occur in these rows of a part."""
    import numpy as np

    by_number = list(scan.first)
    return [by_number[number] for number in np.unique(np.frombuffer(scan.classes, np.uint16)[rows])]
