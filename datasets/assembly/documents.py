"""Documents, texts without labels in any number of parts, become a data set: split by content, read again in each pass.

The first pass keeps 9 bytes a document, the hash of its text and its split.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain

from datasets.assembly.parts import Index, Part, make_splits
from datasets.assembly.splitting import DROPPED, assign, dropped_note, taken_notes
from datasets.base import Dataset, Example, Info
from datasets.errors import UserError
from datasets.formats.hashes import content_hash

#: Where a document stands, and its text.
Document = tuple[object, str]


class Together:
    """Several parts that are read one after the other, as one."""

    def __init__(self, parts: Iterable[Part[Document]]) -> None:
        self.parts = list(parts)
        self.name = " and ".join(part.name for part in self.parts)

    def rows(self) -> Iterator[Document]:
        """One pass over all parts."""
        return chain.from_iterable(part.rows() for part in self.parts)

    def place(self, where: object) -> str:
        """The words for where a document is."""
        return f"{self.name} {where}"

    def fingerprint(self) -> object:
        """Changes when one of the parts does."""
        return [part.fingerprint() for part in self.parts]


def assemble(
    info: Info,
    parts: Mapping[str, Part[Document]],
    valid_fraction: float,
    test_fraction: float,
    held_out: Iterable[str] = (),
) -> Dataset:
    """A data set whose examples are documents, `{"text": …}`.

    Args:
        info: what is known; its notes are added to.
        parts: `train` and, where they exist, `valid` and `test`.
        valid_fraction, test_fraction: share of the distinct training documents for a split without a part.
        held_out: texts that train must not have, whatever the white space in them.

    Raises:
        UserError: a part without documents, fewer distinct ones than splits, or what reading raises.
    """
    import numpy as np

    indexes = {split: _index(part) for split, part in parts.items()}
    hashes = {split: np.frombuffer(index.hashes, np.uint64) for split, index in indexes.items()}
    barred = np.isin(hashes["train"], np.fromiter(map(document_hash, held_out), np.uint64))
    codes = assign({**hashes, "train": hashes["train"][~barred]}, valid_fraction, test_fraction)
    of_train = np.full(len(barred), DROPPED, np.uint8)
    of_train[~barred] = codes["train"]
    notes = chain(
        [f"{int(barred.sum()):,} training documents are held out by --held-out"] if barred.any() else [],
        dropped_note(codes["train"], "training documents that are in another split were dropped"),
        taken_notes(codes["train"], "documents taken out of train by the hash of their text"),
    )
    info = replace(info, documents=True, unit="documents", notes=(*info.notes, *notes))
    has_test = "test" in parts or test_fraction > 0
    return Dataset(info, *make_splits(indexes, {**codes, "train": of_train}, has_test, _example))


def document_hash(text: str) -> int:
    """Of a document's words: copies of a text often differ in white space alone."""
    return content_hash(" ".join(text.split()))


def _index(part: Part[Document]) -> Index[Document]:
    index = Index(part)
    for _, text in part.rows():
        index.hashes.append(document_hash(text))
    if not index.hashes:
        raise UserError(f"{part.name}: has no documents")
    return index


def _example(row: Document) -> Example:
    return {"text": row[1]}
