from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from datasets.assembly.parts import FilePart, Index, InMemory, make_splits
from datasets.assembly.splitting import DROPPED, TEST, TRAIN, VALID
from datasets.errors import UserError
from tests.datasets.assembly.memory_part import MemoryPart

ROWS = [(0, "a"), (1, "b"), (2, "c"), (3, "d")]
CODES = bytes([TRAIN, VALID, DROPPED, TRAIN])


def test_an_index_reads_the_rows_of_a_split_again_and_again() -> None:
    index = Index(MemoryPart("train", ROWS))
    for _ in range(2):
        assert list(index.read(CODES, TRAIN)) == [ROWS[0], ROWS[3]]
        assert list(index.read(CODES, VALID)) == [ROWS[1]]
        assert list(index.read(CODES, TEST)) == []


@pytest.mark.parametrize("content", [ROWS[:3], [*ROWS, (4, "e")]])
def test_a_part_with_more_or_fewer_rows_than_before_is_noticed(content: list[tuple[int, str]]) -> None:
    part = MemoryPart("train", ROWS)
    index = Index(part)
    part.content = content
    with pytest.raises(UserError, match=r"^train: changed while it was read; start again$") as caught:
        list(index.read(CODES, TRAIN))
    assert caught.value.exit_code == 1


def test_a_part_with_another_fingerprint_is_not_read() -> None:
    part = MemoryPart("train", ROWS)
    index = Index(part)
    part.version = 1
    with pytest.raises(UserError, match=r"^train: has changed since it was loaded; start again$"):
        list(index.read(CODES, TRAIN))


def test_splits_are_parts_or_are_among_the_rows_of_train() -> None:
    parts = {"train": InMemory(ROWS), "test": InMemory([(0, "t")])}
    codes = {"train": np.frombuffer(CODES, np.uint8), "test": np.array([TEST], np.uint8)}
    train, valid, test = make_splits(parts, codes, True, lambda row: {"text": row[1]})
    assert test is not None
    assert [[example["text"] for example in split] for split in (train, valid, test)] == [
        ["a", "d"],
        ["b"],
        ["t"],
    ]
    assert [len(split) for split in (train, valid, test)] == [2, 1, 1]
    assert make_splits(parts, codes, False, lambda row: {"text": row[1]})[2] is None


def test_a_file_has_another_fingerprint_when_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("one")
    part = FilePart(path)
    before = part.fingerprint()
    assert part.fingerprint() == before
    path.write_text("two")
    os.utime(path, ns=(0, 0))
    assert part.fingerprint() != before
    assert part.place(3) == f"{path} line 3"
    path.unlink()
    with pytest.raises(UserError, match=r"a\.csv: cannot be read"):
        part.fingerprint()
