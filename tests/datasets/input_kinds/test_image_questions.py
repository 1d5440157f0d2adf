from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

import datasets
from datasets.errors import UserError
from datasets.formats.images import read_image
from datasets.formats.tables import Format
from datasets.input_kinds.image_questions import KIND


def test_an_argument_is_an_image_and_the_next_its_question() -> None:
    assert KIND.parse(["a.png", "what?", "b.png", "where?"]) == [("a.png", "what?"), ("b.png", "where?")]
    with pytest.raises(UserError, match=r"b\.png: give an image and a question by turns"):
        KIND.parse(["a.png", "what?", "b.png"])


def test_rows_of_a_table(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("image,question,asked\n c.png ,what?,where?\n")
    assert list(KIND.read(path, None, Format())) == [(str(tmp_path / "c.png"), "what?")]
    assert list(KIND.read(path, "asked", Format())) == [(str(tmp_path / "c.png"), "where?")]
    path = tmp_path / "a.jsonl"
    path.write_text('{"image": "c.png", "question": 3}\n')
    with pytest.raises(UserError, match=r"a.jsonl line 1: image and question are not both strings"):
        list(KIND.read(path, None, Format()))
    path.write_text('{"image": "c.png", "question": "what?"}\n{"image": " ", "question": "what?"}\n')
    with pytest.raises(UserError, match=r"a.jsonl line 2: the image is not the name of a file"):
        list(KIND.read(path, None, Format()))


def test_an_example_is_a_file_of_the_same_pixels_and_its_question(tmp_path: Path) -> None:
    dataset = datasets.load("microworld", ("image", "question", "answer"))
    (example,) = itertools.islice(dataset.valid, 1)
    ((path, question),) = KIND.examples([example], tmp_path)
    np.testing.assert_array_equal(read_image(tmp_path / "0.png"), example["image"].read())
    assert (path, question) == (str(tmp_path / "0.png"), example["question"])
