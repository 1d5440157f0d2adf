"""What every task that writes sentences can be told, and what a task changes of it."""

from __future__ import annotations

from typing import Any

import pytest

from datasets.errors import UserError
from datasets.options import fields_of
from zoo.generation.answers import AnswerOptions
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


@pytest.mark.parametrize(
    ("options", "told"),
    [({"temperature": 0.5}, "--temperature 0.5"), ({"top_k": 3}, "--top-k 3"), ({"seed": 7}, "--seed 7")],
)
def test_what_is_said_of_draws_is_refused_where_nothing_is_drawn(options: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError, match=f"{told}: is of drawing; give --sampling too"):
        AnswerOptions(**options)
    AnswerOptions(sampling=True, **options)
