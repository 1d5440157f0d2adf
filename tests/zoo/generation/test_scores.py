from __future__ import annotations

import math

import numpy as np
import pytest

from zoo.generation.scores import foreseen


def test_what_the_model_foresees():
    found = foreseen(np.log([2.0, 8.0]), np.array([1.0, 0.0]))
    assert found == {"loss": pytest.approx(math.log(4)), "perplexity": pytest.approx(4), "accuracy": 0.5}
    assert math.isnan(foreseen(np.array([np.nan]), np.array([1.0]))["accuracy"])
    assert math.isfinite(foreseen(np.array([1e9]), np.array([0.0]))["perplexity"])
