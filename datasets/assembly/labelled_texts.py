"""Labelled texts in parts, read once to be checked and split, become a data set.

Each later pass reads them again: the first keeps 11 bytes an example
(the hash of its text, its class and its split).
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING

from datasets.assembly.parts import Index, LabelledPart, changed_while_read, make_splits
from datasets.assembly.spellings import sorted_labels, spelling_notes, spellings, unknown_note
from datasets.assembly.splitting import (
    TRAIN,
    assign,
    dropped_note,
    missing_labels_note,
    refuse_one_class,
    taken_notes,
)
from datasets.base import NOT_IN_TRAIN, Dataset, Example, Info
from datasets.errors import UserError
from datasets.formats.hashes import content_hash

if TYPE_CHECKING:
    import numpy as np

MOST_CLASSES = 1000
FEW_CLASSES = 20  # so many are never taken for a column of texts

#: Where a text stands, the text, its label.
LabelledText = tuple[object, str, str]
TextPart = LabelledPart[LabelledText]


@dataclass
class TextIndex(Index[LabelledText]):
    """The index of labelled texts.

    Attributes:
        classes: of each row, by the order in which labels are met.
        first: where each label is first.
        empty: how many texts are empty.
    """

    part: TextPart
    classes: array[int] = field(default_factory=lambda: array("H"))
    first: dict[str, object] = field(default_factory=dict)
    empty: int = 0

    def merge(self, classes: Mapping[str, str]) -> None:
        """Take labels for the classes that they mean."""
        ids: dict[str, int] = {}
        new = [ids.setdefault(classes[label], len(ids)) for label in self.first]
        first: dict[str, object] = {}
        for label, where in self.first.items():
            first.setdefault(classes[label], where)
        self.first, self.classes = first, array("H", (new[id] for id in self.classes))


def assemble(
    info: Info,
    parts: Mapping[str, TextPart],
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

    Returns:
        Examples with `text`, a string, and `label`, a number into `info.labels`; in dev and test `NOT_IN_TRAIN` where
        train has no such label.

    Raises:
        UserError: no examples, one class, labels that look like texts, a part without a label of train, a bad row.
    """
    import numpy as np

    indexes = {split: _index(part) for split, part in parts.items()}
    every = {label for index in indexes.values() for label in index.first}
    classes = (
        spellings(indexes["train"].first, every) if labels is None else {label: label for label in every}
    )
    for index in indexes.values():
        index.merge(classes)
    names = labels or sorted_labels(indexes["train"].first)
    _check_classes(indexes)
    hashes = {split: np.frombuffer(index.hashes, np.uint64) for split, index in indexes.items()}
    codes = assign(hashes, valid_fraction, test_fraction)
    left = _labels_of(indexes["train"], codes["train"] == TRAIN)
    refuse_one_class(indexes["train"].part.name, left, names)
    notes = chain(
        spelling_notes(classes, "labels"),
        *(_unknown_notes(index, names) for index in indexes.values()),
        *(_notes(index, hashes[split]) for split, index in indexes.items()),
        dropped_note(codes["train"], "training examples whose text is in another split were dropped"),
        taken_notes(codes["train"], "examples taken out of train by the hash of their text"),
        missing_labels_note(left, names),
    )
    info = replace(info, labels=names, notes=(*info.notes, *notes))
    ids = {name: id for id, name in enumerate(names)}

    def example(row: LabelledText) -> Example:
        _, text, label = row
        if label not in classes:
            raise changed_while_read(parts["train"])
        return {"text": text, "label": ids.get(classes[label], NOT_IN_TRAIN)}

    return Dataset(info, *make_splits(indexes, codes, "test" in parts or test_fraction > 0, example))


def _index(part: TextPart) -> TextIndex:
    index = TextIndex(part)
    ids: dict[str, int] = {}
    for where, text, label in part.rows():
        if label not in ids:
            ids[label] = len(ids)
            index.first[label] = where
            if len(ids) > MOST_CLASSES:
                raise UserError(_too_many(part, f"more than {MOST_CLASSES}"))
        index.hashes.append(content_hash(text))
        index.classes.append(ids[label])
        index.empty += not text
    if not index.hashes:
        raise UserError(f"{part.name}: has no examples")
    return index


def _check_classes(indexes: Mapping[str, TextIndex]) -> None:
    train = indexes["train"]
    for index in indexes.values():
        if not index.first.keys() & train.first.keys():
            label, where = next(iter(index.first.items()))
            known = ", ".join(f"'{name}'" for name in sorted_labels(train.first)[:5])
            raise UserError(
                f"{index.part.place(where)}: the label '{label[:40]}' is not in {train.part.name}, "
                f"which begins with {known}; nor is any other of {index.part.name}"
            )
    if len(train.first) == 1:
        (label,) = train.first
        raise UserError(
            f"{train.part.name}: every example has the {train.part.label_name} '{label[:40]}'; "
            f"at least two classes are needed; {train.part.fix}"
        )
    if len(train.first) > max(FEW_CLASSES, len(train.hashes) / 2):
        raise UserError(_too_many(train.part, f"{len(train.first)} in {len(train.hashes)} examples"))


def _too_many(part: TextPart, count: str) -> str:
    return f"{part.name}: {count} different values of {part.label_name} are no classes; {part.fix}"


def _notes(index: TextIndex, hashes: np.ndarray) -> Iterator[str]:
    """What a person would like to know of a part: empty, repeated and contradictory texts."""
    repeated, conflicting = _repetitions(hashes, index.classes)
    counts = {
        "empty texts": index.empty,
        "examples that repeat an earlier text": repeated,
        "texts with more than one label": conflicting,
    }
    for what, count in counts.items():
        if count:
            yield f"{index.part.name}: {count:,} {what} (kept)"


def _unknown_notes(index: TextIndex, names: tuple[str, ...]) -> Iterator[str]:
    """The labels of a part that train has not, if there are any."""
    import numpy as np

    unknown = [id for id, label in enumerate(index.first) if label not in names]
    if unknown:
        count = int(np.isin(np.frombuffer(index.classes, np.uint16), unknown).sum())
        labels = [label for label in index.first if label not in names]
        yield unknown_note(index.part.name, "examples with labels", labels, count)


def _repetitions(hashes: np.ndarray, classes: array[int]) -> tuple[int, int]:
    """How many rows repeat an earlier text, and how many texts have several labels."""
    import numpy as np

    order = np.argsort(hashes, kind="stable")
    texts, labels = hashes[order], np.frombuffer(classes, np.uint16)[order]
    repeats = texts[1:] == texts[:-1]
    starts = np.flatnonzero(np.concatenate([[True], ~repeats]))
    conflicts = np.maximum.reduceat(labels, starts) != np.minimum.reduceat(labels, starts)
    return int(repeats.sum()), int(conflicts.sum())


def _labels_of(train: TextIndex, rows: np.ndarray) -> set[str]:
    """The classes that some of these rows of train have."""
    import numpy as np

    by_id = list(train.first)
    return {by_id[id] for id in np.unique(np.frombuffer(train.classes, np.uint16)[rows])}
