"""Images by name: files in a folder, or features that a network computed from them, in one array."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from datasets.errors import UserError, did_you_mean
from datasets.formats.array_files import read_arrays
from datasets.formats.hashes import content_hash
from datasets.formats.images import Features, Image, ImageFile, image_hash

if TYPE_CHECKING:
    import numpy as np


class ImageStore(Protocol):
    """Where images are, by name."""

    def find(self, name: str) -> Image | None:
        """The image of this name, or None where there is none."""

    def content_hash(self, name: str, place: str, /) -> int:
        """A number for its content: copies of an image have the same. Raises UserError if it cannot be read.

        Args:
            place: the words for where the image is named, for the message.
        """

    def missing(self, name: str) -> str:
        """What to say where there is no image of this name."""


@dataclass(frozen=True)
class ImageFolder:
    """Images as files below a folder; names are relative to it."""

    folder: Path

    def find(self, name: str) -> Image | None:
        """See `ImageStore`."""
        path = self.folder / name
        return ImageFile(path) if os.path.isfile(path) else None

    def content_hash(self, name: str, place: str, /) -> int:
        """See `ImageStore`."""
        return image_hash(self.folder / name, place)

    def missing(self, name: str) -> str:
        """See `ImageStore`."""
        return f"there is no image {self.folder / name}"


class FeatureStore:
    """Features that a network made of images: a `.npz` file with `names` `(images,)` and `features` `(images, …)`.

    Features are `(images, features)`, or `(images, rows, columns, features)` for a grid; where there is a `scale`, they
    are to be multiplied by it (as whole numbers of 8 bits have to).

    Raises:
        UserError: the file cannot be read, lacks an array, or the arrays do not fit together.
    """

    def __init__(self, path: Path):
        self.path = path
        arrays = read_arrays(path, "features")
        for name in ("names", "features"):
            if name not in arrays:
                raise UserError(f"{path}: has no array '{name}', but {', '.join(sorted(arrays)) or 'none'}")
        self.array, self.scale = arrays["features"], arrays.get("scale")
        names = _texts(arrays["names"], path)
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
        _refuse_infinite(path, names, self.array, self.scale)
        self.rows = {name: row for row, name in enumerate(names)}
        if len(self.rows) < len(names):
            raise UserError(f"{path}: a name is there twice; each image needs one of its own")

    def find(self, name: str) -> Image | None:
        """See `ImageStore`."""
        row = self.rows.get(name)
        return None if row is None else Features(name, self.array, row, self.scale)

    def content_hash(self, name: str, _: str, /) -> int:
        """See `ImageStore`."""
        return content_hash(self.array[self.rows[name]].tobytes().hex())

    def missing(self, name: str) -> str:
        """See `ImageStore`."""
        return (
            f"{self.path} has no features of the image {name}{did_you_mean(name, list(self.rows)[:10_000])}"
        )


def _texts(names: np.ndarray, path: Path) -> list[str]:
    if names.ndim != 1 or names.dtype.kind not in "US":
        raise UserError(f"{path}: names are {names.dtype} {names.shape}, not texts (images,)")
    return [name.decode("utf-8", "replace") if isinstance(name, bytes) else name for name in names.tolist()]


def _scales(scale: np.ndarray, shape: tuple[int, ...]) -> bool:
    """Whether features of this shape can be multiplied by the scale and keep their shape."""
    import numpy as np

    try:
        return scale.dtype.kind in "fiu" and np.broadcast_shapes(scale.shape, shape) == shape
    except ValueError:
        return False


def _refuse_infinite(
    path: Path, names: Sequence[str], features: np.ndarray, scale: np.ndarray | None
) -> None:
    """Raises UserError where a feature is no finite number of 32 bits; names the first image that has such a one."""
    import numpy as np

    with np.errstate(over="ignore"):
        if scale is not None and not np.isfinite(scale.astype(np.float32)).all():
            raise UserError(f"{path}: the scale has a value that is not a finite number")
        for name, row in zip(names, features if features.dtype.kind == "f" else (), strict=False):
            if not np.isfinite(row.astype(np.float32)).all():
                raise UserError(f"{path}: the features of {name} have a value that is not a finite number")
