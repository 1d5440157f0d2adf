"""The sentences follow from the numbers: other numbers, other sentences."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from experiments.report import conclusions, differences, sections
from experiments.report.groups import Group, groups
from experiments.report.reading import read
from tests.experiments.report.made_up import Facts, around, one_group, write_grid, write_run


def pairs(group: Group) -> list[str]:
    return [differences.of_pair(group, pair) for pair in group.differences]


def test_contestants_of_one_cell_are_compared_by_their_names_in_one_group(tmp_path: Path) -> None:
    name = "lstm(unit_forget_bias=false)"
    for seed, (plain, own) in enumerate(zip(around(0.8), around(0.85, scale=-1), strict=True)):
        recurrent = {"cell_options": ["unit_forget_bias=false"]}
        write_run(
            tmp_path / f"plain-{seed}", cell="lstm", seed=seed, accuracy=plain, recurrent={"cell_options": []}
        )
        write_run(
            tmp_path / f"own-{seed}", cell="lstm", seed=seed, accuracy=own, recurrent=recurrent, contestant=name,
            shared={"recurrent.cell_options": ""},
        )  # fmt: skip
    group = one_group(tmp_path)
    assert group.compared == ["lstm", name]
    assert pairs(group)[0].startswith(f"{name} is better than lstm ({name} − lstm = +0.0")
    assert group.title == "sentiment on microworld (synthetic)"


def test_units_of_a_contestants_own_are_no_reason_for_a_group(tmp_path: Path) -> None:
    shared: dict[str, object] = {"recurrent.units": 8, "recurrent.layers": 1}
    write_run(tmp_path / "one", cell="lstm", units=8)
    write_run(
        tmp_path / "own", cell="gru", units=20, recurrent={"layers": 2}, contestant="gru(layers=2, units=20)",
        shared=shared,
    )  # fmt: skip
    assert one_group(tmp_path).compared == ["lstm", "gru(layers=2, units=20)"]


def test_missing_seeds_are_said_and_differences_are_over_common_ones(tmp_path: Path) -> None:
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


def test_a_score_that_is_no_number_is_a_missing_one_and_said(tmp_path: Path) -> None:
    folder = write_grid(tmp_path, {"lstm": [0.8, 0.81, 0.82], "gru": [0.8, 0.82]})
    write_run(folder / "runs" / "diverged", cell="gru", seed=2, accuracy=None)
    group = one_group(folder)
    assert group.missing == {"gru": [2]}
    assert group.mean("lstm", "score").seeds == group.mean("gru", "score").seeds == 2
    sentences = conclusions.of_group(group)
    assert "Not a number: the score of gru on 1 of 3 seeds (2); its means are of the others." in sentences


def test_a_baseline_without_a_score_is_never_the_best(tmp_path: Path) -> None:
    """Of an error, where less is better, what is undefined is no 0."""
    undefined, known = {"loss": math.nan}, {"loss": 0.7}
    baselines = {"drift": {"test": undefined}, "last value": {"test": known}}
    folder = write_grid(tmp_path, {"gru": [0.8, 0.82]}, headline=["loss"], baselines=baselines)
    sentences = conclusions.of_group(one_group(folder))
    assert any(line.startswith("The best baseline is last value (0.7000)") for line in sentences)
    assert not any("drift" in line for line in sentences)


def test_a_cell_without_any_score_is_left_out_and_the_others_are_compared(tmp_path: Path) -> None:
    folder = write_grid(tmp_path, {"lstm": around(0.8), "gru": around(0.85, scale=-1)})
    for seed in range(6):
        write_run(folder / "runs" / f"diverged-{seed}", cell="vanilla", seed=seed, accuracy=None)
    group = one_group(folder)
    assert (group.compared, group.common) == (["lstm", "gru"], [0, 1, 2, 3, 4, 5])
    sentences = conclusions.of_group(group)
    assert sentences[0].startswith("gru is the best cell")
    assert any(
        line.startswith("Not a number: the score of vanilla on 6 of 6 seeds")
        and line.endswith("it is left out of what follows.")
        for line in sentences
    )
    assert not any("vanilla" in line for line in (*conclusions.of_costs(group), *pairs(group)))
    sections.report(read(tmp_path), "", 3)


def test_differences_are_at_the_seeds_of_which_the_means_are(tmp_path: Path) -> None:
    """With the seeds that only two cells have, the order of these two would be another than that of the means."""
    few = [0.8, 0.801, 0.799]
    scores = {
        "vanilla": few,
        "lstm": [0.79, 0.792, 0.788, *around(0.95)],
        "gru": [0.81, 0.812, 0.808, *around(0.85)],
    }
    group = one_group(write_grid(tmp_path, scores))
    assert {pair.seeds for pair in group.differences} == {(0, 1, 2)}
    assert group.best() == "gru"
    assert conclusions.of_group(group)[0].startswith("gru ")
    assert all("gru is worse" not in line for line in pairs(group))


def test_the_best_mean_of_other_seeds_is_not_called_clear(tmp_path: Path) -> None:
    """No seed is common to all three, so the means are of other seeds than the differences."""
    scores = {
        "vanilla": [0.5, *[None] * 12],
        "lstm": [None, *around(0.8), *[None] * 6],
        "gru": [None, *around(0.75, scale=-1), 0.99, 0.99, 0.99, 0.99, 0.99, 0.99],
    }
    group = one_group(write_grid(tmp_path, scores))
    assert group.best() == "gru"
    assert not group.is_clearly_best("gru")


def test_runs_whose_scores_are_of_other_metrics_are_not_compared(tmp_path: Path) -> None:
    write_grid(tmp_path, {"lstm": around(0.8)})
    write_run(tmp_path / "runs" / "other", headline=["loss", "accuracy"])
    assert [(group.metric, group.compared) for group in groups(read(tmp_path))] == [
        ("accuracy", ["lstm"]),
        ("loss", ["gru"]),
    ]


def test_all_pairs_of_a_report_may_be_one_family(tmp_path: Path) -> None:
    clear = {"lstm": [0.8, 0.801, 0.802], "gru": [0.81, 0.813, 0.818]}
    write_grid(tmp_path, clear)
    for task in ("a", "b", "c"):
        write_grid(tmp_path, {"lstm": [0.8, 0.81, 0.79], "gru": [0.79, 0.8, 0.82]}, task=task)
    all_groups = groups(read(tmp_path))
    p = max(pair.corrected for group in all_groups for pair in group.differences if pair.clear)
    assert 0.05 / 4 < p < 0.05
    assert conclusions.of_all(all_groups) == [
        "Of 4 pairs 1 differ clearly, with p values corrected for the pairs of a task. Corrected for all 4 pairs at "
        "once, 0 would."
    ]
    assert conclusions.of_all(all_groups[:1]) == []


def test_means_without_a_common_seed_are_said_to_be_of_other_seeds(tmp_path: Path) -> None:
    sentences = conclusions.of_group(
        one_group(write_grid(tmp_path, {"lstm": [0.8, None], "gru": [None, 0.9]}))
    )
    assert any("No seed is common to all cells" in line for line in sentences)


def test_runs_that_were_not_made_alike_are_told(tmp_path: Path) -> None:
    folder = write_grid(tmp_path, {"lstm": [0.8, 0.81], "gru": [0.8]})
    assert not any("alike" in line for line in conclusions.of_group(one_group(folder)))
    write_run(folder / "runs" / "other", cell="gru", seed=1, device="GPU")
    sentences = conclusions.of_group(one_group(folder))
    assert "Not all runs were made alike: there are 2 devices." in sentences
    write_run(folder / "runs" / "again", cell="gru", seed=1)
    config = folder / "runs" / "again" / "config.json"
    config.write_text(config.read_text().replace("2026-01-01", "2026-01-02"))
    group = one_group(folder)
    assert "1 runs repeat a cell and seed; of each the latest counts." in conclusions.of_group(group)
    assert set(group.runs["device"]) == {"CPU, 2 cores"}


def test_data_sets_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        write_run(tmp_path / folder, dataset=f"{folder}/reviews.csv")
    assert [group.data for group in groups(read(tmp_path))] == ["a/reviews.csv", "b/reviews.csv"]


def test_the_best_cell_is_clear_or_not(tmp_path: Path) -> None:
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


def test_cells_beside_the_best_baseline(tmp_path: Path) -> None:
    scores = {"vanilla": around(0.45), "gru": around(0.8), "lstm": [0.49, 0.51, 0.5, 0.52, 0.48, 0.5]}
    sentence = conclusions.of_group(one_group(write_grid(tmp_path, scores)))[1]
    assert sentence == (
        "The best baseline is majority (0.5000). Compared with it, vanilla: worse, for the 95 % interval of the "
        "difference excludes 0; lstm: not told apart from it; gru: better, for the 95 % interval of the difference "
        "excludes 0."
    )


def test_a_trained_row_is_compared_seed_by_seed(tmp_path: Path) -> None:
    """The seeds differ much, the cell from the row little, but always."""
    for seed, score in enumerate((0.5, 0.7, 0.9)):
        row = {"accuracy": score, "loss": 0.5}
        gap = 0.01 + 0.001 * seed
        folder = tmp_path / str(seed)
        write_run(folder, seed=seed, accuracy=score + gap, baselines={"bag": {"dev": row, "test": row}})
    sentence = conclusions.of_group(one_group(tmp_path))[1]
    assert sentence.endswith(
        "Compared with it, gru: better, for the 95 % interval of the difference excludes 0."
    )


@pytest.mark.parametrize(
    ("scores", "sentence"),
    [
        ([0.6, 0.6], "gru: better by the same on every seed"),
        ([0.5, 0.5], "gru: the same on every seed"),
        ([0.6], "gru: not judged by fewer than two seeds"),
    ],
)
def test_a_row_beside_scores_without_spread(tmp_path: Path, scores: list[float], sentence: str) -> None:
    assert conclusions.of_group(one_group(write_grid(tmp_path, {"gru": scores})))[1].endswith(
        f"Compared with it, {sentence}."
    )


def test_the_ceiling_of_synthetic_data_is_told(tmp_path: Path) -> None:
    group = one_group(write_grid(tmp_path / "a", {"gru": [0.9, 0.9]}))
    assert any("gru is 0.05000 below it" in line for line in conclusions.of_group(group))
    worse = one_group(write_grid(tmp_path / "c", {"gru": [0.9]}, headline=["loss"], ceiling={"loss": 0.04}))
    assert any("lowest possible value is 0.04000" in line for line in conclusions.of_group(worse))
    assert any("gru is 0.06000 above it" in line for line in conclusions.of_group(worse))
    other = one_group(write_grid(tmp_path / "d", {"gru": [0.9]}, ceiling={"loss": 0.04}))
    assert any("lowest possible value of loss is 0.04000" in line for line in conclusions.of_group(other))
    rounded = one_group(write_grid(tmp_path / "b", {"gru": [0.95 - 1e-16, 0.95, 0.95]}))
    assert any("gru reaches it" in line for line in conclusions.of_group(rounded))


def test_few_seeds_are_warned_of(tmp_path: Path) -> None:
    few = one_group(write_grid(tmp_path / "a", {"gru": around(0.8, 3), "lstm": around(0.7, 3)}))
    many = one_group(write_grid(tmp_path / "b", {"gru": around(0.8), "lstm": around(0.7)}))
    assert any(line.startswith("With 3 seeds") for line in conclusions.of_group(few))
    assert not any(line.startswith("With") for line in conclusions.of_group(many))


def test_the_frontier_names_what_beats_whom(tmp_path: Path) -> None:
    for cell, accuracy, seconds in (("vanilla", 0.7, 5.0), ("lstm", 0.75, 20.0), ("gru", 0.8, 10.0)):
        write_run(tmp_path / cell, cell=cell, accuracy=accuracy, seconds=seconds)
    sentence = conclusions.of_costs(one_group(tmp_path))[0]
    assert (
        sentence
        == "Score against training seconds, by means: on the frontier vanilla, gru; not on it: lstm (behind gru)."
    )


def test_equal_parameters_are_no_cost_to_set_the_score_against(tmp_path: Path) -> None:
    scores = {"lstm": around(0.8), "gru": around(0.85)}
    for match, count in (("units", 4), ("parameters", 3)):
        group = one_group(write_grid(tmp_path / match, scores, match=match, reference_units=8))
        sentences = [line for line in conclusions.of_costs(group) if line.startswith("Score against")]
        assert len(sentences) == count
        assert any("parameters" in line for line in sentences) == (match == "units")


def test_what_others_were_matched_to_tells_groups_apart_where_it_is_known(tmp_path: Path) -> None:
    """A record that does not tell it belongs to the only one that others tell, if there is only one."""

    def runs(name: str, reference: str | None) -> None:
        facts: Facts = {"match": "parameters", "reference_units": 8, "reference_cell": reference}
        write_run(tmp_path / "runs" / name, cell=name, **facts)

    runs("gru", None)
    runs("lstm", "lstm")
    assert one_group(tmp_path).compared == ["lstm", "gru"]
    runs("vanilla", "vanilla")
    all_groups = groups(read(tmp_path))
    assert [group.compared for group in all_groups] == [["gru"], ["lstm"], ["vanilla"]]
    assert "matched to=vanilla" in all_groups[2].options


@pytest.mark.parametrize(
    ("seeds", "size", "deviation", "text"),
    [(7, 0.1, 0.2, "7"), (None, 1e-6, 0.2, "> 10,000"), (None, 0.0, 0.2, "–"), (None, 0.1, 0.0, "–")],
)
def test_the_seeds_needed_are_too_many_or_unknown(
    seeds: int | None, size: float, deviation: float, text: str
) -> None:
    assert sections._count(seeds, size, deviation).text == text


def test_keras_own_layers_stand_beside_and_are_not_compared(tmp_path: Path) -> None:
    group = one_group(write_grid(tmp_path, {"gru": [0.8, 0.8], "keras_gru": [0.9]}))
    assert group.compared == ["gru"]
    assert group.cells == ["gru", "keras_gru"]
    assert group.differences == []
    assert group.missing == {}
    assert "Keras' own layers are shown without comparison (1 seed): keras_gru." in conclusions.of_group(
        group
    )


def test_keras_own_layers_are_compared_where_they_have_all_seeds(tmp_path: Path) -> None:
    group = one_group(write_grid(tmp_path, {"gru": [0.8, 0.8], "keras_gru": [0.9, 0.91]}))
    assert group.compared == ["gru", "keras_gru"]
    assert [(pair.first, pair.second) for pair in group.differences] == [("keras_gru", "gru")]


def test_options_make_groups_and_units_that_were_matched_do_not(tmp_path: Path) -> None:
    write_grid(tmp_path / "a", {"gru": [0.8], "lstm": [0.8]}, units=9)
    write_grid(tmp_path / "a", {"gru": [0.8], "lstm": [0.8]}, units=10)
    assert [group.options for group in groups(read(tmp_path / "a"))] == ["units=9", "units=10"]
    for cell, units, parameters in (("vanilla", 9, 1000), ("gru", 5, 1010)):
        write_run(
            tmp_path / "b" / cell, cell=cell, units=units, parameters=parameters, match="parameters", reference_units=9
        )  # fmt: skip
    group = one_group(tmp_path / "b")
    assert conclusions.of_matching(group) == [
        "Matched by parameters: 1,000 of vanilla; furthest off is gru (+1.00%). Units: vanilla 9, gru 5."
    ]


def test_a_configuration_that_was_run_twice_counts_once(tmp_path: Path) -> None:
    write_run(tmp_path / "a", seed=0)
    write_run(tmp_path / "b", seed=0)
    assert len(one_group(tmp_path).runs) == 1
