"""The sentences follow from the numbers: other numbers, other sentences."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.report import conclusions, sections
from experiments.report.groups import Group, groups
from experiments.report.reading import read
from tests.experiments.report.made_up import write_grid, write_run

NOISE = [0.0, 0.004, -0.003, 0.002, -0.001, 0.003]


def one_group(folder: Path) -> Group:
    (group,) = groups(read(folder))
    return group


def around(mean: float, seeds: int = 6, scale: float = 1.0) -> list[float]:
    return [mean + scale * noise for noise in NOISE[:seeds]]


def pairs(group: Group) -> list[str]:
    return [conclusions.of_difference(group, one) for one in group.differences]


def test_a_clear_difference_is_said_with_its_interval(tmp_path):
    (told,) = pairs(one_group(write_grid(tmp_path, {"lstm": around(0.8), "gru": around(0.85, scale=-1)})))
    assert told.startswith("gru is better than lstm (gru − lstm = +0.0")
    assert "6 seeds" in told


def test_the_better_one_may_be_the_other(tmp_path):
    (told,) = pairs(one_group(write_grid(tmp_path, {"lstm": around(0.85), "gru": around(0.8, scale=-1)})))
    assert told.startswith("gru is worse than lstm")


def test_less_is_better_for_losses(tmp_path):
    group = one_group(
        write_grid(
            tmp_path, {"lstm": around(0.8), "gru": around(0.85, scale=-1)}, headline=["loss", "accuracy"]
        )
    )
    assert group.metric == "loss"
    assert pairs(group)[0].startswith("gru is better than lstm (gru − lstm = −0.0")
    assert group.best() == "gru"


def test_what_is_not_clear_says_how_many_seeds_would_show_it_and_what_is_unlikely(tmp_path):
    (told,) = pairs(one_group(write_grid(tmp_path, {"lstm": around(0.8), "gru": around(0.801, scale=-1)})))
    assert told.startswith("It cannot be concluded which of gru and lstm is better (gru − lstm = ")
    assert "seeds would show it." in told
    assert "Unlikely by the interval: gru better than lstm by more than 0.0" in told
    assert "and lstm better than gru by more than 0.0" in told


def test_one_common_seed_concludes_nothing(tmp_path):
    group = one_group(write_grid(tmp_path, {"lstm": [0.8], "gru": [0.9]}))
    assert pairs(group) == [
        "Nothing can be concluded of gru and lstm: one common seed, on which gru − lstm = +0.1000 test accuracy."
    ]


def test_no_common_seed_is_said(tmp_path):
    group = one_group(write_grid(tmp_path, {"lstm": [0.8, None], "gru": [None, 0.9]}))
    assert pairs(group) == ["Nothing can be said of gru and lstm: they have no seed in common."]


def test_missing_seeds_are_said_and_differences_are_over_common_ones(tmp_path):
    group = one_group(write_grid(tmp_path, {"lstm": [0.8, 0.81, None], "gru": [0.8, 0.82, 0.1]}))
    assert (
        "Missing: lstm has no score of seed 2. All means are over the seeds that every cell has: 0, 1."
        in conclusions.of_group(group)
    )
    assert group.mean("gru", "score").value == pytest.approx(0.81)
    assert group.differences[0].seeds == (0, 1)
    assert group.differences[0].mean == pytest.approx(0.005)
    rows = sections.report(read(tmp_path), "", 0).sections
    overview = next(section for section in rows if section.title == "Overview").tables[0]
    assert overview.rows[0][overview.columns.index("seeds")].text == "2 of 3"


def test_a_score_that_is_no_number_is_a_missing_one(tmp_path):
    folder = write_grid(tmp_path, {"lstm": [0.8, 0.81, 0.82], "gru": [0.8, 0.82]})
    write_run(folder / "runs" / "diverged", cell="gru", seed=2, accuracy=None)
    group = one_group(folder)
    assert group.missing == {"gru": [2]}
    assert group.mean("lstm", "score").seeds == group.mean("gru", "score").seeds == 2


def test_means_without_a_common_seed_are_said_to_be_of_other_seeds(tmp_path):
    told = conclusions.of_group(one_group(write_grid(tmp_path, {"lstm": [0.8, None], "gru": [None, 0.9]})))
    assert any("No seed is common to all cells" in line for line in told)


def test_seeds_that_all_show_the_same_gap_are_no_test(tmp_path):
    group = one_group(write_grid(tmp_path, {"lstm": [0.5, 0.6], "gru": [0.6, 0.7], "vanilla": [0.5, 0.6]}))
    told = pairs(group)
    assert told[0] == "lstm and vanilla score the same on each of 2 seeds."
    assert told[1].startswith(
        "It cannot be tested which of gru and vanilla is better: gru − vanilla = +0.1000"
    )
    assert not any(one.clear for one in group.differences)


def test_runs_that_were_not_made_alike_are_told(tmp_path):
    folder = write_grid(tmp_path, {"lstm": [0.8, 0.81], "gru": [0.8]})
    assert not any("alike" in line for line in conclusions.of_group(one_group(folder)))
    write_run(folder / "runs" / "other", cell="gru", seed=1, device="GPU")
    told = conclusions.of_group(one_group(folder))
    assert "Not all runs were made alike: there are 2 devices." in told
    write_run(folder / "runs" / "yet-another", cell="gru", seed=1)
    group = one_group(folder)
    assert "1 runs repeat a cell and seed; of each the last by name counts." in conclusions.of_group(group)
    assert set(group.runs["device"]) == {"CPU, 2 cores"}


def test_data_sets_of_one_name_are_told_apart(tmp_path):
    for folder in ("a", "b"):
        write_run(tmp_path / folder, dataset=f"{folder}/reviews.csv")
    assert [group.data for group in groups(read(tmp_path))] == ["a/reviews.csv", "b/reviews.csv"]


def test_the_best_cell_is_clear_or_not(tmp_path):
    clear = one_group(
        write_grid(
            tmp_path / "a",
            {"vanilla": around(0.7), "gru": around(0.85, scale=-1), "lstm": around(0.8, scale=0.5)},
        )
    )
    close = one_group(write_grid(tmp_path / "b", {"gru": around(0.803, scale=-1), "lstm": around(0.8)}))
    assert "gru is the best cell" in conclusions.of_group(clear)[0]
    assert "gru has the best mean" in conclusions.of_group(close)[0]
    assert "lstm may be as good" in conclusions.of_group(close)[0]


def test_cells_beside_the_best_trivial_row(tmp_path):
    scores = {"vanilla": around(0.45), "gru": around(0.8), "lstm": [0.49, 0.51, 0.5, 0.52, 0.48, 0.5]}
    told = conclusions.of_group(one_group(write_grid(tmp_path, scores)))[1]
    assert told == (
        "The best row without recurrence is majority (0.5000); gru: better by more than the intervals; "
        "lstm: not told apart from it; vanilla: worse by more than the intervals."
    )


def test_the_ceiling_of_synthetic_data_is_told(tmp_path):
    group = one_group(write_grid(tmp_path / "a", {"gru": [0.9, 0.9]}))
    assert any("gru is 0.05000 below it" in line for line in conclusions.of_group(group))
    rounded = one_group(write_grid(tmp_path / "b", {"gru": [0.95 - 1e-16, 0.95, 0.95]}))
    assert any("gru reaches it" in line for line in conclusions.of_group(rounded))


def test_few_seeds_are_warned_of(tmp_path):
    few = one_group(write_grid(tmp_path / "a", {"gru": around(0.8, 3), "lstm": around(0.7, 3)}))
    many = one_group(write_grid(tmp_path / "b", {"gru": around(0.8), "lstm": around(0.7)}))
    assert any(line.startswith("With 3 seeds") for line in conclusions.of_group(few))
    assert not any(line.startswith("With") for line in conclusions.of_group(many))


def test_the_frontier_names_what_beats_whom(tmp_path):
    for cell, accuracy, seconds in (("vanilla", 0.7, 5.0), ("lstm", 0.75, 20.0), ("gru", 0.8, 10.0)):
        write_run(tmp_path / cell, cell=cell, accuracy=accuracy, seconds=seconds)
    told = conclusions.of_costs(one_group(tmp_path))[0]
    assert (
        told
        == "Score against training seconds, by means: on the frontier vanilla, gru; not on it: lstm (beaten by gru)."
    )


def test_keras_own_layers_stand_beside_and_are_not_compared(tmp_path):
    group = one_group(write_grid(tmp_path, {"gru": [0.8, 0.8], "keras_gru": [0.9]}))
    assert group.compared == ["gru"]
    assert group.cells == ["gru", "keras_gru"]
    assert group.differences == []
    assert group.missing == {}
    assert "Keras' own layers stand beside without comparison (1 seed): keras_gru." in conclusions.of_group(
        group
    )


def test_keras_own_layers_are_compared_where_they_have_all_seeds(tmp_path):
    group = one_group(write_grid(tmp_path, {"gru": [0.8, 0.8], "keras_gru": [0.9, 0.91]}))
    assert group.compared == ["gru", "keras_gru"]
    assert [(one.first, one.second) for one in group.differences] == [("keras_gru", "gru")]


def test_options_make_groups_and_units_that_were_matched_do_not(tmp_path):
    write_grid(tmp_path / "a", {"gru": [0.8], "lstm": [0.8]}, units=9)
    write_grid(tmp_path / "a", {"gru": [0.8], "lstm": [0.8]}, units=10)
    assert [group.options for group in groups(read(tmp_path / "a"))] == ["units=9", "units=10"]
    matched = {"match": "parameters", "reference_units": 9}
    write_run(tmp_path / "b" / "1", cell="vanilla", units=9, parameters=1000, **matched)
    write_run(tmp_path / "b" / "2", cell="gru", units=5, parameters=1010, **matched)
    group = one_group(tmp_path / "b")
    assert conclusions.of_matching(group) == [
        "Matched by parameters: 1,000 of vanilla; furthest off is gru (+1.00%). Units: vanilla 9, gru 5."
    ]


def test_a_configuration_that_was_run_twice_counts_once(tmp_path):
    write_run(tmp_path / "a", seed=0)
    write_run(tmp_path / "b", seed=0)
    assert len(one_group(tmp_path).runs) == 1
