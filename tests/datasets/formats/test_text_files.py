from __future__ import annotations

import gzip
import itertools
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.errors import UserError
from datasets.formats import text_files
from datasets.formats.text_files import TextFile


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_files, "PIECE", 8)


@given(
    text=st.text(st.sampled_from("ab  \r\n한각\u1100\u1161\u11a8\u0301e") | st.characters(codec="utf-8")),
    size=st.integers(1, 12),
)
def test_pieces_are_short_and_make_up_the_text(
    text: str, size: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = text.replace("\x00", "").replace("\ufeff", "")
    path = tmp_path_factory.mktemp("text") / "a.txt"
    path.write_bytes(text.encode())
    kept, text_files.PIECE = text_files.PIECE, size
    try:
        pieces = list(TextFile(path)())
    finally:
        text_files.PIECE = kept
    assert "".join(pieces) == unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    longest = size + sum(text_files._goes_on(a, b) for a, b in itertools.pairwise(text))
    # A few characters, such as U+0958, become two when they are composed.
    longest += sum(len(unicodedata.normalize("NFC", character)) - 1 for character in text)
    assert max(map(len, pieces), default=0) <= longest


@pytest.mark.usefixtures("small_pieces")
def test_no_word_is_cut(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one two three\nfour five")
    assert list(TextFile(tmp_path / "a.txt")()) == ["one two", " three", "\nfour", " five"]


def test_no_character_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "\u1112\u1161\u11ab" * 5
    (tmp_path / "a.txt").write_text(text)
    monkeypatch.setattr(text_files, "PIECE", 4)
    pieces = list(TextFile(tmp_path / "a.txt")())
    assert len(pieces) > 1
    assert set("".join(pieces)) == {"한"}


def test_line_breaks_of_windows_become_line_feeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_bytes(b"ab\r\ncd\r\n\r\nef\rg")
    for size in range(1, 9):
        monkeypatch.setattr(text_files, "PIECE", size)
        assert "".join(TextFile(tmp_path / "a.txt")()) == "ab\ncd\n\nef\rg"


def test_what_is_no_text_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"one\ntwo\n\x00")
    with pytest.raises(UserError, match=r"a.txt line 3: holds a NUL character"):
        list(TextFile(path)())
    path.write_bytes(b"one\n\xff\xfetwo\n")
    with pytest.raises(UserError, match=r"a.txt line 2: byte 0xff is not valid utf-8"):
        list(TextFile(path)())


def test_a_file_that_changes_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("one")
    text = TextFile(path)
    assert list(text()) == ["one"]
    path.write_text("one two")
    with pytest.raises(UserError, match="has changed"):
        list(text())


@pytest.mark.real
def test_a_real_text_is_read_in_pieces(data_dir: Path, tmp_path: Path) -> None:
    path = data_dir / "tiny_shakespeare" / "input.txt"
    pieces = list(TextFile(path)())
    assert len(pieces) > 10
    assert all(re.match(r"\s", piece) for piece in pieces[1:])
    assert "".join(pieces) == path.read_text("utf-8")
    (tmp_path / "a.gz").write_bytes(gzip.compress(path.read_bytes()[:100_000]))
    assert "".join(TextFile(tmp_path / "a.gz")()) == "".join(pieces)[:100_000]
