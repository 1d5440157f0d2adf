from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.bench import scan as bench_scan
from experiments.bench.shapes import Shape


def table() -> pd.DataFrame:
    """Figures by hand: the minimal GRU is four times as fast as the LSTM."""
    rows = [
        {**Shape(2, 9, 3, 4).sizes(), "mode": "train", "cell": cell, "engine": engine}
        | {"low": median - 1, "median": median, "high": median + 1, "first": 1500.0}
        | {"times_lstm_low": ratio - 0.5, "times_lstm": ratio, "times_lstm_high": ratio + 0.5}
        for cell, engine, median, ratio in (("lstm", "fused", 8.0, 1.0), ("min_gru", "parallel", 2.0, 4.0))
    ]
    return pd.DataFrame(rows)


def test_the_report_names_shapes_ratios_and_what_else_ran(tmp_path: Path) -> None:
    text = bench_scan.write(table(), {"device": "CPU"}, "Taken while tests ran.", tmp_path)
    assert (tmp_path / "scan.md").read_text("utf-8") == text
    assert "CPU. float32. Taken while tests ran." in text
    line = "| 2 × 9 × 3 × 4 | train | min_gru | parallel | 2.0 (1.0 to 3.0) | 4.00 (3.50 to 4.50) | 1.5 |"
    assert line in text.splitlines()
    assert len(pd.read_csv(tmp_path / "scan.csv")) == 2


def test_ratios_are_taken_within_a_round() -> None:
    times = {("a", "train"): [8.0, 6.0], ("b", "train"): [2.0, 6.0]}
    assert bench_scan._ratios(times, "a", "b", "train") == [4.0, 1.0]
    assert bench_scan._quartiles("x", [1.0, 3.0]) == {"x_low": 1.5, "x": 2.0, "x_high": 2.5}


@pytest.mark.slow
def test_all_contestants_of_a_cell_agree_and_are_timed() -> None:
    found = bench_scan.measure((Shape(3, 5, 2, 4),), rounds=2)
    assert {*zip(found["cell"], found["engine"], strict=True)} == set(bench_scan.WAYS)
    assert (found[["median", "first", "times_lstm"]] > 0).all(axis=None)
    np.testing.assert_array_equal(found.loc[found["cell"] == "lstm", "times_lstm"], 1.0)
