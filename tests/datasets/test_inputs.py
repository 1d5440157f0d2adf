from __future__ import annotations

import gzip
import unicodedata
from pathlib import Path

import pytest

from datasets.errors import UserError
from datasets.formats.tables import Format
from datasets.inputs import read_inputs, typed

DECOMPOSED = unicodedata.normalize("NFD", "좋다 É")


def written(path: Path, content: str | bytes) -> Path:
    data = content.encode() if isinstance(content, str) else content
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def texts(path: Path, column: str | None = None, **form) -> list[str]:
    return list(read_inputs(path, "text", column, Format(**form)))


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.txt", "one\n\n two \u2028 \nlast", ["one", "", " two \u2028 ", "last"]),
        ("a.txt", "one\r\ntwo\r\n", ["one", "two"]),
        ("a.txt.gz", "one\ntwo\n", ["one", "two"]),
        ("a.csv", 'id,review\n1,"a ""fine"" film,\nreally"\n2,\n', ['a "fine" film,\nreally', ""]),
        ("a.csv.gz", "text\nNA\nnull\n", ["NA", "null"]),
        ("a.tsv", 'text\tlabel\n"a" b\tx\n', ['"a" b']),
        ("a.tsv", "리뷰\t번호\n좋다\t1\n", ["좋다"]),
        ("a.jsonl", '{"text": "a\\nb", "n": 1}\n{"n": 2, "text": ""}\n', ["a\nb", ""]),
        ("a.jsonl", '{"words": "a"}\n', ["a"]),
        ("a.txt", DECOMPOSED, ["좋다 É"]),
        ("a.csv", f"text\n{DECOMPOSED}\n", ["좋다 É"]),
        ("a.txt", "", []),
        ("a.csv", "text\n", []),
    ],
)
def test_texts_of_a_file(tmp_path, name, content, expected):
    assert texts(written(tmp_path / name, content)) == expected


def test_what_the_user_says_of_a_table_counts(tmp_path):
    path = written(tmp_path / "a.csv", "1;good;x\n2;bad;y\n".encode("utf-16"))
    assert texts(path, "1", encoding="utf-16", delimiter="semicolon", header=False) == ["good", "bad"]
    path = written(tmp_path / "a.csv", "text,title\na,b\n")
    assert texts(path, "title") == ["b"]
    path = written(tmp_path / "a.txt", "text|title\na|b\n")
    assert texts(path, "title", delimiter="pipe") == ["b"]


def test_the_first_row_of_the_only_column_is_asked_about(tmp_path):
    path = written(tmp_path / "a.csv", "A fine film\nA bad one\n")
    with pytest.raises(UserError, match="is the first row, 'A fine film', the name of its only column"):
        texts(path)
    assert texts(path, "0") == ["A bad one"]
    assert texts(path, header=False) == ["A fine film", "A bad one"]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", "words,label\na,b\n", "no column for the text"),
        ("a.csv", "text,review\na,b\n", "several columns may be the text"),
        ("a.csv", "text,label\na\n", "line 2: 1 columns where the first row has 2"),
        ("a.csv", "", "is empty"),
        ("a.txt", b"one\n\xff\n", "line 2: byte 0xff is not valid utf-8"),
        ("a.jsonl", '{"text": 5}\n', "line 1: the text is 5, not a string"),
        ("a.jsonl", '{"text": "a"}\n{"text": "\\ud800"}\n', "line 2: holds half of a character"),
        ("a.parquet", "x", "unknown format"),
        ("a.txt.gz", "", None),
    ],
)
def test_what_is_wrong_with_a_file_is_told(tmp_path, name, content, told):
    path = written(tmp_path / name, content)
    if told is None:  # an empty archive is a file without texts
        assert texts(path) == []
        return
    with pytest.raises(UserError, match=told) as caught:
        texts(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(UserError, match=r"nothing\.txt"):
        texts(tmp_path / "nothing.txt")


def test_arguments_of_the_command_line_are_texts():
    assert typed(DECOMPOSED) == "좋다 É"
    assert typed(b"a \xff".decode("utf-8", "surrogateescape")) == "a \ufffd"


def test_images_of_a_list_or_a_table(tmp_path):
    (tmp_path / "images.txt").write_text("a b.png\n\n  sub/c.jpg \n")
    (tmp_path / "images.csv").write_text("caption,file_name\nx,c.jpg\ny,d.jpg\n")
    (tmp_path / "empty.csv").write_text("caption,photo\nx,c.jpg\ny,\n")
    assert list(read_inputs(tmp_path / "images.txt", "image")) == [
        str(tmp_path / "a b.png"),
        str(tmp_path / "sub/c.jpg"),
    ]
    assert [Path(name).name for name in read_inputs(tmp_path / "images.csv", "image")] == ["c.jpg", "d.jpg"]
    with pytest.raises(UserError, match=r"empty\.csv line 3: the image is not the name of a file"):
        list(read_inputs(tmp_path / "empty.csv", "image", "photo"))
