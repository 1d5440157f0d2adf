"""Every task answers examples of its own embedded data, given as a user would give them."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

import datasets
import zoo.run
from datasets.errors import UserError
from experiments.compare import measure
from experiments.compare.measure import some_inputs
from experiments.compare.runner import Setting
from experiments.report.records import COSTS, Costs
from tests.experiments.untrained import untrained_run
from tests.zoo.conftest import toy_rows, write_tsv
from zoo.run import config_of, task_parser
from zoo.runtime.rundir import read_json
from zoo.tasks.base import NoOptions, load_task, task_names
from zoo.training.context import RunContext

TASKS = task_names()
#: The task of the quick tests: its input is not an array.
QUICK = "vqa"


#: What makes the embedded data small; forecasting has one series whatever is asked for.
FEW = ("--examples", "40", "--valid-examples", "4", "--test-examples", "4")
SMALL = {"forecasting": (), "language_model": ("--sentences", "60")}


@pytest.mark.parametrize(
    "name", [QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in TASKS if name != QUICK)]
)
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


class OnlyLong:
    """A task that answers texts of more than two letters."""

    def __init__(self) -> None:
        self.answered: list[str] = []

    def answer_options(self) -> NoOptions:
        return NoOptions()

    def answer(self, _server: object, inputs: list[str], _options: NoOptions) -> None:
        if len(inputs[0]) < 3:
            raise UserError(f"{inputs[0]} is too short")
        self.answered += inputs


def test_an_input_that_has_no_answer_keeps_no_other_from_being_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "ANSWERS", 3)
    task: Any = OnlyLong()
    server: Any = None
    assert len(measure.single_answers(task, server, ["long", "a", "longer"])) == 3
    assert task.answered == ["long", "longer"] * 4
    with pytest.raises(UserError, match="b is too short"):
        measure.single_answers(task, server, ["a", "b"])


@pytest.mark.parametrize("exported", [False, True])
def test_the_costs_of_a_run_are_written_into_its_folder(
    exported: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the SavedModel that is there, or of one that is made for it."""
    monkeypatch.setattr(measure, "ANSWERS", 3)
    data = write_tsv(tmp_path / "toy.tsv", toy_rows(30))
    run = untrained_run(tmp_path / "run", "sentiment", "--cell", "vanilla", "--dataset", str(data))
    if exported:
        (run / "export").mkdir()
        (run / "export" / "saved_model.pb").write_bytes(b"1234567")
    assert measure.main([str(run)]) == 0
    costs = dataclasses.asdict(Costs.from_json(read_json(run / COSTS)))
    assert costs["answers"] == 3
    assert 0 < costs["latency_p50_ms"] <= costs["latency_p95_ms"]
    assert costs["model_bytes"] == (run / "model.keras").stat().st_size
    assert costs["artifact_bytes"] == 7 if exported else costs["artifact_bytes"] > 10_000


def test_a_comparison_measures_with_this_module() -> None:
    assert Setting(Path()).measure == measure.__name__
    assert Setting(Path()).program == zoo.run.__name__
