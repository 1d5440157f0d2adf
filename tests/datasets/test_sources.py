from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import datasets
from datasets import sources
from datasets.errors import UserError
from datasets.sources import Source

MODULES = {
    "single.py": 'DATASET = "one"\nFIELDS = ("a", "b")\nraise RuntimeError\n',
    "many/__init__.py": '"""\nDATASET = "not this"\n"""\nDATASET = "two"\n',
    "many/first.py": 'FIELDS = ("a",)\n',
    "many/helper.py": 'def f():\n    FIELDS = ("c",)\n# FIELDS = ("d",)\n',
    "broken/__init__.py": 'DATASET = "three"\n',
    "broken/fine.py": 'FIELDS = ("a",)\nfrom dataclasses import dataclass\n'
    "@dataclass\nclass Options:\n    pass\ndef load(spec, options):\n    pass\n",
    "broken/faulty.py": "FIELDS = = 3\n",
    "helper.py": "nothing = 1\n",
    "no_package/other.py": 'DATASET = "not this"\n',
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, source in MODULES.items():
        path = tmp_path / "datasets" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    monkeypatch.setattr(datasets.__spec__, "submodule_search_locations", [str(tmp_path / "datasets")])
    monkeypatch.setattr(datasets, "__path__", [str(tmp_path / "datasets")])
    return tmp_path / "datasets"


def source(name: str) -> Source:
    return next(known for known in sources.every() if known.name == name)


@pytest.mark.usefixtures("folder")
def test_data_sets_are_found_without_import() -> None:
    assert sources.data_sets() == {"broken": "three", "many": "two", "single": "one"}


@pytest.mark.usefixtures("folder")
def test_field_sets() -> None:
    assert source("many").field_sets == [("a",)]
    assert source("single").field_sets == [("a", "b")]


@pytest.mark.usefixtures("folder")
def test_no_view_with_other_fields() -> None:
    assert source("many").view(("a", "b")) is None
    assert source("single").view(("a",)) is None


def test_a_view_that_cannot_be_read_hides_no_other_and_is_told_where_it_may_be_the_one(folder: Path) -> None:
    view = source("broken").view(("a",))
    assert getattr(view, "__name__", "") == "datasets.broken.fine"
    with pytest.raises(UserError) as caught:
        source("broken").view(("b",))
    assert str(caught.value) == (
        "datasets.broken.faulty cannot be imported: SyntaxError: invalid syntax "
        f"({folder}/broken/faulty.py, line 1)"
    )


def test_every_view_of_the_repository_keeps_the_contract() -> None:
    for known in sources.every():
        assert known.help
        assert known.field_sets
        for fields in known.field_sets:
            view = known.view(fields)
            assert view is not None
            assert fields == view.FIELDS
            assert callable(view.load)
            assert view.Options() is not None


# ------------------------------------------------------------------------------------------ of a user's own

TICKETS = """
from dataclasses import dataclass

from datasets import Dataset, Info, Split
from datasets.options import option

DATASET = "tickets by department"
FIELDS = ("text", "label")


@dataclass(frozen=True)
class Options:
    year: int = option(2024, "which year", minimum=2000)


def load(spec, options):
    split = Split(lambda: iter([{"text": f"No light in {options.year}.", "label": 0}]), 1)
    return Dataset(Info(name=spec, fields=FIELDS, labels=("a", "b")), split, split, None)


class Rooms:
    \"\"\"Rooms, light or dark.

    Two lines further.
    \"\"\"

    FIELDS = ("room", "label")
    Options = Options

    def load(self, spec, options):
        return load(spec, options)


rooms = Rooms()


class Unfinished:
    FIELDS = ("room",)


class NoTuple(Rooms):
    FIELDS = "room"


class NoDataclass(Rooms):
    Options = dict


fails = 1 / 0 if FIELDS == () else 3
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A package `own_…` in the current folder with a module `tickets`, which the interpreter has not seen before."""
    package = f"own_{tmp_path.name}"
    (tmp_path / package / "views").mkdir(parents=True)
    (tmp_path / package / "__init__.py").write_text("")
    (tmp_path / package / "tickets.py").write_text(TICKETS)
    (tmp_path / package / "views" / "__init__.py").write_text('DATASET = "two views"\n')
    for name, fields in (("one", ("a",)), ("two", ("b", "c"))):
        path = tmp_path / package / "views" / f"{name}.py"
        path.write_text(TICKETS.replace('FIELDS = ("text", "label")', f"FIELDS = {fields}"))
    (tmp_path / package / "broken.py").write_text("DATASET = = 3\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield package
    for module in [module for module in sys.modules if module.startswith(package)]:
        del sys.modules[module]


@pytest.mark.parametrize("name", ["DATASET", "Rooms", "rooms"])
def test_a_data_set_of_ones_own_is_a_module_a_class_or_an_object(own: str, name: str) -> None:
    spec = f"{own}.tickets:{name}"
    fields = ("text", "label") if name == "DATASET" else ("room", "label")
    dataset = datasets.load(spec, fields[::-1], {"year": 2020})
    assert dataset.info.name == spec
    assert list(dataset.train) == [{"text": "No light in 2020.", "label": 0}]


def test_a_package_of_ones_own_may_have_several_views(own: str) -> None:
    found = sources.find(f"{own}.views:DATASET")
    assert found.field_sets == [("a",), ("b", "c")]
    assert found.help == "two views"
    assert f"{own}.views.two" not in sys.modules
    assert datasets.load(f"{own}.views:DATASET", ("c", "b")).info.fields == ("b", "c")


def test_options_of_a_data_set_of_ones_own_are_listed_when_it_is_named(own: str) -> None:
    groups = datasets.option_groups(("room", "label"), f"{own}.tickets:Rooms")
    ((name, help, options),) = groups
    assert (name, help) == (f"{own}.tickets:Rooms", "Rooms, light or dark.")
    assert vars(options()) == {"year": 2024}
    names = [name for name, _, _ in datasets.option_groups(("text", "label"), f"{own}.tickets:DATASET")]
    assert names == ["microworld", "files", "hub", f"{own}.tickets:DATASET"]
    assert datasets.option_groups(("room", "label"), "reviews.csv") == []


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("{own}.tickets:Romms", "{spec}: the module {own}.tickets has no 'Romms'; did you mean rooms?"),
        ("{own}.tikets:Rooms", "{spec}: there is no module '{own}.tikets', neither installed nor in {here}"),
        ("no_such.one:Rooms", "{spec}: there is no module 'no_such', neither installed nor in {here}"),
        ("huggingface:imdb", "{spec}: there is no module 'huggingface', neither installed nor in {here}"),
        ("own.py:Rooms", "unknown dataset '{spec}'; write the module, not its file: own:Rooms"),
        (
            "./{own}/tickets.py:Rooms",
            "unknown dataset '{spec}'; write the module, not its file: {own}.tickets:Rooms",
        ),
        (
            "{own}.broken:DATASET",
            "{spec} cannot be imported: SyntaxError: invalid syntax ({here}/{own}/broken.py, line 1)",
        ),
        (
            "{own}.tickets:Unfinished",
            "{spec}: is no data set, for it has no Options, load; see docs/data.md",
        ),
        (
            "{own}.tickets:fails",
            "{spec}: is no data set, for it has no FIELDS, Options, load; see docs/data.md",
        ),
        (
            "{own}.tickets:NoTuple",
            "{spec}: FIELDS is 'room', not a tuple of names such as ('text', 'label')",
        ),
        ("{own}.tickets:NoDataclass", "{spec}: Options is no dataclass; see docs/data.md"),
        ("{own}.tickets:Rooms", "'{spec}' cannot be read as (text, label): {spec} gives (room, label)"),
    ],
)
def test_a_wrong_name_of_ones_own_is_told_in_one_line(own: str, tmp_path: Path, spec: str, said: str) -> None:
    spec = spec.format(own=own)
    with pytest.raises(UserError) as caught:
        datasets.load(spec, ("text", "label"))
    assert str(caught.value) == said.format(own=own, here=tmp_path, spec=spec)


def test_options_of_ones_own_are_checked_as_all_others(own: str) -> None:
    spec = f"{own}.tickets:DATASET"
    for options, said in (
        ({"yaer": 3}, f"'{spec}' has no option --yaer; did you mean --year?"),
        ({"year": 3}, "--year: 3 is too small, the least is 2000"),
        ({"noise": 0.1}, f"--noise is an option of microworld, not of {spec} ('{spec}')"),
    ):
        with pytest.raises(UserError) as caught:
            datasets.load(spec, ("text", "label"), options)
        assert str(caught.value) == said


def test_a_file_with_a_colon_in_its_name_is_a_file(own: str, tmp_path: Path) -> None:
    (tmp_path / f"{own}.tickets:DATASET").write_text("x")
    assert sources.find(f"{own}.tickets:DATASET").name == "files"
