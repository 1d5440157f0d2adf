"""Questions about images in parts become a data set whose splits share no image.

The questions are kept in memory, the images on disk: the first pass reads each file once, to know which are copies of
another, and decodes none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.assembly.parts import InMemory, Part, make_splits
from datasets.assembly.spellings import spelling_notes, spellings, unknown_note
from datasets.assembly.splitting import (
    CODES,
    TRAIN,
    assign,
    dropped_note,
    missing_labels_note,
    refuse_one_class,
)
from datasets.base import NOT_IN_TRAIN, Dataset, Example, Info
from datasets.errors import UserError
from datasets.formats.images import ImageFile, image_hash

if TYPE_CHECKING:
    import numpy as np

MOST_ANSWERS = 5000

#: Where a question stands, the image's file, the question, the answer.
Question = tuple[object, Path, str, str]
QuestionPart = Part[Question]


@dataclass(kw_only=True)
class QuestionIndex(InMemory[Question]):
    """The rows of a part, and what is known of them.

    Attributes:
        part: what was read.
        hashes: of the content of each row's image.
        first: where each answer is first.
    """

    part: QuestionPart
    hashes: list[int] = field(default_factory=list)
    first: dict[str, object] = field(default_factory=dict)


def assemble(
    info: Info, parts: Mapping[str, QuestionPart], valid_fraction: float, test_fraction: float
) -> Dataset:
    """Check every part and make the data set. All questions about an image, or a copy of it, are in one split.

    Args:
        info: what is known; labels (the answers, by letters) and notes are added.
        parts: `train` and, where they exist, `valid` and `test`.
        valid_fraction, test_fraction: share of the training images for a split without a part.

    Returns:
        Examples with `image`, a `datasets.formats.images.Image`, `question`, a string, and `answer`, a number into
        `info.labels`; in dev and test `NOT_IN_TRAIN` where train has no such answer.

    Raises:
        UserError: no questions, one answer alone, a part without an answer of train, an image that is not there.
    """
    import numpy as np

    known: dict[Path, int] = {}
    indexes = {split: _index(part, known) for split, part in parts.items()}
    every = {answer for index in indexes.values() for answer in index.first}
    classes = spellings(indexes["train"].first, every)
    answers = tuple(sorted({classes[answer] for answer in indexes["train"].first}))
    _check_answers(indexes, classes, answers)
    hashes = {split: np.array(index.hashes, np.uint64) for split, index in indexes.items()}
    codes = assign(hashes, valid_fraction, test_fraction)
    in_train = zip(indexes["train"].rows, codes["train"], strict=True)
    left = {classes[answer] for (_, _, _, answer), code in in_train if code == TRAIN}
    refuse_one_class(indexes["train"].part.name, left, answers)
    notes = chain(
        spelling_notes(classes, "answers"),
        *(_unknown_notes(index, classes, answers) for index in indexes.values()),
        _notes(hashes["train"], codes["train"]),
        missing_labels_note(left, answers),
    )
    info = replace(info, labels=answers, notes=(*info.notes, *notes))
    ids = {answer: id for id, answer in enumerate(answers)}

    def example(row: Question) -> Example:
        _, image, question, answer = row
        return {
            "image": ImageFile(image),
            "question": question,
            "answer": ids.get(classes[answer], NOT_IN_TRAIN),
        }

    return Dataset(info, *make_splits(indexes, codes, "test" in parts or test_fraction > 0, example))


def _index(part: QuestionPart, known: dict[Path, int]) -> QuestionIndex:
    """Read a part; `known` holds the hash of each image that was met before."""
    index = QuestionIndex(part=part)
    for row in part.rows():
        where, image, _, answer = row
        if image not in known:
            known[image] = image_hash(image, part.place(where))
        index.rows.append(row)
        index.hashes.append(known[image])
        index.first.setdefault(answer, where)
        if len(index.first) > MOST_ANSWERS:
            raise UserError(
                f"{part.name}: more than {MOST_ANSWERS:,} different answers; keep the frequent ones"
            )
    if not index.rows:
        raise UserError(f"{part.name}: has no questions")
    return index


def _check_answers(
    indexes: Mapping[str, QuestionIndex], classes: Mapping[str, str], answers: tuple[str, ...]
) -> None:
    train = indexes["train"]
    for index in indexes.values():
        if not any(classes[answer] in answers for answer in index.first):
            answer, where = next(iter(index.first.items()))
            raise UserError(
                f"{index.part.place(where)}: the answer '{answer[:40]}' is not in {train.part.name}, nor is any other "
                f"of {index.part.name}; a model can only give answers that it has been taught"
            )
    if len(answers) == 1:
        raise UserError(
            f"{train.part.name}: every question has the answer '{answers[0][:40]}'; at least two are needed"
        )


def _unknown_notes(
    index: QuestionIndex, classes: Mapping[str, str], answers: tuple[str, ...]
) -> Iterator[str]:
    """The answers of a part that train has not, if there are any."""
    unknown = [answer for answer in index.first if classes[answer] not in answers]
    if unknown:
        count = sum(answer in unknown for *_, answer in index.rows)
        yield unknown_note(index.part.name, "questions with answers", unknown, count)


def _notes(hashes: np.ndarray, codes: np.ndarray) -> Iterator[str]:
    """How the splits came about, from the hashes and the codes of the rows of train."""
    import numpy as np

    for split in ("valid", "test"):
        images = len(np.unique(hashes[codes == CODES[split]]))
        if images:
            yield f"{split}: {images:,} images with all their questions taken out of train by the hash of the file"
    yield from dropped_note(codes, "training questions whose image is in another split were dropped")
