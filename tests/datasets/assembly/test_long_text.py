from __future__ import annotations

from collections.abc import Iterator

import pytest

from datasets.assembly.long_text import Reader, assemble
from datasets.base import Info, Split
from datasets.errors import UserError

INFO = Info("toy", ("text",))


def reader(text: str, size: int = 3) -> Reader:
    return lambda: (text[n : n + size] for n in range(0, len(text), size))


def whole(split: Split) -> str:
    return "".join(example["text"] for example in split)


def test_splits_are_cut_by_position_and_lose_nothing() -> None:
    text = "".join(chr(0xAC00 + n) for n in range(1000))
    data = assemble(INFO, {"train": reader(text, 37)}, 0.05, 0.1)
    assert data.test is not None
    parts = [whole(split) for split in (data.train, data.valid, data.test)]
    assert [len(part) for part in parts] == [850, 50, 100]
    assert "".join(parts) == text
    for split in (data.train, data.valid, data.test):
        assert len(split) == len(list(split))
        assert whole(split) == whole(split)
    assert data.info.notes == ("text: 1,000 characters",)
    assert data.info.unit == "pieces of text"


def test_splits_of_their_own_stay_as_they_are() -> None:
    text = "x" * 90 + "y" * 10
    data = assemble(INFO, {"train": reader(text), "test": reader("zz")}, 0.1, 0.5)
    assert data.test is not None
    assert (whole(data.train), whole(data.valid), whole(data.test)) == ("x" * 90, "y" * 10, "zz")
    data = assemble(INFO, {"train": reader(text), "valid": reader("v")}, 0.5, 0.0)
    assert (whole(data.train), whole(data.valid), data.test) == (text, "v", None)


@pytest.mark.parametrize("text", ["a", "hello", "x" * 10])
def test_a_text_too_short_to_be_cut_is_every_split(text: str) -> None:
    data = assemble(INFO, {"train": reader(text)}, 0.05, 0.05)
    assert data.test is not None
    assert {whole(data.train), whole(data.valid), whole(data.test)} == {text}
    assert "too few to be cut" in data.info.notes[-1]


def test_reading_stops_at_the_end_of_a_split() -> None:
    read: list[int] = []

    def pieces() -> Iterator[str]:
        for n in range(100):
            read.append(n)
            yield "abcdefghij"

    data = assemble(INFO, {"train": pieces}, 0.1, 0.1)
    read.clear()
    assert len(whole(data.train)) == 800
    assert len(read) == 80


@pytest.mark.parametrize("empty", ["train", "valid"])
def test_an_empty_text_is_told(empty: str) -> None:
    parts = {"train": reader("abc"), "valid": reader("abc"), empty: reader("")}
    with pytest.raises(UserError, match="is empty; give a text"):
        assemble(INFO, parts, 0.1, 0.1)
