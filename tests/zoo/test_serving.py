"""Every cell in the sentiment task is trained, exported, and answers elsewhere what it answers here."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from datasets import plugins
from datasets.errors import UserError
from tests.zoo.conftest import call, toy_rows
from tests.zoo.elsewhere import Elsewhere
from zoo import serving
from zoo.config_file import OwnModel
from zoo.run import main
from zoo.stored_run import load_run
from zoo.tasks.sentiment.task import Learned

OWN = """
import keras

class Mine(keras.layers.Layer):
    \"\"\"A cell with nothing but what keras.layers.RNN needs.\"\"\"

    def __init__(self, units, **arguments):
        super().__init__(**arguments)
        self.units = self.state_size = self.output_size = units

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], self.units))
        self.gain = self.add_weight(shape=(self.units,), initializer="ones")

    def call(self, inputs, states):
        output = keras.ops.tanh(inputs @ self.kernel + self.gain * states[0])
        return output, [output]
"""
#: Rows of two numbers.
X = tf.constant([[1.0, -2.0], [0.5, 3.0]])
CELLS = [*plugins.names("zoo.cells", "CELL"), "own_cells.deep:Mine"]
#: Batches of texts; the last is a thousand.
BATCHES = [
    ["a good film"],
    [""],
    [],
    ["", "", ""],
    ["film " * 20_000 + "bad"],
    ["정말 좋다", "👍🏽 great", "one\ntwo\r\nthree\u2028four<br />five", "", "'quoted' \"text\"", "a\0b"],
    [f"{text} and so on" for text, _ in toy_rows(1000, seed=1)],
]
#: Asks exports, folders by name, and writes their answers beside them.
ASK = """
import json
import numpy as np
import tensorflow as tf
def decoded(labels):
    return np.array([label.decode() for label in labels.numpy()], "U")
batches = json.load(open({batches!r}))
for folder in {exports!r}:
    loaded = tf.saved_model.load(folder)
    answers = {{}}
    for n, batch in enumerate(batches):
        answer = loaded.signatures["serving_default"](text=tf.constant(batch, tf.string, shape=(len(batch),)))
        for name, value in answer.items():
            answers[f"{{name}}_{{n}}"] = decoded(value) if name == "label" else value.numpy()
    answers["labels"] = decoded(loaded.signatures["labels"]()["labels"])
    np.savez(folder + ".npz", **answers)
"""


def options_of(cell: str) -> tuple:
    """Three classes in one, characters in another, other precisions and shapes in some."""
    return {
        "gru": ("--tokens", "characters", "--max-tokens", 40),
        "lstm": ("--bidirectional", "--layers", 2, "--truncation-side", "right"),
        "vanilla": ("--pooling", "last", "--recurrent-dropout", 0.1),
    }.get(cell, ())


@pytest.fixture(scope="module")
def runs(toy: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A finished run of each cell, with its export."""
    folder = tmp_path_factory.mktemp("cells")
    (folder / "own_cells").mkdir()
    (folder / "own_cells" / "deep.py").write_text(OWN)
    three = folder / "three.jsonl"
    words = ("나쁨 bad", "보통 so-so", "좋음 good")
    rows = [
        {"text": f"{text} {words[n % 3]}", "label": words[n % 3]} for n, (text, _) in enumerate(toy_rows(90))
    ]
    three.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = {}
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        for cell in CELLS:
            out = folder / cell.replace(":", ".")
            data = three if cell == "lstm" else toy
            small = ("--units", 3, "--embedding", 3, "--epochs", 1, "--learning-rate", 0.05, "--average", 0)
            command = (
                "sentiment",
                "--cell",
                cell,
                "--dataset",
                data,
                "--out",
                out,
                *small,
                *options_of(cell),
                *(
                    "--shared-baselines",
                    folder / "rows",
                ),  # what stands beside a model is not asked about here
            )
            done = call(main, *command, "--export")
            assert done.code == 0, (cell, done.err)
            found[cell] = out
    return found


@pytest.fixture(scope="module")
def answers_elsewhere(
    runs: dict[str, Path], elsewhere: Elsewhere, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """What the exports answer to `BATCHES` in a process that cannot import this repository."""
    folder = tmp_path_factory.mktemp("exports")
    batches = folder / "batches.json"
    batches.write_text(json.dumps(BATCHES))
    for cell, run in runs.items():
        shutil.copytree(run / "export", folder / cell.replace(":", "."))
    exports = {cell: str(folder / cell.replace(":", ".")) for cell in runs}
    elsewhere.run(ASK.format(batches=str(batches), exports=list(exports.values())))
    return {cell: Path(f"{export}.npz") for cell, export in exports.items()}


@pytest.mark.slow
@pytest.mark.parametrize("cell", CELLS)
def test_an_export_answers_elsewhere_what_the_live_model_answers_here(
    cell: str, runs: dict[str, Path], answers_elsewhere: dict[str, Path]
) -> None:
    learned, model = load_run(runs[cell], OwnModel(cell=cell) if ":" in cell else OwnModel())
    assert isinstance(learned, Learned)
    predict = tf.function(
        lambda tokens: model({"tokens": tokens}, training=False),
        input_signature=[tf.TensorSpec([None, None], tf.int32)],
    )
    with np.load(answers_elsewhere[cell]) as answers:
        np.testing.assert_array_equal(answers["labels"], learned.labels)
        for n, batch in enumerate(BATCHES):
            texts = tf.constant(batch, tf.string, shape=(len(batch),))
            live = tf.nn.softmax(predict(learned.encoder(texts))).numpy()
            np.testing.assert_allclose(answers[f"probabilities_{n}"], live, atol=1e-5)
            np.testing.assert_array_equal(
                answers[f"score_{n}"], answers[f"probabilities_{n}"].max(axis=1, initial=0)
            )
            chosen = answers[f"probabilities_{n}"].argmax(axis=1)
            np.testing.assert_array_equal(answers[f"label_{n}"], np.array(learned.labels)[chosen])
        spread = np.ptp(answers[f"probabilities_{len(BATCHES) - 1}"], axis=0).max()
        assert spread > 1e-3, "the model answers the same to every text"


@pytest.mark.slow
def test_all_tasks_have_a_cell_of_ones_own_in_their_records(runs: dict[str, Path]) -> None:
    metrics = json.loads((runs["own_cells.deep:Mine"] / "metrics.json").read_text())
    assert metrics["cell"] == "own_cells.deep:Mine"
    assert metrics["engine"] == "loop"
    assert json.loads((runs["lstm"] / "metrics.json").read_text())["details"]["labels"] == [
        "나쁨 bad",
        "보통 so-so",
        "좋음 good",
    ]


# ------------------------------------------------------------------------------------------ saving


@pytest.fixture(scope="module")
def server():
    """A server of one function that doubles numbers."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
    def double(x):
        return {"y": 2 * x}

    class Model:
        variables = ()

    return serving.Server(Model(), [], {"serving_default": double})


def doubled(folder: Path) -> float:
    loaded = tf.saved_model.load(str(folder))
    return float(loaded.signatures["serving_default"](x=tf.constant([2.0]))["y"][0])


def test_a_model_is_saved_in_new_folders_and_over_an_older_one(server, tmp_path):
    folder = tmp_path / "deep" / "model.v1"
    serving.save(server, folder)
    assert doubled(folder) == 4
    (folder / "old").write_text("")
    serving.save(server, folder)
    assert doubled(folder) == 4
    assert not (folder / "old").exists()
    assert [path.name for path in folder.parent.iterdir()] == ["model.v1"]


def test_an_empty_folder_can_be_saved_into(server, tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    serving.save(server, Path("empty"))
    assert doubled(tmp_path / "empty") == 4


def test_what_is_no_model_is_kept(server, tmp_path):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "letter.txt").write_text("dear")
    with pytest.raises(UserError, match="exists and is no SavedModel") as caught:
        serving.save(server, tmp_path / "letters")
    assert caught.value.exit_code == 2
    (tmp_path / "file").write_text("dear")
    with pytest.raises(UserError, match="is a file"):
        serving.save(server, tmp_path / "file")
    with pytest.raises(UserError, match="cannot write"):
        serving.save(server, tmp_path / "file" / "model")
    assert (tmp_path / "letters" / "letter.txt").read_text() == (tmp_path / "file").read_text() == "dear"


def test_a_place_that_cannot_be_written_to_is_told(server):
    with pytest.raises(UserError, match="cannot write /proc/model") as caught:
        serving.save(server, Path("/proc/model"))
    assert caught.value.exit_code == 1


def test_a_full_disk_keeps_the_older_model(server, small_disk):
    folder = small_disk / "model"
    serving.save(server, folder)
    room = shutil.disk_usage(small_disk).free
    (small_disk / "filler").write_bytes(bytes(room - 4096))
    with pytest.raises(UserError, match="no space left") as caught:
        serving.save(server, folder)
    assert caught.value.exit_code == 1
    assert doubled(folder) == 4
    assert sorted(path.name for path in small_disk.iterdir()) == ["filler", "model"]


def test_saving_traces_no_function_again(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    traces = []

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="x")])
    def serving_default(x: tf.Tensor) -> dict[str, tf.Tensor]:
        traces.append(x)
        return {"y": model(x)}

    server = serving.Server(model, [], {"serving_default": serving_default})
    once = len(traces)
    serving.save(server, tmp_path / "export")
    assert len(traces) == once
    loaded = tf.saved_model.load(str(tmp_path / "export"))
    np.testing.assert_array_equal(loaded.signatures["serving_default"](x=X)["y"], server(X)["y"])
