from __future__ import annotations

from pathlib import Path

import pytest

from datasets import plugins


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(plugins, "HERE", tmp_path)
    (tmp_path / "single.py").write_text('DATASET = "one"\nFIELDS = ("a", "b")\nraise RuntimeError\n')
    (tmp_path / "many").mkdir()
    (tmp_path / "many" / "__init__.py").write_text('"""DATASET = "not this"."""\nDATASET = "two"\n')
    (tmp_path / "many" / "first.py").write_text('FIELDS = ("a",)\n')
    (tmp_path / "many" / "helper.py").write_text('    FIELDS = ("c",)\n# FIELDS = ("d",)\n')
    (tmp_path / "helper.py").write_text("nothing = 1\n")
    (tmp_path / "no_package").mkdir()
    return tmp_path


def test_data_sets_are_found_without_import(folder: Path):
    assert plugins.datasets() == {"many": "two", "single": "one"}


def test_field_sets(folder: Path):
    assert plugins.field_sets("datasets.many") == [("a",)]
    assert plugins.field_sets("datasets.single") == [("a", "b")]


def test_no_view_with_other_fields(folder: Path):
    assert plugins.view("datasets.many", ("a", "b")) is None
    assert plugins.view("datasets.single", ("a",)) is None


def test_every_view_of_the_repository_keeps_the_contract():
    packages = [
        "datasets.file_readers",
        "datasets.tfds_adapters",
        *(f"datasets.{name}" for name in plugins.datasets()),
    ]
    for package in packages:
        assert plugins.field_sets(package)
        for fields in plugins.field_sets(package):
            view = plugins.view(package, fields)
            assert view is not None
            assert fields == view.FIELDS
            assert callable(view.load)
            assert view.Options() is not None
