"""Files of captions: Flickr8k's lines `image.jpg#0`, Karpathy's JSON, and Kaggle's `captions.txt`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from datasets.errors import UserError
from datasets.formats.columns import CAPTION_NAMES, IMAGE_NAMES, usual_name
from datasets.formats.lines import lines
from datasets.formats.tables import json_fault, suffix

#: Where images usually are, beside their captions.
USUAL_FOLDERS = ("Flicker8k_Dataset", "Flickr8k_Dataset", "Images", "images", "flickr30k_images", ".")


def is_token_file(path: Path) -> bool:
    """Whether the name is that of Flickr8k's captions, `Flickr8k.token.txt`."""
    return path.name.lower().removesuffix(".gz").endswith((".token.txt", ".token", ".lemma.token.txt"))


def token_lines(path: Path, encoding: str) -> Iterator[tuple[str, str, str]]:
    """The image, the caption and the words for the place of each line `image.jpg#0`, tab, caption.

    Raises:
        UserError: a line that is none; names it.
    """
    for number, line in enumerate(lines(path, encoding), 1):
        place = f"{path} line {number}"
        if not line.strip():
            continue
        name, tab, caption = line.partition("\t")
        image, mark, _ = name.rpartition("#")
        if not tab or not mark:
            raise UserError(f"{place}: is not an image's name, # and a number, a tab and a caption")
        yield image, caption, place


def karpathy_images(path: Path, encoding: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The words for the place, the name and the entry of each image of
    `{"images": [{"filename", "split", "sentences": [{"raw"}]}]}`.

    Raises:
        UserError: it is not of this format.
    """
    for number, item in enumerate(_json_images(path, encoding)):
        place = f"{path} image {number}"
        try:
            name = "/".join(part for part in (item.get("filepath"), item["filename"]) if part)
        except (AttributeError, KeyError, TypeError) as problem:
            raise unusable(place, problem) from None
        yield place, name, item


def unusable(place: str, problem: Exception) -> UserError:
    """The error for an image that lacks something of Karpathy's format."""
    return UserError(f"{place}: has no usable {problem}; is this Karpathy's format?")


def _json_images(path: Path, encoding: str) -> list[Any]:
    try:
        content = json.loads("\n".join(_any_lines(path, encoding)))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: is not JSON ({json_fault(error)})") from None
    images = content.get("images") if isinstance(content, dict) else None
    if not isinstance(images, list):
        raise UserError(f"{path}: has no list 'images'; Karpathy's format is known")
    return images


def _any_lines(path: Path, encoding: str) -> Iterator[str]:
    """The file in pieces of any length: such a file is one line of hundreds of millions of characters."""
    try:
        with path.open(encoding=encoding) as file:
            yield from file
    except (OSError, UnicodeError) as error:
        raise UserError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from None


def is_caption_table(path: Path, encoding: str) -> bool:
    """Whether a `.txt` file is a table in commas, as Kaggle's `captions.txt`: its first line is `image,caption`."""
    if suffix(path) != ".txt" or not path.is_file():
        return False
    try:
        first = next(lines(path, encoding), "")
    except UserError:  # told by whoever reads it
        return False
    names = {usual_name(name) for name in first.split(",")}
    return bool(len(names) > 1 and names & IMAGE_NAMES and names & CAPTION_NAMES)
