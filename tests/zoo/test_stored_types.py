"""Files of a run that are damaged, or of several runs, are told in one line that names them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from datasets.errors import UserError
from zoo.config_file import OwnModel, read_config
from zoo.runtime.rundir import RunDirectory
from zoo.stored_run import fitting_together, load_run, restored
from zoo.stored_types import is_of
from zoo.tasks.base import load_task

RUNS = Path(__file__).parents[1] / "fixtures" / "runs_0.1"
TASKS = sorted(path.name for path in RUNS.iterdir())
AS_READ = {"zone": [""], "rows": [""], "writing": ["", "None", "auto", "none"]}


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (("a",), tuple[str, ...], True), ((), tuple[str, ...], True), ((None,), tuple[str, ...], False),
        ("a", tuple[str, ...], False), ((1, 2), tuple[int, int], True), ((1,), tuple[int, int], False),
        (1, int, True), (True, int, False), (1, float, True), ("1", float, False), (True, bool, True), (1, bool, False),
        (None, str | None, True), (1, str | None, False), ({"a": ("b",)}, Mapping[str, tuple[str, ...]], True),
        ({"a": (None,)}, Mapping[str, tuple[str, ...]], False), ([], Mapping[str, str], False),
        (b"", Callable[..., int], True),
    ],
)  # fmt: skip
def test_a_value_is_of_a_type_in_all_its_parts(value: object, kind: object, expected: bool) -> None:
    assert is_of(value, kind) is expected


def stored_of(task: str) -> dict[str, Any]:
    stored: dict[str, Any] = json.loads((RUNS / task / "run" / "prepared.json").read_text(encoding="utf-8"))
    return stored | ({"as_read": AS_READ} if task == "forecasting" else {})


def wrong_values(value: object) -> Iterator[object]:
    """Values that no run writes in place of this one."""
    yield from (None, {}, {"x": 1}, 10**30, True, "", "x", [None], [[]], {"x": None})
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from ({**value, key: wrong} for wrong in (None, 3, "", [], [None]) if wrong != inner)


def is_right(value: object, other: object) -> bool:
    """Whether a value of the same kind stands in place of one, or that of a run of version 0.1."""
    numbers = isinstance(value, float) and type(other) is int
    of_old = (value, other) == (AS_READ, {})
    return numbers or of_old or (isinstance(value, str | int) and type(other) is type(value))


@pytest.mark.parametrize("task", TASKS)
def test_wrong_values_of_what_was_learned_are_told(task: str, tmp_path: Path) -> None:
    options = read_config(RunDirectory(RUNS / task / "run"), OwnModel()).options
    path, passed, lines = tmp_path / "prepared.json", [], []
    stored = stored_of(task)
    path.write_text(json.dumps(stored))
    restored(path, load_task(task), options)
    for key, value in stored.items():
        for wrong in wrong_values(value):
            if is_right(value, wrong):
                continue
            path.write_text(json.dumps({**stored, key: wrong}))
            try:
                restored(path, load_task(task), options)
                passed.append((key, wrong))
            except UserError as problem:
                lines.append(str(problem))
    assert passed == []
    assert [line for line in lines if "\n" in line or not line.startswith(str(path))] == []


def without_horizon(run: Path) -> None:
    config = json.loads((run / "config.json").read_text())
    config["config"]["options"].pop("horizon", None)
    (run / "config.json").write_text(json.dumps(config))


def without_options(run: Path) -> None:
    config = json.loads((run / "config.json").read_text())
    config["config"]["options"] = {}
    (run / "config.json").write_text(json.dumps(config))


def of_another_task(run: Path) -> None:
    shutil.copy(RUNS / "vqa" / "run" / "model.keras", run / "model.keras")


def with_fewer_labels(run: Path) -> None:
    stored = json.loads((run / "prepared.json").read_text())
    (run / "prepared.json").write_text(json.dumps({**stored, "labels": []}))


def with_fewer_tokens(run: Path) -> None:
    stored = json.loads((run / "prepared.json").read_text())
    (run / "prepared.json").write_text(json.dumps({**stored, "vocabulary": stored["vocabulary"][:-1]}))


def without_cycles(run: Path) -> None:
    stored = json.loads((run / "prepared.json").read_text())
    (run / "prepared.json").write_text(json.dumps({**stored, "cycles": []}))


@pytest.mark.parametrize(
    ("task", "change"),
    [
        ("forecasting", without_horizon), ("forecasting", without_options), ("forecasting", of_another_task),
        ("forecasting", without_cycles), ("sentiment", of_another_task), ("sentiment", with_fewer_labels),
        ("sentiment", with_fewer_tokens), ("tagging", with_fewer_labels),
    ],
)  # fmt: skip
def test_files_that_do_not_belong_together_are_told(
    task: str, change: Callable[[Path], None], tmp_path: Path
) -> None:
    run = Path(shutil.copytree(RUNS / task / "run", tmp_path / "run"))
    change(run)
    with pytest.raises(UserError) as caught:  # noqa: PT012  (as `zoo.predict` does)
        learned, model = load_run(run)
        with fitting_together(run):
            load_task(task).serve(model, learned)
    message = str(caught.value)
    assert "do not belong together or are damaged: " in message or "cannot be loaded: " in message
    assert "\n" not in message
