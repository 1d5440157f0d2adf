"""Files of labelled texts that are refused, each in one line, and random ones."""

from __future__ import annotations

import gzip
import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from datasets.errors import UserError
from tests.datasets.file_readers.labelled_files import (
    ROWS,
    WRITERS,
    as_csv,
    class_folders,
    load,
    load_or_refusal,
    pairs,
    refused,
    write,
)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"valid_fraction": 0.0}, "--valid-fraction 0.0: must be between 0 and 1"),
        ({"valid_fraction": 1.0}, "--valid-fraction 1.0: must be between 0 and 1"),
        ({"valid_fraction": float("nan")}, "--valid-fraction: nan is not a finite number"),
        ({"test_fraction": -0.1}, "--test-fraction -0.1: must be from 0 to below 1"),
        (
            {"valid_fraction": 0.5, "test_fraction": 0.5},
            "--test-fraction 0.5: with --valid-fraction leaves nothing to train on",
        ),
        (
            {"encoding": "utf8x"},
            "--encoding utf8x: not a text encoding; usual ones are utf-8, cp949, latin-1",
        ),
        ({"header": "maybe"}, "--header: unknown header 'maybe'; choose one of: no, yes"),
        ({"text_column": "label"}, "PATH: --text-column and --label-column are the same column"),
    ],
)
def test_refused_options(tmp_path: Path, options: dict[str, object], said: str) -> None:
    assert refused(write(tmp_path / "a.csv", as_csv(ROWS)), **options) == said


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"", "PATH: is empty"),
        ("a.csv", b"text,label\n", "PATH: has no examples"),
        ("a.csv", b"text,label\nx,\n", "PATH line 2: the label is missing"),
        ("a.csv", b"text,label\nx,a\ny,  \n", "PATH line 3: the label is missing"),
        (
            "a.csv",
            b"text,label\nx,a\ny,a\nz,a\n",
            "PATH: every example has the column 'label' 'a'; at least two classes are needed; "
            "is --label-column right?",
        ),
        (
            "a.csv",
            b"text,label\nx,a\ny,b\n",
            "2 different texts that are in no other split are too few to train on; give at least 3",
        ),
        (
            "a.csv",
            b"text,label\nx,a\ny,\xc0\xc1\n",
            "PATH line 3: byte 0xc0 is not valid utf-8; give the file's encoding, e.g. --encoding cp949",
        ),
        (
            "a.csv",
            b"text,name\nx,a\n",
            "PATH: no column for the label among 'text', 'name'; name it with --label-column, or, "
            "if the file has no header row, give --header no --text-column 0 --label-column 1",
        ),
        (
            "a.csv",
            b"text,label,class\nx,a,b\n",
            "PATH: several columns may be the label: 'label', 'class'; name one with --label-column",
        ),
        ("a.jsonl", b'{"text": "x", "label": null}\n', "PATH line 1: the label is missing"),
        ("a.jsonl", b'{"text": "x", "label": NaN}\n', "PATH line 1: the label is missing"),
        (
            "a.jsonl",
            b'{"text": "x", "label": ["a"]}\n',
            "PATH line 1: the label is neither a string nor a number",
        ),
        ("a.jsonl", b'{"text": null, "label": "a"}\n', "PATH line 1: the text is not a string"),
        (
            "a.jsonl",
            b'{"text": "\\ud800", "label": "a"}\n',
            "PATH line 1: holds half of a character (\\ud800 to \\udfff)",
        ),
        (
            "a.jsonl",
            b'{"text": "x", "label": "\\udc00"}\n',
            "PATH line 1: holds half of a character (\\ud800 to \\udfff)",
        ),
        ("a.jsonl", b'{"text": "x", "label": 1}\n{"text": "x"}\n', "PATH line 2: has no 'label'"),
        (
            "a.xlsx",
            b"PK",
            "PATH: unknown format '.xlsx'; known are .csv, .tsv, .tab, .txt, .jsonl, .ndjson, each also .gz",
        ),
    ],
)
def test_refused_files(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    assert refused(write(tmp_path / name, content)) == said


def test_text_column_taken_for_the_label(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", as_csv(ROWS))
    assert refused(path, text_column="label", label_column="text") == (
        "PATH: 40 in 40 examples different values of column 'text' are no classes; is --label-column right?"
    )


def test_missing_label_where_the_text_has_line_breaks(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'text,label\n"one\ntwo",a\n"three\nfour",\n')
    assert refused(path) == "PATH line 4: the label is missing"


def test_endless_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with path.open("wb") as file:
        file.write(b"text,label\n")
        file.truncate(5 << 30)
    assert refused(path).startswith("PATH line 2: longer than 10,000,000 characters")


def test_text_file_that_is_too_long(tmp_path: Path) -> None:
    class_folders(tmp_path, ROWS)
    path = write(tmp_path / "pos" / "long.txt", b"line\n" * 3_000_000)
    assert refused(tmp_path) == "PATH/pos/long.txt: is too long for one text: more than 10,000,000 characters"
    path.write_bytes(b"ok\n\xff")
    assert refused(tmp_path).startswith("PATH/pos/long.txt line 2: byte 0xff is not valid utf-8")


def test_folders_without_a_known_layout(tmp_path: Path) -> None:
    layouts = (
        ": a table (.csv, .tsv, .jsonl, each also .gz), train, valid and test tables, "
        "or a folder of .txt files a class (train/pos/1.txt)"
    )
    assert refused(tmp_path) == "PATH: holds no data in a known layout" + layouts
    write(tmp_path / "a.csv", as_csv(ROWS))
    write(tmp_path / "b.csv", as_csv(ROWS))
    assert refused(tmp_path) == "PATH: holds 2 tables; name one of them" + layouts


def test_one_class_folder(tmp_path: Path) -> None:
    class_folders(tmp_path, [(f"text {number}", "pos") for number in range(5)])
    assert refused(tmp_path).startswith("PATH: every example has the folder name 'pos'; at least two classes")


def test_split_folder_without_texts(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    assert refused(tmp_path) == "PATH/train: has no examples"


def test_folder_whose_name_is_no_text(tmp_path: Path) -> None:
    class_folders(tmp_path, ROWS)
    odd = os.fsencode(tmp_path) + b"/b\xff"
    os.mkdir(odd)
    with open(odd + b"/1.txt", "w") as file:
        file.write("x")
    with pytest.raises(UserError, match=r"holds half of a character"):
        load(tmp_path)


def test_other_labels_in_the_test_file(tmp_path: Path) -> None:
    write(tmp_path / "train.csv", as_csv(ROWS))
    write(tmp_path / "test.csv", as_csv([("x", "0"), ("y", "1")]))
    assert refused(tmp_path) == (
        "PATH/test.csv line 2: the label '0' is not in PATH/train.csv, which begins with 'neg', 'pos'; "
        "nor is any other of PATH/test.csv"
    )


CHARACTERS = st.characters(exclude_categories=["Cs"])
LABELS = st.sampled_from(["a", "b", "0", "긍정", "NA"])


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.text(CHARACTERS), LABELS)), st.sampled_from(sorted(WRITERS)), st.booleans())
def test_a_table_comes_back_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], kind: str, packed: bool
) -> None:
    if kind == "tsv":
        rows = [(text.replace("\t", " ").replace("\n", " "), label) for text, label in rows]
    rows = [
        *rows,
        *((f"text {number}", "ab"[number % 2]) for number in range(12)),
    ]  # two classes are left in train
    content = WRITERS[kind](rows).encode()
    path = tmp_path_factory.mktemp("table") / f"a.{kind}{'.gz' * packed}"
    dataset = load(write(path, gzip.compress(content) if packed else content))
    assert pairs(dataset) == sorted((unicodedata.normalize("NFC", text), label) for text, label in rows)


CELLS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["text", "label", '"', ",", "\t", "\n", "\r", "\ufeff", "{", "[", ";"]),
)


ROWS_OF_CELLS = st.lists(st.lists(CELLS, max_size=4), max_size=10)
# Rows that are mostly right, and at most one that may be anything, so that many of the tables load.
MILD = st.text(st.characters(exclude_categories=["Cs"], exclude_characters='\t\n\r,;"\ufeff'), max_size=12)
LABELLED = st.lists(st.tuples(MILD, LABELS).map(list), min_size=3, max_size=30)
ROWS_WITH_LABELS = st.tuples(LABELLED, st.lists(st.lists(CELLS, max_size=3), max_size=1)).map(
    lambda lists: lists[0] + lists[1]
)
FITTING = [
    (",", "text,label\n", "a.csv"),
    ("\t", "text\tlabel\n", "a.tsv"),
    (",", "text,label\n", "train.csv"),
]
ANY_SHAPE = st.tuples(
    st.sampled_from([",", "\t", ";", '","', '": "']),
    st.sampled_from(["text,label\n", "text\tlabel\n", '{"text": "x", "label": "y"}\n', ""]),
    st.sampled_from(["a.csv", "a.tsv", "a.jsonl", "a.txt", "a.csv.gz"]),
)


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(*[ROWS_WITH_LABELS] * 4, ROWS_OF_CELLS),
    st.one_of(*[st.sampled_from(FITTING)] * 4, ANY_SHAPE),
    st.sampled_from(
        [*[{}] * 6, {"header": "no", "text_column": "0", "label_column": "1"}, {"delimiter": "semicolon"}]
    ),
)
def test_random_tables_load_or_are_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[list[str]],
    shape: tuple[str, str, str],
    options: dict[str, object],
) -> None:
    mark, head, name = shape
    content = head + "\n".join(mark.join(row) for row in rows)
    path = write(tmp_path_factory.mktemp("table") / name, content.encode("utf-8", "surrogatepass"))
    dataset = load_or_refusal(path, **options)
    event("refused" if isinstance(dataset, str) else "loaded")
    if isinstance(dataset, str):
        assert "\n" not in dataset
        return
    for split in (dataset.train, dataset.valid, dataset.test or ()):
        examples = list(split)
        assert len(examples) == len(split) > 0
        assert all(isinstance(one["text"], str) for one in examples)
        assert {one["label"] for one in examples} <= set(range(len(dataset.info.labels)))


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=200), st.sampled_from(["a.csv", "a.tsv", "a.jsonl", "a.csv.gz"]), st.booleans())
def test_random_bytes_load_or_are_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, name: str, headed: bool
) -> None:
    path = write(tmp_path_factory.mktemp("bytes") / name, b"text,label\n" * headed + content)
    assert "\n" not in str(load_or_refusal(path))


@pytest.mark.real
def test_imdb_without_any_option(data_dir: Path, tmp_path: Path) -> None:
    for split in ("train", "test"):
        with gzip.open(data_dir / "imdb" / f"{split}.tsv.gz", "rb") as file:
            head = [next(file) for _ in range(201)]
        with gzip.open(data_dir / "imdb" / f"{split}.tsv.gz", "rb") as file:
            tail = [line for number, line in enumerate(file) if number > 24_800]
        with gzip.open(tmp_path / f"{split}.tsv.gz", "wb") as part:
            part.writelines(head + tail)
    dataset = load(tmp_path)
    assert dataset.info.labels == ("0", "1")
    assert len(dataset.test or ()) == 400
    assert len(dataset.train) + len(dataset.valid) == 400
    first = next(iter(dataset.train))
    assert first["text"].startswith("Story of a man who has unnatural feelings for a pig.")
    assert first["label"] == 0
