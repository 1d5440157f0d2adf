from __future__ import annotations

from pathlib import Path

from experiments.report import differences
from experiments.report.groups import Group
from tests.experiments.report.made_up import around, one_group, write_grid


def pairs(group: Group) -> list[str]:
    return [differences.of_pair(group, pair) for pair in group.differences]


def test_a_clear_difference_is_said_with_its_interval(tmp_path: Path) -> None:
    (sentence,) = pairs(one_group(write_grid(tmp_path, {"lstm": around(0.8), "gru": around(0.85, scale=-1)})))
    assert sentence.startswith("gru is better than lstm (gru − lstm = +0.0")
    assert "6 seeds" in sentence


def test_of_many_pairs_each_cell_says_what_it_is_better_than(tmp_path: Path) -> None:
    scores = {f"cell_{n}": around(0.8) for n in range(6)}
    grid = {**scores, "far": around(0.1, scale=-1), "near": around(0.79, scale=0.5)}
    group = one_group(write_grid(tmp_path, grid))
    told = differences.of_group(group)
    apart = [pair for pair in group.differences if group.is_clear(pair)]
    assert len(group.differences) == 28
    assert len(told) == 8
    assert told[0].startswith("cell_0 is better than ")
    assert told[-2] == "near is better than far."
    assert sum(sentence.count(",") + 1 for sentence in told[:-1]) == len(apart)
    rest = [pair for pair in group.differences if pair not in apart]
    assert told[-1].startswith(f"Of {len(rest)} other pairs nothing can be concluded; the table has")
    assert all("better than far" in sentence or ", far" in sentence for sentence in told[:-1])


def test_a_few_pairs_have_a_sentence_each(tmp_path: Path) -> None:
    group = one_group(write_grid(tmp_path, {f"cell_{n}": around(0.7 + n / 10) for n in range(3)}))
    assert differences.of_group(group) == pairs(group)


def test_the_better_one_may_be_the_other(tmp_path: Path) -> None:
    (sentence,) = pairs(one_group(write_grid(tmp_path, {"lstm": around(0.85), "gru": around(0.8, scale=-1)})))
    assert sentence.startswith("gru is worse than lstm")


def test_less_is_better_for_losses(tmp_path: Path) -> None:
    group = one_group(
        write_grid(
            tmp_path, {"lstm": around(0.8), "gru": around(0.85, scale=-1)}, headline=["loss", "accuracy"]
        )
    )
    assert group.metric == "loss"
    assert pairs(group)[0].startswith("gru is better than lstm (gru − lstm = −0.0")
    assert group.best() == "gru"


def test_what_is_not_clear_says_how_many_seeds_would_show_it_and_what_is_unlikely(tmp_path: Path) -> None:
    (sentence,) = pairs(
        one_group(write_grid(tmp_path, {"lstm": around(0.8), "gru": around(0.801, scale=-1)}))
    )
    assert sentence.startswith("It cannot be concluded which of gru and lstm is better (gru − lstm = ")
    assert "seeds would show it four times in five." in sentence
    assert "Unlikely by the interval: gru better than lstm by more than 0.0" in sentence
    assert "and lstm better than gru by more than 0.0" in sentence


def test_one_common_seed_concludes_nothing(tmp_path: Path) -> None:
    group = one_group(write_grid(tmp_path, {"lstm": [0.8], "gru": [0.9]}))
    assert pairs(group) == [
        "Nothing can be concluded of gru and lstm: one common seed, on which gru − lstm = +0.1000 test accuracy."
    ]


def test_no_common_seed_is_said(tmp_path: Path) -> None:
    group = one_group(write_grid(tmp_path, {"lstm": [0.8, None], "gru": [None, 0.9]}))
    assert pairs(group) == ["Nothing can be said of gru and lstm: they have no seed in common."]


def test_seeds_that_all_show_the_same_gap_are_no_test(tmp_path: Path) -> None:
    group = one_group(write_grid(tmp_path, {"lstm": [0.5, 0.6], "gru": [0.6, 0.7], "vanilla": [0.5, 0.6]}))
    sentences = pairs(group)
    assert sentences[0] == "lstm and vanilla score the same on each of 2 seeds."
    assert sentences[1].startswith(
        "It cannot be tested which of gru and vanilla is better: gru − vanilla = +0.1000"
    )
    assert not any(pair.clear for pair in group.differences)
