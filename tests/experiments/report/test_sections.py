from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from experiments.report.reading import read
from experiments.report.sections import report
from tests.experiments.report.made_up import write_grid

SCORES = [0.81, 0.84, 0.8, 0.86]


def test_each_cell_stands_beside_the_best_baseline_with_an_interval(tmp_path: Path) -> None:
    baselines = {
        name: {"dev": {"accuracy": score}, "test": {"accuracy": score}}
        for name, score in (("majority", 0.5), ("bag of embeddings", 0.7))
    }
    write_grid(tmp_path, {"gru": SCORES}, baselines=baselines)
    sections = report(read(tmp_path), "title", 0).sections
    (section,) = (section for section in sections if section.title.startswith("Beside"))
    assert section.title == "Beside bag of embeddings, the best baseline"
    ((cell, seeds, mean, interval),) = section.tables[0].rows
    gaps = np.array(SCORES) - 0.7
    half = stats.sem(gaps) * stats.t.ppf(0.975, 3)
    assert (cell.text, seeds.value) == ("gru", 4)
    assert mean.value == pytest.approx(gaps.mean())
    low, high = (float(end) for end in interval.text.split(" to "))
    assert (low, high) == pytest.approx((gaps.mean() - half, gaps.mean() + half), abs=1e-4)


def test_one_seed_says_nothing_of_a_difference(tmp_path: Path) -> None:
    write_grid(tmp_path, {"gru": [0.8]})
    assert not [s for s in report(read(tmp_path), "title", 0).sections if s.title.startswith("Beside")]
