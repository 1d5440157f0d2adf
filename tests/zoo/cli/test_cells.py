from __future__ import annotations

from pathlib import Path

import pytest

from datasets import plugins
from datasets.errors import UserError
from zoo.cli import cells
from zoo.cli.cells import in_order, keras_layers, published_cells


def test_cells_of_papers_stand_in_the_order_of_their_years() -> None:
    assert published_cells() == ("vanilla", "lstm", "gru")
    assert in_order(["own.cells:Mine", "gru", "keras_gru", "vanilla"]) == [
        "vanilla",
        "gru",
        "keras_gru",
        "own.cells:Mine",
    ]


def test_a_cell_with_options_stands_behind_it_without() -> None:
    assert in_order(["gru", "lstm(units=3)", "lstm"]) == ["lstm", "lstm(units=3)", "gru"]


@pytest.mark.parametrize(
    ("text", "name", "options"),
    [
        ("gru", "gru", ()),
        ("gru()", "gru", ()),
        ("gru(reset_after=false, units = 8)", "gru", ("reset_after=false", "units=8")),
        ("my.cells:Mine(a=1)", "my.cells:Mine", ("a=1",)),
    ],
)
def test_a_cell_may_have_options(text: str, name: str, options: tuple[str, ...]) -> None:
    assert cells.named(text) == (name, options)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("gru(units=8", "write NAME"),
        ("(units=8)", "write NAME"),
        ("gru(units)", "write OPTION=VALUE for 'units'"),
        ("gru(units=)", "write OPTION=VALUE"),
        ("gru(reset_after=False)", "write reset_after=false, as in JSON"),
        ("gru(units=1, units=2)", "units is given twice"),
    ],
)
def test_options_that_are_none_are_told(text: str, told: str) -> None:
    with pytest.raises(UserError, match=told):
        cells.named(text)


def test_each_layer_of_keras_names_a_cell_of_the_zoo() -> None:
    layers = keras_layers()
    assert layers["keras_simple_rnn"] == "vanilla"
    assert set(layers.values()) <= set(plugins.names("zoo.cells", "CELL"))
    assert {name for name in plugins.names("zoo.cells", "CELL") if name.startswith("keras")} == set(layers)


def test_a_new_cell_takes_its_place_by_what_its_module_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "some_cells"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "minimal.py").write_text("CELL = None\nYEAR = 2016\n")
    (package / "younger.py").write_text("CELL = None\nYEAR = 2024\n")
    (package / "unpublished.py").write_text("CELL = None\n")
    (package / "built_in.py").write_text('CELL = None\nBASELINE_OF = "minimal"\n')
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(cells, "PACKAGE", "some_cells")
    assert published_cells() == ("minimal", "younger")
    assert in_order(["unpublished", "younger", "minimal"]) == ["minimal", "younger", "unpublished"]
    assert keras_layers() == {"built_in": "minimal"}
