"""Tests of `datasets/file_readers/classification.py`, through `datasets.load`."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import unicodedata
from pathlib import Path

import pytest

from datasets.errors import UserError
from tests.conftest import RunPython
from tests.datasets.file_readers.labelled_files import (
    ROWS,
    WRITERS,
    as_csv,
    as_jsonl,
    as_tsv,
    class_folders,
    load,
    pairs,
    write,
)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", WRITERS)
def test_one_file(tmp_path: Path, kind: str, packed: bool) -> None:
    content = WRITERS[kind](ROWS).encode()
    path = write(tmp_path / f"a.{kind}{'.gz' * packed}", gzip.compress(content) if packed else content)
    dataset = load(path)
    assert dataset.info.name == path.name
    assert dataset.info.labels == ("neg", "pos")
    assert not dataset.info.synthetic
    assert pairs(dataset) == sorted(ROWS)
    assert (len(dataset.train), len(dataset.valid), len(dataset.test or ())) == (32, 4, 4)


@pytest.mark.parametrize("mark", ["", "__label__"])
def test_lines_that_begin_with_labels(tmp_path: Path, mark: str) -> None:
    def content(rows: list[tuple[str, str]]) -> str:
        return "".join(f"{mark}{label} {text}\n" for text, label in rows)

    dataset = load(write(tmp_path / "a.txt", content(ROWS)))
    assert dataset.info.labels == ("neg", "pos")
    assert pairs(dataset) == sorted(ROWS)
    folder = tmp_path / "folder"
    write(folder / "set.train", content(ROWS[:30]))
    write(folder / "set.test.gz", gzip.compress(content(ROWS[30:]).encode()))
    dataset = load(folder)
    assert (len(dataset.train), len(dataset.test or ())) == (27, 10)
    assert pairs(dataset) == sorted(ROWS)


def test_what_is_said_of_columns_makes_lines_a_table(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "a text\tpos\n" + "".join(f"a text {n}\t{n % 2}\n" for n in range(40)))
    assert len(load(path, header="no", text_column="0", label_column="1").info.labels) == 3


def test_the_splits_are_the_same_in_every_process(tmp_path: Path, run_python: RunPython) -> None:
    path = write(tmp_path / "a.csv", as_csv(ROWS))
    code = (
        "import datasets, sys; d = datasets.load(sys.argv[1], ('text', 'label'));"
        "print([e['text'] for e in d.test], [e['text'] for e in d.valid])"
    )
    said = {run_python("-c", code, str(path), env={"PYTHONHASHSEED": seed}).stdout for seed in ("1", "2")}
    dataset = load(path)
    assert dataset.test is not None
    assert said == {f"{[e['text'] for e in dataset.test]} {[e['text'] for e in dataset.valid]}\n"}


def test_train_valid_and_test_files(tmp_path: Path) -> None:
    write(tmp_path / "train.csv", as_csv(ROWS[:30]))
    write(tmp_path / "dev.tsv", as_tsv(ROWS[30:34]))
    write(tmp_path / "test.jsonl.gz", gzip.compress(as_jsonl(ROWS[34:]).encode()))
    write(tmp_path / "notes.csv", "nothing")
    dataset = load(tmp_path)
    assert (len(dataset.train), len(dataset.valid), len(dataset.test or ())) == (30, 4, 6)
    assert pairs(dataset) == sorted(ROWS)


def test_a_folder_a_class_with_splits(tmp_path: Path) -> None:
    class_folders(tmp_path / "train", ROWS[:30])
    class_folders(tmp_path / "test", ROWS[30:])
    write(tmp_path / "train" / "unsup" / "0.txt", "no label")
    write(tmp_path / "train" / "pos" / ".hidden.txt", "no text")
    write(tmp_path / "train" / "urls_pos.txt", "no text")
    dataset = load(tmp_path)
    assert dataset.info.labels == ("neg", "pos")
    assert (len(dataset.train), len(dataset.valid), len(dataset.test or ())) == (27, 3, 10)
    assert pairs(dataset) == sorted(ROWS)


def test_a_folder_a_class_without_splits(tmp_path: Path) -> None:
    dataset = load(class_folders(tmp_path, ROWS))
    assert (len(dataset.train), len(dataset.valid), len(dataset.test or ())) == (32, 4, 4)
    assert pairs(dataset) == sorted(ROWS)


def test_a_text_file_keeps_its_line_breaks(tmp_path: Path) -> None:
    class_folders(tmp_path, ROWS)
    write(tmp_path / "pos" / "x.txt", "\ufeffone\n\ntwo\n")
    assert ("one\n\ntwo", "pos") in pairs(load(tmp_path))


def test_the_only_table_of_a_folder(tmp_path: Path) -> None:
    write(tmp_path / "reviews.csv", as_csv(ROWS))
    assert pairs(load(tmp_path)) == sorted(ROWS)


def test_columns_by_name_and_by_position(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "".join(f"{a},{b},{c}\n" for a, b, c in [("what", "is", "it"), *[
        (label, text, "x") for text, label in ROWS
    ]]))  # fmt: skip
    assert pairs(load(path, text_column="is", label_column="what")) == sorted(ROWS)
    assert pairs(load(path, text_column="1", label_column="0")) == sorted(ROWS)


def test_no_header(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "".join(f"{label},{text}\n" for text, label in ROWS))
    assert pairs(load(path, header="no", text_column="1", label_column="0")) == sorted(ROWS)


def test_words_for_nothing_are_texts_and_labels(tmp_path: Path) -> None:
    rows = [
        *ROWS,
        ("NA", "neg"),
        ("null", "pos"),
        ("None", "neg"),
        ("nan", "NA"),
        ("", "None"),
        ("N/A", "null"),
    ]
    for kind, writer in WRITERS.items():
        dataset = load(write(tmp_path / f"a.{kind}", writer(rows)))
        assert pairs(dataset) == sorted(rows)
        assert any("1 empty texts (kept)" in note for note in dataset.info.notes)


def test_korean_in_its_old_encoding_and_in_pieces(tmp_path: Path) -> None:
    rows = [(f"글 {number}", "긍정" if number % 2 else "부정") for number in range(20)]
    content = "document\t라벨\n" + "".join(f"{text}\t{label}\n" for text, label in rows)
    path = write(tmp_path / "a.txt", content.encode("cp949"))
    assert pairs(load(path, encoding="cp949")) == sorted(rows)
    path = write(tmp_path / "b.txt", unicodedata.normalize("NFD", content))
    assert pairs(load(path)) == sorted(rows)


def test_labels_of_json(tmp_path: Path) -> None:
    values = [True, False, 3, 10, 2.5, " spaced "]
    lines = [json.dumps({"text": f"t{n}", "label": values[n % len(values)]}) for n in range(30)]
    assert load(write(tmp_path / "a.jsonl", "\n".join(lines))).info.labels == (
        "10", "2.5", "3", "false", "spaced", "true",
    )  # fmt: skip


def test_repeated_texts_are_on_one_side(tmp_path: Path) -> None:
    dataset = load(write(tmp_path / "a.csv", as_csv(ROWS * 3)))
    sides = [{one["text"] for one in split} for split in (dataset.train, dataset.valid, dataset.test or ())]
    assert sum(map(len, sides)) == len(set.union(*sides)) == 40
    assert any("80 examples that repeat an earlier text (kept)" in note for note in dataset.info.notes)


def test_a_file_larger_than_what_is_kept_of_it(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    with path.open("w") as file:
        file.write("text\tlabel\n")
        file.writelines(f"{number} {'x' * 20_000}\t{number % 2}\n" for number in range(2000))
    tracemalloc.start()
    dataset = load(path)
    count = sum(1 for _ in dataset.train)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 1600
    assert peak < path.stat().st_size / 4


def test_a_file_that_has_changed_since(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", as_csv(ROWS))
    dataset = load(path)
    write(path, as_csv(ROWS[1:]))
    with pytest.raises(UserError, match=r"has changed since it was loaded; start again"):
        list(dataset.train)
    path.unlink()
    with pytest.raises(UserError, match=r"cannot be read \(No such file or directory\)"):
        list(dataset.train)
