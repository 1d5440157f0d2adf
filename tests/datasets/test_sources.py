from __future__ import annotations

from pathlib import Path

import pytest

import datasets
from datasets import sources
from datasets.errors import UserError

MODULES = {
    "single.py": 'DATASET = "one"\nFIELDS = ("a", "b")\nraise RuntimeError\n',
    "many/__init__.py": '"""\nDATASET = "not this"\n"""\nDATASET = "two"\n',
    "many/first.py": 'FIELDS = ("a",)\n',
    "many/helper.py": 'def f():\n    FIELDS = ("c",)\n# FIELDS = ("d",)\n',
    "broken/__init__.py": 'DATASET = "three"\n',
    "broken/fine.py": 'FIELDS = ("a",)\n',
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


@pytest.mark.usefixtures("folder")
def test_data_sets_are_found_without_import() -> None:
    assert sources.data_sets() == {"broken": "three", "many": "two", "single": "one"}


@pytest.mark.usefixtures("folder")
def test_field_sets() -> None:
    assert sources.field_sets("many") == [("a",)]
    assert sources.field_sets("single") == [("a", "b")]


@pytest.mark.usefixtures("folder")
def test_no_view_with_other_fields() -> None:
    assert sources.view("many", ("a", "b")) is None
    assert sources.view("single", ("a",)) is None


def test_a_view_that_cannot_be_read_hides_no_other_and_is_told_where_it_may_be_the_one(folder: Path) -> None:
    view = sources.view("broken", ("a",))
    assert view is not None
    assert view.__name__ == "datasets.broken.fine"
    with pytest.raises(UserError) as caught:
        sources.view("broken", ("b",))
    assert str(caught.value) == (
        "datasets.broken.faulty cannot be imported: SyntaxError: invalid syntax "
        f"({folder}/broken/faulty.py, line 1)"
    )


def test_every_view_of_the_repository_keeps_the_contract() -> None:
    for source in sources.helps():
        assert sources.field_sets(source)
        for fields in sources.field_sets(source):
            view = sources.view(source, fields)
            assert view is not None
            assert fields == view.FIELDS
            assert callable(view.load)
            assert view.Options() is not None
