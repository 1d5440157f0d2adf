"""Runs that an older version trained load and answer the same: what users have stays theirs.

The runs were written by `tests/fixtures/record_runs.py` as it stood with that version.
"""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import pytest

from tests.zoo.conftest import call

RUNS = sorted(path for path in (Path(__file__).parent / "fixtures" / "runs_0.1").iterdir() if path.is_dir())
#: Bits of results differ from machine to machine.
TOLERANCE = 1e-3


def rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def differs(expected: object, answered: object) -> bool:
    if isinstance(expected, float) and isinstance(answered, float):
        return not math.isclose(expected, answered, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return expected != answered


def test_every_task_is_there():
    assert len(RUNS) == 7


@pytest.mark.parametrize("folder", RUNS, ids=lambda path: path.name)
def test_a_run_answers_as_it_did(folder, tmp_path, monkeypatch):
    from zoo.predict import main

    copy = shutil.copytree(folder, tmp_path / folder.name)
    monkeypatch.chdir(copy)
    asked = json.loads((copy / "asked.json").read_text(encoding="utf-8"))
    done = call(main, "run", *asked, "--out", "now.jsonl")
    assert done.code == 0, done.err
    expected, answered = rows(copy / "answers.jsonl"), rows(copy / "now.jsonl")
    assert [row.keys() for row in answered] == [row.keys() for row in expected]
    wrong = [
        (name, row[name], now[name])
        for row, now in zip(expected, answered, strict=True)
        for name in row
        if differs(row[name], now[name])
    ]
    assert wrong == []


@pytest.mark.parametrize("folder", RUNS, ids=lambda path: path.name)
def test_a_finished_run_tells_its_table(folder, tmp_path):
    from zoo.run import main

    run = shutil.copytree(folder / "run", tmp_path / "run")
    stored = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    done = call(main, "--resume", run)
    assert done.code == 0, done.err
    for name in (stored["cell"], *stored["trivial"]):
        assert f"\n{name} " in done.out


@pytest.mark.parametrize("task", ["captioning", "translation"])
def test_the_loss_of_an_old_model_is_the_loss(task: str) -> None:
    """The outputs of `TokenLoss` have new names; in a stored model each keeps the name that it had."""
    import numpy as np

    from zoo.stored_run import load_run

    folder = next(path for path in RUNS if path.name == task)
    _, model = load_run(folder / "run")
    random = np.random.default_rng(0)
    inputs = {
        tensor.name: random.integers(1, 3, [3 if size is None else size for size in tensor.shape]).astype(
            tensor.dtype
        )
        for tensor in model.inputs
    }
    outputs = model(inputs)
    assert set(np.unique(outputs["right"])) <= {0.0, 1.0}
    assert (np.asarray(outputs["surprise"]) > 0).all()
    assert not np.array_equal(outputs["surprise"], outputs["loss"])


def test_the_saved_model_answers_as_it_did():
    import tensorflow as tf

    folder = next(path for path in RUNS if path.name == "sentiment")
    expected = rows(folder / "answers.jsonl")
    loaded = tf.saved_model.load(str(folder / "saved_model"))
    answer = loaded.signatures["serving_default"](text=tf.constant([row["text"] for row in expected]))
    assert [label.decode() for label in answer["label"].numpy()] == [row["label"] for row in expected]
    assert answer["score"].numpy() == pytest.approx([row["score"] for row in expected], rel=TOLERANCE)
