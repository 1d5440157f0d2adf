from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from types import MappingProxyType

import pytest

from datasets.errors import UserError
from experiments.compare import measure
from tests.zoo.conftest import call
from zoo import export, predict, run
from zoo.config import RecurrentOptions, RunConfig, TrainingOptions
from zoo.config_file import OwnCode, from_dict, own_flags, read_config, to_dict
from zoo.runtime.rundir import RunDirectory
from zoo.tasks.sentiment.task import Options, Sentiment


@pytest.fixture
def config() -> RunConfig:
    """A configuration where every part differs from its defaults."""
    return RunConfig(
        task="sentiment",
        dataset="somewhere/reviews.csv",
        data={"text_column": "review", "valid_fraction": 0.2, "names": ("a", "b")},
        recurrent=RecurrentOptions(cell="lstm", layers=2, cell_options=("use_bias=false", "activation=relu")),
        training=TrainingOptions(seed=7, clip=0.5, mirrored=True),
        options=Options(tokens="characters", max_tokens=9),
        export=True,
    )


def stored(config: RunConfig) -> dict:
    return json.loads(json.dumps(to_dict(config)))


def test_a_configuration_comes_back_from_json(config):
    assert from_dict(stored(config), "here") == config


def test_a_configuration_comes_back_from_a_run_directory(config, tmp_path):
    directory = RunDirectory.create(tmp_path / "run")
    directory.save_config({"config": to_dict(config)})
    assert read_config(RunDirectory.open(tmp_path / "run"), OwnCode()) == config


def test_a_configuration_of_before_an_option_keeps_what_was_done_then(config):
    table = stored(config)
    assert table["training"].pop("least_steps") > 1
    assert from_dict(table, "here").training.least_steps == 1
    table |= {"task": "language_model", "options": {}}  # which read a short text again and again before
    assert from_dict(table, "here").training.least_steps == 50


def changed(table: dict, place: str, value: object) -> dict:
    *outer, name = place.split(".")
    inner = table
    for key in outer:
        inner = inner[key]
    inner[name] = value
    return table


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        ("task", "sentimet", "did you mean sentiment"),
        ("task", 5, "this is no configuration"),
        ("dataset", None, "this is no configuration"),
        ("recurrent.unit", 3, "did you mean units"),
        ("recurrent.units", "3", "units: '3' is not a whole number"),
        ("recurrent.units", 0, "too small"),
        ("training", [], "not a table of options"),
        ("training.precision", "float33", "did you mean float"),
        ("options.tokens", "letters", "tokens"),
        ("data", None, "this is no configuration"),
        ("colour", "red", "this is no configuration"),
    ],
)
def test_a_broken_configuration_is_told_with_its_place(config, place, value, told):
    with pytest.raises(UserError, match=told):
        from_dict(changed(stored(config), place, value), "here")


@pytest.mark.parametrize(
    "name", [field.name for field in dataclasses.fields(RunConfig) if field.name != "export"]
)
def test_a_configuration_without_a_part_is_told(config, name):
    table = stored(config)
    del table[name]
    with pytest.raises(UserError, match=f"here: this is no configuration of a run .*{name}"):
        from_dict(table, "here")


@pytest.mark.parametrize("table", [None, [], "text", {}])
def test_something_else_is_told(table):
    with pytest.raises(UserError, match="here: this is no configuration of a run"):
        from_dict(table, "here")


def test_a_task_overrules_the_defaults_of_one_class_at_a_time() -> None:
    class Renamed(Sentiment):
        defaults = MappingProxyType({"epochs": 3, "units": 8})

    assert Renamed().defaults_of(TrainingOptions) == {"epochs": 3}
    assert Renamed().defaults_of(RecurrentOptions) == {"units": 8}


# ------------------------------------------------------------------------------------------ code of a user's own

NAMES = {"task": "sentiment", "cell": "gru", "dataset": "reviews.csv"}
OWN = {"task": "evil:TASK", "cell": "evil:Cell", "dataset": "evil:DATA"}


def hostile(config: RunConfig, folder: Path, names: dict[str, str]) -> RunDirectory:
    """A run directory that names a module which leaves a file when it is imported."""
    (folder / "evil.py").write_text("open('ran', 'w')\n")
    table = {**stored(config), "task": names["task"], "dataset": names["dataset"]}
    table["recurrent"]["cell"] = names["cell"]
    directory = RunDirectory.create(folder / "run")
    with directory.lock():
        directory.save_config({"config": table})
        directory.model_path.write_bytes(b"")
    return directory


@pytest.mark.parametrize("which", [("task",), ("cell",), ("dataset",), ("task", "cell"), tuple(OWN)])
def test_code_that_only_the_run_names_is_not_imported(
    config: RunConfig, which: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    directory = hostile(config, tmp_path, {**NAMES, **{name: OWN[name] for name in which}})
    with pytest.raises(UserError) as caught:
        read_config(directory, OwnCode())
    flags = " ".join(f"--{name} {OWN[name]}" for name in which)
    assert str(caught.value) == (
        f"{directory.config_path} names code that is not the zoo's and would be run "
        f'(see docs/reading.md, "Run directories"); if you trust it, add {flags}'
    )
    if which != ("dataset",):  # a model answers without its data
        for command in (predict.main, export.main, measure.main, run.main):
            arguments = ["--resume", "run"] if command is run.main else ["run"]
            done = call(command, *arguments, *(["a"] if command is predict.main else []))
            assert (done.code, done.out) == (2, "")
            assert done.err.startswith("error: run/config.json names code that is not the zoo's")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", NAMES)
def test_what_is_named_must_be_what_the_run_names(config: RunConfig, name: str, tmp_path: Path) -> None:
    directory = hostile(config, tmp_path, NAMES)
    with pytest.raises(UserError, match=f"--{name}: .* is a run of {NAMES[name]}, not of evil:X"):
        read_config(directory, OwnCode(**{name: "evil:X"}))
    assert read_config(directory, OwnCode(**NAMES)).task == "sentiment"


def test_whoever_has_made_a_configuration_can_name_its_code(config: RunConfig) -> None:
    assert own_flags(stored(config)) == []
    table = stored(config) | {"task": "a.b:C", "dataset": "d:E"}
    table["recurrent"]["cell"] = "f:G"
    assert own_flags(table) == ["--task", "a.b:C", "--cell", "f:G", "--dataset", "d:E"]
    assert own_flags({"task": 1, "recurrent": []}) == []


def test_arguments_behind_a_cells_name_are_its_options() -> None:
    found = RecurrentOptions(cell="gru(reset_after=false)", cell_options=("use_bias=true",))
    assert (found.cell, found.cell_options) == ("gru", ("use_bias=true", "reset_after=false"))
    assert dataclasses.replace(found, units=3).cell_options == found.cell_options
    with pytest.raises(UserError, match="units is no option of a cell; give --units 3"):
        RecurrentOptions(cell="gru(units=3)")
