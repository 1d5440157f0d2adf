from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.zoo.tasks.forecasting.examples import model, prepared, randomise, series, windows_of_test
from zoo.tasks.forecasting.options import AnswerOptions
from zoo.tasks.forecasting.pieces import PIECES, splitter
from zoo.tasks.forecasting.serving import rows
from zoo.tasks.forecasting.task import TASK


def inputs_of(of, count: int = 5) -> dict[str, np.ndarray]:
    return windows_of_test(of).inputs(np.arange(count))


def point_forecast(built: keras.Model, inputs: dict[str, np.ndarray]) -> np.ndarray:
    quantiles = np.array(built({name: tf.constant(values) for name, values in inputs.items()})["forecast"])
    return quantiles[..., quantiles.shape[-1] // 2]


@pytest.mark.parametrize("base", ["auto", "none"])
@pytest.mark.parametrize("quantiles", [1, 3])
def test_the_pieces_are_the_forecast(base: str, quantiles: int) -> None:
    of = prepared(series(90, past=1, future=1), base=base, quantiles=quantiles)
    built, inputs = model(of), inputs_of(of)
    split = splitter(built, of.learned.specification)(inputs)
    assert tuple(split) == PIECES
    np.testing.assert_allclose(sum(split.values()), point_forecast(built, inputs), rtol=1e-6)
    assert all(np.abs(split[piece]).mean() > 0.01 for piece in PIECES)


def test_the_base_is_that_of_the_data_whatever_the_model_has_learnt() -> None:
    of = prepared(series(90), base="auto")
    base = of.learned.base
    assert base is not None
    inputs = inputs_of(of)
    split = splitter(model(of), of.learned.specification)(inputs)
    np.testing.assert_allclose(split["base"], base(inputs["values"]), rtol=1e-6)


@pytest.mark.parametrize("normalise", ["last", "log"])
def test_without_a_base_forecast_it_is_the_last_value(normalise: str) -> None:
    of = prepared(series(90), normalise=normalise)
    inputs = inputs_of(of)
    split = splitter(model(of), of.learned.specification)(inputs)
    np.testing.assert_allclose(split["base"], np.repeat(inputs["values"][:, -1:], 4, axis=1), rtol=1e-6)


def test_the_calendar_is_what_changes_with_its_waves() -> None:
    """With every wave at 0 the calendar's piece is 0 and the correction is as it was; covariates stay."""
    of = prepared(series(90, future=1), calendar=True)
    built, inputs = model(of), inputs_of(of)
    split = splitter(built, of.learned.specification)(inputs)
    cleared = dict(inputs)
    for name in ("future_before", "future"):
        cleared[name] = np.concatenate([inputs[name][..., :1], 0 * inputs[name][..., 1:]], axis=-1)
    again = splitter(built, of.learned.specification)(cleared)
    np.testing.assert_allclose(again["correction"], split["correction"], rtol=1e-5, atol=1e-5)
    assert np.abs(again["calendar"]).max() == 0


def test_without_a_calendar_there_are_two() -> None:
    of = prepared(series(90), calendar=False)
    assert tuple(splitter(model(of), of.learned.specification)(inputs_of(of))) == PIECES[:2]


def test_a_calibrated_model_has_the_same_pieces() -> None:
    from zoo.tasks.forecasting.calibration import Calibration, with_calibration

    of = prepared(series(90), quantiles=3, base="auto")
    built, inputs = model(of), inputs_of(of)
    wider = Calibration(np.full((4, 2, 3), 2.0), np.zeros((4, 2)))
    split, again = (
        splitter(each, of.learned.specification)(inputs) for each in (built, with_calibration(built, wider))
    )
    for piece in split:
        np.testing.assert_allclose(again[piece], split[piece], rtol=1e-6)


def test_answers_tell_them_when_asked() -> None:
    one = series(90)
    of = prepared(one, quantiles=3)
    built = model(of)
    randomise(built, seed=3)
    server = TASK.serve(built, of.learned)
    plain, told = rows(server, [one]), rows(server, [one], AnswerOptions(pieces=True))
    assert not set(PIECES) & set(plain[0])
    assert list(told[0])[3:7] == ["forecast", *PIECES]
    assert {**told[0], **plain[0]} == told[0]
    for row in told:
        assert sum(row[piece] for piece in PIECES) == pytest.approx(row["forecast"], rel=1e-6)
