"""Images as examples hold them: named, and read only when their pixels are wanted."""

from __future__ import annotations

import io
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from datasets.errors import UserError
from datasets.formats.hashes import content_hash

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image as Picture

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm"})
MOST_PIXELS = 100_000_000


class Image(Protocol):
    """The field `image` of an example.

    Attributes:
        name: tells images of a data set apart: those with the same name are the same image.
    """

    @property
    def name(self) -> str: ...

    def read(self) -> np.ndarray:
        """Pixels `(height, width, 3)` uint8, red, green and blue; or features computed from an image, float32:
        `(features,)` of the whole or `(rows, columns, features)` of its parts."""


@dataclass(frozen=True)
class ImageFile:
    """An image in a file of its own."""

    path: Path

    @property
    def name(self) -> str:
        """The path."""
        return str(self.path)

    def read(self) -> np.ndarray:
        """Pixels `(height, width, 3)` uint8. See `read_image`."""
        return read_image(self.path)


@dataclass(frozen=True, eq=False)
class Features:
    """Features that a network computed from an image: a row of an array, made float32 when it is read."""

    name: str
    array: np.ndarray
    row: int
    scale: np.ndarray | None = None

    def read(self) -> np.ndarray:
        """`(features,)` or `(rows, columns, features)` float32."""
        import numpy as np

        values = np.asarray(self.array[self.row], np.float32)
        return values if self.scale is None else values * self.scale


def is_image(path: Path) -> bool:
    """Whether the name is that of an image file."""
    return path.suffix.lower() in SUFFIXES


def read_image(path: Path) -> np.ndarray:
    """Decode an image file: pixels `(height, width, 3)` uint8, turned as its EXIF data say.

    Transparent pixels stand on white; an animation gives its first frame.

    Raises:
        UserError: there is no such file, or it is no image that can be read.
    """
    import numpy as np
    from PIL import Image as Pillow
    from PIL import ImageOps

    if not os.path.isfile(path):
        raise UserError(f"{path}: there is no such image")
    try:
        with warnings.catch_warnings(action="ignore"), Pillow.open(path) as image:
            if image.width * image.height > MOST_PIXELS:
                raise UserError(f"{path}: {image.width} x {image.height} pixels are too many for one image")
            deep = image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PPM")
            return np.asarray(_opaque(ImageOps.exif_transpose(image), deep))
    except (OSError, SyntaxError, ValueError, Pillow.DecompressionBombError) as problem:
        reason = " ".join(str(problem).split())[:120].replace(f" {str(path)!r}", "")
        raise UserError(f"{path}: is no image that can be read ({reason})") from None


def image_hash(path: Path, place: str | None = None) -> int:
    """A number of 64 bits for what is in an image file: copies of an image have the same. Pixels are not decoded.

    Args:
        path: the file.
        place: the words for where the image is named; messages begin with them.

    Raises:
        UserError: there is no such file, or it does not begin as an image does.
    """
    try:
        return _image_hash(path)
    except UserError as problem:
        raise UserError(f"{place}: {problem}" if place else str(problem)) from None


def _image_hash(path: Path) -> int:
    from PIL import Image as Pillow

    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such image") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror or error})") from None
    try:
        with warnings.catch_warnings(action="ignore"), Pillow.open(io.BytesIO(content)):
            return content_hash(content)
    except (OSError, SyntaxError, ValueError, Pillow.DecompressionBombError):
        kind = "is empty" if not content else "is of no image format that is known"
        raise UserError(f"{path}: is no image that can be read ({kind})") from None


def _opaque(image: Picture, deep: bool) -> Picture:
    """The image in red, green and blue. Transparent pixels become white; in `deep` images 16 bits become 8.

    Raises:
        ValueError: pixels of 32 bits that are not in the range of 8.
    """
    import numpy as np
    from PIL import Image as Pillow

    if deep:
        return Pillow.fromarray((np.asarray(image) >> 8).astype("uint8")).convert("RGB")
    if image.mode in ("I", "F"):
        _refuse_other_range(np.asarray(image))
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Pillow.new("RGBA", image.size, "white")
        return Pillow.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")


def _refuse_other_range(pixels: np.ndarray) -> None:
    """Raises ValueError unless pixels of 32 bits are from 0 to 255: others would all become black or white."""
    least, most = float(pixels.min()), float(pixels.max())
    are_shares = pixels.dtype.kind == "f" and 0 < most <= 1
    if are_shares or not 0 <= least <= most <= 255:
        raise ValueError(
            f"pixels of 32 bits from {least:g} to {most:g}, not 0 to 255; save it with 8 or 16 bits"
        )


def write_image(pixels: np.ndarray, path: Path) -> None:
    """Write pixels `(height, width, 3)` uint8 as a PNG file."""
    from PIL import Image as Pillow

    Pillow.fromarray(pixels).save(path, "PNG")
