"""Questions about images in parts become a data set whose splits share no image.

The questions are kept in memory, the images on disk: the first pass reads each file once, to know which are copies of
another, and decodes none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from datasets.assembly.splitting import CODES, DROPPED, assign
from datasets.base import Dataset, Example, Info, Split
from datasets.errors import UserError
from datasets.formats.images import ImageFile, fingerprint

MOST_ANSWERS = 5000

Row = tuple[Any, Path, str, str]  # where it is, the image's file, the question, the answer


class Part(Protocol):
    """Questions about images on disk.

    Attributes:
        name: what the user knows it by.
    """

    name: str

    def rows(self) -> Iterator[Row]:
        """A pass. Raises UserError on a row that is no example, saying where it is."""

    def place(self, where: Any) -> str:
        """The words for where a row is."""


@dataclass
class Scan:
    """What a pass over a part finds: its rows, the hash of each row's image, where each answer is first."""

    part: Part
    rows: list[tuple[Path, str, str]] = field(default_factory=list)
    hashes: list[int] = field(default_factory=list)
    first: dict[str, Any] = field(default_factory=dict)


def assemble(info: Info, parts: Mapping[str, Part], valid_fraction: float, test_fraction: float) -> Dataset:
    """Check every part and make the data set. All questions about an image, or a copy of it, are in one split.

    Args:
        info: what is known; labels (the answers, by letters) and notes are added.
        parts: `train` and, where they exist, `valid` and `test`.
        valid_fraction, test_fraction: share of the training images for a split without a part.

    Raises:
        UserError: no questions, one answer alone, an answer that train does not have, an image that is not there.
    """
    import numpy as np

    known: dict[Path, int] = {}
    scans = {split: _scan(part, known) for split, part in parts.items()}
    answers = tuple(sorted(scans["train"].first))
    _check_answers(scans)
    hashes = {split: np.array(scan.hashes, np.uint64) for split, scan in scans.items()}
    codes = assign(hashes, valid_fraction, test_fraction)
    numbers = {answer: number for number, answer in enumerate(answers)}

    def split(name: str) -> Split:
        part = name if name in scans else "train"
        chosen = np.flatnonzero(codes[part] == CODES[name])
        return Split(lambda: _read(scans[part], chosen, numbers), len(chosen))

    has_test = "test" in parts or test_fraction > 0
    info = replace(info, labels=answers, notes=(*info.notes, *_notes(hashes, codes)))
    return Dataset(info, split("train"), split("valid"), split("test") if has_test else None)


def _scan(part: Part, known: dict[Path, int]) -> Scan:
    """Read a part; `known` holds the hash of each image that was met before."""
    scan = Scan(part)
    for where, image, question, answer in part.rows():
        if image not in known:
            known[image] = _fingerprint(image, part.place(where))
        scan.rows.append((image, question, answer))
        scan.hashes.append(known[image])
        scan.first.setdefault(answer, where)
        if len(scan.first) > MOST_ANSWERS:
            raise UserError(
                f"{part.name}: more than {MOST_ANSWERS:,} different answers; keep the frequent ones"
            )
    if not scan.rows:
        raise UserError(f"{part.name}: has no questions")
    return scan


def _fingerprint(path: Path, place: str) -> int:
    try:
        return fingerprint(path)
    except UserError as problem:
        raise UserError(f"{place}: {problem}") from None


def _read(scan: Scan, chosen: Any, numbers: Mapping[str, int]) -> Iterator[Example]:
    for row in chosen:
        image, question, answer = scan.rows[row]
        yield {"image": ImageFile(image), "question": question, "answer": numbers[answer]}


def _check_answers(scans: Mapping[str, Scan]) -> None:
    train = scans["train"]
    for scan in scans.values():
        for answer, where in scan.first.items():
            if answer not in train.first:
                raise UserError(
                    f"{scan.part.place(where)}: the answer '{answer[:40]}' is not in {train.part.name}; a model "
                    "can only give answers that it has been taught"
                )
    if len(train.first) == 1:
        (answer,) = train.first
        raise UserError(
            f"{train.part.name}: every question has the answer '{answer[:40]}'; at least two are needed"
        )


def _notes(hashes: Mapping[str, Any], codes: Mapping[str, Any]) -> Iterator[str]:
    """How the splits came about."""
    import numpy as np

    for split in ("valid", "test"):
        images = len(np.unique(hashes["train"][codes["train"] == CODES[split]]))
        if images:
            yield f"{split}: {images:,} images with all their questions taken out of train by the hash of the file"
    dropped = int((codes["train"] == DROPPED).sum())
    if dropped:
        yield f"{dropped:,} training questions whose image is in another split were dropped"
