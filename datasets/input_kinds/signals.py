"""Signals: JSON lists of numbers in arguments, and files of series of numbers, sound or moving pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.base import Example
from datasets.errors import UserError
from datasets.formats.lines import lines
from datasets.formats.media_files import is_frame_folder, media_in, signal_of
from datasets.formats.number_files import Columns, is_archive, is_number_file, read_numbers
from datasets.formats.signals import Numbers
from datasets.formats.tables import Format, suffix
from datasets.formats.vectors import parse_vectors
from datasets.input_kinds.base import InputKind

if TYPE_CHECKING:
    from datasets.formats.signals import Signal


def parse(arguments: Sequence[str]) -> list[Signal]:
    """Arguments of the command line as signals: JSON lists of vectors, or names of files, which may hold several.

    Raises:
        UserError: one is neither, or whatever is wrong with the file.
    """
    return [signal for argument in arguments for signal in _of_argument(argument)]


def _of_argument(argument: str) -> Iterator[Signal]:
    if argument.lstrip().startswith("["):
        yield Numbers(parse_vectors(argument[:40], argument), argument[:40])
    else:
        yield from read(Path(argument), None, Format())


def read(path: Path, column: str | None, form: Format) -> Iterator[Signal]:
    """The signals of a file.

    Args:
        path: series of numbers in any format that training reads; a `.txt` file may have a JSON list of vectors a
            line; a sound or a movie; or a folder of these.
        column: the column of the ids of a table with a row a step; None finds it by its usual names.
        form: how to read a table.

    Raises:
        UserError: there is no such file, or whatever is wrong with it.
    """
    if not is_number_file(path):
        yield from _of_media(path)
        return
    form = form.as_trained(path)
    if suffix(path) == ".txt" and column is None and form.delimiter is None and _has_lists(path, form):
        for number, line in enumerate(lines(path, form.encoding), 1):
            if line.strip():
                place = f"{path} line {number}"
                yield Numbers(parse_vectors(place, line), place)
        return
    trained = form.trained
    columns = Columns(
        column or trained.get("id_column"), trained.get("step_column"), trained.get("label_column")
    )
    word = "item" if is_archive(path) else "line"
    for where, values, _ in read_numbers(path, form, columns, labelled=False):
        yield Numbers(values, f"{path.name} {word} {where}")


def _has_lists(path: Path, form: Format) -> bool:
    """Whether lines are lists of vectors and no rows of a table."""
    first = next((line for line in lines(path, form.encoding) if line.strip()), "[")
    return first.lstrip().startswith("[")


def _of_media(path: Path) -> Iterator[Signal]:
    """The sound or movie of a file; of a folder, its frames, or else all sounds and movies in it."""
    inside = media_in(path) if path.is_dir() and not is_frame_folder(path) else [path]
    if not inside:
        raise UserError(f"{path}: holds neither sound nor movies")
    yield from map(signal_of, inside)


def example(example: Example, _: Path) -> Signal:
    """The signal of an example."""
    signal: Signal = example["signal"]
    return signal


KIND = InputKind("signals", parse, read, example)
