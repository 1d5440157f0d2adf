from __future__ import annotations

import gzip
import unicodedata
from pathlib import Path

import pytest

from datasets.errors import UserError
from datasets.formats.tables import Format
from datasets.input_kinds.texts import KIND, MOST_CHARACTERS

DECOMPOSED = unicodedata.normalize("NFD", "좋다 É")


def prefixes(text: str, tokens: list[str], from_end: bool = False) -> list[str]:
    assert KIND.prefixes is not None
    return KIND.prefixes(text, tokens, from_end)


def written(path: Path, content: str | bytes) -> Path:
    data = content.encode() if isinstance(content, str) else content
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def texts(
    path: Path,
    column: str | None = None,
    encoding: str = "utf-8",
    delimiter: str | None = None,
    header: bool = True,
) -> list[str]:
    return list(KIND.read(path, column, Format(encoding, delimiter, header)))


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
def test_texts_of_a_file(tmp_path: Path, name: str, content: str, expected: list[str]) -> None:
    assert texts(written(tmp_path / name, content)) == expected


def test_what_the_user_says_of_a_table_counts(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "1;good;x\n2;bad;y\n".encode("utf-16"))
    assert texts(path, "1", encoding="utf-16", delimiter="semicolon", header=False) == ["good", "bad"]
    path = written(tmp_path / "a.csv", "text,title\na,b\n")
    assert texts(path, "title") == ["b"]
    path = written(tmp_path / "a.txt", "text|title\na|b\n")
    assert texts(path, "title", delimiter="pipe") == ["b"]


def test_the_first_row_of_the_only_column_is_asked_about(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "A fine film\nA bad one\n")
    with pytest.raises(UserError, match="is the first row, 'A fine film', the name of its only column"):
        texts(path)
    assert texts(path, "0") == ["A bad one"]
    assert texts(path, header=False) == ["A fine film", "A bad one"]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        (
            "a.csv",
            "words,label\na,b\n",
            "no column for the text among 'words', 'label'; name it with --column",
        ),
        ("a.csv", "text;label\na;b\n", "if it is a text, --delimiter semicolon if it names several columns"),
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
def test_what_is_wrong_with_a_file_is_told(
    tmp_path: Path, name: str, content: str | bytes, told: str | None
) -> None:
    path = written(tmp_path / name, content)
    if told is None:  # an empty archive is a file without texts
        assert texts(path) == []
        return
    with pytest.raises(UserError, match=told) as caught:
        texts(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nothing\.txt"):
        texts(tmp_path / "nothing.txt")


def test_arguments_of_the_command_line_are_texts() -> None:
    undecodable = b"a \xff".decode("utf-8", "surrogateescape")
    assert KIND.parse([DECOMPOSED, undecodable]) == ["좋다 É", "a \ufffd"]


def test_examples_are_prompts_of_some_length() -> None:
    examples = [{"text": "a" * 9999}, {"source": "b"}]
    assert KIND.examples(examples, Path()) == ["a" * MOST_CHARACTERS, "b"]


def test_prefixes_end_where_tokens_end() -> None:
    assert prefixes("나는 학교에 간다", ["나는", "학교에", "간다"]) == [
        "나는",
        "나는 학교에",
        "나는 학교에 간다",
    ]
    assert prefixes("A b, A", ["a", "b", ",", "a"]) == ["A", "A b", "A b,", "A b, A"]
    assert prefixes("나는 간다", list("나는간다")) == ["나", "나는", "나는 간", "나는 간다"]
    cut = "it was bad but later on it was good"
    assert prefixes(cut, ["it", "was", "good"], True) == [cut[:-9], cut[:-5], cut]
    assert prefixes(cut, ["it", "was", "bad"]) == ["it", "it was", "it was bad"]
    assert prefixes("A b, A", ["b", ",", "a"], True) == ["A b", "A b,", "A b, A"]
    assert prefixes("one two", ["step 1"], True) == ["one", "one two"]
    assert prefixes("one two", ["step 1", "step 2", "step 3"]) == ["one", "one two"]


LABELLED = "pos a good film\nneg dull\n" * 3


def test_labels_before_texts_are_left_out_where_they_are_known_to_be_labels(tmp_path: Path) -> None:
    fasttext = written(tmp_path / "a.txt", "__label__pos a good film\n__label__neg dull\n")
    form = Format()
    assert list(KIND.read(fasttext, None, form)) == ["a good film", "dull"]
    assert "the labels before the texts are left out" in form.remarks[0]
    assert list(KIND.read(fasttext, None, Format(kind="text")))[1] == "__label__neg dull"

    plain = written(tmp_path / "b.txt", LABELLED)
    assert texts(plain)[1] == "neg dull"
    for trained in (written(tmp_path / "train.label", LABELLED), tmp_path):
        form = Format(trained={"dataset": str(trained)})
        assert list(KIND.read(plain, None, form))[:2] == ["a good film", "dull"]
