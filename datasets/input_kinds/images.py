"""Images: names of files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from datasets.base import Example
from datasets.errors import UserError
from datasets.formats.caption_files import (
    USUAL_FOLDERS,
    is_caption_table,
    is_token_file,
    karpathy_images,
    token_lines,
)
from datasets.formats.columns import IMAGE_NAMES
from datasets.formats.images import write_image
from datasets.formats.lines import lines
from datasets.formats.tables import Format, suffix
from datasets.input_kinds import texts
from datasets.input_kinds.as_trained import Column, Finder, finder_of, form_of_table, opened
from datasets.input_kinds.base import InputKind


def read(path: Path, column: str | None, form: Format) -> Iterator[str]:
    """The images that a file names: a table; a `.txt` file with a name a line, such as the lists of Flickr8k; or files
    of captions, as training reads them, where an image with many captions comes once.

    Names are relative to the file's folder, or to the folder of images of the training data.

    Raises:
        UserError: whatever is wrong with the file.
    """
    finder = finder_of(Column("image", IMAGE_NAMES, column, option="image_column"))
    encoding = form.as_trained(path).encoding
    if is_token_file(path):
        names: Iterable[str] = dict.fromkeys(name for name, *_ in token_lines(path, encoding))
    elif suffix(path) == ".json":
        names = [name for _, name, _ in karpathy_images(path, encoding)]
    elif column is None and form.kind is None and is_caption_table(path, encoding):
        names = _of_table(path, replace(form, delimiter=form.delimiter or "comma"), finder)
    elif (form_of_file := form_of_table(path, column, form, finder)) is None:
        names = (line.strip() for line in lines(path, encoding) if line.strip())
    else:
        names = _of_table(path, form_of_file, finder)
    yield from (found(path, name, form) for name in names)


def _of_table(path: Path, form: Format, finder: Finder) -> Iterator[str]:
    table, positions = opened(path, form, finder)
    for line, (name,) in table.rows(positions):
        if not isinstance(name, str) or not name.strip():
            raise UserError(f"{path} line {line}: the image is not the name of a file")
        yield name.strip()


def found(path: Path, name: str, form: Format) -> str:
    """The file of an image that another file names: beside that file, or where the training images are.

    Where it is in none of these places, the one beside the file is named.
    """
    beside = path.parent
    trained = Path(form.trained.get("dataset", ".")).expanduser()
    base = trained if trained.is_dir() else trained.parent
    given = form.trained.get("images")
    folders = [beside, *([Path(given).expanduser()] if given else [])]
    folders += [folder / usual for folder in (beside, base) for usual in USUAL_FOLDERS]
    return str(next((folder / name for folder in folders if os.path.isfile(folder / name)), beside / name))


def example(example: Example, path: Path) -> str:
    """A file with the pixels of an example's image, or with its features where it has these in place of pixels."""
    import numpy as np

    values = example["image"].read()
    if values.dtype == np.uint8:
        path = path.with_suffix(".png")
        write_image(values, path)
    else:
        path = path.with_suffix(".npz")
        np.savez(path, names=np.array([example["image"].name]), features=values[None])
    return str(path)


KIND = InputKind("image", texts.parse, read, example, formats=("text",))
