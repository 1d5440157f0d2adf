"""Images: names of files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from datasets.base import Example
from datasets.errors import UserError
from datasets.formats.columns import IMAGE_NAMES, find
from datasets.formats.images import write_image
from datasets.formats.lines import lines
from datasets.formats.tables import Format, Table
from datasets.input_kinds import texts
from datasets.input_kinds.base import COLUMN, InputKind


def read(path: Path, column: str | None, form: Format) -> Iterator[str]:
    """The images that a table names, or a `.txt` file a line each: paths relative to the file's folder.

    Raises:
        UserError: whatever is wrong with the file.
    """
    if texts.is_plain(path, column, form):
        names = (line.strip() for line in lines(path, form.encoding))
        yield from (str(path.parent / name) for name in names if name)
        return
    table = Table(path, form)
    for line, (name,) in table.rows([find(table, "image", column, IMAGE_NAMES, COLUMN)]):
        if not isinstance(name, str) or not name.strip():
            raise UserError(f"{path} line {line}: the image is not the name of a file")
        yield str(path.parent / name.strip())


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


KIND = InputKind("image", texts.parse, read, example)
