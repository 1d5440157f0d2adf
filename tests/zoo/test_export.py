from __future__ import annotations

import shutil

import pytest
import tensorflow as tf

from tests.zoo.conftest import call
from zoo.export import main
from zoo.predict import main as predict


def test_a_run_is_exported_and_answers_as_predict_does(trained, tmp_path):
    folder = tmp_path / "served" / "mine"
    done = call(main, trained, "--to", folder)
    assert (done.code, done.err) == (0, "")
    assert done.out == f"{folder}: signatures serving_default, labels\n"
    loaded = tf.saved_model.load(str(folder))
    answer = loaded.signatures["serving_default"](text=tf.constant(["a good film", "bad"]))
    assert answer["label"].numpy().tolist() == [b"pos", b"neg"]
    told = call(predict, trained, "a good film").out.splitlines()[1].split()
    assert float(told[4]) == pytest.approx(float(answer["score"][0]), abs=6e-5)


def test_without_a_place_it_goes_into_the_run(trained, tmp_path):
    run = shutil.copytree(trained, tmp_path / "run")
    assert call(main, run).code == 0
    assert (tmp_path / "run" / "export" / "saved_model.pb").exists()
    assert call(main, run).code == 0  # a second time replaces it


def told(*arguments: object, code: int = 2) -> str:
    done = call(main, *arguments)
    assert (done.code, done.out) == (code, ""), done.err
    assert done.err.count("\n") == 1
    return done.err


def test_what_is_wrong_is_told(trained, tmp_path):
    assert "not the folder of a run" in told(tmp_path)
    assert "did you mean --to?" in told(trained, "--ot", "x")
    (tmp_path / "letter").write_text("dear")
    assert "exists and is no SavedModel; choose another folder" in told(trained, "--to", tmp_path)
    assert "is a file; choose another folder" in told(trained, "--to", tmp_path / "letter")
    assert "exists and is no SavedModel" in told(trained, "--to", trained)
    assert "cannot write" in told(trained, "--to", "/proc/model", code=1)
    assert (tmp_path / "letter").read_text() == "dear"
    assert (trained / "metrics.json").exists()


def test_a_run_without_a_model_is_told(trained, tmp_path):
    shutil.copy(trained / "config.json", tmp_path)
    assert "has no model yet; finish it with" in told(tmp_path)
