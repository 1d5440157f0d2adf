"""A digest of the examples of a data set, by which a run that goes on knows its data again, wherever they lie now."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from datasets.base import Dataset, FileName, Split
from datasets.formats.images import Features, ImageFile, image_hash
from datasets.formats.media_files import media_hash
from datasets.formats.movies import FrameFolder, MovieFile
from datasets.formats.sounds import SoundFile

#: Of an example what follows from its place among the others, and was not there when digests were first kept.
FOLLOWS = frozenset({"fold"})


def digests(dataset: Dataset) -> dict[str, dict[str, object]]:
    """For each split that there is, how many examples it has and a digest of all that is in them, in their order.

    Raises:
        UserError: the data cannot be read.
    """
    splits = {"train": dataset.train, "dev": dataset.valid, "test": dataset.test}
    found = {name: split for name, split in splits.items() if split is not None}
    known_images: dict[str, bytes] = {}
    return {name: _of_split(split, dataset.info.labels, known_images) for name, split in found.items()}


def as_read(dataset: Dataset, stored: object) -> Dataset:
    """A data set as a run read it that left the test split unread (`--dev-only`), by the digests that it kept."""
    if isinstance(stored, Mapping) and "test" not in stored:
        return dataclasses.replace(dataset, test=None)
    return dataset


def _of_split(split: Split, labels: Sequence[str], images: dict[str, bytes]) -> dict[str, object]:
    digest = hashlib.blake2b(digest_size=16)
    _add(digest.update, list(labels), images)
    for example in split:
        _add(digest.update, {name: part for name, part in example.items() if name not in FOLLOWS}, images)
    return {"examples": len(split), "digest": digest.hexdigest()}


def _add(update: Callable[[bytes], None], value: object, images: dict[str, bytes]) -> None:
    """Add a value to a digest: its type, its size and its content, so that no two values are alike.

    Of an image, a sound or a movie counts what is in its file; what a file is called does not count. Of an object of an
    unknown kind counts its class.

    Args:
        images: what was added for each file so far, for an image may belong to many examples.
    """
    if isinstance(value, FileName):
        update(b"file ")
    elif isinstance(value, str | bytes):
        content = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
        update(b"%s %d " % (type(value).__name__.encode(), len(content)))
        update(content)
    elif value is None or isinstance(value, bool | int | float):
        update(f"{value!r} ".encode())
    elif isinstance(value, np.ndarray | np.generic):
        _add_array(update, np.asarray(value), images)
    elif isinstance(value, Mapping):
        _add(update, [part for key in sorted(value) for part in (key, value[key])], images)
    elif isinstance(value, list | tuple):
        update(b"[%d " % len(value))
        for part in value:
            _add(update, part, images)
    elif isinstance(value, ImageFile):
        name = str(value.path)
        if name not in images:
            images[name] = b"image %d " % image_hash(value.path)
        update(images[name])
    elif isinstance(value, SoundFile | MovieFile | FrameFolder):
        update(b"%s %d " % (value.kind.encode(), media_hash(value.path)))
    elif isinstance(value, Features):
        _add(update, [value.array[value.row], value.scale], images)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = [
            (getattr(value, field.name), "unsaid" in field.metadata) for field in dataclasses.fields(value)
        ]
        _add(update, [part for part, unsaid in parts if part is not None or not unsaid], images)
    else:
        update(f"{type(value).__module__}.{type(value).__qualname__} ".encode())


def _add_array(update: Callable[[bytes], None], array: np.ndarray, images: dict[str, bytes]) -> None:
    if array.dtype.hasobject:
        _add(update, array.tolist(), images)
        return
    update(f"{array.dtype.str} {array.shape} ".encode())
    update(np.ascontiguousarray(array).tobytes())
