from __future__ import annotations

import math

import numpy as np
import pytest

from zoo.generation.scores import teacher_forced_metrics


def test_metrics_over_all_tokens() -> None:
    metrics = teacher_forced_metrics(np.log([2.0, 8.0]), np.array([1.0, 0.0]))
    assert metrics == {"loss": pytest.approx(math.log(4)), "perplexity": pytest.approx(4), "accuracy": 0.5}
    assert math.isnan(teacher_forced_metrics(np.array([np.nan]), np.array([1.0]))["accuracy"])
    assert math.isfinite(teacher_forced_metrics(np.array([1e9]), np.array([0.0]))["perplexity"])


def test_without_tokens_nothing_is_perfect() -> None:
    """A loss of 0 and a perplexity of 1 would be."""
    metrics = teacher_forced_metrics(np.zeros(0), np.zeros(0))
    assert {name: math.isnan(value) for name, value in metrics.items()} == {
        "loss": True, "perplexity": True, "accuracy": True,
    }  # fmt: skip
