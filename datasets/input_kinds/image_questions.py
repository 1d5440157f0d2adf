"""Questions about images: pairs of an image's file and a question."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from datasets.base import Example
from datasets.errors import UserError
from datasets.formats.characters import composed, encodable
from datasets.formats.columns import IMAGE_NAMES, QUESTION_NAMES
from datasets.formats.question_files import image_name, question_items
from datasets.formats.tables import Format, suffix
from datasets.input_kinds import images, texts
from datasets.input_kinds.as_trained import Column, finder_of, opened
from datasets.input_kinds.base import COLUMN, IMAGE_COLUMN, InputKind
from datasets.input_kinds.images import found

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
    """The rows of a table as pairs of an image's path and a question; or the items of easy-VQA's `questions.json`.

    Paths are relative to the file's folder (of JSON to `images` beside it), or to that of the training images.

    Args:
        column: the one with the questions; None finds it by its usual names.

    Raises:
        UserError: whatever is wrong with the file.
    """
    if suffix(path) == ".json":
        for place, question, image in question_items(path, form.as_trained(path).encoding):
            if not isinstance(question, str):
                raise UserError(f"{place}: the question is not a string")
            name = image_name(image)
            in_images = found(path.parent / "images" / path.name, name, form)
            yield in_images, composed(encodable(place, question))
        return
    columns = (
        Column("image", IMAGE_NAMES, form.image_column, IMAGE_COLUMN, "image_column"),
        Column("question", QUESTION_NAMES, column, COLUMN, "question_column"),
    )
    table, positions = opened(path, form, finder_of(*columns))
    for line, (name, question) in table.rows(positions):
        if not (isinstance(name, str) and isinstance(question, str)):
            raise UserError(f"{path} line {line}: image and question are not both strings")
        if not name.strip():
            raise UserError(f"{path} line {line}: the image is not the name of a file")
        yield found(path, name.strip(), form), composed(question)


def example(example: Example, path: Path) -> Pair:
    """A file with the pixels of an example's image, and its question."""
    return images.example(example, path), example["question"]


KIND = InputKind("image and question", parse, read, example, has_images=True)
