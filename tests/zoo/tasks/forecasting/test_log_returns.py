from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from datasets.errors import UserError
from tests.zoo.tasks.forecasting.examples import model, prepared, series, windows_of_test
from zoo.tasks.forecasting.log_returns import HEADLINE, ROW, by_mean_return, mean_returns, return_metrics
from zoo.tasks.forecasting.options import AnswerOptions, Options
from zoo.tasks.forecasting.serving import rows
from zoo.tasks.forecasting.task import TASK


def prices(length: int = 90, name: str = "a", seed: int = 0):
    one = series(length, name=name, seed=seed)
    return replace(one, values=100 * np.exp(one.values / 50))


def test_returns_and_directions_of_a_few_values() -> None:
    last = np.array([[[100.0]], [[100.0]], [[200.0]], [[50.0]]])
    y = np.array([[[110.0]], [[90.0]], [[200.0]], [[np.nan]]])
    forecasts = np.array([[[105.0]], [[101.0]], [[210.0]], [[60.0]]])
    found = return_metrics(forecasts, y, last)
    errors = np.array([np.log(110 / 105), np.log(90 / 101), np.log(200 / 210)])
    assert found["return_mae"] == pytest.approx(np.abs(errors).mean())
    assert found["return_rmse"] == pytest.approx(np.sqrt((errors**2).mean()))
    assert found["direction"] == 0.5  # the third did not move, the fourth is not known


def test_the_last_value_has_errors_and_no_direction() -> None:
    of = prepared(prices(), log_returns=True, normalise="auto", ets=False, ar_lags=2)
    windows = windows_of_test(of)
    scores = TASK.baselines(of)(windows)
    last = windows.raw(np.arange(len(windows)), -1, 0)
    moved = np.abs(np.log(windows.targets.values / last))
    assert scores["last value"]["return_mae"] == pytest.approx(moved.mean())
    assert np.isnan(scores["last value"]["direction"])
    assert set(HEADLINE[:3]) <= set(scores["AR(2)"])


def test_the_mean_return_of_train_always_says_its_direction() -> None:
    of = prepared(prices(), log_returns=True, ets=False, normalise="auto")
    windows, mean = windows_of_test(of), mean_returns(of.train.series)
    step = np.diff(np.log(of.train.series[0].values), axis=0).mean(axis=0)
    np.testing.assert_allclose(mean, step)
    last = windows.raw(np.arange(len(windows)), -1, 0)
    forecasts = by_mean_return(windows, mean)
    np.testing.assert_allclose(np.log(forecasts / last)[:, 2], np.broadcast_to(3 * step, (len(windows), 2)))
    right = np.sign(windows.targets.values - last) == np.sign(step)
    assert TASK.baselines(of)(windows)[ROW]["direction"] == pytest.approx(right.mean())


def test_nothing_of_dev_and_test_is_in_the_mean() -> None:
    one = prices()
    later = one.values.copy()
    later[54:] *= 3.0
    before, after = (
        mean_returns(prepared(replace(one, values=values), log_returns=True, normalise="auto").train.series)
        for values in (one.values, later)
    )
    np.testing.assert_array_equal(before, after)


def test_windows_are_normalised_by_logarithms_and_the_table_is_of_returns() -> None:
    of = prepared(prices(), log_returns=True, normalise="auto")
    assert of.learned.options.normalise == "log"
    assert TASK.headline_of(of.learned) == HEADLINE
    assert "chosen by the data" not in " ".join(of.notes)
    assert TASK.headline_of(prepared(prices()).learned) != HEADLINE


def test_what_has_no_returns_is_told() -> None:
    with pytest.raises(UserError, match="--normalise last: --log-returns goes with log"):
        Options(log_returns=True, normalise="last")
    one = series(90)
    with pytest.raises(UserError, match="--log-returns needs positive values in train"):
        prepared(replace(one, values=one.values - 50), log_returns=True, normalise="auto")


def test_answers_tell_them_when_asked() -> None:
    one = prices()
    of = prepared(one, normalise="log")
    server = TASK.serve(model(of), of.learned)
    for n, row in enumerate(rows(server, [one], AnswerOptions(log_returns=True))):
        assert row["log_return"] == pytest.approx(np.log(row["forecast"] / one.values[-1, n % 2]))
    negative = replace(one, values=-one.values)
    with pytest.raises(UserError, match="--log-returns: the last value of series a"):
        rows(server, [negative], AnswerOptions(log_returns=True))
