"""Which examples train, which develop and which test: by content, so that a text is on one side.

Every row costs the hash of its text (8 bytes) and its split (1 byte), whatever the text's length.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from datasets.errors import UserError
from datasets.formats.hashes import content_hash

if TYPE_CHECKING:
    import numpy as np

TRAIN, VALID, TEST, DROPPED = range(4)
CODES = {"train": TRAIN, "valid": VALID, "test": TEST}
#: Words by which files, folders and official splits say which split they are.
SPLIT_NAMES = {
    "train": "train", "training": "train",
    "valid": "valid", "validation": "valid", "val": "valid", "dev": "valid",
    "test": "test", "testing": "test",
}  # fmt: skip


def assign(
    hashes: Mapping[str, np.ndarray], valid_fraction: float, test_fraction: float, drop_shared: bool = True
) -> dict[str, np.ndarray]:
    """The split of every row of every part.

    Rows of the parts `valid` and `test` stay where they are. Rows of `train` whose text is in one of these
    are dropped, if that is wanted. A split without a part is then taken out of train, by the rank of the texts' hashes.

    Args:
        hashes: content hashes, (rows,) uint64, of `train` and, where they exist, `valid` and `test`.
        valid_fraction, test_fraction: how much of the distinct texts left in train becomes a missing split.
        drop_shared: False keeps rows of train that are in an official split too, as published numbers have them.

    Returns:
        For each part the codes of its rows, (rows,) uint8.

    Raises:
        UserError: fewer distinct texts than splits.
    """
    import numpy as np

    codes = {part: np.full(len(rows), CODES[part], np.uint8) for part, rows in hashes.items()}
    train = hashes["train"]
    for part in hashes.keys() - {"train"} if drop_shared else ():
        codes["train"][np.isin(train, hashes[part])] = DROPPED
    distinct = np.unique(train[codes["train"] == TRAIN])
    wanted = {"test": test_fraction, "valid": valid_fraction}
    missing = [part for part, fraction in wanted.items() if part not in hashes and fraction > 0]
    if len(distinct) <= len(missing):
        raise UserError(
            f"{len(distinct)} different texts that are in no other split are too few to train on; "
            f"give at least {len(missing) + 1}"
        )
    start = 0
    for part in missing:
        stop = start + _share(wanted[part], len(distinct), len(missing))
        codes["train"][np.isin(train, distinct[start:stop])] = CODES[part]
        start = stop
    return codes


class Row(Protocol):
    """What is split by its content, or by what it has in common with others."""

    @property
    def hash(self) -> int:
        """Of its content: copies have the same."""

    @property
    def group(self) -> str | None:
        """What rows on one side of a split have in common, such as a speaker; None: they are split by their content."""


def assign_rows(
    parts: Mapping[str, Sequence[Row]], valid_fraction: float, test_fraction: float
) -> dict[str, np.ndarray]:
    """The split of every row: copies of what is in another part leave train, and groups stay together.

    Args, returns and raises: see `assign`.
    """
    import numpy as np

    others = {row.hash for part in parts if part != "train" for row in parts[part]}
    shared = np.array([row.hash in others for row in parts["train"]])
    by_group = {
        part: np.array(
            [row.hash if row.group is None else content_hash(row.group) for row in rows], np.uint64
        )
        for part, rows in parts.items()
    }
    left = {**by_group, "train": by_group["train"][~shared]}
    codes = assign(left, valid_fraction, test_fraction, drop_shared=False)
    of_train = np.full(len(shared), DROPPED, np.uint8)
    of_train[~shared] = codes["train"]
    return {**codes, "train": of_train}


def missing_labels_note(left: Collection[str], names: Sequence[str]) -> Iterator[str]:
    """A sentence on the classes that are not among those that train is left with, if there are any."""
    missing = [name for name in names if name not in left]
    if missing:
        yield f"no training example has the label {', '.join(missing[:5])}"


def refuse_one_class(source: str, left: Collection[str], names: Sequence[str]) -> None:
    """Refuse a train split that was of several classes before others were taken out of it.

    Args:
        source: whose it is.
        left: the classes that it still has.
        names: those that it had.

    Raises:
        UserError: it has one class.
    """
    if len(left) > 1:
        return
    (only,) = left
    others = ", ".join(f"'{name[:40]}'" for name in names[:5] if name != only)
    raise UserError(
        f"{source}: without what is dev, test, or in them too, every training example has the label '{only[:40]}'; "
        f"give more examples of {others}, or files for dev and test"
    )


def _share(fraction: float, count: int, splits: int) -> int:
    """How many of `count` texts a split gets: at least one, and never so many that train gets none."""
    return max(1, min(int(fraction * count), count - splits))


def taken_notes(codes: np.ndarray, what: str) -> Iterator[str]:
    """A sentence on each split that was taken out of train.

    Args:
        codes: of the rows of train.
        what: what they are and how they were taken, e.g. `pairs taken out of train by hash`.
    """
    for split in ("valid", "test"):
        count = int((codes == CODES[split]).sum())
        if count:
            yield f"{split}: {count:,} {what}"


def dropped_note(codes: np.ndarray, what: str) -> Iterator[str]:
    """A sentence on the rows of train that were dropped, if there are any: how many, and `what` they are."""
    count = int((codes == DROPPED).sum())
    if count:
        yield f"{count:,} {what}"
