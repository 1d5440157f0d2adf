"""Sounds with their texts become a data set whose splits share no sound, or no speaker. Sounds stay on disk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

from datasets.assembly.parts import Index, InMemory, Part, make_splits
from datasets.assembly.splitting import assign, assign_rows, dropped_note, taken_notes
from datasets.base import Dataset, Example, Info
from datasets.errors import UserError
from datasets.formats.characters import composed, encodable

if TYPE_CHECKING:
    import numpy as np

    from datasets.formats.signals import Sound

FIELDS = ("sound", "text")


@dataclass(frozen=True)
class SpokenText:
    """A sound, what is said in it, and what it is known by.

    Attributes:
        place: the words for where it stands.
        hash: of its content: copies have the same.
        group: what it has in common with others that are to be on its side of a split, such as a speaker; None where it
            is split by its content.
        voice: who speaks, where that is known.
    """

    sound: Sound
    text: str
    place: str
    hash: int
    group: str | None = None
    voice: str | None = None


Parts = Mapping[str, Sequence[SpokenText]]


def checked_text(place: str, value: object) -> str:
    """A text as every later step sees it: composed (NFC), without blanks around.

    Raises:
        UserError: it is no text, or empty; names the place.
    """
    if not isinstance(value, str):
        raise UserError(f"{place}: the text is {str(value)[:40]!r}, not a string")
    text = composed(encodable(place, value)).strip()
    if not text:
        raise UserError(f"{place}: the text is empty; leave the sound out")
    return text


def assemble(info: Info, parts: Parts, valid_fraction: float, test_fraction: float) -> Dataset:
    """Make the data set.

    Args:
        info: what is known; notes are added.
        parts: `train` and, where they exist, `valid` and `test`.
        valid_fraction, test_fraction: share of the sounds, or groups, of train for a split without a part.

    Returns:
        Examples with `sound`, a `datasets.formats.signals.Sound`, and `text`.

    Raises:
        UserError: no sounds, or too few to split.
    """
    codes, notes = split(info, parts, valid_fraction, test_fraction)
    held = {part: InMemory(list(rows)) for part, rows in parts.items()}
    splits = make_splits(held, codes, "test" in parts or test_fraction > 0, _example)
    return Dataset(replace(info, notes=(*info.notes, *notes)), *splits)


def assemble_parts(
    info: Info, parts: Mapping[str, Part[SpokenText]], valid_fraction: float, test_fraction: float
) -> Dataset:
    """As `assemble`, of parts that are read again in each pass: no sound is kept. Official splits stay as they are."""
    import numpy as np

    indexes = {name: _index(part) for name, part in parts.items()}
    hashes = {name: np.frombuffer(index.hashes, np.uint64) for name, index in indexes.items()}
    codes = assign(hashes, valid_fraction, test_fraction, drop_shared=False)
    notes = taken_notes(codes["train"], "sounds taken out of train by their hash")
    splits = make_splits(indexes, codes, "test" in parts or test_fraction > 0, _example)
    return Dataset(replace(info, notes=(*info.notes, *notes), unit="sounds"), *splits)


def _index(part: Part[SpokenText]) -> Index[SpokenText]:
    index = Index(part)
    for row in part.rows():
        index.hashes.append(row.hash)
    if not index.hashes:
        raise UserError(f"{part.name}: has no sounds")
    return index


def _example(row: SpokenText) -> Example:
    return {"sound": row.sound, "text": row.text}


def split(
    info: Info, parts: Parts, valid_fraction: float, test_fraction: float
) -> tuple[dict[str, np.ndarray], list[str]]:
    """The code of the split of every row, see `datasets.assembly.splitting.assign`, and notes on what was done."""
    for part, rows in parts.items():
        if not rows:
            raise UserError(f"{info.source}: the {part} split has no sounds")
    codes = assign_rows(parts, valid_fraction, test_fraction)
    return codes, list(_notes(parts, codes["train"]))


def _notes(parts: Parts, codes: np.ndarray) -> Iterator[str]:
    grouped = any(row.group is not None for row in chain(*parts.values()))
    yield from dropped_note(codes, "training sounds that are in another split too were dropped")
    yield from taken_notes(codes, f"sounds taken out of train by {'group' if grouped else 'their hash'}")
