"""Questions about images: pairs of an image's file and a question."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from datasets.base import Example
from datasets.errors import UserError
from datasets.formats.characters import composed
from datasets.formats.columns import IMAGE_NAMES, QUESTION_NAMES, find
from datasets.formats.tables import Format, Table
from datasets.input_kinds import images, texts
from datasets.input_kinds.base import COLUMN, InputKind

Pair = tuple[str, str]


def parse(arguments: Sequence[str]) -> list[Pair]:
    """Arguments of the command line as pairs of an image's file and a question, by turns.

    Raises:
        UserError: an image without a question.
    """
    names_and_questions = texts.parse(arguments)
    if len(names_and_questions) % 2:
        raise UserError(
            f"{names_and_questions[-1]}: give an image and a question by turns, "
            'such as photo.png "what is there?"'
        )
    return list(zip(names_and_questions[::2], names_and_questions[1::2], strict=True))


def read(path: Path, column: str | None, form: Format) -> Iterator[Pair]:
    """The rows of a table as pairs of an image's path, relative to the table's folder, and a question.

    Args:
        column: the one with the questions; None finds it by its usual names.

    Raises:
        UserError: whatever is wrong with the file.
    """
    table = Table(path, form)
    positions = (
        find(table, "image", None, IMAGE_NAMES),
        find(table, "question", column, QUESTION_NAMES, COLUMN),
    )
    for line, (name, question) in table.rows(positions):
        if not (isinstance(name, str) and isinstance(question, str)):
            raise UserError(f"{path} line {line}: image and question are not both strings")
        yield str(path.parent / name.strip()), composed(question)


def example(example: Example, path: Path) -> Pair:
    """A file with the pixels of an example's image, and its question."""
    return images.example(example, path), example["question"]


KIND = InputKind("image and question", parse, read, example)
