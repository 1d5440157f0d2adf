"""The rule by which seeds are added: its error rates and its power, by simulation, and its sentences."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from datasets.errors import UserError
from experiments.report import conclusions, differences
from experiments.report.groups import Group, groups
from experiments.report.reading import read
from experiments.report.records import Plan
from experiments.report.sequential import Stopping, decide, looks, stopping, wanted
from tests.experiments.report.made_up import write_grid

PATHS = 2000
#: Two standard errors of a share of 5 % among so many.
CHANCE = 2 * (0.05 * 0.95 / PATHS) ** 0.5


def rule(size: float = 1.0, cells: int = 2, first: int = 3, most: int = 20) -> Stopping:
    return Stopping({"": str(size)}, tuple(range(most)), first, tuple(map(str, range(cells))))


def verdicts(true: float, size: float, cells: int = 2) -> tuple[dict[str, float], float]:
    """Shares of the verdicts on normal differences of deviation 1, and the mean number of seeds."""
    stop = rule(size, cells)
    draws = true + np.random.default_rng(0).standard_normal((PATHS, len(stop.seeds)))
    found = [decide("a", "b", differences, stop, size, False) for differences in draws]
    counts = Counter[str](decision.verdict for decision in found)
    names = ("better", "worse", "equal", "open")
    return {name: counts[name] / PATHS for name in names}, float(
        np.mean([decision.seeds for decision in found])
    )


def test_where_there_is_no_difference_one_is_called_better_in_five_of_a_hundred_at_most() -> None:
    for size in (0.001, 1.0):
        found, _ = verdicts(0.0, size)
        assert 0 < found["better"] + found["worse"] <= 0.05 + CHANCE


def test_a_difference_that_just_matters_is_called_none_in_five_of_a_hundred_at_most() -> None:
    for true in (1.0, -1.0):
        found, _ = verdicts(true, 1.0)
        assert 0 < found["equal"] <= 0.05 + CHANCE
        assert found["worse" if true > 0 else "better"] <= CHANCE


def test_among_many_pairs_any_is_wrong_in_five_of_a_hundred_at_most() -> None:
    """Four cells that are equal, whose six differences depend on each other."""
    stop = rule(0.5, cells=4)
    scores = np.random.default_rng(1).standard_normal((1000, len(stop.seeds), 4)) / np.sqrt(2)
    pairs = [(a, b) for a in range(4) for b in range(a)]
    wrong = [
        any(decide("a", "b", one[:, a] - one[:, b], stop, 0.5, False).told_apart for a, b in pairs)
        for one in scores
    ]
    assert np.mean(wrong) <= 0.05 + 2 * (0.05 * 0.95 / 1000) ** 0.5


def test_what_matters_is_found_and_large_differences_sooner() -> None:
    found, seeds = verdicts(1.0, 0.5)
    assert found["better"] > 0.9
    large, sooner = verdicts(3.0, 0.5)
    assert large["better"] > 0.99
    assert sooner < 6 < seeds < 15
    none, _ = verdicts(0.0, 1.0)
    assert none["equal"] > 0.85


def test_the_looks_share_the_error() -> None:
    assert looks(3, 20) == (3, 5, 8, 12, 20)
    assert looks(4, 4) == (4,)
    assert sum(rule(cells=4).errors) * 6 == pytest.approx(0.05)
    assert sorted(rule().errors) == list(rule().errors)


def test_less_is_better_turns_the_verdict_and_equal_gaps_decide_nothing() -> None:
    gaps = 5 + 0.1 * np.random.default_rng(0).standard_normal(20)
    assert decide("a", "b", gaps, rule(), 1.0, False).verdict == "better"
    assert decide("a", "b", gaps, rule(), 1.0, True).verdict == "worse"
    assert decide("a", "b", np.full(20, 5.0), rule(), 1.0, False).verdict == "open"


def test_a_pair_waits_for_the_next_look_and_its_cells_need_the_seeds() -> None:
    gaps = np.full(20, np.nan)
    gaps[:4] = [1.0, -1.0, 0.5, 2.0]
    found = decide("a", "b", gaps, rule(0.1), 0.1, False)
    assert (found.verdict, found.seeds, found.next) == ("waiting", 3, 5)
    assert wanted([found], rule()) == {"a": (0, 1, 2, 3, 4), "b": (0, 1, 2, 3, 4)}


def test_seeds_go_on_behind_those_that_are_given() -> None:
    found = stopping({"until_clear": ["1%", "tagging=0.5"], "seeds": [7, 0], "most": 5, "cells": ["a", "b"]})
    assert found is not None
    assert found.seeds == (7, 0, 1, 2, 3)
    assert found.size("sentiment", np.array([0.7, 0.9])) == pytest.approx(0.008)
    assert found.size("tagging", np.array([0.7])) == 0.5
    assert stopping({"seeds": [0]}) is None


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"until_clear": ["much"]}, "--until-clear much: write a difference above 0"),
        ({"until_clear": ["0%"]}, "--until-clear 0%"),
        ({"seeds": [1]}, "give at least two --seeds"),
        ({"most": 2}, "--most 2: there are 3 seeds"),
        ({"most": None}, "no whole numbers"),
        ({"seeds": ["a", "b"]}, "no whole numbers"),
    ],
)
def test_what_is_no_rule_is_told(changes: dict[str, object], told: str) -> None:
    with pytest.raises(UserError, match=told):
        stopping({"until_clear": ["1%"], "seeds": [0, 1, 2], "most": 20, "cells": ["a", "b"], **changes})


def decided(folder: Path, scores: dict[str, list[float | None]], most: int = 5) -> Group:
    """The group of a comparison that adds seeds for a difference of .1."""
    write_grid(folder, scores)
    plan = {"until_clear": ["0.1"], "seeds": [0, 1, 2], "most": most, "cells": [*scores]}
    Plan(plan, []).write(folder / "grid.json")
    (group,) = groups(read(folder))
    return group


def test_the_report_says_what_was_decided_by_which_rule_with_how_many_seeds(tmp_path: Path) -> None:
    group = decided(
        tmp_path,
        {
            "vanilla": [0.2, 0.201, 0.199],
            "lstm": [0.8, 0.81, 0.79],
            "gru": [0.81, 0.8, 0.8],
        },
    )
    first, *_, last = (differences.of_pair(group, pair) for pair in group.differences)
    assert first.startswith("lstm is better than vanilla (lstm − vanilla = +0.6")
    assert last.startswith("Between gru and lstm there is no difference of 0.1000 or more (")
    sentences = differences.of_rule(group)
    assert sentences[0].startswith(
        "Of 3 pairs 2 are told apart, 1 have no difference that matters, 0 are not clear"
    )
    assert "After 3, 5 seeds" in sentences[1]
    assert group.best() == "gru"
    assert not group.is_clearly_best("gru")
    assert "Missing" not in " ".join(conclusions.of_group(group))


def test_the_overview_counts_the_decisions_of_all_tasks(tmp_path: Path) -> None:
    scores: dict[str, list[float | None]] = {"lstm": [0.8, 0.81, 0.79], "gru": [0.81, 0.8, 0.8]}
    write_grid(tmp_path, {"lstm": [0.2, 0.2, 0.21], "gru": [0.8, 0.81, 0.82]}, "tagging")
    write_grid(tmp_path, scores)
    Plan({"until_clear": ["0.1"], "seeds": [0, 1, 2], "most": 3, "cells": [*scores]}, []).write(
        tmp_path / "grid.json"
    )
    (sentence,) = conclusions.of_all(groups(read(tmp_path)))
    assert sentence.startswith(
        "Of 2 pairs 1 are told apart, 1 have no difference that matters, 0 are not clear"
    )


def test_pairs_without_scores_and_pairs_that_stay_open_are_said(tmp_path: Path) -> None:
    group = decided(tmp_path, {"lstm": [0.8, 0.7, 0.9], "gru": [0.9, 0.7, 0.5]})
    (pair,) = group.differences
    assert "are not decided: scores are missing for 5 seeds (" in differences.of_pair(group, pair)
    other = decided(tmp_path / "most", {"lstm": [0.8, 0.7, 0.9], "gru": [0.9, 0.7, 0.5]}, most=3)
    assert "It is not clear which of gru and lstm is better" in differences.of_pair(other, *other.differences)
