"""What every task that writes sentences can be told, and what a task changes of it."""

from __future__ import annotations

import pytest

from datasets.options import fields_of
from zoo.generation.options import GenerationOptions, SearchConfiguration
from zoo.tasks.base import load_task


@pytest.mark.parametrize("task", ["translation", "captioning"])
def test_a_task_has_all_options_with_the_same_limits(task: str) -> None:
    own = {field.name: field for field in fields_of(load_task(task).options_type)}
    for field in fields_of(GenerationOptions):
        assert own[field.name].kind == field.kind


def test_the_search_is_as_the_options_say() -> None:
    assert GenerationOptions(beam=7, length_penalty=0.5, max_tokens=9).search == SearchConfiguration(
        7, 0.5, 9
    )
