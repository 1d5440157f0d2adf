from __future__ import annotations

from datasets import plugins
from datasets.input_kinds.base import InputKind
from zoo.tasks.base import load_task, task_names

PACKAGE = "datasets.input_kinds"


def test_every_kind_has_a_name_of_its_own_and_every_task_one_of_them() -> None:
    kinds = [plugins.load(PACKAGE, name, "KIND", InputKind) for name in plugins.names(PACKAGE, "KIND")]
    assert all(isinstance(kind, InputKind) for kind in kinds)
    assert len({kind.name for kind in kinds}) == len(kinds) >= 6
    for task in task_names():
        assert load_task(task).input_kind in kinds
