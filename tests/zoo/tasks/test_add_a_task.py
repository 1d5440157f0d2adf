"""The task of docs/add_a_task.md, as a reader writes it: in a folder of their own, with no change to the repository."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.zoo.conftest import call

pytestmark = pytest.mark.slow  # a model is trained, and mypy runs
#: What the page calls its two blocks of Python.
FILES = ("gesture_data.py", "gestures.py")
SEQUENCES = [[[0.0, 0.0], [1.0, 2.0], [2.0, 4.0], [3.0, 6.0]], [[1.0, 0.0]]]
LONGEST = 120
#: What names the task beside a run directory.
TASK = ("--task", "gestures:Gestures")


@pytest.fixture(scope="module")
def folder(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of someone who has copied both files of the page."""
    page = (repository / "docs" / "add_a_task.md").read_text(encoding="utf-8")
    folder = tmp_path_factory.mktemp("mine")
    for name, text in zip(FILES, re.findall(r"```python\n(.*?)```", page, re.DOTALL), strict=True):
        assert f"`{name}`" in page
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Its reader works in that folder."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [*sys.path, str(folder)])
    yield
    for name in FILES:
        sys.modules.pop(name.removesuffix(".py"), None)


@pytest.fixture(scope="module")
def run(folder: Path) -> Path:
    """A run of the page's first command."""
    from zoo.run import main

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "path", [*sys.path, str(folder)])
        done = call(
            main, "gestures:Gestures", "--dataset", "gesture_data:DATASET", "--cell", "gru", "--export",
            "--out", folder / "run", "--units", "16",
        )  # fmt: skip
    assert done.code == 0, done.err
    return folder / "run"


def test_the_task_is_short(folder: Path) -> None:
    assert len((folder / "gestures.py").read_text(encoding="utf-8").splitlines()) <= LONGEST


def test_the_type_checker_has_nothing_to_say(folder: Path, repository: Path) -> None:
    command = [sys.executable, "-m", "mypy", f"--config-file={repository / 'pyproject.toml'}", *FILES]
    environment = {**os.environ, "MYPYPATH": str(repository)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_is_trained_and_scored_beside_its_baselines(run: Path) -> None:
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["test"]["accuracy"] > 0.9 > metrics["baselines"]["majority"]["test"]["accuracy"]
    assert set(metrics["baselines"]) == {"majority", "bag of vectors"}
    assert metrics["details"]["labels"] == ["circle", "line"]
    assert metrics["details"]["by_length"]


def test_it_answers(run: Path, tmp_path: Path) -> None:
    from zoo.predict import main

    done = call(main, run, *TASK, *map(json.dumps, SEQUENCES), "--out", tmp_path / "answers.jsonl")
    assert done.code == 0, done.err
    rows = [json.loads(line) for line in (tmp_path / "answers.jsonl").read_text().splitlines()]
    assert [row["sequence"] for row in rows] == [0, 1]
    assert rows[0]["label"] == "line"
    assert rows[0]["p(circle)"] + rows[0]["p(line)"] == pytest.approx(1)


def test_vectors_of_another_size_are_refused(run: Path) -> None:
    from zoo.predict import main

    done = call(main, run, *TASK, "[[1, 2, 3]]")
    assert done.code == 2
    assert done.err == "error: a vector has 3 numbers; the model reads 2\n"


def test_the_exported_model_answers_alike_whatever_the_padding(run: Path, tmp_path: Path) -> None:
    import tensorflow as tf

    from zoo.config_file import OwnModel
    from zoo.export import main
    from zoo.stored_run import load_run
    from zoo.tasks.base import load_task

    assert call(main, run, *TASK, "--to", tmp_path / "served").code == 0
    learned, model = load_run(run, OwnModel(task="gestures:Gestures"))
    task = load_task("gestures:Gestures")
    rows = task.answer(task.serve(model, learned), map(np.array, SEQUENCES), task.answer_options())
    vectors = np.full((2, 9, 2), 7, np.float32)
    for number, sequence in enumerate(SEQUENCES):
        vectors[number, : len(sequence)] = sequence
    for saved in (run / "export", tmp_path / "served"):
        answer = tf.saved_model.load(str(saved)).signatures["serving_default"](
            vectors=tf.constant(vectors), length=tf.constant([4, 1])
        )
        assert [label.decode() for label in answer["label"].numpy()] == [row["label"] for row in rows]
        np.testing.assert_allclose(answer["score"], [row["score"] for row in rows], atol=1e-5)


def test_help_knows_its_options(folder: Path) -> None:
    from zoo.run import main

    with pytest.raises(SystemExit):
        call(main, "gestures:Gestures", "--dataset", "gesture_data:DATASET", "--help")
