from __future__ import annotations

import gzip
from pathlib import Path

import pytest

import datasets
from datasets.base import Dataset, Split
from datasets.errors import UserError

FIELDS = ("text",)
TEXT = "가나다라마\n" + "word " * 200


def load(path: Path, **options: object) -> Dataset:
    return datasets.load(str(path), FIELDS, options)


def whole(split: Split | None) -> str:
    return "".join(example["text"] for example in split or ())


def test_a_file_is_cut_by_position(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    data = load(tmp_path / "a.txt")
    assert data.test is not None
    assert "".join(map(whole, (data.train, data.valid, data.test))) == TEXT
    assert [len(whole(split)) for split in (data.valid, data.test)] == [50, 51]
    assert load(tmp_path / "a.txt", test_fraction=0.0).test is None
    assert len(whole(load(tmp_path / "a.txt", valid_fraction=0.5).valid)) == 503


@pytest.mark.parametrize("name", ["a.txt", "a.txt.gz", "novel", "a.csv"])
def test_any_name_will_do_packed_or_not(tmp_path: Path, name: str) -> None:
    content = TEXT.encode()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    assert TEXT.startswith(whole(load(tmp_path / name).train))


def test_a_folder_of_splits(tmp_path: Path) -> None:
    for name in ("train", "valid", "test"):
        (tmp_path / f"wiki.{name}.txt").write_text(f"{name} " * 20)
    data = load(tmp_path)
    assert data.test is not None
    assert [whole(split).split()[0] for split in (data.train, data.valid, data.test)] == [
        "train",
        "valid",
        "test",
    ]


def test_a_folder_with_one_file(tmp_path: Path) -> None:
    (tmp_path / "novel.txt.gz").write_bytes(gzip.compress(TEXT.encode()))
    (tmp_path / "cover.png").write_bytes(b"\x00")
    assert whole(load(tmp_path).train)


def test_the_encoding_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(("한글 " * 30).encode("cp949"))
    assert whole(load(tmp_path / "a.txt", encoding="cp949").train).startswith("한글 ")
    with pytest.raises(UserError, match="line 1: byte 0xc7 is not valid utf-8"):
        load(tmp_path / "a.txt")


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        load(tmp_path / "none.txt")
    with pytest.raises(UserError, match="has no text file"):
        load(tmp_path)
    for name in ("one.txt", "two.txt"):
        (tmp_path / name).write_text("a")
    with pytest.raises(UserError, match="2 text files, none named after a split"):
        load(tmp_path)
    (tmp_path / "empty.txt").write_text("")
    with pytest.raises(UserError, match=r"empty.txt: is empty; give a text"):
        load(tmp_path / "empty.txt")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"valid_fraction": 0.0}, "--valid-fraction 0.0: must be between"),
        ({"test_fraction": 1.0}, "--test-fraction 1.0: must be from"),
        ({"valid_fraction": 0.5, "test_fraction": 0.5}, "leaves nothing to train on"),
        ({"encoding": "nonsense"}, "--encoding nonsense"),
    ],
)
def test_wrong_options_are_told(tmp_path: Path, options: dict[str, object], told: str) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    with pytest.raises(UserError, match=told):
        load(tmp_path / "a.txt", **options)


@pytest.mark.real
def test_the_usual_split_of_a_real_text(data_dir: Path) -> None:
    data = load(data_dir / "tiny_shakespeare" / "input.txt")
    assert data.test is not None
    assert [len(whole(split)) for split in (data.train, data.valid, data.test)] == [1003854, 55770, 55770]
