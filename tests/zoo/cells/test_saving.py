"""A `.keras` file loads in a fresh process; the module that has to be imported is that of the layer, not of
the cell."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from tests.conftest import RunPython
from tests.zoo import parity
from tests.zoo.running import cell_class, make_cell, randomise
from zoo.layers.recurrent import Recurrent

READ = """
import importlib, sys
import numpy as np
folder, *modules = sys.argv[1:]
for module in modules:
    importlib.import_module(module)
import keras
inputs = np.load(f"{folder}/inputs.npy")
for name in open(f"{folder}/names").read().split():
    model = keras.models.load_model(f"{folder}/{name}.keras")
    difference = np.abs(np.asarray(model(inputs)) - np.load(f"{folder}/{name}.npy")).max()
    print(f"{name} {difference <= 1e-6}")
"""


def save(folder: Path, layers: dict[str, keras.layers.Layer]) -> None:
    """Models of one layer each, with the outputs that they give."""
    x = np.random.default_rng(0).normal(size=(2, 4, 3)).astype("float32")
    np.save(folder / "inputs.npy", x)
    (folder / "names").write_text(" ".join(layers))
    for name, layer in layers.items():
        inputs = keras.Input((None, 3))
        model = keras.Model(inputs, layer(inputs))
        randomise(model)
        model.save(folder / f"{name}.keras")
        np.save(folder / f"{name}.npy", np.asarray(model(x)))


def loaded(run_python: RunPython, folder: Path, *modules: str) -> dict[str, str]:
    done = run_python("-c", READ, str(folder), *modules)
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [line.split() for line in done.stdout.splitlines()]
    return {line[0]: line[1] for line in lines if len(line) == 2 and line[1] in ("True", "False")}


@pytest.mark.slow
def test_every_cell_loads_where_only_the_layer_was_imported(run_python: RunPython, tmp_path: Path) -> None:
    names = [kind.id.replace("=", "_") for kind in parity.KINDS]
    layers = {
        name: Recurrent(make_cell(kind, use_bias=False), layers=2, bidirectional=True, dropout=0.5)
        for name, kind in zip(names, parity.KINDS, strict=True)
    }
    save(tmp_path, layers)
    assert loaded(run_python, tmp_path, "zoo.layers.recurrent") == dict.fromkeys(names, "True")


@pytest.mark.slow
def test_a_cell_in_a_plain_keras_layer_loads_where_the_cell_was_imported(
    run_python: RunPython, tmp_path: Path
) -> None:
    layers = {
        name: keras.layers.Bidirectional(keras.layers.RNN(cell_class(name)(4))) for name in ("lstm", "mean")
    }
    save(tmp_path, layers)
    modules = ["zoo.cells.lstm", "zoo.cells.mean"]
    assert loaded(run_python, tmp_path, *modules) == dict.fromkeys(layers, "True")


def test_no_other_module_is_imported_on_behalf_of_a_file() -> None:
    config = Recurrent(make_cell(parity.KINDS[0])).get_config()
    config["cell"] |= {"module": "tests.zoo.cells.no_such", "registered_name": "own>Unknown"}
    with pytest.raises(TypeError, match="Could not locate class"):
        Recurrent.from_config(config)
