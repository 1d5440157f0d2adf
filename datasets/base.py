"""The contract between data and tasks: three splits of examples with named fields, and facts about them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

Example = Mapping[str, Any]
#: The class id of an example of dev or test whose class train does not have: no model can be right about it.
NOT_IN_TRAIN = -1


class FileName(str):
    """What a file is called, where an example holds it for want of a better name: no part of its content."""

    __slots__ = ()


@dataclass(frozen=True)
class Info:
    """What is known of a data set besides its examples.

    Attributes:
        name: what the user called it, e.g. `microworld` or the file's name.
        fields: the names that every example has, e.g. `("text", "label")`.
        labels: the class names in the order of their class ids; empty where there are no classes.
        synthetic: True where the examples were generated; reports then say so.
        ceiling: best value that any model can reach on the test split, by metric (`{"accuracy": 0.95}`),
            where known.
        source: where it comes from: a path, a URL or the generator and its seed.
        licence, citation: as stated by the source; empty where none is stated.
        notes: sentences on what loading found and did (duplicates, conflicts, how splits were made).
        unit: what an example is, in the plural.
        horizon: steps of a series that its source asks to forecast; 0 where it does not say.
        documents: for texts without labels: whether each example is a text of its own, or a piece of one long text.
    """

    name: str
    fields: tuple[str, ...]
    labels: tuple[str, ...] = ()
    synthetic: bool = False
    ceiling: Mapping[str, float] = field(default_factory=dict)
    source: str = ""
    licence: str = ""
    citation: str = ""
    notes: tuple[str, ...] = ()
    unit: str = "examples"
    horizon: int = 0
    documents: bool = False


class Split:
    """Examples that can be read again and again, one at a time: a file larger than memory can be a split.

    Args:
        read: called for each pass; gives a fresh iterator over the examples, always in the same order.
        size: how many examples a pass gives.
    """

    def __init__(self, read: Callable[[], Iterable[Example]], size: int):
        self._read = read
        self._size = size

    def __iter__(self) -> Iterator[Example]:
        return iter(self._read())

    def __len__(self) -> int:
        return self._size


@dataclass(frozen=True)
class Dataset:
    """Train, dev and test examples. The test split is read once, at the end; None where there is none."""

    info: Info
    train: Split
    valid: Split
    test: Split | None


@runtime_checkable
class View(Protocol):
    """Examples of a source with certain fields: a module, or an object of a user's own, that has these names.

    Attributes:
        FIELDS: names of the fields that every example has, e.g. `("text", "label")`.
        Options: a frozen dataclass whose fields are the data set's options; see `datasets.options.option`.
    """

    FIELDS: tuple[str, ...]
    Options: type

    @property
    def load(self) -> Callable[..., Dataset]:
        """A function of what the user called the data set, and an instance of `Options`."""
