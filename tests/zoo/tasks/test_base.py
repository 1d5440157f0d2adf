from __future__ import annotations

import sys
from pathlib import Path

import pytest

from datasets.base import Dataset, Info, Split
from datasets.errors import UserError
from zoo.tasks.base import NoOptions, Prepared, load_task, task_names
from zoo.tasks.sentiment.task import TASK, Sentiment


def test_a_task_is_found_by_name_and_as_an_object_or_class_of_a_module() -> None:
    assert load_task("sentiment") is TASK
    assert load_task("zoo.tasks.sentiment.task:TASK") is TASK
    assert type(load_task("zoo.tasks.sentiment.task:Sentiment")) is Sentiment
    assert "sentiment" in task_names()


@pytest.mark.parametrize("name", ["Options", "AT_ONCE", "np"])
def test_something_else_is_no_task(name: str) -> None:
    with pytest.raises(UserError, match=f"zoo.tasks.sentiment.task:{name} is no task: a task is of a class"):
        load_task(f"zoo.tasks.sentiment.task:{name}")


def test_a_task_that_lacks_a_part_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "half_a_task.py").write_text(
        "from zoo.tasks.sentiment.task import Sentiment\n"
        "from zoo.tasks.base import Task\n"
        "class Half(Sentiment):\n    build = Task.build\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    with pytest.raises(UserError, match="half_a_task:Half lacks build"):
        load_task("half_a_task:Half")


def split(*numbers: int) -> Split:
    return Split(lambda: iter([{"number": number} for number in numbers]), len(numbers))


def test_dev_becomes_batches_at_once_and_test_when_it_is_asked_for() -> None:
    read: list[list[int]] = []

    def batches(part: Split) -> list[int]:
        read.append([example["number"] for example in part])
        return read[-1]

    data = Dataset(Info("toy", ("number",)), split(1), split(2), split(3))
    prepared = Prepared.of("learned", [1], data, batches, ["a note"])  # type: ignore[type-var]
    assert (prepared.train, prepared.valid, prepared.notes) == ([1], [2], ("a note",))
    assert read == [[2]]
    assert prepared.test() == [3]
    without = Dataset(data.info, data.train, data.valid, None)
    assert Prepared.of("learned", [1], without, batches).test() is None  # type: ignore[type-var]


def test_a_task_without_optional_parts_has_their_defaults() -> None:
    assert TASK.answer_options is NoOptions
    assert TASK.show([]) is None
    assert TASK.pictures(None, None, None) == {}  # type: ignore[arg-type]
    assert TASK.finish(None, None, None, None, "predictions") == "predictions"  # type: ignore[arg-type]
