from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from datasets.base import Split
from experiments.bench import imdb as bench_imdb
from zoo.runtime.rundir import read_json


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"WORDS": 30, "TOKENS": 6, "UNITS": 4, "BATCH": 2}.items():
        monkeypatch.setattr(bench_imdb, name, value)


def test_texts_end_where_the_sequence_ends() -> None:
    examples = [{"text": "a b", "label": 1}, {"text": "a a a a a a a b", "label": 0}]
    split = Split(lambda: examples, 2)
    tokens, labels = bench_imdb.encode(split, bench_imdb.learn_encoder(split))
    assert tokens.tolist() == [[0, 0, 0, 0, 2, 3], [2, 2, 2, 2, 2, 3]]
    assert labels.tolist() == [1, 0]


@pytest.mark.slow
def test_both_models_are_one_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both give the same numbers before timing, and after the steps on the same batch."""
    models: dict[bool, keras.Model] = {}
    make = bench_imdb.example_model

    def made(ours: bool) -> keras.Model:
        models[ours] = make(ours)
        return models[ours]

    monkeypatch.setattr(bench_imdb, "example_model", made)
    result = bench_imdb.measure_steps(runs=2)
    assert result["largest_difference"] < 1e-6
    assert result["times_as_fast"]["median"] > 0
    bench_imdb.copy_weights(models[False], models[True])
    tokens, labels = np.array([[1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1]], "int32"), np.array([1, 0], "float32")
    losses = [[models[ours].train_on_batch(tokens, labels)[0] for _ in range(3)] for ours in (False, True)]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)


def test_the_figures_are_written(tmp_path: Path) -> None:
    spread = {"median": 2.0, "min": 1.0, "max": 3.0}
    times = {"keras": spread, "zoo": {"median": 1.0, "min": 0.5, "max": 1.5}}
    result = {
        "device": "abacus",
        "steps": {
            "milliseconds": times,
            "times_as_fast": spread,
            "first_step_seconds": {"keras": 4.0, "zoo": 5.0},
        },
        "race": {
            "example": {"seconds": 80.0, "accuracy": 0.8},
            "zoo": {"seconds": 20.0, "accuracy": 0.9, "cell": "gru"},
            "share_of_the_time": 0.25,
        },
    }
    text = bench_imdb.write(result, tmp_path)
    assert "| zoo | 1.0 (0.5–1.5) | 5.0 |" in text
    assert "2.00 times as fast (1.00–3.00)." in text
    assert "| example | 80 | 0.8000 |" in text
    assert "Share of the example's time: 0.25." in text
    assert read_json(tmp_path / "imdb.json") == result
    assert (tmp_path / "imdb.md").read_text("utf-8") == text
    assert "step of training" not in bench_imdb.markdown(
        {"device": "abacus", "example": {"seconds": 1, "accuracy": 1}}
    )
