"""A user's captioned images: Flickr8k's files, Karpathy's JSON, a table of image and caption, or a folder of images."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from datasets.assembly.captioned_images import Captioned, assemble, caption_text, group
from datasets.assembly.splitting import SPLIT_NAMES
from datasets.base import Dataset, Info
from datasets.errors import UserError, listed
from datasets.file_readers.options import TableOptions
from datasets.file_readers.paths import existing, image_folder
from datasets.file_readers.split_discovery import data_files, folders, split_files, split_folders
from datasets.formats.caption_files import (
    USUAL_FOLDERS,
    is_caption_table,
    is_token_file,
    karpathy_images,
    token_lines,
    unusable,
)
from datasets.formats.columns import CAPTION_NAMES, IMAGE_NAMES, find
from datasets.formats.image_stores import FeatureStore, ImageFolder, ImageStore
from datasets.formats.images import is_image
from datasets.formats.lines import lines
from datasets.formats.tables import Table, is_table, suffix
from datasets.options import option, require

FIELDS = ("image", "captions")
SPLITS = SPLIT_NAMES | {"restval": "train"}


@dataclass(frozen=True)
class Options(TableOptions):
    """How to read a user's captioned images."""

    image_column: str | None = option(None, "column with the image's file: its name, or its position from 0")
    caption_column: str | None = option(None, "column with the caption: its name, or its position from 0")
    images: str | None = option(None, "folder of the images (default: beside the captions)")
    features: str | None = option(None, "a .npz file of names and features, in place of the images")
    missing: str = option("refuse", "what to do with an image that is not there", ("refuse", "skip"))
    valid_fraction: float = option(0.1, "share of the images for a dev split without a list")
    test_fraction: float = option(0.1, "share of the images for a test split without a list; 0: none")

    def __post_init__(self) -> None:
        """Refuse two sources of images, and what other options of tables may not be."""
        super().__post_init__()
        require(
            not (self.images and self.features), "features", self.features, "give it or --images, not both"
        )


def load(spec: str, options: Options) -> Dataset:
    """Captioned images from a path; each example has an image, or its features, and the tuple of its captions.

    Raises:
        UserError: no such file, no known layout, an image that is not there or cannot be read, an empty caption.
    """
    path = existing(spec)
    parts, notes = _parts(path, options)
    store = _store(path, parts, options)
    info = Info(name=path.name, fields=FIELDS, source=str(path), notes=notes, unit="images")
    return assemble(
        info, parts, store, options.valid_fraction, options.test_fraction, options.missing == "skip"
    )


Parts = dict[str, list[Captioned]]


def _parts(path: Path, options: Options) -> tuple[Parts, tuple[str, ...]]:
    if not path.is_dir():
        return _file(path, options)
    if token_files := [
        file for folder in (path, *folders(path)) for file in data_files(folder, is_token_file)
    ]:
        plain = [file for file in token_files if ".lemma." not in file.name]  # the original set has both
        return _flickr(_only(path, plain or token_files), options)
    if json_files := data_files(path, lambda file: file.suffix.lower() == ".json"):
        return _karpathy(_only(path, json_files), options), ()
    if tables := split_files(path, _is_caption_table):
        return {split: _table(table, options) for split, table in tables.items()}, ()
    if tables_here := data_files(path, _is_caption_table):
        return {"train": _table(_only(path, tables_here), options)}, ()
    by_split = {split: _beside(folder, path, options) for split, folder in split_folders(path).items()}
    parts = by_split or {"train": _beside(path, path, options)}
    if not any(parts.values()):
        raise UserError(
            f"{path}: holds no captioned images in a known layout: Flickr8k.token.txt with its lists, Karpathy's "
            "JSON, a table (.csv, .tsv, .jsonl) of image and caption, or images with a .txt file of captions each"
        )
    return parts, ()


def _file(path: Path, options: Options) -> tuple[Parts, tuple[str, ...]]:
    if is_token_file(path):
        return _flickr(path, options)
    if path.suffix.lower() == ".json":
        return _karpathy(path, options), ()
    return {"train": _table(path, options)}, ()


def _is_caption_table(path: Path) -> bool:
    """Whether a file is a table; `.txt` files hold the captions of the image that they are called after, but for tables
    such as Kaggle's `captions.txt`."""
    return is_table(path) and (suffix(path) != ".txt" or is_caption_table(path, "utf-8"))


def _only(folder: Path, files: list[Path]) -> Path:
    if len(files) > 1:
        names = listed([path.name for path in files])
        raise UserError(f"{folder}: holds {len(files)} files of captions ({names}); name one of them")
    return files[0]


def _store(path: Path, parts: Parts, options: Options) -> ImageStore:
    """Where the images are: where the user says, or in the usual folder in which the first image is."""
    if options.features is not None:
        return FeatureStore(existing(options.features))
    if folder := image_folder(options.images):
        return ImageFolder(folder)
    base = path if path.is_dir() else path.parent
    names = [entry.name for entry in parts["train"][:20]]
    for usual in USUAL_FOLDERS:
        if any(os.path.isfile(base / usual / name) for name in names):
            return ImageFolder(base / usual)
    return ImageFolder(base)


# ---- layouts


def _flickr(path: Path, options: Options) -> tuple[Parts, tuple[str, ...]]:
    """Lines `image.jpg#0`, a tab and a caption; lists `….trainImages.txt` of the images of each split beside.

    Captions of images that no list has are left out.
    """
    entries = {entry.name: entry for entry in group(_flickr_rows(path, options))}
    lists = _lists(path.parent, options.encoding)
    if not lists:
        return {"train": list(entries.values())}, ()
    parts: Parts = {}
    for split, (file, names) in lists.items():
        for name, number in names.items():
            if name not in entries:
                raise UserError(f"{file} line {number}: the image {name} has no caption in {path}")
        parts[split] = [entries[name] for name in names]
    spare = [name for name in entries if not any(name in names for _, names in lists.values())]
    note = f"{len(spare):,} images with captions are in no list ({listed(spare)}); left out"
    return parts, (note,) if spare else ()


def _flickr_rows(path: Path, options: Options) -> Iterator[tuple[str, str, str]]:
    for image, caption, place in token_lines(path, options.encoding):
        yield image, caption_text(place, caption), place


def _lists(folder: Path, encoding: str) -> dict[str, tuple[Path, dict[str, int]]]:
    """The lists of images beside the captions, by split: `Flickr_8k.devImages.txt` is that of the dev split."""
    lists: dict[str, tuple[Path, dict[str, int]]] = {}
    for path in data_files(folder, lambda path: path.name.lower().endswith("images.txt")):
        word = path.name.lower().removesuffix("images.txt").rpartition(".")[2].strip("_-")
        if word in SPLIT_NAMES:
            names: dict[str, int] = {}
            for number, line in enumerate(lines(path, encoding), 1):
                if line.strip():
                    names.setdefault(line.strip(), number)
            lists[SPLIT_NAMES[word]] = path, names
    if lists and "train" not in lists:
        raise UserError(f"{folder}: has lists of images and none of the train split")
    return lists


def _karpathy(path: Path, options: Options) -> Parts:
    """`{"images": [{"filename", "split", "sentences": [{"raw"}]}]}`; restval belongs to train."""
    parts: Parts = {}
    for place, name, item in karpathy_images(path, options.encoding):
        try:
            split = SPLITS[item["split"]]
            raw = [sentence["raw"] for sentence in item["sentences"]]
        except (KeyError, TypeError) as problem:
            raise unusable(place, problem) from None
        captions = tuple(caption_text(place, caption) for caption in raw)
        if not captions:
            raise UserError(f"{place}: has no caption")
        parts.setdefault(split, []).append(Captioned(name, captions, place))
    if "train" not in parts:
        raise UserError(f"{path}: has no image of the train split")
    return parts


def _table(path: Path, options: Options) -> list[Captioned]:
    """A table with a row for each caption; an image may have many."""
    form = options.format
    if form.delimiter is None and is_caption_table(path, options.encoding):
        form = replace(form, delimiter="comma")
    table = Table(path, form)
    positions = (
        find(table, "image", options.image_column, IMAGE_NAMES),
        find(table, "caption", options.caption_column, CAPTION_NAMES),
    )
    if positions[0] == positions[1]:
        raise UserError(f"{path}: --image-column and --caption-column are the same column")

    def rows() -> Iterator[tuple[str, str, str]]:
        for line, (image, caption) in table.rows(positions):
            place = f"{path} line {line}"
            if not isinstance(image, str) or not image.strip():
                raise UserError(f"{place}: the image is not the name of a file")
            yield image.strip(), caption_text(place, caption), place

    entries = group(rows())
    if not entries:
        raise UserError(f"{path}: has no captions")
    return entries


def _beside(folder: Path, base: Path, options: Options) -> list[Captioned]:
    """Images that each have a `.txt` file of the same name, with a caption a line."""

    def rows() -> Iterator[tuple[str, str, str]]:
        for image in data_files(folder, is_image):
            captions = image.with_suffix(".txt")
            if not captions.is_file():
                raise UserError(f"{image}: has no captions; write them into {captions.name}, one a line")
            written = [*enumerate(lines(captions, options.encoding), 1)]
            if not any(line.strip() for _, line in written):
                raise UserError(f"{captions}: is empty; write captions of {image.name} into it, one a line")
            for number, line in written:
                if line.strip():
                    place = f"{captions} line {number}"
                    yield str(image.relative_to(base)), caption_text(place, line), place

    return group(rows())
