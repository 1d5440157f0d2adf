from __future__ import annotations

import gzip
import itertools
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.assembly import long_text
from datasets.assembly.long_text import TextFile, assemble
from datasets.base import Info
from datasets.errors import UserError

INFO = Info("toy", ("text",))


@pytest.fixture
def small_pieces(monkeypatch):
    monkeypatch.setattr(long_text, "PIECE", 8)


def reader(text: str, size: int = 3):
    return lambda: (text[n : n + size] for n in range(0, len(text), size))


def whole(split) -> str:
    return "".join(example["text"] for example in split)


@given(
    text=st.text(st.sampled_from("ab  \r\n한각\u1100\u1161\u11a8\u0301e") | st.characters(codec="utf-8")),
    size=st.integers(1, 12),
)
def test_pieces_are_short_and_make_up_the_text(text, size, tmp_path_factory):
    text = text.replace("\x00", "").replace("\ufeff", "")
    path = tmp_path_factory.mktemp("text") / "a.txt"
    path.write_bytes(text.encode())
    kept, long_text.PIECE = long_text.PIECE, size
    try:
        pieces = list(TextFile(path)())
    finally:
        long_text.PIECE = kept
    assert "".join(pieces) == unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    longest = size + sum(long_text._goes_on(a, b) for a, b in itertools.pairwise(text))
    assert max(map(len, pieces), default=0) <= longest


def test_no_word_is_cut(tmp_path, small_pieces):
    (tmp_path / "a.txt").write_text("one two three\nfour five")
    assert list(TextFile(tmp_path / "a.txt")()) == ["one two", " three", "\nfour", " five"]


def test_no_character_is_cut(tmp_path, monkeypatch):
    text = "\u1112\u1161\u11ab" * 5
    (tmp_path / "a.txt").write_text(text)
    monkeypatch.setattr(long_text, "PIECE", 4)
    pieces = list(TextFile(tmp_path / "a.txt")())
    assert len(pieces) > 1
    assert set("".join(pieces)) == {"한"}


def test_line_breaks_of_windows_become_line_feeds(tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_bytes(b"ab\r\ncd\r\n\r\nef\rg")
    for size in range(1, 9):
        monkeypatch.setattr(long_text, "PIECE", size)
        assert "".join(TextFile(tmp_path / "a.txt")()) == "ab\ncd\n\nef\rg"


def test_what_is_no_text_is_told_with_its_line(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"one\ntwo\n\x00")
    with pytest.raises(UserError, match=r"a.txt line 3: holds a NUL character"):
        list(TextFile(path)())
    path.write_bytes(b"one\n\xff\xfetwo\n")
    with pytest.raises(UserError, match=r"a.txt line 2: byte 0xff is not valid utf-8"):
        list(TextFile(path)())


def test_a_file_that_changes_is_told(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("one")
    text = TextFile(path)
    assert list(text()) == ["one"]
    path.write_text("one two")
    with pytest.raises(UserError, match="has changed"):
        list(text())


def test_splits_are_cut_by_position_and_lose_nothing():
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


def test_splits_of_their_own_stay_as_they_are():
    text = "x" * 90 + "y" * 10
    data = assemble(INFO, {"train": reader(text), "test": reader("zz")}, 0.1, 0.5)
    assert data.test is not None
    assert (whole(data.train), whole(data.valid), whole(data.test)) == ("x" * 90, "y" * 10, "zz")
    data = assemble(INFO, {"train": reader(text), "valid": reader("v")}, 0.5, 0.0)
    assert (whole(data.train), whole(data.valid), data.test) == (text, "v", None)


@pytest.mark.parametrize("text", ["a", "hello", "x" * 10])
def test_a_text_too_short_to_be_cut_is_every_split(text):
    data = assemble(INFO, {"train": reader(text)}, 0.05, 0.05)
    assert data.test is not None
    assert {whole(data.train), whole(data.valid), whole(data.test)} == {text}
    assert "too few to be cut" in data.info.notes[-1]


def test_reading_stops_at_the_end_of_a_split():
    read = []

    def pieces():
        for n in range(100):
            read.append(n)
            yield "abcdefghij"

    data = assemble(INFO, {"train": pieces}, 0.1, 0.1)
    read.clear()
    assert len(whole(data.train)) == 800
    assert len(read) == 80


@pytest.mark.parametrize("empty", ["train", "valid"])
def test_an_empty_text_is_told(empty):
    parts = {"train": reader("abc"), "valid": reader("abc"), empty: reader("")}
    with pytest.raises(UserError, match="is empty; give a text"):
        assemble(INFO, parts, 0.1, 0.1)


@pytest.mark.real
def test_a_real_text_is_read_in_pieces(data_dir: Path, tmp_path):
    path = data_dir / "tiny_shakespeare" / "input.txt"
    pieces = list(TextFile(path)())
    assert len(pieces) > 10
    assert all(re.match(r"\s", piece) for piece in pieces[1:])
    assert "".join(pieces) == path.read_text("utf-8")
    (tmp_path / "a.gz").write_bytes(gzip.compress(path.read_bytes()[:100_000]))
    assert "".join(TextFile(tmp_path / "a.gz")()) == "".join(pieces)[:100_000]
