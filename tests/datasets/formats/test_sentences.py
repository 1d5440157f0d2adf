from __future__ import annotations

from pathlib import Path

import pytest

from datasets.errors import UserError
from datasets.inputs import read_inputs

CONLLU = "\t".join(["1", "a", *["_"] * 8]) + "\n"


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
def test_files_of_words_and_of_plain_sentences(tmp_path: Path, name: str, text: str, expected: list):
    path = tmp_path / name
    path.write_text(text, "utf-8")
    assert list(read_inputs(path, "tokens")) == expected


def test_the_column_can_be_named(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"w": ["a"], "tokens": ["b"]}\n')
    assert list(read_inputs(path, "tokens", "w")) == [("a",)]
    path = tmp_path / "a.conll"
    path.write_text("1 a\n")
    assert list(read_inputs(path, "tokens", "1")) == [("a",)]


def test_a_string_is_no_list_of_words(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"tokens": ["a"]}\n{"tokens": "a b"}\n')
    with pytest.raises(UserError, match="line 2: the words are one string"):
        list(read_inputs(path, "tokens"))
