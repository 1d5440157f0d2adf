"""Images with captions become a data set whose splits share no image; images are files, or features in one array."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

from datasets.assembly.parts import InMemory, make_splits
from datasets.assembly.splitting import assign, dropped_note, taken_notes
from datasets.base import Dataset, Example, Info
from datasets.errors import UserError, listed
from datasets.formats.characters import composed, encodable
from datasets.formats.image_stores import ImageStore


@dataclass(frozen=True)
class Captioned:
    """An image's name with its captions, and the words for where they stand."""

    name: str
    captions: tuple[str, ...]
    place: str


def caption_text(place: str, value: object) -> str:
    """A caption, composed (NFC), without blanks at its ends.

    Raises:
        UserError: it is no string, or empty.
    """
    if not isinstance(value, str):
        raise UserError(f"{place}: the caption is not a string")
    text = value.strip()
    if not text:
        raise UserError(f"{place}: the caption is empty")
    return composed(encodable(place, text))


def group(rows: Iterator[tuple[str, str, str]]) -> list[Captioned]:
    """One entry for each image, in the order in which the images come first.

    Args:
        rows: an image's name, a caption, and the words for where they stand.
    """
    captions: dict[str, list[str]] = {}
    places: dict[str, str] = {}
    for name, caption, place in rows:
        captions.setdefault(name, []).append(caption)
        places.setdefault(name, place)
    return [Captioned(name, tuple(its), places[name]) for name, its in captions.items()]


def assemble(
    info: Info,
    parts: Mapping[str, list[Captioned]],
    store: ImageStore,
    valid_fraction: float,
    test_fraction: float,
    skip_missing: bool,
) -> Dataset:
    """Check every part and make the data set. Examples are images, each with all its captions.

    Args:
        info: what is known; notes are added.
        parts: `train` and, where they exist, `valid` and `test`.
        store: where the images are.
        valid_fraction, test_fraction: share of the training images for a split without a part.
        skip_missing: leave out images that are not there, and say how many; else refuse them.

    Returns:
        Examples with `image`, a `datasets.formats.images.Image`, and `captions`, a tuple of strings.

    Raises:
        UserError: no image with captions, an image that is not there or cannot be read.
    """
    import numpy as np

    missing: list[str] = []
    present = {part: _present(entries, store, skip_missing, missing) for part, entries in parts.items()}
    for part, entries in present.items():
        if not entries:
            raise UserError(f"{info.source}: the {part} split has no image with captions")
    hashes = {
        part: np.array([store.content_hash(entry.name, entry.place) for entry in entries], np.uint64)
        for part, entries in present.items()
    }
    codes = assign(hashes, valid_fraction, test_fraction)
    notes = chain(
        taken_notes(codes["train"], "images taken out of train by the hash of their content"),
        dropped_note(codes["train"], "training images that are in another split too were dropped"),
        _note_on_missing_images(missing),
    )
    info = replace(info, notes=(*info.notes, *notes))

    def example(entry: Captioned) -> Example:
        return {"image": store.find(entry.name), "captions": entry.captions}

    rows = {part: InMemory(entries) for part, entries in present.items()}
    return Dataset(info, *make_splits(rows, codes, "test" in parts or test_fraction > 0, example))


def _present(entries: list[Captioned], store: ImageStore, skip: bool, missing: list[str]) -> list[Captioned]:
    """The entries whose image is there; the names of the others are added to `missing`."""
    present = []
    for entry in entries:
        if store.find(entry.name) is not None:
            present.append(entry)
        elif skip:
            missing.append(entry.name)
        else:
            raise UserError(
                f"{entry.place}: {store.missing(entry.name)}; --missing skip leaves such images out"
            )
    return present


def _note_on_missing_images(missing: list[str]) -> Iterator[str]:
    if missing:
        yield f"{len(missing):,} images have captions and are not there ({listed(missing)}); left out"
