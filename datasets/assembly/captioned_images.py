"""Images with captions become a data set whose splits share no image; images are files, or features in one array."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from datasets.assembly.splitting import CODES, DROPPED, assign, content_hash
from datasets.base import Dataset, Example, Info, Split
from datasets.errors import UserError, did_you_mean
from datasets.formats.characters import composed, encodable
from datasets.formats.images import Features, Image, ImageFile, fingerprint

SHOWN = 3  # names in a note


@dataclass(frozen=True)
class Captioned:
    """An image's name with its captions, and the words for where they stand."""

    name: str
    captions: tuple[str, ...]
    place: str


class Store(Protocol):
    """Where images are, by name."""

    def find(self, name: str) -> Image | None:
        """The image of this name, or None where there is none."""

    def fingerprint(self, name: str) -> int:
        """A number for its content: copies of an image have the same. Raises UserError if it cannot be read."""

    def missing(self, name: str) -> str:
        """What to say where there is no image of this name."""


@dataclass(frozen=True)
class ImageFolder:
    """Images as files below a folder; names are relative to it."""

    folder: Path

    def find(self, name: str) -> Image | None:
        """See `Store`."""
        path = self.folder / name
        return ImageFile(path) if path.is_file() else None

    def fingerprint(self, name: str) -> int:
        """See `Store`."""
        return fingerprint(self.folder / name)

    def missing(self, name: str) -> str:
        """See `Store`."""
        return f"there is no image {self.folder / name}"


class FeatureStore:
    """What a network computed from images: a `.npz` file with `names` `(images,)` and `features` `(images, …)`.

    Features are `(images, features)`, or `(images, rows, columns, features)` for a grid; where there is a `scale`, they
    are to be multiplied by it (as whole numbers of 8 bits have to).

    Raises:
        UserError: the file cannot be read, lacks an array, or the arrays do not fit together.
    """

    def __init__(self, path: Path):
        self.path = path
        arrays = _arrays(path)
        for name in ("names", "features"):
            if name not in arrays:
                raise UserError(f"{path}: has no array '{name}', but {', '.join(sorted(arrays)) or 'none'}")
        self.array, self.scale = arrays["features"], arrays.get("scale")
        names = [one.decode() if isinstance(one, bytes) else str(one) for one in arrays["names"].tolist()]
        if self.array.ndim not in (2, 4) or self.array.dtype.kind not in "fiu":
            raise UserError(
                f"{path}: features are {self.array.dtype} {self.array.shape}, not numbers (images, features) or "
                "(images, rows, columns, features)"
            )
        if len(names) != len(self.array):
            raise UserError(f"{path}: {len(names):,} names and {len(self.array):,} rows of features")
        if self.scale is not None and not _scales(self.scale, self.array.shape[1:]):
            raise UserError(
                f"{path}: scale is {self.scale.dtype} {self.scale.shape}; it has to fit features {self.array.shape[1:]}"
            )
        self.rows = {name: row for row, name in enumerate(names)}
        if len(self.rows) < len(names):
            raise UserError(f"{path}: a name is there twice; each image needs one of its own")

    def find(self, name: str) -> Image | None:
        """See `Store`."""
        row = self.rows.get(name)
        return None if row is None else Features(name, self.array, row, self.scale)

    def fingerprint(self, name: str) -> int:
        """See `Store`."""
        return content_hash(self.array[self.rows[name]].tobytes().hex())

    def missing(self, name: str) -> str:
        """See `Store`."""
        return (
            f"{self.path} has no features of the image {name}{did_you_mean(name, list(self.rows)[:10_000])}"
        )


def _scales(scale: Any, shape: tuple[int, ...]) -> bool:
    """Whether features of this shape keep it when they are multiplied by the scale."""
    import numpy as np

    try:
        return scale.dtype.kind in "fiu" and np.broadcast_shapes(scale.shape, shape) == shape
    except ValueError:
        return False


def _arrays(path: Path) -> dict[str, Any]:
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as file:
            if not isinstance(file, np.lib.npyio.NpzFile):
                raise ValueError("it is one array and not a .npz archive")
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as problem:
        reason = " ".join(str(getattr(problem, "strerror", None) or problem).split())[:100]
        raise UserError(f"{path}: no features can be read from it ({reason})") from None


def caption_text(place: str, value: Any) -> str:
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
    """Rows of an image's name, a caption and the words for the place, as one entry an image, in the first's order."""
    captions: dict[str, list[str]] = {}
    places: dict[str, str] = {}
    for name, caption, place in rows:
        captions.setdefault(name, []).append(caption)
        places.setdefault(name, place)
    return [Captioned(name, tuple(its), places[name]) for name, its in captions.items()]


def assemble(
    info: Info,
    parts: Mapping[str, list[Captioned]],
    store: Store,
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

    Raises:
        UserError: no image with captions, an image that is not there or cannot be read.
    """
    import numpy as np

    missing: list[str] = []
    kept = {part: _present(entries, store, skip_missing, missing) for part, entries in parts.items()}
    for part, entries in kept.items():
        if not entries:
            raise UserError(f"{info.source}: the {part} split has no image with captions")
    hashes = {
        part: np.array([_fingerprint(store, entry) for entry in entries], np.uint64)
        for part, entries in kept.items()
    }
    codes = assign(hashes, valid_fraction, test_fraction)

    def split(name: str) -> Split:
        part = name if name in kept else "train"
        chosen = [kept[part][row] for row in np.flatnonzero(codes[part] == CODES[name])]
        return Split(lambda: _read(chosen, store), len(chosen))

    has_test = "test" in parts or test_fraction > 0
    info = replace(info, notes=(*info.notes, *_notes(codes["train"], missing)))
    return Dataset(info, split("train"), split("valid"), split("test") if has_test else None)


def _present(entries: list[Captioned], store: Store, skip: bool, missing: list[str]) -> list[Captioned]:
    """The entries whose image is there; the names of the others are added to `missing`."""
    kept = []
    for entry in entries:
        if store.find(entry.name) is not None:
            kept.append(entry)
        elif skip:
            missing.append(entry.name)
        else:
            raise UserError(
                f"{entry.place}: {store.missing(entry.name)}; --missing skip leaves such images out"
            )
    return kept


def _fingerprint(store: Store, entry: Captioned) -> int:
    try:
        return store.fingerprint(entry.name)
    except UserError as problem:
        raise UserError(f"{entry.place}: {problem}") from None


def _read(entries: list[Captioned], store: Store) -> Iterator[Example]:
    for entry in entries:
        yield {"image": store.find(entry.name), "captions": entry.captions}


def _notes(codes: Any, missing: list[str]) -> Iterator[str]:
    for split in ("valid", "test"):
        taken = int((codes == CODES[split]).sum())
        if taken:
            yield f"{split}: {taken:,} images taken out of train by the hash of their content"
    dropped = int((codes == DROPPED).sum())
    if dropped:
        yield f"{dropped:,} training images that are in another split too were dropped"
    if missing:
        yield f"{len(missing):,} images have captions and are not there ({listed(missing)}); left out"


def listed(names: list[str]) -> str:
    """The first names of a list, for a note."""
    return ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")
