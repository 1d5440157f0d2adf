from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datasets.assembly.series import Cut
from tests.zoo.conftest import call
from tests.zoo.tasks.forecasting.examples import dataset, series, windows_of_test
from zoo.runtime.metric_names import fold_of
from zoo.tasks.forecasting.task import TASK, Options


def ready(*all_series, folds: int, steps: int = 4, **options: object):
    cut = Cut(last={one.name: (steps, folds * steps) for one in all_series}, folds=folds)
    chosen: dict[str, Any] = {
        "window": 6,
        "horizon": 4,
        "quantiles": 1,
        "normalise": "last",
        "base": "none",
        **options,
    }
    return TASK.prepare(dataset(*all_series, cut=cut), Options(**chosen), 8)


def test_each_fold_is_an_origin_of_its_own() -> None:
    of = ready(series(60), series(50, name="b"), folds=3)
    windows = windows_of_test(of)
    assert windows.index[:, 1].tolist() == [48, 52, 56, 38, 42, 46]
    assert windows.folds.tolist() == [0, 1, 2, 0, 1, 2]
    assert windows.targets.series.tolist() == [0, 0, 0, 1, 1, 1]
    assert not of.valid.folds.any()


def test_scores_of_folds_are_those_of_their_windows_alone() -> None:
    of = ready(series(60), series(50, name="b"), folds=3)
    windows = windows_of_test(of)
    draw = np.random.default_rng(0)
    predictions = windows.targets.values[..., None] + draw.normal(size=(6, 4, 2, 1))
    scores = TASK.score(of.learned, predictions, windows)
    errors = np.abs(predictions[..., 0] - windows.targets.values)
    for fold in range(3):
        assert scores[f"mae_fold_{fold + 1}"] == pytest.approx(errors[[fold, fold + 3]].mean())
    assert scores["mae"] == pytest.approx(errors.mean())
    assert "mae_fold_4" not in scores
    assert "mae_fold_1" not in TASK.score(of.learned, np.zeros((len(of.valid), 4, 2, 1)), of.valid)


def test_mase_is_in_units_of_what_came_before_all_folds() -> None:
    one = series(60)
    whole, folded = ready(one, folds=1, steps=12), ready(one, folds=3)
    np.testing.assert_array_equal(windows_of_test(folded).mase_scale, windows_of_test(whole).mase_scale)


def test_baselines_go_on_from_each_fold() -> None:
    of = ready(series(60), folds=3, ets=False, ar_lags=2)
    windows = windows_of_test(of)
    scores = TASK.baselines(of)(windows)["last value"]
    last = windows.raw(np.arange(3), -1, 0)
    for fold, errors in enumerate(np.abs(windows.targets.values - last)):
        assert scores[f"mae_fold_{fold + 1}"] == pytest.approx(errors.mean())


def test_a_run_tells_mean_and_deviation_by_fold(tmp_path: Path) -> None:
    from zoo.run import main

    path = tmp_path / "t.csv"
    values = np.random.default_rng(0).normal(size=90).cumsum()
    path.write_text("y\n" + "".join(f"{value:.4f}\n" for value in values))
    options = ("--units", 4, "--epochs", 1, "--window", 6, "--no-ets", "--least-steps", 1)
    done = call(
        main,
        "forecasting",
        "--dataset",
        path,
        "--out",
        tmp_path / "run",
        "--test-steps",
        5,
        "--folds",
        4,
        *options,
    )
    assert done.code == 0, done.err
    test = json.loads((tmp_path / "run" / "metrics.json").read_text())["test"]
    of_folds = [test[f"mae_fold_{n}"] for n in range(1, 5)]
    table = done.out[done.out.index("test mae by fold") :].splitlines()
    assert table[1].split() == ["fold", "1", "fold", "2", "fold", "3", "fold", "4", "mean", "deviation"]
    assert [float(text) for text in table[2].split()[-6:]] == pytest.approx(
        [*of_folds, np.mean(of_folds), np.std(of_folds, ddof=1)], abs=1e-4
    )
    assert test["mae"] == pytest.approx(np.mean(of_folds))


def test_a_fold_keeps_its_number_where_others_have_no_window() -> None:
    """Three steps in five folds are 1, 1, 0, 1 and 0 steps, eight are 2, 2, 1, 2 and 1."""
    short = dataset(series(60), cut=Cut(last={"a": (4, 3)}, folds=5)).test
    assert [(example["start"], example["fold"]) for example in short or ()] == [(57, 0), (58, 1), (59, 3)]
    whole, folded = (dataset(series(60), cut=Cut(last={"a": (4, 8)}, folds=folds)) for folds in (1, 5))
    assert "fold" not in next(iter(whole.test or ()))
    of = TASK.prepare(folded, Options(window=6, horizon=2, quantiles=1, normalise="last", base="none"), 8)
    windows = windows_of_test(of)
    assert windows.folds.tolist() == [0, 1, 3]
    scores = TASK.score(of.learned, windows.targets.values[..., None] + 1, windows)
    assert [name for name in scores if fold_of(name, "mae")] == [
        "mae_fold_1",
        "mae_fold_2",
        "mae_fold_4",
    ]
