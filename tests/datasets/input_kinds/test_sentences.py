from __future__ import annotations

from pathlib import Path

import pytest

from datasets.errors import UserError
from datasets.formats.tables import Format
from datasets.input_kinds.sentences import KIND, Sentence

CONLLU = "\t".join(["1", "a", *["_"] * 8]) + "\n"


def read(path: Path, column: str | None = None) -> list[Sentence]:
    return list(KIND.read(path, column, Format()))


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.conllu", CONLLU, [("a",)]),
        ("a.conll", "a X\nb Y\n\nc Z\n", [("a", "b"), ("c",)]),
        ("a.jsonl", '{"tokens": ["a", "b c"]}\n{"tokens": []}\n', [("a", "b c"), ()]),
        ("b.jsonl", '{"text": "a b"}\n', ["a b"]),
        ("a.txt", "a b\n\nc\n", ["a b", "", "c"]),
        ("a.csv", "text,x\na b,1\n", ["a b"]),
    ],
)
def test_files_of_words_and_of_plain_sentences(
    tmp_path: Path, name: str, text: str, expected: list[Sentence]
) -> None:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    assert read(path) == expected


def test_the_column_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"w": ["a"], "tokens": ["b"]}\n')
    assert read(path, "w") == [("a",)]
    path = tmp_path / "a.conll"
    path.write_text("1 a\n")
    assert read(path, "1") == [("a",)]


def test_a_string_is_no_list_of_words(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"tokens": ["a"]}\n{"tokens": "a b"}\n')
    with pytest.raises(UserError, match="line 2: the words are one string"):
        read(path)


def test_prefixes_of_words_and_of_plain_sentences() -> None:
    assert KIND.prefixes is not None
    assert KIND.prefixes(("a", "b", "c"), ["a", "b"], False) == [("a",), ("a", "b")]
    assert KIND.prefixes(("a", "b", "c"), ["b", "c"], True) == [("a", "b"), ("a", "b", "c")]
    assert KIND.prefixes("a b", ["a", "b"], False) == ["a", "a b"]


def test_an_example_is_its_words() -> None:
    assert KIND.examples([{"tokens": ("a", "b")}], Path()) == [("a", "b")]
