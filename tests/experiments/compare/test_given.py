"""Every task answers examples of its own embedded data, given as a user would give them."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

import datasets
from datasets import plugins
from datasets.formats.images import Features, read_image
from experiments.compare import measure
from experiments.compare.given import MOST_CHARACTERS, raw_inputs
from experiments.compare.measure import some_inputs
from zoo.run import config_of, task_parser
from zoo.training.context import RunContext

TASKS = plugins.names("zoo.tasks", "TASK")


#: What makes the embedded data small; forecasting has one series whatever is asked for.
FEW = ("--examples", "40", "--valid-examples", "4", "--test-examples", "4")
SMALL = {"forecasting": (), "language_model": ("--sentences", "60")}


@pytest.mark.parametrize("name", TASKS)
def test_every_task_answers_and_can_be_timed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that has learnt nothing, asked one example at a time."""
    config = config_of(name, task_parser(name).parse_args(["--units", "3", *SMALL.get(name, FEW)]))
    task = plugins.load("zoo.tasks", name, "TASK")
    made = RunContext.prepare(config, datasets.load("microworld", task.fields, config.data))
    server = task.serve(made.build(), made.prepared)
    inputs = some_inputs(task, config, tmp_path)
    assert 1 <= len(inputs) <= 32
    assert all(not hasattr(one, "__array__") for one in inputs), "as files and texts, not as arrays"
    assert task.answer(server, inputs[:1])
    monkeypatch.setattr(measure, "ANSWERS", 3)
    times = measure.single_answers(task, server, inputs[:2])
    assert len(times) <= 3
    assert min(times) > 0


def test_images_become_files_of_the_same_pixels_or_features(tmp_path: Path) -> None:
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


def test_texts_are_prompts_of_some_length() -> None:
    assert raw_inputs("text", [{"text": "a" * 9999}, {"source": "b"}], Path()) == ["a" * MOST_CHARACTERS, "b"]
