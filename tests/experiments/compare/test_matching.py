from __future__ import annotations

import sys
from pathlib import Path

import pytest

from datasets.errors import UserError
from experiments.compare import matching
from experiments.compare.grid import Grid, blocks
from experiments.compare.matching import match_parameters, nearest_units, summary
from tests.experiments.stand_in_program import stand_in_program
from zoo.runtime.rundir import read_json, write_json


@pytest.mark.parametrize("wanted", [1, 5, 99, 100, 101, 5000, 10**6])
def test_the_nearest_units_are_those_of_a_full_search(wanted: int) -> None:
    def count(units: int) -> int:
        return 3 * units * units + 7 * units + 20

    best = min(range(1, 1000), key=lambda units: abs(count(units) - wanted))
    assert nearest_units(count, wanted) == best


def test_few_models_are_counted() -> None:
    asked: list[int] = []

    def count(units: int) -> int:
        asked.append(units)
        return units * units

    nearest_units(count, 10_000)
    assert len(set(asked)) < 20


def test_what_no_number_of_units_reaches_is_told() -> None:
    with pytest.raises(UserError, match="would take more than"):
        nearest_units(lambda units: units, 10**9)


def test_what_was_matched_is_said_with_how_near() -> None:
    facts = {"gru": {"units": 5, "parameters": 1010, "difference": 0.01}}
    assert summary({"cells": facts}) == "gru 5 units, 1,010 parameters (+1.00%)"


def test_a_process_of_its_own_is_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = '{"wanted": 9, "cells": {"gru": {"units": 7, "parameters": 9, "difference": 0.0}}}'
    script = f'echo "$2" >> {tmp_path}/asked; echo \'{answer}\' > "$4"'
    monkeypatch.setattr(sys, "executable", stand_in_program(tmp_path, script))
    grid = Grid(tasks=("sentiment",), cells=("gru",), match="parameters")
    for _ in range(2):  # the second time the answer is there
        assert list(match_parameters(grid, tmp_path).values()) == [{"gru": 7}]
    assert (tmp_path / "asked").read_text() == "experiments.compare.matching\n"


def test_cells_with_options_are_asked_for_with_their_configurations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def answer(_: str, question: Path, out: Path) -> None:
        asked.append(read_json(question))
        facts = {"units": 7, "parameters": 9, "difference": 0.0}
        write_json(out, {"wanted": 9, "cells": dict.fromkeys(asked[-1]["cells"], facts)})

    monkeypatch.setattr(matching, "answer_apart", answer)
    cells = ("gru(layers=2)", "lstm", "lstm(units=9)")
    grid = Grid(tasks=("sentiment",), cells=cells, match="parameters", vary=("units=5",))
    match_parameters(grid, tmp_path)
    (question,) = asked
    assert question["fixed"] == ["lstm(units=9)"]
    recurrent = [question["configs"][name]["recurrent"] for name in cells]
    assert [(one["cell"], one["layers"], one["units"]) for one in recurrent] == [
        ("gru", 2, 5), ("lstm", 1, 5), ("lstm", 1, 9),
    ]  # fmt: skip
    match_parameters(Grid(tasks=("sentiment",), cells=("gru", "lstm"), match="parameters"), tmp_path)
    assert set(asked[1]) == {"config", "cells"}  # as earlier versions asked, whose answers are found
    with pytest.raises(UserError, match=r"sentiment\.embedding may change more than the cell"):
        match_parameters(Grid(tasks=("sentiment",), cells=("gru(sentiment.embedding=3)",)), tmp_path)


def test_states_that_are_carried_on_are_no_parameters() -> None:
    """Those of the language model grow with the batch; the run's own count leaves them out."""
    vary = ("units=6", "embedding=0", "batch_size=8")
    grid = Grid(tasks=("language_model",), cells=("vanilla",), match="parameters", vary=vary)
    (block,) = blocks(grid)
    answer = matching.answer(matching._question(block, grid))
    follow = 31  # characters of the embedded text; what is read has padding as well
    assert answer["wanted"] == 6 * (follow + 1 + 6 + 1) + (6 + 1) * follow


@pytest.mark.parametrize(
    ("script", "message"), [("echo log >&2; echo error: why >&2; exit 2", "why"), ("exit 0", "no answer")]
)
def test_a_process_that_fails_is_told_with_its_last_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, message: str
) -> None:
    monkeypatch.setattr(sys, "executable", stand_in_program(tmp_path, script))
    grid = Grid(tasks=("sentiment",), cells=("gru",), match="parameters")
    with pytest.raises(UserError, match=f"sentiment: {message}"):
        match_parameters(grid, tmp_path)
