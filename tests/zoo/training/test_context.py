"""A cell of the user's own that does not fit into a model is told in one line; a fault of the zoo is not hidden."""

from __future__ import annotations

from typing import Any, cast

import pytest

from datasets.errors import UserError
from zoo.config import RecurrentOptions, RunConfig, TrainingOptions
from zoo.tasks.base import NoOptions
from zoo.training.context import RunContext


class Unfitting:
    """A task whose model wants other sizes."""

    def build(self, *_: object) -> object:
        raise ValueError("queries and memory of one size, not 3 and 6; take general\n\nArguments received: …")


def context(cell: str) -> RunContext:
    config = RunConfig("made up", "nothing", {}, RecurrentOptions(cell=cell), TrainingOptions(), NoOptions())
    nothing = cast("Any", None)
    return RunContext(config, cast("Any", Unfitting()), nothing, nothing, nothing)


def test_a_cell_that_does_not_fit_is_told() -> None:
    with pytest.raises(UserError) as caught:
        context("mine.cells:Mine").build()
    assert str(caught.value) == (
        "--cell mine.cells:Mine does not fit into the model: queries and memory of one size, not 3 and 6; take general"
    )
    with pytest.raises(ValueError, match="Arguments received"):
        context("gru").build()
