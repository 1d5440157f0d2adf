"""One run of several that differ in their seed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.zoo.conftest import SMALL, call, toy_rows, write_tsv
from zoo.ensemble import main
from zoo.export import main as export
from zoo.predict import main as predict
from zoo.run import main as run

pytestmark = pytest.mark.slow  # three models are trained first
TEXTS = ("a good film", "a bad film", "")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs that differ in their seed, a third with more units, and the ensemble of the first two."""
    path = tmp_path_factory.mktemp("ensemble")
    write_tsv(path / "toy.tsv", toy_rows(120))
    for name, more in (("one", ("--seed", 1)), ("two", ("--seed", 2)), ("large", ("--units", 5))):
        common = ("--dataset", path / "toy.tsv", *SMALL, "--out", path / name)
        done = call(run, "sentiment", *common, *more)
        assert done.code == 0, done.err
    done = call(main, path / "one", path / "two", "--out", path / "both")
    assert done.code == 0, done.err
    return path


def probabilities(path: Path) -> np.ndarray:
    done = call(predict, path, *TEXTS, "--out", path.parent / "answers.jsonl")
    assert done.code == 0, done.err
    rows = [json.loads(line) for line in (path.parent / "answers.jsonl").read_text().splitlines()]
    return np.array([[value for name, value in row.items() if name.startswith("p(")] for row in rows])


def test_its_answers_are_those_of_the_mean_of_logits(folder):
    logits = [np.log(probabilities(folder / name)) for name in ("one", "two")]
    expected = np.exp(np.mean(logits, axis=0))
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(probabilities(folder / "both"), expected, atol=1e-5)


def test_it_is_a_run_with_results_of_its_own(folder):
    results = [json.loads((folder / name / "metrics.json").read_text()) for name in ("one", "two", "both")]
    assert results[2]["baselines"] == results[0]["baselines"]
    assert results[2]["parameters"] == results[0]["parameters"] + results[1]["parameters"]
    assert results[2]["dev"]["loss"] != results[0]["dev"]["loss"]
    assert results[2]["notes"][-1].startswith("the mean of 2 models: ")
    assert json.loads((folder / "both" / "config.json").read_text())["config"]["training"]["members"] == 2
    done = call(export, folder / "both")
    assert done.code == 0, done.err


def told(*arguments: object, code: int = 2) -> str:
    done = call(main, *arguments)
    assert done.code == code, done.err
    return done.err.splitlines()[-1]


def test_what_is_no_ensemble_is_refused_in_one_line(folder, tmp_path):
    one, _two, out = folder / "one", folder / "two", ("--out", tmp_path / "out")
    assert "needs two runs or more" in told(one, *out)
    assert "each of them once" in told(one, one, *out)
    assert f"{folder / 'large'} has another units than {one}" in told(one, folder / "large", *out)
    assert "is an ensemble itself" in told(
        folder / "both", shutil.copytree(folder / "both", tmp_path / "c"), *out
    )
    assert not (tmp_path / "out").exists()


def test_other_data_are_refused(folder, tmp_path):
    copies = [shutil.copytree(folder / name, tmp_path / name) for name in ("one", "two")]
    stored = json.loads((copies[1] / "data.json").read_text())
    stored["train"] = "another"
    (copies[1] / "data.json").write_text(json.dumps(stored))
    assert "was trained on other data" in told(*copies, "--out", tmp_path / "out", code=1)


def test_runs_that_left_the_test_split_unread_leave_it_so(folder, tmp_path):
    for seed, name in enumerate(("one", "two")):
        common = ("--dataset", folder / "toy.tsv", *SMALL, "--dev-only", "--no-trained-baselines")
        done = call(run, "sentiment", *common, "--seed", seed, "--out", tmp_path / name)
        assert done.code == 0, done.err
    done = call(main, tmp_path / "one", tmp_path / "two", "--out", tmp_path / "both")
    assert done.code == 0, done.err
    results = json.loads((tmp_path / "both" / "metrics.json").read_text())
    assert "dev" in results
    assert "test" not in results
