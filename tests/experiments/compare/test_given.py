"""Every task answers examples of its own embedded data, given as a user would give them."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

import datasets
from datasets.images import Features, read_image
from experiments.compare.given import MOST_CHARACTERS, raw_inputs
from zoo import plugins

TASKS = plugins.names("zoo.tasks", "TASK")


@pytest.mark.parametrize("name", TASKS)
def test_the_input_of_every_task_is_known(name, tmp_path):
    task = plugins.load("zoo.tasks", name, "TASK")
    data = datasets.load("microworld", task.fields, {})
    examples = list(itertools.islice(data.valid, 2))
    found = raw_inputs(task.input_field, examples, tmp_path)
    assert len(found) == len(examples)
    assert all(not hasattr(one, "__array__") for one in found)


def test_images_become_files_of_the_same_pixels_or_features(tmp_path):
    task = plugins.load("zoo.tasks", "vqa", "TASK")
    (example,) = itertools.islice(datasets.load("microworld", task.fields, {}).valid, 1)
    ((path, question),) = raw_inputs("image and question", [example], tmp_path)
    np.testing.assert_array_equal(read_image(tmp_path / "0.png"), example["image"].read())
    assert (path, question) == (str(tmp_path / "0.png"), example["question"])
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    (path,) = raw_inputs("image", [{"image": Features("a", values, 1)}], tmp_path)
    with np.load(path) as stored:
        assert stored["names"].tolist() == ["a"]
        np.testing.assert_array_equal(stored["features"], values[1:])


def test_texts_are_prompts_of_some_length():
    assert raw_inputs("text", [{"text": "a" * 9999}, {"source": "b"}], Path()) == ["a" * MOST_CHARACTERS, "b"]
