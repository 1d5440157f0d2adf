from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import datasets
from datasets.base import NOT_IN_TRAIN, Dataset, Split
from datasets.errors import UserError
from datasets.formats.images import write_image
from tests.datasets.file_readers.refusals import refusal
from tests.datasets.splits import sizes_of, splits_of

FIELDS = ("image", "question", "answer")


def picture(path: Path, seed: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_image(np.random.default_rng(seed).integers(0, 256, (4, 4, 3), np.uint8), path)
    return path


def folder(path: Path, splits: tuple[str, ...] = ("train", "test"), images: int = 8) -> Path:
    """easy-VQA's layout: two questions about each image, each image another."""
    for n, split in enumerate(splits):
        items = []
        for image in range(images):
            picture(path / split / "images" / f"{image}.png", 100 * n + image)
            items += [["is it red?", ("yes", "no")[image % 2], image], ["what is it?", "circle", image]]
        (path / split / "questions.json").write_text(json.dumps(items))
    return path


def table(path: Path, images: int = 10) -> Path:
    for image in range(images):
        picture(path.parent / f"photos/{image}.png", image)
    rows = [f"photos/{n}.png,is it {n}?,{('yes', 'no')[n % 2]}" for n in range(images) for _ in range(2)]
    path.write_text("image,question,answer\n" + "\n".join(rows) + "\n")
    return path


def load(path: Path, **options: object) -> Dataset:
    return datasets.load(str(path), FIELDS, options)


def told(path: Path, **options: object) -> str:
    return refusal(FIELDS, path, **options)


def names(split: Split | None) -> set[str]:
    return {example["image"].name for example in split or ()}


def test_folders_as_of_easy_vqa(tmp_path: Path) -> None:
    data = load(folder(tmp_path / "set"), valid_fraction=0.25)
    assert data.info.labels == ("circle", "no", "yes")
    assert sizes_of(data) == (12, 4, 16)
    first = next(iter(splits_of(data)[2]))
    assert first["image"].name == str(tmp_path / "set/test/images/0.png")
    assert first["image"].read().shape == (4, 4, 3)
    assert (first["question"], data.info.labels[first["answer"]]) == ("is it red?", "yes")
    assert data.info.unit == "questions"


def test_no_image_is_on_both_sides(tmp_path: Path) -> None:
    data = load(table(tmp_path / "a.csv"), valid_fraction=0.3, test_fraction=0.2)
    parts = [names(split) for split in (data.train, data.valid, data.test)]
    assert [len(part) for part in parts] == [5, 3, 2]
    assert len(set.union(*parts)) == 10
    assert sizes_of(data) == (10, 6, 4)
    assert "valid: 3 images with all their questions" in data.info.notes[0]


def test_copies_of_an_image_count_as_that_image(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", 4)
    for n in range(4):
        shutil.copy(tmp_path / f"photos/{n}.png", tmp_path / f"photos/copy{n}.png")
    with path.open("a") as file:
        file.writelines(f"photos/copy{n}.png,is it a copy?,{('no', 'yes')[n % 2]}\n" for n in range(4))
    data = load(path, valid_fraction=0.5, test_fraction=0)
    sides = [
        {Path(name).stem.removeprefix("copy") for name in names(split)} for split in (data.train, data.valid)
    ]
    assert not sides[0] & sides[1]
    assert (len(data.train), len(data.valid)) == (6, 6)
    assert data.test is None


def test_training_questions_about_an_image_of_the_test_split_are_dropped(tmp_path: Path) -> None:
    path = folder(tmp_path / "set")
    shutil.copy(path / "test/images/0.png", path / "train/images/5.png")
    data = load(path, valid_fraction=0.15)
    assert len(data.train) + len(data.valid) == 14
    assert "2 training questions whose image is in another split were dropped" in data.info.notes


def test_tables_by_split_json_lines_and_a_folder_of_images(tmp_path: Path) -> None:
    for number, split in enumerate(("train", "val", "test")):
        for n in range(4):
            picture(tmp_path / f"photos/{split}{n}.png", 100 * number + n)
        rows = [{"file_name": f"{split}{n}.png", "question": "", "answer": n % 2 == 0} for n in range(4)]
        (tmp_path / f"{split}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    data = load(tmp_path, images=str(tmp_path / "photos"))
    assert data.info.labels == ("false", "true")
    assert [len(part) for part in splits_of(data)] == [4, 4, 4]
    assert next(iter(data.valid))["question"] == ""


def test_columns_by_name_and_by_position(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv")
    text = path.read_text()
    path.write_text(text.replace("image,question,answer", "a,b,c"))
    options = {"image_column": "a", "question_column": "1", "answer_column": "c"}
    assert load(path, **options).info.labels == ("no", "yes")
    assert "no column for the image among 'a', 'b', 'c'" in told(path)
    assert "two of them are the same" in told(path, **options | {"answer_column": "1"})


def test_what_is_wrong_is_told(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv")
    good = path.read_text()
    path.write_text(good.replace("photos/3.png", "photos/33.png"))
    assert told(path) == f"{path} line 8: {tmp_path}/photos/33.png: there is no such image"
    path.write_text(good.replace(",yes", ","))
    assert told(path).endswith("a.csv line 2: the answer is missing")
    path.write_text(good.replace(",no\n", ",yes\n"))
    assert "every question has the answer 'yes'" in told(path)
    path.write_text(good)
    assert "--images nowhere: there is no such folder" in told(path, images="nowhere")
    (tmp_path / "photos/2.png").write_text("no image")
    assert "photos/2.png: is no image that can be read (is of no image format that is known)" in told(path)
    (tmp_path / "empty").mkdir()
    assert "holds no questions about images in a known layout" in told(tmp_path / "empty")


def test_an_answer_that_train_has_not_is_told(tmp_path: Path) -> None:
    path = folder(tmp_path / "set")
    items = json.loads((path / "test/questions.json").read_text())
    items[3][1] = "pentagon"
    (path / "test/questions.json").write_text(json.dumps(items))
    data = load(path)
    assert data.test is not None
    assert [example["answer"] == NOT_IN_TRAIN for example in data.test].count(True) == 1
    assert "pentagon" not in data.info.labels
    assert any("1 questions with answers that train has not (pentagon)" in note for note in data.info.notes)
    (path / "test/questions.json").write_text(
        json.dumps([[question, "what", image] for question, _, image in items])
    )
    assert f"{path}/test/questions.json item 0: the answer 'what' is not in {path}/train" in told(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[", "is not JSON (Expecting value)"),
        ('{"a": 1}', "is not a list of [question, answer, image number]"),
        ('[["what?", "yes"]]', "item 0: is not [question, answer, image number]"),
        ('[["what?", null, 0]]', "item 0: the answer is neither a string nor a number"),
        ('[[1, "yes", 0]]', "item 0: the question is not a string"),
        ('[["what?", "yes", 99]]', "images/99.png: there is no such image"),
        ("[]", "has no questions"),
    ],
)
def test_lists_that_are_none_are_told(tmp_path: Path, content: str, said: str) -> None:
    path = folder(tmp_path / "set")
    (path / "train/questions.json").write_text(content)
    assert said in told(path)


@pytest.mark.parametrize(
    ("name", "value"), [("valid_fraction", 0.0), ("test_fraction", 1.0), ("encoding", "x")]
)
def test_refused_options(tmp_path: Path, name: str, value: object) -> None:
    assert f"--{name.replace('_', '-')} {value}" in told(tmp_path, **{name: value})


@pytest.mark.real
def test_the_real_set(data_dir: Path) -> None:
    data = load(data_dir / "easy_vqa")
    assert (len(data.train) + len(data.valid), len(splits_of(data)[2])) == (38_575, 9_673)
    assert set(data.info.labels) == set((data_dir / "easy_vqa/answers.txt").read_text().split())
    assert not names(data.train) & names(data.valid)
    assert next(iter(data.train))["image"].read().shape == (64, 64, 3)


def test_train_without_its_questions(tmp_path: Path) -> None:
    folder(tmp_path)
    (tmp_path / "train/questions.json").rename(tmp_path / "train/question.json")
    assert told(tmp_path) == f"{tmp_path}/train: has no questions.json, as {tmp_path}/test has"


def test_one_answer_left_in_train(tmp_path: Path) -> None:
    for image in range(6):
        picture(tmp_path / f"photos/{image}.png", image)

    def written(odd: int) -> Path:
        rows = [f"photos/{n}.png,is it {n}?,{'no' if n == odd else 'yes'}" for n in range(6)]
        (tmp_path / "t.csv").write_text("image,question,answer\n" + "\n".join(rows) + "\n")
        return tmp_path / "t.csv"

    refusals = 0
    for odd in range(6):  # the hash puts one of the images into dev
        try:
            load(written(odd), test_fraction=0)
        except UserError:
            refusals += 1
            message = told(tmp_path / "t.csv", test_fraction=0)
    assert refusals == 1
    assert "every training example has the label 'yes'; give more examples of 'no'" in message
