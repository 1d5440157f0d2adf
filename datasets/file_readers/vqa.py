"""A user's questions about images: a table of image, question and answer, or folders laid out as easy-VQA's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from datasets.assembly.parts import FilePart
from datasets.assembly.visual_questions import Question, QuestionPart, assemble
from datasets.base import Dataset, Info
from datasets.errors import UserError
from datasets.file_readers.options import TableOptions, share_for_dev, share_for_test
from datasets.file_readers.paths import existing, image_folder
from datasets.file_readers.split_discovery import data_files, split_files, split_folders
from datasets.formats.characters import composed, encodable
from datasets.formats.columns import ANSWER_NAMES, IMAGE_NAMES, QUESTION_NAMES, find
from datasets.formats.question_files import image_name, items
from datasets.formats.tables import Table, is_table
from datasets.options import option

FIELDS = ("image", "question", "answer")
QUESTIONS = "questions.json"


@dataclass(frozen=True)
class Options(TableOptions):
    """How to read a user's questions about images."""

    image_column: str | None = option(None, "column with the image's file: its name, or its position from 0")
    question_column: str | None = option(None, "column with the question: its name, or its position from 0")
    answer_column: str | None = option(None, "column with the answer: its name, or its position from 0")
    images: str | None = option(None, "folder of the images (default: the one that the table is in)")
    valid_fraction: float = share_for_dev("images")
    test_fraction: float = share_for_test("images")


def load(spec: str, options: Options) -> Dataset:
    """Questions about images from a path; each example has the image's file, the question and a class id.

    Raises:
        UserError: no such file, no known layout, an image that is not there, or data that are no questions.
    """
    path = existing(spec)
    parts = _parts(path, options)
    info = Info(name=path.name, fields=FIELDS, source=str(path), unit="questions")
    # A folder with its own test split has no other.
    return assemble(info, parts, options.valid_fraction, options.test_fraction)


def _parts(path: Path, options: Options) -> dict[str, QuestionPart]:
    if not path.is_dir():
        return {"train": TablePart(path, options)}
    of_splits = split_folders(path)
    by_split = {name: folder for name, folder in of_splits.items() if (folder / QUESTIONS).is_file()}
    if by_split and "train" not in by_split:
        raise UserError(f"{of_splits['train']}: has no {QUESTIONS}, as {min(by_split.values())} has")
    if by_split:
        return {split: FolderPart(folder, options) for split, folder in by_split.items()}
    if (path / QUESTIONS).is_file():
        return {"train": FolderPart(path, options)}
    if tables := split_files(path, is_table):
        return {split: TablePart(table, options) for split, table in tables.items()}
    tables_here = data_files(path, is_table)
    if len(tables_here) == 1:
        return {"train": TablePart(tables_here[0], options)}
    raise UserError(
        f"{path}: holds no questions about images in a known layout: a table (.csv, .tsv, .jsonl, each also .gz) "
        f"of image, question and answer, train, valid and test tables, or {QUESTIONS} and a folder images in each "
        "of the folders train and test"
    )


class TablePart(FilePart):
    """The rows of a table: the image's file, the question, the answer."""

    def __init__(self, path: Path, options: Options):
        super().__init__(path)
        self._table = Table(path, options.format)
        self._folder = image_folder(options.images) or path.parent
        self._positions = (
            find(self._table, "image", options.image_column, IMAGE_NAMES),
            find(self._table, "question", options.question_column, QUESTION_NAMES),
            find(self._table, "answer", options.answer_column, ANSWER_NAMES),
        )
        if len(set(self._positions)) < 3:
            raise UserError(
                f"{path}: image, question and answer need a column each; two of them are the same"
            )

    def rows(self) -> Iterator[Question]:
        """One pass over the table."""
        for line, (image, question, answer) in self._table.rows(self._positions):
            place = self.place(line)
            if not isinstance(image, str) or not image.strip():
                raise UserError(f"{place}: the image is not the name of a file")
            yield (
                line,
                self._folder / image.strip(),
                question_text(place, question),
                answer_text(place, answer),
            )


class FolderPart(FilePart):
    """A folder with `questions.json`, a list of [question, answer, image number], and `images/NUMBER.png`."""

    def __init__(self, folder: Path, options: Options):
        super().__init__(folder / QUESTIONS)
        self._encoding = options.encoding
        self._images = image_folder(options.images) or folder / "images"
        if not self._images.is_dir():
            raise UserError(f"{self._images}: there is no such folder of images")

    def rows(self) -> Iterator[Question]:
        """One pass over the list."""
        for number, item in enumerate(items(self.path, self._encoding)):
            place = self.place(number)
            if not (isinstance(item, list) and len(item) == 3 and isinstance(item[2], int | str)):
                raise UserError(f"{place}: is not [question, answer, image number]")
            question, answer, image = item
            yield (
                number,
                self._images / image_name(image),
                question_text(place, question),
                answer_text(place, answer),
            )

    def place(self, where: object) -> str:
        """The words for an item of the list."""
        return f"{self.name} item {where}"


def question_text(place: str, value: object) -> str:
    """A question; an empty one is allowed.

    Raises:
        UserError: it is no string.
    """
    if not isinstance(value, str):
        raise UserError(f"{place}: the question is not a string")
    return composed(encodable(place, value))


def answer_text(place: str, value: object) -> str:
    """An answer: a string, or a number or truth value as JSON writes it.

    Raises:
        UserError: it is something else, or empty.
    """
    if isinstance(value, bool):
        value = str(value).lower()
    if isinstance(value, int | float) and value == value:
        value = str(value)
    if not isinstance(value, str):
        raise UserError(f"{place}: the answer is neither a string nor a number")
    text = composed(encodable(place, value.strip()))
    if not text:
        raise UserError(f"{place}: the answer is missing")
    return text
