from __future__ import annotations

from pathlib import Path

import pytest

from datasets.errors import UserError
from datasets.file_readers.split_discovery import data_files, folders, split_files, split_folders
from datasets.formats.tables import is_table


def make(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir(exist_ok=True)
        else:
            path.write_text("")
    return folder


@pytest.mark.parametrize("name", ["valid", "validation", "val", "dev", "DEV"])
def test_split_files(tmp_path: Path, name: str) -> None:
    make(tmp_path, "train.csv", f"{name}.csv", "test.csv.gz", "README.md", "all.csv", ".test.csv")
    found = {split: path.name for split, path in split_files(tmp_path, is_table).items()}
    assert found == {"train": "train.csv", "valid": f"{name}.csv", "test": "test.csv.gz"}


def test_names_with_more_in_them(tmp_path: Path) -> None:
    make(tmp_path, "ratings_train.txt", "ratings_test.txt", "ratings.txt", "v1.2-dev.tsv", "trainer.csv")
    found = {split: path.name for split, path in split_files(tmp_path, is_table).items()}
    assert found == {"train": "ratings_train.txt", "valid": "v1.2-dev.tsv", "test": "ratings_test.txt"}


def test_a_name_with_two_splits_is_none(tmp_path: Path) -> None:
    make(tmp_path, "train.csv", "train_test.csv")
    assert list(split_files(tmp_path, is_table)) == ["train"]


def test_no_split_files(tmp_path: Path) -> None:
    assert split_files(make(tmp_path, "a.csv", "b.csv"), is_table) == {}


def test_two_files_for_one_split(tmp_path: Path) -> None:
    make(tmp_path, "train.csv", "train.tsv")
    with pytest.raises(UserError, match=r"both train.csv and train.tsv may be the train split; name one"):
        split_files(tmp_path, is_table)


def test_of_two_files_for_one_split_the_one_that_is_named_as_the_folder(tmp_path: Path) -> None:
    names = ("my-wafers_TRAIN.csv", "my-wafers_eq_TRAIN.csv", "my-wafers_eq_TEST.csv", "my-wafers_TEST.csv")
    found = split_files(make(tmp_path / "my-wafers", *names), is_table)
    assert {split: path.name for split, path in found.items()} == {"train": names[0], "test": names[3]}
    make(tmp_path / "my-wafers", "my-wafers_TRAIN.tsv")
    with pytest.raises(
        UserError, match=r"both my-wafers_TRAIN.csv and my-wafers_TRAIN.tsv may be the train split"
    ):
        split_files(tmp_path / "my-wafers", is_table)


def test_test_without_train(tmp_path: Path) -> None:
    make(tmp_path, "test.csv")
    with pytest.raises(
        UserError, match=r"has test.csv and no train split beside; name one file, or add train"
    ):
        split_files(tmp_path, is_table)


def test_split_folders(tmp_path: Path) -> None:
    make(tmp_path, "train/", "test/", "other/", "valid.csv")
    found = {split: path.name for split, path in split_folders(tmp_path).items()}
    assert found == {"train": "train", "test": "test"}
    make(tmp_path, "Training/")
    with pytest.raises(UserError, match=r"both Training and train may be the train split"):
        split_folders(tmp_path)


def test_folders_and_files_leave_out_the_hidden_and_the_unlabelled(tmp_path: Path) -> None:
    make(tmp_path, "pos/", "unsup/", ".git/", "__MACOSX/", "b.csv", "a.csv", "._a.csv")
    assert [path.name for path in folders(tmp_path)] == ["pos"]
    assert [path.name for path in data_files(tmp_path, is_table)] == ["a.csv", "b.csv"]
