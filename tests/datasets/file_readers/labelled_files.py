"""Small files of labelled texts, written and loaded, for the tests of classification files."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import datasets
from datasets.base import Dataset
from datasets.errors import UserError
from tests.datasets.file_readers.refusals import refusal

FIELDS = ("text", "label")
ROWS = [(f"text {number}", "pos" if number % 2 else "neg") for number in range(40)]


def load(path: Path, **options: object) -> Dataset:
    return datasets.load(str(path), FIELDS, options)


def load_or_refusal(path: Path, **options: object) -> Dataset | str:
    """The data set, or the one line that says why there is none; any other error is a fault."""
    try:
        return load(path, **options)
    except UserError as error:
        return str(error)


def refused(path: Path, **options: object) -> str:
    return refusal(FIELDS, path, **options).replace(str(path), "PATH")


def pairs(dataset: Dataset) -> list[tuple[str, str]]:
    """Every example of every split as text and class name, sorted."""
    splits = (dataset.train, dataset.valid, dataset.test or ())
    return sorted((one["text"], dataset.info.labels[one["label"]]) for split in splits for one in split)


def as_csv(rows: list[tuple[str, str]]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([("text", "label"), *rows])
    return out.getvalue()


def as_tsv(rows: list[tuple[str, str]]) -> str:
    return "".join(f"{text}\t{label}\n" for text, label in [("text", "label"), *rows])


def as_jsonl(rows: list[tuple[str, str]]) -> str:
    return "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in rows)


WRITERS = {"csv": as_csv, "tsv": as_tsv, "jsonl": as_jsonl}


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def class_folders(folder: Path, rows: list[tuple[str, str]]) -> Path:
    for number, (text, label) in enumerate(rows):
        write(folder / label / f"{number}.txt", text)
    return folder
