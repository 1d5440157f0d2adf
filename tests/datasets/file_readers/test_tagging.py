from __future__ import annotations

import gzip
from pathlib import Path

import pytest

import datasets
from datasets.errors import UserError
from tests.datasets.splits import sizes_of, splits_of

FIELDS = ("tokens", "tags")


def conllu(*sentences: str) -> str:
    """CoNLL-U of sentences such as `the/DET dog/NOUN`."""
    blocks = []
    for sentence in sentences:
        words = [word.split("/") for word in sentence.split()]
        rows = [
            "\t".join([str(n), form, "_", tag, tag.lower(), *["_"] * 5])
            for n, (form, tag) in enumerate(words, 1)
        ]
        blocks.append("\n".join(rows) + "\n")
    return "\n".join(blocks)


MANY = [f"w{n}/A x/B" for n in range(20)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for split in ("train", "dev", "test"):
        (tmp_path / f"xx-ud-{split}.conllu").write_text(conllu(f"{split}/A x/B"))
    (tmp_path / "README.txt").write_text("about train")
    return tmp_path


def test_a_folder_of_conllu_is_official_splits(folder: Path) -> None:
    data = datasets.load(str(folder), FIELDS)
    assert [next(iter(part))["tokens"] for part in splits_of(data)] == [
        ("train", "x"),
        ("dev", "x"),
        ("test", "x"),
    ]
    assert data.info.labels == ("A", "B")
    assert data.info.name == folder.name
    assert not data.info.synthetic


def test_another_column_of_conllu(folder: Path) -> None:
    assert datasets.load(str(folder), FIELDS, {"tag_column": "xpos"}).info.labels == ("a", "b")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.conllu", conllu(*MANY)),
        ("a.conll", "\n\n".join("\n".join(f"{s} - _ {t}" for s, t in [("x", "B"), (f"w{n}", "A")]) for n in range(20))),
        ("a.tsv", "\n\n".join(f"x\tB\nw{n}\tA" for n in range(20))),
        ("a.jsonl", "\n".join(f'{{"tokens": ["x", "w{n}"], "tags": ["B", "A"]}}' for n in range(20))),
        ("b.jsonl", "\n".join(f'{{"words": ["x", "w{n}"], "ner_tags": [1, 0]}}' for n in range(20))),
    ],
)  # fmt: skip
@pytest.mark.parametrize("packed", [False, True])
def test_one_file_is_split_by_content(tmp_path: Path, name: str, text: str, packed: bool) -> None:
    path = tmp_path / (name + ".gz" if packed else name)
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    data = datasets.load(str(path), FIELDS)
    assert sizes_of(data) == (16, 2, 2)
    assert data.info.labels in (("A", "B"), ("0", "1"))
    assert {len(example["tokens"]) for example in data.train} == {2}


def test_the_format_can_be_said(tmp_path: Path) -> None:
    path = tmp_path / "eng.data"
    path.write_text("\n\n".join(f"w{n} A\nx B" for n in range(20)))
    with pytest.raises(UserError, match=r"unknown format '.data'.*--format"):
        datasets.load(str(path), FIELDS)
    assert len(datasets.load(str(path), FIELDS, {"format": "columns", "test_fraction": 0}).train) == 18


def test_a_column_that_numbers_the_words_is_asked_about(tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_text("".join(f"1\tw{n}\tA\n2\tx\tB\n\n" for n in range(20)))
    with pytest.raises(
        UserError, match=r"column 0 numbers the words; .* --token-column, such as 1, or give --format"
    ):
        datasets.load(str(path), FIELDS)
    data = datasets.load(str(path), FIELDS, {"token_column": "1"})
    assert next(iter(data.train))["tokens"][1] == "x"
    path.write_text("".join(f"1 A\n2 A\n\nw{n} B\n\n" for n in range(20)))
    assert len(datasets.load(str(path), FIELDS, {"token_column": "0"}).train) > 10


def test_a_first_row_of_names_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("Word\tPOS\n" + "".join(f"w{n}\tA\nx\tB\n\n" for n in range(20)))
    data = datasets.load(str(path), FIELDS)
    assert data.info.notes[0] == f"{path}: the first row names the columns; it is no word"
    assert data.info.labels == ("A", "B")


def test_sentences_without_words_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"tokens": [], "tags": []}\n' + '{"tokens": ["a", "b"], "tags": ["A", "B"]}\n' * 2)
    with pytest.raises(UserError, match="1 different texts that are in no other split are too few"):
        datasets.load(str(path), FIELDS)


@pytest.mark.parametrize(
    ("name", "text", "options", "message"),
    [
        ("a.jsonl", '{"tokens": ["a"], "tags": ["A", "B"]}', {}, "line 1: 1 words and 2 tags"),
        ("a.jsonl", '{"tokens": ["a"]}', {}, "no column for the tag"),
        ("a.jsonl", '{"tokens": "a", "tags": ["A"]}', {}, "line 1: the words are not a list"),
        ("a.jsonl", '{"tokens": ["a"], "tags": [true]}', {}, "line 1: the tags are not a list"),
        ("a.jsonl", '{"tokens": ["a"], "tags": "A"}', {}, "line 1: the tags are not a list"),
        ("a.conllu", "", {}, "has no tagged sentence"),
        ("a.conllu", conllu("a/A"), {"tag_column": "ner"}, "--tag-column ner: CoNLL-U has"),
        ("a.conllu", conllu("a/A"), {"token_column": "1"}, "--token-column: words of CoNLL-U"),
        ("a.conll", "a A\n", {"tag_column": "5"}, "--tag-column 5"),
        ("a.conll", "", {}, "is empty"),
        ("a.xml", "<a>", {}, "unknown format"),
        ("a.conll", "a A\n", {"valid_fraction": 0.0}, "--valid-fraction 0.0"),
        ("a.conll", "a A\n", {"test_fraction": 0.95}, "leaves nothing to train on"),
    ],
)
def test_bad_files_and_options_are_refused(
    tmp_path: Path, name: str, text: str, options: dict, message: str
) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        datasets.load(str(path), FIELDS, options)


def test_folders_that_say_nothing_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no tagged sentences"):
        datasets.load(str(tmp_path), FIELDS)
    (tmp_path / "a.conllu").write_text(conllu(*MANY))
    assert len(datasets.load(str(tmp_path), FIELDS).train) == 16
    (tmp_path / "b.conllu").write_text(conllu(*MANY))
    with pytest.raises(UserError, match="holds 2 files of tagged sentences and none is called train"):
        datasets.load(str(tmp_path), FIELDS)


@pytest.mark.real
def test_a_treebank_has_its_known_numbers_of_words(data_dir: Path) -> None:
    data = datasets.load(str(data_dir / "ud_english_ewt"), FIELDS)
    assert (len(data.valid), len(splits_of(data)[2])) == (2001, 2077)
    assert sum(len(example["tokens"]) for example in data.valid) == 25_147
    assert len(data.info.labels) == 17
