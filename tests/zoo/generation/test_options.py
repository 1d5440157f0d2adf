"""What every task that writes sentences can be told, and what a task changes of it."""

from __future__ import annotations

import pytest

from datasets.options import fields_of
from zoo.generation.options import DecoderOptions, GenerationOptions, SearchConfiguration
from zoo.tasks.base import load_task


@pytest.mark.parametrize(
    ("task", "options", "wider"),
    [
        ("translation", GenerationOptions, ()),
        ("captioning", GenerationOptions, ()),
        ("speech", DecoderOptions, ("beam",)),  # CTC has a search of its own
    ],
)
def test_a_task_has_all_options_with_the_same_limits(
    task: str, options: type, wider: tuple[str, ...]
) -> None:
    own = {field.name: field for field in fields_of(load_task(task).options_type)}
    for field in fields_of(options):
        assert field.name in wider or own[field.name].kind == field.kind


def test_the_search_is_as_the_options_say() -> None:
    assert GenerationOptions(beam=7, length_penalty=0.5, max_tokens=9).search == SearchConfiguration(
        7, 0.5, 9
    )
