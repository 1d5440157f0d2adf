from __future__ import annotations

import pytest

from zoo.runtime.metric_names import LESS, MORE, fold_of, less_is_better, of_fold, words
from zoo.tasks.base import load_task, task_names

TASKS = task_names()


@pytest.mark.parametrize("task", TASKS)
def test_the_direction_of_every_tasks_metrics_is_known(task: str) -> None:
    for metric in load_task(task).headline:
        assert words(metric) & (LESS | MORE), (
            f"say in zoo/runtime/metric_names.py which way {metric} is better"
        )


@pytest.mark.parametrize("task", TASKS)
def test_the_direction_is_the_one_by_which_the_task_picks_its_weights(task: str) -> None:
    metric, way = load_task(task).monitor
    assert less_is_better(metric) == (way == "min")


def test_the_fold_of_a_metric() -> None:
    assert of_fold("mae", 11) == "mae_fold_12"
    assert fold_of("mae_fold_12", "mae") == 12
    assert [fold_of(name, "mae") for name in ("mae", "smae_fold_1", "mae_fold_x", "mae_scaled_fold_2")] == [
        None
    ] * 4
