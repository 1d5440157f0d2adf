from __future__ import annotations

import pytest

from datasets.errors import UserError
from experiments.compare.contestants import Contestant, contestant


def test_options_of_the_run_and_arguments_of_the_cell_are_told_apart() -> None:
    found = contestant("lstm(units=9, unit_forget_bias=false, sentiment.embedding=7, learning-rate=0.1)")
    assert found == Contestant(
        "lstm", ("unit_forget_bias=false",),
        (("", "learning_rate", "0.1"), ("sentiment", "embedding", "7"), ("", "units", "9")),
    )  # fmt: skip
    assert found.name == "lstm(unit_forget_bias=false, learning_rate=0.1, sentiment.embedding=7, units=9)"
    assert contestant(found.name) == found
    assert contestant("gru").name == "gru"


def test_what_is_said_of_a_task_overrules_what_is_said_of_all() -> None:
    found = contestant("gru(tagging.units=3, units=9, sentiment.embedding=7)")
    assert found.options_for("tagging") == {"units": "3"}
    assert found.options_for("sentiment") == {"units": "9", "embedding": "7"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("grru(units=3)", "unknown cell 'grru'; did you mean gru"),
        ("gru(seed=3)", "seed is the same for all cells"),
        ("gru(taging.units=3)", "unknown task 'taging'"),
    ],
)
def test_what_is_no_contestant_is_told(text: str, told: str) -> None:
    with pytest.raises(UserError, match=told):
        contestant(text)
