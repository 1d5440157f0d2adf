"""What a run works with: what is told of its data, what chooses its best epoch, and cells that do not fit."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from datasets.errors import UserError
from zoo.config import RecurrentOptions, RunConfig, TrainingOptions
from zoo.tasks.base import NoOptions
from zoo.training.context import RunContext
from zoo.training.loop import TRAIN_LOSS


@pytest.mark.parametrize(
    ("choose", "size", "single", "by_train"),
    [
        ("auto", 19, True, True),
        ("auto", 20, True, False),
        ("auto", 1, False, False),  # a series, or a text
        ("dev", 1, True, False),
        ("train", 1000, True, True),
    ],
)
def test_few_examples_of_dev_do_not_choose_the_epoch_where_that_is_left_to_the_data(
    choose: str, size: int, single: bool, by_train: bool
) -> None:
    training = TrainingOptions(choose=choose)
    config = RunConfig("made up", "nothing", {}, RecurrentOptions(), training, NoOptions())
    info = SimpleNamespace(name="some", synthetic=False, unit="signals", notes=())
    dataset = SimpleNamespace(info=info, train=range(90), valid=range(size), test=None)
    task, prepared = (
        SimpleNamespace(monitor=("brier", "min"), examples_are_single=single),
        SimpleNamespace(notes=("a note",)),
    )
    context = RunContext(*cast("Any", (config, task, dataset, prepared, None)))
    assert context.monitor == (TRAIN_LOSS if by_train else ("brier", "min"))
    told = "dev has few examples: the lowest loss on train decides which epoch is best (--choose)"
    assert context.notes == (
        f"data: some, 90 train, {size:,} dev, no test split signals",
        "a note",
        *([told] if by_train and choose == "auto" else []),
    )


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
