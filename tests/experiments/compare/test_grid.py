from __future__ import annotations

import importlib

import pytest

from datasets import plugins
from datasets.errors import UserError
from experiments.compare.grid import Grid, blocks, digest, keras_cells, overruled, runs, tasks, with_data
from zoo.tasks.base import task_names


def of(*tasks: str, **changes: object) -> Grid:
    return Grid(**{"tasks": tasks or ("sentiment",), "keras_seeds": 0, **changes})  # type: ignore[arg-type]


def test_every_cell_and_seed_of_every_task_once() -> None:
    found = runs(of("sentiment", "tagging", cells=("lstm", "gru"), seeds=(0, 1)))
    assert {(run.task, run.cell, run.seed) for run in found} == {
        (task, cell, seed) for task in ("sentiment", "tagging") for cell in ("lstm", "gru") for seed in (0, 1)
    }
    assert len({run.name for run in found}) == len(found) == 8


def test_cells_differ_in_nothing_but_the_cell() -> None:
    one, other = runs(of(cells=("lstm", "gru"), seeds=(3,)))
    assert one.config["training"] == other.config["training"]
    assert one.config["options"] == other.config["options"]
    assert {**one.config["recurrent"], "cell": "gru"} == other.config["recurrent"]


def test_options_vary_and_those_of_a_task_are_its_own() -> None:
    grid = of("sentiment", "tagging", vary=("units=8,16", "sentiment.max-tokens=50", "tagging.units=4"))
    found = runs(Grid(**{**vars(grid), "cells": ("gru",), "seeds": (0,)}))
    assert [(run.task, run.config["recurrent"]["units"]) for run in found] == [
        ("sentiment", 8), ("sentiment", 16), ("tagging", 4),
    ]  # fmt: skip
    assert found[0].config["options"]["max_tokens"] == 50


def test_switches_and_options_with_several_values() -> None:
    (run,) = runs(
        of(
            "forecasting",
            cells=("gru",),
            seeds=(0,),
            vary=("ets=false", "bidirectional=true"),
            datasets=("x.csv",),
        )
    )
    assert run.config["options"]["ets"] is False
    assert run.config["recurrent"]["bidirectional"] is True
    block = blocks(of("forecasting", vary=("split_steps=100 20 30",)))[0]
    assert block.config("gru", 0).data["split_steps"] == ("100", "20", "30")


def test_devices_and_data_sets_are_axes() -> None:
    found = runs(of(cells=("gru",), seeds=(0,), devices=("cpu", "gpu"), datasets=("microworld", "a.csv")))
    assert {(run.device, run.config["dataset"]) for run in found} == {
        (device, data) for device in ("cpu", "gpu") for data in ("microworld", "a.csv")
    }


def test_keras_own_layers_run_beside_with_the_first_seeds_and_the_same_units() -> None:
    found = runs(of(cells=("vanilla", "gru"), seeds=(5, 6), keras_seeds=1, vary=("units=7",)))
    beside = [run for run in found if run.cell.startswith("keras")]
    assert [(run.cell, run.seed, run.config["recurrent"]["units"]) for run in beside] == [
        ("keras_simple_rnn", 5, 7), ("keras_gru", 5, 7),
    ]  # fmt: skip


def test_a_keras_layer_that_is_compared_itself_is_not_run_twice() -> None:
    assert keras_cells(["gru", "keras_gru", "mean"]) == {}


def test_matched_units_are_given_to_the_cells_and_their_keras_layers() -> None:
    grid = of(cells=("vanilla", "gru"), seeds=(0,), keras_seeds=1, match="parameters", vary=("units=9",))
    (block,) = blocks(grid)
    found = {run.cell: run for run in runs(grid, {block: {"vanilla": 9, "gru": 5}})}
    units = {cell: run.config["recurrent"]["units"] for cell, run in found.items()}
    assert units == {"vanilla": 9, "gru": 5, "keras_simple_rnn": 9, "keras_gru": 5}
    assert {run.reference_units for run in found.values()} == {9}


def test_the_name_tells_configurations_apart_and_not_where_they_are_written() -> None:
    one, same, other = (
        runs(of(cells=("gru",), seeds=(0,), vary=(f"epochs={epochs}",)))[0] for epochs in (3, 3, 4)
    )
    assert one.name == same.name != other.name
    config = dict(one.config)
    assert (
        digest({**config, "export": True}, "units") == digest(config, "units") != digest(config, "parameters")
    )


@pytest.mark.parametrize(
    ("grid", "told"),
    [
        (of("sentimen"), "did you mean sentiment"),
        (Grid(), "which tasks"),
        (of(cells=("grru",)), "unknown cell 'grru'; did you mean gru"),
        (of(cells=("gru", "gru(layers=1)")), "gru and gru.layers=1. are the same runs of sentiment"),
        (of(cells=("gru(tagging.units=3)",)), "tagging is not among the tasks"),
        (of(cells=("gru(units=many)",)), "sentiment: --units: 'many' is not a whole number"),
        (of(vary=("unit=3",)), "sentiment: unknown option --unit"),
        (of(vary=("units",)), "--vary units: write OPTION=VALUE"),
        (of(vary=("units=many",)), "sentiment: --units: 'many' is not a whole number"),
        (of(vary=("seed=3",)), "give --seeds instead"),
        (of(vary=("taging.units=3",)), "unknown task 'taging'"),
        (of(vary=("tagging.units=3",)), "tagging is not among the tasks"),
        (of(vary=("units=3", "units=4")), "units is given twice"),
        (of(vary=("resume=y",)), "resume is no option that can differ"),
        (of(vary=("shared-baselines=y",)), "shared-baselines is no option that can differ"),
        (of(vary=("export=true",)), "export is no option that can differ"),
    ],
)
def test_what_zoo_run_would_refuse_is_refused_before_anything_runs(grid: Grid, told: str) -> None:
    with pytest.raises(UserError, match=told):
        runs(grid)


def test_contestants_differ_in_their_own_options_and_in_nothing_else() -> None:
    plain, forget, small = runs(
        of(cells=("lstm", "lstm(unit_forget_bias=false)", "lstm(learning_rate=0.01, units=5)"), seeds=(3,))
    )
    assert (plain.contestant, forget.contestant) == ("", "lstm(unit_forget_bias=false)")
    assert small.contestant == "lstm(learning_rate=0.01, units=5)"
    recurrent, training = plain.config["recurrent"], plain.config["training"]
    assert forget.config["recurrent"] == {**recurrent, "cell_options": ["unit_forget_bias=false"]}
    assert small.config["recurrent"] == {**recurrent, "units": 5}
    assert small.config["training"] == {**training, "learning_rate": 0.01}
    assert forget.shared == {"recurrent.cell_options": ""}
    assert small.shared == {
        "recurrent.units": recurrent["units"], "training.learning_rate": training["learning_rate"],
    }  # fmt: skip


def test_a_contestants_options_overrule_what_all_share_and_its_arguments_join_the_cells() -> None:
    grid = of(
        cells=("gru(reset_after=false, units=5)",),
        seeds=(0,),
        vary=("units=9", "cell_options=use_bias=false"),
    )
    (run,) = runs(grid)
    assert run.config["recurrent"]["units"] == 5
    assert run.config["recurrent"]["cell_options"] == ["use_bias=false", "reset_after=false"]


def test_an_option_of_a_task_is_for_its_runs_alone() -> None:
    found = runs(of("sentiment", "tagging", cells=("gru(sentiment.embedding=5)",), seeds=(0,)))
    sentiment, tagging = (run.config["options"]["embedding"] for run in found)
    assert sentiment == 5 != tagging


def test_the_same_run_as_a_contestant_and_by_what_varies_has_two_folders() -> None:
    (one,) = runs(of(cells=("gru(units=5)",), seeds=(0,)))
    (other,) = runs(of(cells=("gru",), seeds=(0,), vary=("units=5",)))
    assert one.config == other.config
    assert one.digest != other.digest


def test_units_of_its_own_are_not_matched() -> None:
    grid = of(cells=("vanilla", "gru(units=7)"), seeds=(0,), match="parameters", vary=("units=9",))
    (block,) = blocks(grid)
    found = {run.cell: run for run in runs(grid, {block: {"vanilla": 9, "gru(units=7)": 7}})}
    assert found["gru"].config["recurrent"]["units"] == 7
    assert found["gru"].reference_units == 9


def test_all_tasks() -> None:
    assert tasks(of("all")) == task_names()


def test_the_folder_of_data_is_filled_in() -> None:
    grid = of(vary=("sentiment.dataset={data}/imdb",))
    assert with_data(grid, "/there/").vary == ("sentiment.dataset=/there/imdb",)
    with pytest.raises(UserError, match="--data FOLDER"):
        with_data(grid, None)
    assert with_data(of(), None) == of()


@pytest.mark.parametrize("name", plugins.names("experiments.grids", "GRID"))
def test_a_grid_of_the_repository_states_its_command_its_time_and_what_to_expect(name: str) -> None:
    module = importlib.import_module(f"experiments.grids.{name}")
    header = module.__doc__ or ""
    assert f"python -m experiments.compare --grid {name}" in header
    assert "Takes about" in header
    assert "Expect:" in header
    assert len(runs(with_data(module.GRID, "/data"))) >= 5


def test_runs_that_are_matched_to_another_cell_or_size_are_other_runs() -> None:
    """Though their own units, and so all of their options, may be the same."""
    grid = of(cells=("vanilla", "lstm"), seeds=(0,), match="parameters", vary=("units=8,9",))
    small, large = blocks(grid)
    found = runs(grid, {small: {"vanilla": 8, "lstm": 4}, large: {"vanilla": 9, "lstm": 4}})
    lstm = [run for run in found if run.cell == "lstm"]
    assert [run.reference_units for run in lstm] == [8, 9]
    assert lstm[0].config == lstm[1].config
    other = of(cells=("gru", "lstm"), seeds=(0,), match="parameters", vary=("units=8",))
    (block,) = blocks(other)
    lstm += [run for run in runs(other, {block: {"gru": 8, "lstm": 4}}) if run.cell == "lstm"]
    assert len({run.name for run in lstm}) == len({run.digest for run in lstm}) == 3


OF_FILE = of(
    *("sentiment", "tagging", "forecasting"),
    vary=("sentiment.dataset={data}/imdb", "tagging.bidirectional=true", "epochs=4", "forecasting.epochs=9"),
)


@pytest.mark.parametrize(
    ("changes", "vary"),
    [
        ({}, OF_FILE.vary),
        ({"vary": ("units=3",)}, (*OF_FILE.vary, "units=3")),
        ({"vary": ("epochs=1",)}, (*OF_FILE.vary[:2], "epochs=1")),
        ({"vary": ("forecasting.epochs=1",)}, (*OF_FILE.vary[:3], "forecasting.epochs=1")),
        ({"datasets": ("a.csv",)}, OF_FILE.vary[1:]),
        ({"devices": ("gpu",)}, OF_FILE.vary),
        ({"tasks": ("tagging",)}, ("tagging.bidirectional=true", "epochs=4")),
    ],
)
def test_flags_overrule_what_a_grid_says_of_the_same_option_and_nothing_else(
    changes: dict[str, tuple[str, ...]], vary: tuple[str, ...]
) -> None:
    assert overruled(OF_FILE, **changes).vary == vary


def test_a_flag_overrules_what_a_grid_says_of_the_same_axis() -> None:
    grid = of("sentiment", vary=("device=cpu", "dataset=a.csv"))
    assert overruled(grid, devices=("gpu",)).vary == ("dataset=a.csv",)
    assert overruled(grid, datasets=("b.csv",)).vary == ("device=cpu",)
