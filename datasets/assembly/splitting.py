"""Which examples train, which develop and which test: by content, so that a text is on one side.

Every row costs the hash of its text (8 bytes) and its split (1 byte), whatever the text's length.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from datasets.errors import UserError

if TYPE_CHECKING:
    import numpy as np

TRAIN, VALID, TEST, DROPPED = range(4)
CODES = {"train": TRAIN, "valid": VALID, "test": TEST}


def content_hash(text: str) -> int:
    """A number of 64 bits for a text, the same on every machine and in every process."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8"), digest_size=8).digest(), "little")


def assign(
    hashes: dict[str, np.ndarray], valid_fraction: float, test_fraction: float
) -> dict[str, np.ndarray]:
    """The split of every row of every part.

    Rows of the parts `valid` and `test` stay where they are. Rows of `train` whose text is in one of these
    are dropped; a split without a part is then taken out of train, by the rank of the texts' hashes.

    Args:
        hashes: content hashes, (rows,) uint64, of `train` and, where they exist, `valid` and `test`.
        valid_fraction, test_fraction: how much of the distinct texts left in train becomes a missing split.

    Returns:
        For each part the codes of its rows, (rows,) uint8.

    Raises:
        UserError: fewer distinct texts than splits.
    """
    import numpy as np

    codes = {part: np.full(len(rows), CODES[part], np.uint8) for part, rows in hashes.items()}
    train = hashes["train"]
    for part in hashes.keys() - {"train"}:
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


def _share(fraction: float, count: int, splits: int) -> int:
    """How many of `count` texts a split gets: at least one, and never so many that train gets none."""
    return max(1, min(int(fraction * count), count - splits))
