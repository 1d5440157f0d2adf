"""Labelled signals become a data set whose splits share no signal, or no speaker, day, …

Numbers are held in memory; of sound and moving pictures only where they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

from datasets.assembly.parts import InMemory, make_splits
from datasets.assembly.spellings import sorted_labels, spelling_notes, spellings, unknown_note
from datasets.assembly.splitting import (
    TRAIN,
    assign_rows,
    dropped_note,
    missing_labels_note,
    refuse_one_class,
    taken_notes,
)
from datasets.base import NOT_IN_TRAIN, Dataset, Example, Info
from datasets.errors import UserError

if TYPE_CHECKING:
    from datasets.formats.signals import Signal

FIELDS = ("signal", "label")
MOST_CLASSES = 1000
FEW_CLASSES = 20  # so many are never taken for something that is no label


@dataclass(frozen=True)
class LabelledSignal:
    """A signal, its label, and what it is known by.

    Attributes:
        place: the words for where it stands.
        hash: of its content: copies have the same.
        group: what it has in common with others that are to be on its side of a split, such as a speaker; None where
            it is split by its content.
    """

    signal: Signal
    label: str
    place: str
    hash: int
    group: str | None = None


Parts = Mapping[str, Sequence[LabelledSignal]]


def assemble(info: Info, parts: Parts, valid_fraction: float, test_fraction: float, fix: str) -> Dataset:
    """Check every part and make the data set.

    Args:
        info: what is known; labels and notes are added.
        parts: `train` and, where they exist, `valid` and `test`.
        valid_fraction, test_fraction: share of the signals, or groups, of train for a split without a part.
        fix: what to do where the classes make no sense.

    Returns:
        Examples with `signal`, a `datasets.formats.signals.Signal`, and `label`, a number into `info.labels`; in dev
        and test `NOT_IN_TRAIN` where train has no such label.

    Raises:
        UserError: no signals, one class, labels that are none, signals of several kinds, too few to split.
    """
    for part, rows in parts.items():
        if not rows:
            raise UserError(f"{info.source}: the {part} split has no signals")
    _refuse_mixture(parts)
    every = [row.label for row in chain(*parts.values())]
    classes = spellings(dict.fromkeys(row.label for row in parts["train"]), dict.fromkeys(every))
    names = sorted_labels(dict.fromkeys(classes[row.label] for row in parts["train"]))
    _check_classes(info.source, parts, classes, names, fix)
    codes = assign_rows(parts, valid_fraction, test_fraction)
    in_train = zip(parts["train"], codes["train"], strict=True)
    left = {classes[row.label] for row, code in in_train if code == TRAIN}
    refuse_one_class(info.source, left, names)
    grouped = any(row.group is not None for row in parts["train"])
    notes = chain(
        spelling_notes(classes, "labels"),
        _unknown_notes(parts, classes, names),
        dropped_note(codes["train"], "training signals that are in another split too were dropped"),
        taken_notes(codes["train"], f"signals taken out of train by {'group' if grouped else 'their hash'}"),
        missing_labels_note(left, names),
    )
    info = replace(info, labels=names, notes=(*info.notes, *notes))
    ids = {name: id for id, name in enumerate(names)}

    def example(row: LabelledSignal) -> Example:
        return {"signal": row.signal, "label": ids.get(classes[row.label], NOT_IN_TRAIN)}

    held = {part: InMemory(list(its)) for part, its in parts.items()}
    return Dataset(info, *make_splits(held, codes, "test" in parts or test_fraction > 0, example))


def _refuse_mixture(parts: Parts) -> None:
    first = parts["train"][0]
    for row in chain(*parts.values()):
        if row.signal.kind != first.signal.kind:
            raise UserError(
                f"{row.place}: is of the kind {row.signal.kind}, and {first.place} of {first.signal.kind}; "
                "a data set has signals of one kind"
            )


def _check_classes(
    source: str, parts: Parts, classes: Mapping[str, str], names: Sequence[str], fix: str
) -> None:
    for part, rows in parts.items():
        if not any(classes[row.label] in names for row in rows):
            raise UserError(
                f"{rows[0].place}: the label '{rows[0].label[:40]}' is not in train; nor is any other of {part}"
            )
    if len(names) == 1:
        raise UserError(
            f"{source}: every signal has the label '{names[0][:40]}'; at least two classes are needed; {fix}"
        )
    count = len(parts["train"])
    if len(names) > MOST_CLASSES or len(names) > max(FEW_CLASSES, count / 2):
        raise UserError(
            f"{source}: {len(names):,} different labels of {count:,} signals are no classes; {fix}"
        )


def _unknown_notes(parts: Parts, classes: Mapping[str, str], names: Sequence[str]) -> Iterator[str]:
    for part, rows in parts.items():
        unknown = [classes[row.label] for row in rows if classes[row.label] not in names]
        if unknown:
            yield unknown_note(part, "signals with labels", list(dict.fromkeys(unknown)), len(unknown))
