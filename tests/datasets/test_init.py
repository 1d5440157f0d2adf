"""Tests of `datasets/__init__.py`: which source a name means, and options that find their source."""

from __future__ import annotations

import dataclasses
import itertools
import re
import sys
from pathlib import Path

import pytest

import datasets
from datasets import sources
from datasets.errors import UserError
from datasets.options import names
from tests.conftest import RunPython

FIELDS = ("text", "label")
CSV = "text,label\n" + "".join(f"text {number},{number % 2}\n" for number in range(20))


def message(spec: str, fields: tuple[str, ...] = FIELDS, **options: object) -> str:
    with pytest.raises(UserError) as caught:
        datasets.load(spec, fields, options)
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_microworld_by_name() -> None:
    dataset = datasets.load("microworld", FIELDS, {"examples": 20, "valid_examples": 6, "test_examples": 4})
    assert dataset.info.synthetic
    assert dataset.test is not None
    assert (len(dataset.train), len(dataset.valid), len(dataset.test)) == (20, 6, 4)


def test_fields_may_come_in_any_order() -> None:
    options = {"examples": 10, "valid_examples": 2, "test_examples": 2}
    assert len(datasets.load("microworld", ("label", "text"), options).train) == 10


def test_path_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "some.csv").write_text(CSV)
    monkeypatch.chdir(tmp_path)
    for spec in ("some.csv", "./some.csv", str(tmp_path / "some.csv")):
        assert datasets.load(spec, FIELDS).info.labels == ("0", "1")


def test_a_name_of_the_package_comes_before_a_folder_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "microworld").mkdir()
    (tmp_path / "microworld" / "data.csv").write_text(CSV)
    monkeypatch.chdir(tmp_path)
    options = {"examples": 10, "valid_examples": 2, "test_examples": 2}
    assert datasets.load("microworld", FIELDS, options).info.synthetic
    assert not datasets.load("./microworld", FIELDS).info.synthetic


@pytest.mark.parametrize(
    ("spec", "nearest"),
    [("microwrld", "microworld"), ("imdb_review", "imdb_reviews"), ("glu/sst2", "glue/sst2")],
)
def test_unknown_name_gets_the_nearest(spec: str, nearest: str) -> None:
    assert f"; did you mean {nearest}?" in message(spec)


def test_missing_file_gets_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "reviews.csv").write_text(CSV)
    assert message(f"{tmp_path}/reviws.csv").endswith("no such file or folder; did you mean reviews.csv?")


def test_name_of_a_file_without_suffix_gets_the_nearest_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my_reviews").mkdir()
    monkeypatch.chdir(tmp_path)
    assert "; did you mean my_reviews?" in message("my_review")


@pytest.mark.parametrize("spec", ["", "a b", "a\0b", "x" * 5000, "huggingface:im-db", "no_such_name_at_all"])
def test_odd_names_are_refused(spec: str) -> None:
    assert message(spec).endswith("is neither a file nor a data set's name")


def test_source_without_the_fields_says_what_it_has() -> None:
    text = message("microworld", ("sound", "noise"))
    assert text.startswith("'microworld' cannot be read as (sound, noise)")
    assert "(text, label)" in text


def test_option_of_another_source() -> None:
    assert message("microworld", text_column="x") == (
        "--text-column is an option of files, not of microworld ('microworld')"
    )


def test_misspelt_option_gets_the_nearest() -> None:
    assert message("microworld", exmples=3) == (
        "'microworld' has no option --exmples; did you mean --examples?"
    )


def test_option_names_are_disjoint_and_described() -> None:
    groups = datasets.option_groups(FIELDS)
    assert [name for name, _, _ in groups] == ["microworld", "files", "hub"]
    for (_, _, one), (_, _, other) in itertools.combinations(groups, 2):
        assert not set(names(one)) & set(names(other))
    for _, help, kind in groups:
        assert help
        assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
        for field in dataclasses.fields(kind):
            assert field.metadata["help"]
            assert field.default is not dataclasses.MISSING


def test_fields_of_no_source_have_no_options() -> None:
    assert datasets.option_groups(("sound", "noise")) == []


def test_listing_imports_nothing_heavy(run_python: RunPython) -> None:
    code = (
        "import sys, datasets; datasets.option_groups(('text', 'label'));"
        "heavy = {'numpy', 'pandas', 'tensorflow', 'keras', 'sklearn', 'tensorflow_datasets'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert run_python("-c", code).stdout == "[]\n"


@pytest.fixture
def documented(repository: Path) -> str:
    """The module of `docs/data.md`, with the class that stands further below."""
    page = (repository / "docs" / "data.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (module,) = (block for block in blocks if "DATASET = " in block)
    (further,) = (block for block in blocks if "class Complaints" in block)
    return f"{module}\n\n{further}"


def test_the_data_set_of_the_documentation_in_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, documented: str
) -> None:
    (tmp_path / "tickets.py").write_text(documented)
    monkeypatch.setattr(datasets.__spec__, "submodule_search_locations", [str(tmp_path)])
    monkeypatch.setattr(datasets, "__path__", [str(tmp_path)])
    assert sources.data_sets() == {"tickets": "tickets by department"}
    assert "datasets.tickets" not in sys.modules
    try:
        dataset = datasets.load("tickets", FIELDS, {"year": 2020})
        assert next(iter(dataset.train)) == {"text": "2020: no light in room 0.", "label": 0}
        assert "; did you mean --year?" in message("tickets", yaer=2020)
    finally:
        sys.modules.pop("datasets.tickets", None)


def test_the_data_set_of_the_documentation_with_ones_own_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, documented: str
) -> None:
    (tmp_path / "my_data").mkdir()
    (tmp_path / "my_data" / "tickets.py").write_text(documented)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    try:
        for name, help in (("DATASET", "tickets by department"), ("Complaints", "Complaints by department.")):
            spec = f"my_data.tickets:{name}"
            dataset = datasets.load(spec, FIELDS, {"year": 2020})
            assert len(list(dataset.train)) == len(dataset.train) == 10
            assert datasets.option_groups(FIELDS, spec)[-1][:2] == (spec, help)
    finally:
        for module in ("my_data", "my_data.tickets"):
            sys.modules.pop(module, None)
