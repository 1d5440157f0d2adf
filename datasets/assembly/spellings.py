"""Classes that people spell in several ways: `True` and `TRUE`, `1` and `1.0`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from datasets.errors import listed

#: Words of which it is plain that capitals mean nothing.
TRUTH = frozenset({"true", "false", "yes", "no"})
WHOLE = re.compile(r"([+-]?(?:0|[1-9][0-9]*))\.0*")
#: Numbers with zeros before them are names, such as those of chapters; then 1 and 1.0 may be two.
CODE = re.compile(r"[+-]?0[0-9]+")
NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def spellings(train: Iterable[str], others: Iterable[str]) -> dict[str, str]:
    """The class that each label means. Labels of one class differ in how a truth value or a whole number is written.

    A class is called as train spells it, or where that has several spellings, by the plainest.

    Args:
        train, others: the labels of train, and of the other parts.
    """
    train, others = list(train), list(others)
    codes = any(CODE.fullmatch(label) for label in (*train, *others))
    of_train: dict[str, set[str]] = {}
    for label in train:
        of_train.setdefault(_plainest(label, codes), set()).add(label)
    named = {key: next(iter(names)) if len(names) == 1 else key for key, names in of_train.items()}
    return {label: named.get(_plainest(label, codes), label) for label in (*train, *others)}


def _plainest(label: str, codes: bool) -> str:
    """The plainest spelling of a label; of numbers that are codes each is its own."""
    if label.casefold() in TRUTH:
        return label.casefold()
    whole = None if codes else WHOLE.fullmatch(label)
    return whole[1] if whole else label


def sorted_labels(labels: Iterable[str]) -> tuple[str, ...]:
    """Class names in order: by value where all are numbers, else by letters."""
    names = list(labels)
    if all(NUMBER.fullmatch(label) for label in names):
        return tuple(sorted(names, key=lambda label: (float(label), label)))
    return tuple(sorted(names))


def spelling_notes(classes: Mapping[str, str], what: str) -> Iterator[str]:
    """Which spellings are one class, and which classes differ in capitals alone.

    Args:
        classes: see `spellings`.
        what: they are, such as `labels`.
    """
    by_class: dict[str, list[str]] = {}
    by_case: dict[str, set[str]] = {}
    for label, name in sorted(classes.items()):
        by_class.setdefault(name, []).append(label)
        by_case.setdefault(name.casefold(), set()).add(name)
    for name, labels in by_class.items():
        if len(labels) > 1:
            yield f"{what}: {', '.join(labels)} are one class, {name}"
    apart = [name for names in by_case.values() if len(names) > 1 for name in sorted(names)]
    if apart:
        yield f"{what}: {listed(apart)} differ in capitals alone and are classes of their own"


def unknown_note(name: str, what: str, labels: Sequence[str], count: int) -> str:
    """That a part has labels of which train has no example."""
    return f"{name}: {count:,} {what} that train has not ({listed(list(labels))}); every answer to them counts as wrong"
