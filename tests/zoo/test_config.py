from __future__ import annotations

import dataclasses
import json
from types import MappingProxyType

import pytest

from datasets.errors import UserError
from zoo.config import RecurrentOptions, RunConfig, TrainingOptions
from zoo.config_file import from_dict, read_config, to_dict
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
    assert read_config(RunDirectory.open(tmp_path / "run")) == config


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
