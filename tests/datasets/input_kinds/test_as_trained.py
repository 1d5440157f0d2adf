"""What training reads, `zoo.predict` reads with the same options, and gives as many inputs as there are rows."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasets.errors import UserError
from datasets.file_readers import captions, classification, pairs, tagging, vqa
from datasets.formats.sentences import FORMATS
from datasets.formats.tables import DELIMITERS, SUFFIXES, Format
from datasets.input_kinds import image_questions, images, prompts, sentences, sources, texts
from datasets.input_kinds.base import InputKind

#: Texts of one line that say nothing of a table's form.
TEXTS = ["좋다", "a film", "", "NA", "two words ", "a\u2028b", "c\u0085d"]


def asked(
    kind: InputKind[Any], path: Path, trained: dict[str, Any], remarks: Sequence[str] | None = None
) -> list[Any]:
    """The inputs of a file for a model that was trained with these options; and whether remarks were made."""
    form = Format(trained={"dataset": str(path.with_name("train" + path.name)), **trained})
    inputs = list(kind.read(path, None, form))
    if remarks is not None:
        assert [any(part in remark for remark in form.remarks) for part in remarks] == [True] * len(remarks)
        assert len(form.remarks) == len(remarks)
    return inputs


def written(path: Path, content: str, encoding: str = "utf-8") -> Path:
    data = content.encode(encoding)
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def table(suffix: str, delimiter: str | None, header: list[str] | None, rows: list[list[str]]) -> str:
    """A table by hand; fields hold no quotes."""
    if SUFFIXES[suffix] == "json" and delimiter is None:
        return "".join(json.dumps(dict(zip(header or [], row, strict=True))) + "\n" for row in rows)
    mark = DELIMITERS[delimiter or SUFFIXES[suffix]]
    return "".join(mark.join(row) + "\n" for row in ([header] if header else []) + rows)


@pytest.mark.parametrize("packed", ["", ".gz"])
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"text_column": "words of mine", "label_column": "mark"},
        {"encoding": "cp949", "text_column": "2", "label_column": "0", "header": "no"},
        {"encoding": "utf-16", "delimiter": "semicolon"},
        {"delimiter": "pipe", "header": "no", "text_column": "2", "label_column": "0"},
    ],
)
def test_tables_of_texts(tmp_path: Path, suffix: str, packed: str, options: dict[str, Any]) -> None:
    is_json = SUFFIXES[suffix] == "json" and "delimiter" not in options
    names = ["mark", "id", "words of mine"] if "text_column" in options else ["label", "id", "text"]
    if is_json and "header" in options:
        names, options = ["2", "1", "0"], {**options, "text_column": "0", "label_column": "2"}
    header = names if is_json or "header" not in options else None
    of_encoding = TEXTS[:5] if options.get("encoding") == "cp949" else TEXTS
    rows = [[str(n % 2), str(n), text] for n, text in enumerate(of_encoding)]
    content = table(suffix, options.get("delimiter"), header, rows)
    path = written(tmp_path / f"a{suffix}{packed}", content, options.get("encoding", "utf-8"))
    part = classification.TablePart(path, classification.Options(**options))
    trained = [text for _, text, _ in part.rows()]
    assert trained == of_encoding
    assert asked(texts.KIND, path, options) == trained


@pytest.mark.parametrize("name", ["a.txt", "a.text", "a.md", "a.de", "a", "a.txt.gz"])
def test_plain_files_of_any_name_where_training_reads_them(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / name, "eins\r\n\r\nzwei\u2028drei\r\n")
    for kind in (sources.KIND, prompts.KIND):
        assert asked(kind, path, {}) == ["eins", "", "zwei\u2028drei"]


def test_a_file_of_the_other_language_is_told(tmp_path: Path) -> None:
    path = written(tmp_path / "a.en", "one\n")
    languages = {"source": "de", "target": "en"}
    assert asked(sources.KIND, path, languages, ["the language that the model translates into"]) == ["one"]
    assert asked(sources.KIND, path, {**languages, "reverse": True}, []) == ["one"]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(
    "options", [{}, {"header": "no"}, {"source_column": "b", "target_column": "a", "delimiter": "pipe"}]
)
def test_tables_of_pairs(tmp_path: Path, suffix: str, reverse: bool, options: dict[str, Any]) -> None:
    is_json = SUFFIXES[suffix] == "json" and "delimiter" not in options
    if is_json:
        options = {}
    header = None if "header" in options else ["b", "a"] if options else ["source", "target"]
    content = table(
        suffix, options.get("delimiter"), header, [["ein Haus", "a house"], ["ein Hund", "a dog"]]
    )
    path = written(tmp_path / f"a{suffix}", content)
    options = {**options, "reverse": reverse}
    trained = [source for _, source, _ in pairs.TablePart(path, pairs.Options(**options)).rows()]
    assert asked(sources.KIND, path, options) == trained


CONLLU = "".join(
    "\t".join([number, word, "_", tag, *["_"] * 6]) + "\n" for number, word, tag in ("1aX", "2bY")
)


@pytest.mark.parametrize("packed", ["", ".gz"])
@pytest.mark.parametrize("suffix", FORMATS)
def test_every_file_of_tagged_sentences(tmp_path: Path, suffix: str, packed: str) -> None:
    contents = {
        "conllu": CONLLU + "\n" + CONLLU,
        "json": '{"tokens": ["a", "b"], "tags": ["X", "Y"]}\n' * 2,
        "columns": "a X\nb Y\n\n\na X\nb Y\n",
    }
    path = written(tmp_path / f"new{suffix}{packed}", contents[FORMATS[suffix]])
    trained = [tokens for _, tokens, _ in tagging.make_part(path, tagging.Options()).rows()]
    assert asked(sentences.KIND, path, {"labels": ["X", "Y"]}) == trained == [("a", "b")] * 2


def test_columns_and_format_of_the_training_data(tmp_path: Path) -> None:
    path = written(tmp_path / "a.data", "X a 1\nY b 2\n", "cp949")
    options: dict[str, Any] = {
        "format": "columns",
        "token_column": "1",
        "tag_column": "0",
        "encoding": "cp949",
    }
    trained = [tokens for _, tokens, _ in tagging.make_part(path, tagging.Options(**options)).rows()]
    assert asked(sentences.KIND, path, options) == trained == [("a", "b")]
    assert asked(sentences.KIND, written(tmp_path / "b.conll", "a\nb\n"), options) == [("a", "b")]
    path = written(tmp_path / "a.jsonl", '{"w": ["a"], "tokens": ["b"]}\n')
    assert asked(sentences.KIND, path, {"token_column": "w"}) == [("a",)]


def test_lines_of_words_and_tags_are_told_from_sentences(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", "Mina O\nsaw O\n\nIvo B-PER\n")
    assert asked(sentences.KIND, path, {}, ["has a word a line; give --format text"]) == [
        ("Mina", "saw"),
        ("Ivo",),
    ]
    path = written(tmp_path / "u.txt", CONLLU)
    assert asked(sentences.KIND, path, {}, ["is read as CoNLL-U"]) == [("a", "b")]
    path = written(tmp_path / "b.txt", "two words\n\nmore words\n")
    assert asked(sentences.KIND, path, {"labels": ["X", "Y"]}, []) == ["two words", "", "more words"]
    form = Format(kind="text", trained={"labels": ["O"]})
    assert list(sentences.KIND.read(tmp_path / "a.txt", None, form)) == ["Mina O", "saw O", "", "Ivo B-PER"]
    path = written(tmp_path / "c.txt", "Mina\nsaw\n\nIvo\n")
    with pytest.raises(
        UserError, match=r"words, one a line, or sentences\? give --format columns or --format text"
    ):
        asked(sentences.KIND, path, {"labels": ["O"]})
    assert list(sentences.KIND.read(path, None, Format(kind="columns"))) == [("Mina", "saw"), ("Ivo",)]
    path = written(tmp_path / "d.txt", "Mina O\nsaw O O\n\nIvo B-PER\n" * 3)
    with pytest.raises(UserError, match="line 2: 3 columns where the first row has 2"):
        asked(sentences.KIND, path, {})


def test_a_file_of_an_unknown_name_is_asked_about(tmp_path: Path) -> None:
    path = written(tmp_path / "a.data", "a X\n")
    with pytest.raises(
        UserError, match=r"unknown format '\.data'; known are .*, .conll, .*; or say it with --format"
    ):
        asked(sentences.KIND, path, {})
    assert list(sentences.KIND.read(path, None, Format(kind="columns"))) == [("a",)]


def test_a_txt_table_like_that_of_training_is_no_text_a_line(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", "id\tdocument\tlabel\n1\t좋다\t1\n")
    assert asked(texts.KIND, path, {}, ["the column 'document' is read; --format text"]) == ["좋다"]
    assert list(texts.KIND.read(path, None, Format(kind="text"))) == ["id\tdocument\tlabel", "1\t좋다\t1"]
    for mark in DELIMITERS.values():
        path = written(tmp_path / "m.txt", f"text{mark}label\ngood{mark}1\nbad{mark}0\n")
        for options in (
            {},
            {"header": "no", "text_column": "1"},
            {"text_column": "text", "delimiter": "tab"},
        ):
            form = Format(trained={"dataset": "train.csv", **options})
            assert list(texts.KIND.read(path, None, form)) == ["good", "bad"]
            assert "is a table of which the column 'text' is read; --format text" in form.remarks[-1]
    for prose in ("Comment, please.\n", "well,so be it\n", "text, or no text\n"):
        path = written(tmp_path / "p.txt", prose)
        for options in ({}, {"header": "no", "text_column": "1"}, {"text_column": "0"}):
            assert asked(texts.KIND, path, options, []) == [prose.strip()]
            assert asked(sources.KIND, path, {"header": "no"}, []) == [prose.strip()]
    path = written(tmp_path / "b.txt", "two\tcells\nand one\n")
    assert asked(texts.KIND, path, {"text_column": "document"}, []) == ["two\tcells", "and one"]


@pytest.mark.parametrize(
    ("options", "name", "content", "remarks"),
    [
        ({"text_column": "body"}, "a.csv", "id,text\n1,good\n", ["--column body: no such column"]),
        (
            {"header": "no", "text_column": "1"},
            "a.csv",
            "id,text\n1,good\n",
            ["its first row names its columns"],
        ),
        ({"header": "no", "text_column": "1"}, "a.csv", "good\n", ["--column 1: no such column"]),
        ({"delimiter": "semicolon"}, "a.csv", "id,text\n1,good\n", ["the name of its only column?"]),
        ({"encoding": "utf-16"}, "a.csv", "id,text\n1,good\n", ["cannot be decoded"]),
        (
            {"delimiter": "semicolon", "header": "no", "text_column": "0", "dataset": "a.csv"},
            "a.jsonl",
            '{"text": "good"}\n',
            ["no such"],
        ),
        ({"delimiter": "semicolon", "text_column": "1"}, "a.txt", "good\n", []),
    ],
)
def test_a_file_of_another_form_is_read_as_it_stands_and_that_is_told(
    tmp_path: Path, options: dict[str, Any], name: str, content: str, remarks: list[str]
) -> None:
    assert asked(texts.KIND, written(tmp_path / name, content), options, remarks) == ["good"]


def test_what_the_user_says_counts_more(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "text,other\na,b\n")
    form = Format(trained={"text_column": "text"})
    assert list(texts.KIND.read(path, "other", form)) == ["b"]


@given(
    st.lists(st.sampled_from(["a", "", "b c", " ", '"', "1,2"]), max_size=6),
    st.sampled_from(["csv", "tsv", "txt"]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_as_many_inputs_as_rows(tmp_path: Path, rows: list[str], suffix: str) -> None:
    shown = [
        '"' + row.replace('"', '""') + '"' if suffix == "csv" and set(row) & set('",') else row
        for row in rows
    ]
    head = [] if suffix == "txt" else ["text"]
    path = written(tmp_path / f"a.{suffix}", "".join(f"{line}\r\n" for line in [*head, *shown]))
    assert asked(texts.KIND, path, {}) == rows


@pytest.mark.parametrize("split", ["", "train"])
def test_a_model_of_a_file_a_text_tells_that_lines_are_texts(tmp_path: Path, split: str) -> None:
    folder = tmp_path / "set" / split / "pos"
    folder.mkdir(parents=True)
    path = written(folder / "1.txt", "one\ntwo\n")
    of_folders = {"dataset": str(tmp_path / "set")}
    assert asked(texts.KIND, path, of_folders, ["the training data had a file a text"]) == ["one", "two"]
    assert asked(texts.KIND, folder, of_folders, []) == ["one\ntwo"]
    assert asked(texts.KIND, path, {}, []) == ["one", "two"]


def test_each_file_of_a_folder_is_a_text(tmp_path: Path) -> None:
    written(tmp_path / "b.txt", "two\nlines\n")
    written(tmp_path / "a.txt", "")
    assert asked(texts.KIND, tmp_path, {}) == ["", "two\nlines"]
    with pytest.raises(UserError, match=r"has no \.txt files"):
        asked(texts.KIND, tmp_path.parent / tmp_path.name / "..", {})


CAPTIONS = {
    "x.token.txt": "a.jpg#0\tone\na.jpg#1\ttwo\nb.jpg#0\tthree\n",
    "x.json": json.dumps(
        {"images": [{"filename": f"{n}.jpg", "split": "train", "sentences": [{"raw": "c"}]} for n in "ab"]}
    ),
    "captions.txt": 'image,caption\na.jpg,"one, two"\nb.jpg,three\n',
    "x.csv": "image,caption\na.jpg,one\nb.jpg,three\n",
    "x.tsv": "file\tcaption\na.jpg\tone\nb.jpg\tthree\n",
    "x.trainImages.txt": "a.jpg\nb.jpg\n",
}  # fmt: skip


@pytest.mark.parametrize("name", CAPTIONS)
def test_every_file_of_captions(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "Images"
    folder.mkdir()
    (folder / "a.jpg").touch()
    path = written(tmp_path / name, CAPTIONS[name])
    assert asked(images.KIND, path, {}) == [str(folder / "a.jpg"), str(tmp_path / "b.jpg")]
    if "trainImages" not in name:
        parts, _ = captions._file(path, captions.Options())
        assert [entry.name for entry in parts["train"]] == ["a.jpg", "b.jpg"]


def test_questions_of_a_table_and_of_json(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "1.png").touch()
    path = written(tmp_path / "questions.json", '[["is it red?", "no", 1], ["is it blue?", 1]]')
    expected = [(str(tmp_path / "images" / "1.png"), question) for question in ("is it red?", "is it blue?")]
    assert asked(image_questions.KIND, path, {}) == expected
    path = written(tmp_path / "q.csv", "pic,ask,answer\n1.png,is it red?,no\n")
    options: dict[str, Any] = {
        "image_column": "pic",
        "question_column": "ask",
        "images": str(tmp_path / "images"),
    }
    part = vqa.TablePart(path, vqa.Options(**options))
    assert asked(image_questions.KIND, path, options) == [
        (str(image), text) for _, image, text, _ in part.rows()
    ]
    with pytest.raises(UserError, match="name it with --image-column"):
        asked(image_questions.KIND, path, {})
