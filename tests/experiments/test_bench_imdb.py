from __future__ import annotations

import numpy as np
import pytest

from datasets.base import Split
from experiments import bench_imdb


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    for name, value in {"WORDS": 30, "TOKENS": 6, "UNITS": 4, "BATCH": 2}.items():
        monkeypatch.setattr(bench_imdb, name, value)


def test_texts_end_where_the_sequence_ends():
    examples = [{"text": "a b", "label": 1}, {"text": "a a a a a a a b", "label": 0}]
    split = Split(lambda: examples, 2)
    tokens, labels = bench_imdb.encode(split, bench_imdb.learn_encoder(split))
    assert tokens.tolist() == [[0, 0, 0, 0, 2, 3], [2, 2, 2, 2, 2, 3]]
    assert labels.tolist() == [1, 0]


def test_both_models_are_one_model():
    """Both give the same numbers before timing, and after a step on the same batch."""
    result = bench_imdb.measure_steps(runs=1)
    assert result["largest_difference"] < 1e-6
    assert result["times_as_fast"]["median"] > 0
    theirs, ours = bench_imdb.example_model(ours=False), bench_imdb.example_model(ours=True)
    bench_imdb.copy_weights(theirs, ours)
    tokens, labels = np.array([[1, 2, 3, 4, 5, 6]], "int32"), np.array([1.0], "float32")
    losses = [[model.train_on_batch(tokens, labels)[0] for _ in range(3)] for model in (theirs, ours)]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)
