"""Documents of every layout: which there are, and which are left out."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

import datasets
from datasets.base import Dataset, Split
from datasets.errors import UserError

TEXTS = [f"text number {n}, of words" for n in range(40)]


def load(path: Path, **options: object) -> Dataset:
    return datasets.load(str(path), ("text",), {"documents": True, **options})


def texts(split: Split | None) -> list[str]:
    return [example["text"] for example in split or ()]


def every(data: Dataset) -> list[str]:
    return sorted(text for split in (data.train, data.valid, data.test) for text in texts(split))


def lines_file(folder: Path, name: str = "a.txt", lines: list[str] = TEXTS) -> Path:
    content = "\n".join(lines).encode()
    (folder / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return folder / name


@pytest.mark.parametrize("name", ["unsup.txt.gz", "a.txt", "notes"])
def test_a_line_of_a_text_file_is_a_document(tmp_path: Path, name: str) -> None:
    data = load(lines_file(tmp_path, name, [*TEXTS, "", "  "]))
    assert every(data) == sorted(TEXTS)
    assert data.info.documents
    assert (len(data.train), len(data.valid), len(data.test or ())) == (36, 2, 2)


def test_a_row_of_a_table_is_a_document(tmp_path: Path) -> None:
    rows = [f"{n}\t{text}" for n, text in enumerate(TEXTS)]
    assert every(load(lines_file(tmp_path, "a.tsv", ["label\ttext", *rows]))) == sorted(TEXTS)
    assert every(load(lines_file(tmp_path, "b.tsv", ["x\ty", *rows]), text_column="y")) == sorted(TEXTS)


def test_a_file_below_a_folder_is_a_document(tmp_path: Path) -> None:
    for n, text in enumerate(TEXTS):
        folder = tmp_path / ("unsup" if n % 2 else "pos")
        folder.mkdir(exist_ok=True)
        (folder / f"{n}.txt").write_text(text)
    assert every(load(tmp_path)) == sorted(TEXTS)
    assert every(load(tmp_path / "unsup")) == sorted(TEXTS[1::2])


def test_files_and_folders_named_after_splits_are_these_splits(tmp_path: Path) -> None:
    lines_file(tmp_path, "train.tsv", ["text", *TEXTS[:20]])
    lines_file(tmp_path, "test.txt", TEXTS[20:])
    assert texts(load(tmp_path).test) == TEXTS[20:]
    for split, text in (("train", "one"), ("train", "two"), ("test", "three")):
        (tmp_path / "both" / split / "pos").mkdir(parents=True, exist_ok=True)
        (tmp_path / "both" / split / "pos" / f"{text}.txt").write_text(text)
    assert texts(load(tmp_path / "both").test) == ["three"]


def test_more_texts_are_for_training_and_a_text_is_in_one_split(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    lines_file(tmp_path / "more", "train.txt", ["a b", "c d"])
    lines_file(tmp_path / "more", "test.txt", ["e f", TEXTS[0]])
    (tmp_path / "own").mkdir()
    lines_file(tmp_path / "own", "train.txt", TEXTS[:30])
    lines_file(tmp_path / "own", "test.txt", ["a  b"])
    data = load(tmp_path / "own", more_text=(str(tmp_path / "more"),))
    assert texts(data.test) == ["a  b"]
    assert sorted({*texts(data.train), *texts(data.valid)}) == sorted({*TEXTS[:30], "c d", "e f"})
    assert "1 training documents that are in another split were dropped" in data.info.notes
    assert data.info.name == "own + more"


def test_dev_and_test_texts_of_labelled_data_are_held_out(tmp_path: Path) -> None:
    labelled = tmp_path / "labelled"
    labelled.mkdir()
    rows = [f"{text}\t{n % 2}" for n, text in enumerate(TEXTS)]
    lines_file(labelled, "train.tsv", ["text\tlabel", *rows[:30]])
    lines_file(labelled, "test.tsv", ["text\tlabel", *rows[30:]])
    known = datasets.load(str(labelled), ("text", "label"))
    data = load(lines_file(tmp_path), held_out=(str(labelled),))
    assert not {*every(data)} & {*texts(known.valid), *texts(known.test)}
    assert len(every(data)) == len(texts(known.train))
    assert f"{10 + len(known.valid)} training documents are held out by --held-out" in data.info.notes
    for split in ("train", "test"):  # the options of tables are those of the other data too
        file = labelled / f"{split}.tsv"
        file.rename(labelled / f"{split}.csv").write_text(
            file.with_suffix(".csv").read_text().replace("\t", ";")
        )
    table = lines_file(tmp_path, "all.csv", ["text;n", *(f"{text};1" for text in TEXTS)])
    assert every(load(table, held_out=(str(labelled),), delimiter="semicolon")) == every(data)


@pytest.mark.parametrize("option", ["more_text", "held_out", "text_column"])
def test_what_is_for_documents_needs_them(tmp_path: Path, option: str) -> None:
    value = "x" if option == "text_column" else ("x",)
    with pytest.raises(UserError, match="add --documents"):
        load(lines_file(tmp_path), documents=False, **{option: value})


@pytest.mark.parametrize(
    ("lines", "told"),
    [([""], "has no documents"), (["a\x00b"], "line 1: holds a NUL"), (["a"], "1 different texts")],
)
def test_what_holds_no_documents_is_told(tmp_path: Path, lines: list[str], told: str) -> None:
    with pytest.raises(UserError, match=told):
        load(lines_file(tmp_path, lines=lines))


def test_a_place_that_does_not_exist_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        load(lines_file(tmp_path), more_text=("nowhere",))
