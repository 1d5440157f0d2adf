"""Every task answers examples of its own embedded data, given as a user would give them."""

from __future__ import annotations

from pathlib import Path

import pytest

import datasets
from experiments.compare import measure
from experiments.compare.measure import some_inputs
from zoo.run import config_of, task_parser
from zoo.tasks.base import load_task, task_names
from zoo.training.context import RunContext

TASKS = task_names()


#: What makes the embedded data small; forecasting has one series whatever is asked for.
FEW = ("--examples", "40", "--valid-examples", "4", "--test-examples", "4")
SMALL = {"forecasting": (), "language_model": ("--sentences", "60")}


@pytest.mark.parametrize("name", TASKS)
def test_every_task_answers_and_can_be_timed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that has learnt nothing, asked one example at a time."""
    config = config_of(name, task_parser(name).parse_args(["--units", "3", *SMALL.get(name, FEW)]))
    task = load_task(name)
    made = RunContext.prepare(config, datasets.load("microworld", task.fields, config.data))
    server = task.serve(made.build(), made.prepared.learned)
    inputs = some_inputs(task, config, tmp_path)
    assert 1 <= len(inputs) <= 32
    assert all(not hasattr(one, "__array__") for one in inputs), "as files and texts, not as arrays"
    assert task.answer(server, inputs[:1], task.answer_options())
    monkeypatch.setattr(measure, "ANSWERS", 3)
    times = measure.single_answers(task, server, inputs[:2])
    assert len(times) <= 3
    assert min(times) > 0
