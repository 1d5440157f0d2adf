from __future__ import annotations

import gzip
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.errors import UserError
from datasets.formats import lines as reading
from datasets.formats.lines import check_encoding, is_utf8, lines


def refused(path: Path, encoding: str = "utf-8") -> str:
    with pytest.raises(UserError) as caught:
        list(lines(path, encoding))
    return str(caught.value)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some.txt"


def test_lines_end_at_line_feeds_alone(path: Path) -> None:
    odd = "a\u2028b\x85c\x0cd\re\x0b\x1c"
    path.write_text(f"{odd}\n\nlast", encoding="utf-8", newline="")
    assert list(lines(path)) == [odd, "", "last"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a\r\rb", ["a", "", "b"]),
        (b"a\rb\r", ["a", "b"]),
        (b"a\r", ["a"]),
        (b"a\rb\n", ["a\rb"]),  # with a line feed, a carriage return within a line is a character
        (b"a\nb\rc", ["a", "b\rc"]),
    ],
)
def test_lines_of_a_file_without_line_feeds_end_at_carriage_returns(
    path: Path, data: bytes, expected: list[str]
) -> None:
    path.write_bytes(data)
    assert list(lines(path)) == expected


def test_the_end_of_the_last_line_adds_no_line(path: Path) -> None:
    path.write_bytes(b"a\nb\n")
    assert list(lines(path)) == ["a", "b"]
    path.write_bytes(b"")
    assert list(lines(path)) == []


def test_byte_order_mark_is_no_text(path: Path) -> None:
    path.write_bytes("\ufeff가\ufeff\n".encode())
    assert list(lines(path)) == ["가\ufeff"]
    path.write_text("가\n나", encoding="utf-16")
    assert list(lines(path, "utf-16")) == ["가", "나"]


def test_gzip_is_known_by_its_content(path: Path) -> None:
    path.write_bytes(gzip.compress("가\n나".encode()))
    assert list(lines(path)) == ["가", "나"]


@pytest.mark.parametrize("encoding", ["cp949", "euc-kr", "utf-16", "utf-8-sig", "utf-32"])
def test_encodings(path: Path, encoding: str) -> None:
    path.write_bytes("한글\n둘째".encode(encoding))
    assert list(lines(path, encoding)) == ["한글", "둘째"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [("좋다".encode(), True), (b"good", False), ("좋다".encode("cp949"), False), (b"", False)],
)
def test_what_is_utf8_beyond_doubt(path: Path, data: bytes, expected: bool) -> None:
    path.write_bytes(data)
    assert is_utf8(path) is expected


def test_lines_across_chunks(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = ["가나다" * number for number in range(20)]
    path.write_text("\n".join(text), encoding="utf-8")
    for size in (1, 2, 7):
        monkeypatch.setattr(reading, "CHUNK", size)
        assert list(lines(path)) == text


@pytest.mark.parametrize("chunk", [1, 5, 1 << 20])
def test_invalid_bytes_name_their_line(path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(reading, "CHUNK", chunk)
    path.write_bytes("가\n나\n".encode() + b"ok\xff\n" + "다\n".encode())
    assert refused(path) == (
        f"{path} line 3: byte 0xff is not valid utf-8; give the file's encoding, e.g. --encoding cp949"
    )


def test_another_encoding_than_the_wrong_one_is_proposed(path: Path) -> None:
    path.write_bytes("a\n한".encode())
    with pytest.raises(
        UserError, match=r"line 2: byte 0xed is not valid cp949; .*, e\.g\. --encoding utf-8$"
    ):
        list(lines(path, "cp949"))


def test_a_character_cut_off_at_the_end_is_named(path: Path) -> None:
    path.write_bytes(b"a\nb\n" + "가".encode()[:2])
    assert f"{path} line 3: byte 0xea is not valid" in refused(path)


def test_utf_16_taken_for_utf_8(path: Path) -> None:
    path.write_text("text,label\n", encoding="utf-16")
    assert refused(path) == f"{path}: looks like UTF-16; give --encoding utf-16"


def test_endless_line_is_refused_early_and_in_little_memory(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(5 << 30)  # 5 GiB that take no room on the disk
    tracemalloc.start()
    said = refused(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (
        said == f"{path} line 1: longer than 10,000,000 characters; is this a table with an example a line?"
    )
    assert peak < 100 << 20


def test_endless_packed_line_is_refused_early(path: Path) -> None:
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(b"a\n")
        for _ in range(40):
            file.write(b"x" * (1 << 20))
    assert f"{path} line 2: longer than" in refused(path)


def test_line_of_the_longest_length_passes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LONGEST_LINE", 5)
    path.write_bytes(b"12345\n12345")
    assert list(lines(path)) == ["12345", "12345"]
    path.write_bytes(b"12345\n123456\n")
    assert "line 2: longer than" in refused(path)


def test_truncated_gzip(path: Path) -> None:
    path.write_bytes(gzip.compress(b"a\n" * 1000)[:-10])
    assert refused(path) == f"{path}: is not a whole gzip file; was its download cut off?"


def test_gzip_with_a_broken_body(path: Path) -> None:
    packed = bytearray(gzip.compress(bytes(range(256)) * 100))
    packed[40:60] = b"\xff" * 20
    path.write_bytes(packed)
    assert refused(path) == f"{path}: is not a whole gzip file; was its download cut off?"


def test_name_that_says_gzip_and_content_that_does_not(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(b"a,b\n")
    assert refused(path) == f"{path}: is named .gz and is not a gzip file"


def test_what_is_no_file(tmp_path: Path) -> None:
    assert refused(tmp_path) == f"{tmp_path}: is not a file"
    assert refused(tmp_path / "none") == f"{tmp_path / 'none'}: is not a file"


@pytest.mark.parametrize("encoding", ["no-such", "base64", "rot13", "undefined", "", "a\0b"])
def test_what_is_no_encoding(encoding: str) -> None:
    with pytest.raises(UserError, match="not a text encoding"):
        check_encoding(encoding)


def test_encodings_that_are_known() -> None:
    for encoding in ("utf-8", "CP949", "latin-1", "utf-16"):
        check_encoding(encoding)


@given(st.lists(st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]))))
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, text: list[str]) -> None:
    path = tmp_path_factory.mktemp("lines") / "some.txt"
    content = "".join(line + "\n" for line in text)
    path.write_bytes(content.encode())
    expected = content.removeprefix("\ufeff").split("\n")[:-1]
    assert list(lines(path)) == expected
