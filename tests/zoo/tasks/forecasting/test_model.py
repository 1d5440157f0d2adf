from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping

import keras
import numpy as np
import pytest
import tensorflow as tf

from datasets.errors import UserError
from tests.zoo.tasks.forecasting.examples import model, prepared, randomise, series
from zoo.config import RecurrentOptions
from zoo.factory import recurrent_factory
from zoo.tasks.forecasting.task import TASK

DECODERS = ("direct", "autoregressive", "segments")
KINDS = list(itertools.product(DECODERS, ("together", "independent")))


def forecasts(built, inputs) -> np.ndarray:
    return np.array(built({name: tf.constant(array) for name, array in inputs.items()})["forecast"])


def everything(decoder: str, channels: str, **options):
    """Two variables, both kinds of covariates and the calendar."""
    options = {"decoder": decoder, "channels": channels, "skip": "linear", "quantiles": 3, **options}
    return prepared(series(80, past=1, future=2), **options)


@pytest.mark.parametrize(("decoder", "channels"), KINDS)
def test_shapes_with_and_without_covariates_and_of_the_last_step(decoder: str, channels: str):
    for of in (
        everything(decoder, channels),
        everything(decoder, channels, only_last=True),
        prepared(decoder=decoder, channels=channels, calendar=False),
    ):
        steps = 1 if of.learned.options.only_last else 4
        found = forecasts(model(of), of.valid.load(np.arange(3)).inputs)
        assert found.shape == (8, steps, 2, of.learned.options.quantiles)
        assert (np.diff(found, axis=-1) >= 0).all()


@pytest.mark.parametrize("decoder", DECODERS)
def test_an_untrained_model_repeats_the_last_value(decoder: str):
    of = everything(decoder, "together")
    recurrent = recurrent_factory(RecurrentOptions(cell="vanilla", units=4, dropout=0.0))
    batch = of.valid.load(np.arange(8))
    found = forecasts(TASK.build(of, recurrent, of.learned.options), batch.inputs)
    expected = np.broadcast_to(batch.inputs["values"][:, -1:, :, None], found.shape)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize(("decoder", "channels"), KINDS)
def test_every_weight_learns(decoder: str, channels: str):
    of = everything(decoder, channels)
    built = model(of)
    batch = of.train.load(np.arange(8))
    with tf.GradientTape() as tape:
        losses = TASK.loss(tf.constant(batch.targets), built(dict(batch.inputs), training=True))
    assert losses.shape == (8,)
    gradients = tape.gradient(losses, built.trainable_variables)
    for variable, gradient in zip(built.trainable_variables, gradients, strict=True):
        assert float(tf.norm(tf.convert_to_tensor(gradient))) > 0, variable.path


@pytest.mark.parametrize("normalise", ["last", "standard"])
@pytest.mark.parametrize("decoder", DECODERS)
def test_a_shift_of_the_series_shifts_the_forecasts(decoder: str, normalise: str):
    of = prepared(decoder=decoder, normalise=normalise, calendar=False)
    built, inputs = model(of), of.valid.load(np.arange(8)).inputs
    shifted = {"values": inputs["values"] + 64}
    np.testing.assert_allclose(forecasts(built, shifted), forecasts(built, inputs) + 64, rtol=2e-5)


def test_standardised_windows_are_free_of_scale():
    of = prepared(normalise="standard", calendar=False)
    built, inputs = model(of), of.valid.load(np.arange(8)).inputs
    np.testing.assert_allclose(
        forecasts(built, {"values": inputs["values"] * 8}), forecasts(built, inputs) * 8, rtol=1e-4
    )


def test_without_normalisation_by_window_train_standardises():
    of = prepared(normalise="none", calendar=False)
    recurrent = recurrent_factory(RecurrentOptions(cell="vanilla", units=4))
    found = forecasts(TASK.build(of, recurrent, of.learned.options), of.valid.load(np.arange(2)).inputs)
    expected = series().values[:36].mean(axis=0)[:, None]
    np.testing.assert_allclose(found, np.broadcast_to(expected, found.shape), rtol=1e-5)


@pytest.mark.parametrize("decoder", DECODERS)
def test_independent_variables_do_not_see_each_other(decoder: str):
    for channels, sees in (("independent", False), ("together", True)):
        of = everything(decoder, channels)
        built, inputs = model(of), dict(of.valid.load(np.arange(8)).inputs)
        before = forecasts(built, inputs)
        inputs["values"] = inputs["values"] + np.array([0, 5], "f") * np.arange(6, dtype="f")[:, None]
        after = forecasts(built, inputs)
        assert not np.allclose(after[:, :, 1], before[:, :, 1])
        assert np.allclose(after[:, :, 0], before[:, :, 0]) != sees


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("name", ["past", "future_before", "future"])
def test_covariates_are_read(decoder: str, name: str):
    of = everything(decoder, "independent")
    built, inputs = model(of), dict(of.valid.load(np.arange(8)).inputs)
    before = forecasts(built, inputs)
    inputs[name] = inputs[name] + 0.5
    assert not np.allclose(forecasts(built, inputs), before)


def test_the_direct_decoder_sees_the_future_up_to_each_step_only():
    of = everything("direct", "together")
    built, inputs = model(of), dict(of.valid.load(np.arange(8)).inputs)
    before = forecasts(built, inputs)
    inputs["future"] = inputs["future"].copy()
    inputs["future"][:, 2:] += 1
    after = forecasts(built, inputs)
    np.testing.assert_allclose(after[:, :2], before[:, :2], rtol=1e-5)
    assert not np.allclose(after[:, 2:], before[:, 2:])


def test_autoregressive_decoding_feeds_its_own_forecast_back():
    """The second step is the first step of a model that has read the first step's forecast as one more value."""
    two = prepared(decoder="autoregressive", horizon=2, normalise="none", calendar=False)
    one = prepared(decoder="autoregressive", horizon=1, window=7, normalise="none", calendar=False)
    walks, steps = model(two), model(one)
    values = two.valid.load(np.arange(8)).inputs["values"]
    first = forecasts(walks, {"values": values})
    longer = np.concatenate([values, first[:, :1, :, 0]], axis=1)
    again = forecasts(steps, {"values": longer})
    np.testing.assert_allclose(again[:, 0], first[:, 1], rtol=1e-4)


@pytest.mark.parametrize("decoder", DECODERS)
def test_the_first_step_sees_its_own_covariates(decoder: str):
    of = everything(decoder, "together", horizon=1)
    built, inputs = model(of), dict(of.valid.load(np.arange(8)).inputs)
    before = forecasts(built, inputs)
    inputs["future"] = inputs["future"] + 1
    assert not np.allclose(forecasts(built, inputs), before)


def test_blocks_of_the_horizon_are_told_apart_and_cut():
    of = prepared(decoder="segments", segment=2, horizon=3, channels="independent", calendar=False)
    built = model(of)
    inputs = of.valid.load(np.arange(8)).inputs
    found = forecasts(built, inputs)
    assert found.shape[1] == 3
    blocks = built.get_layer("blocks")
    assert blocks.positions.shape == (2, 2)
    before = found.copy()
    blocks.positions.assign(blocks.positions.numpy() + np.array([[0.0], [1.0]]))
    after = forecasts(built, inputs)
    np.testing.assert_allclose(after[:, :2], before[:, :2], rtol=1e-6)
    assert not np.allclose(after[:, 2], before[:, 2])


@pytest.mark.parametrize(
    ("options", "recurrent", "message"),
    [
        ({"decoder": "segments", "segment": 4}, {}, "--window 6 is no multiple of --segment 4"),
        ({"decoder": "autoregressive"}, {"bidirectional": True}, "goes forward only"),
        ({"decoder": "autoregressive", "horizon": 120, "window": 2}, {}, "takes --horizon up to 100"),
    ],
)
def test_options_that_do_not_go_together(options: dict, recurrent: dict, message: str):
    with pytest.raises(UserError, match=message):
        model(prepared(series(800), **options), **recurrent)


@pytest.mark.parametrize(
    "cell", ["lstm", "gru", "vanilla", "mean", "keras_gru", "keras_lstm", "keras_simple_rnn"]
)
def test_every_cell_in_the_segment_wise_model_can_be_saved(cell: str, tmp_path):
    of = everything("segments", "independent")
    built = model(of, cell, layers=1 if cell == "mean" else 2)
    built.save(tmp_path / "model.keras")
    factory = recurrent_factory(RecurrentOptions(cell=cell))
    again = keras.models.load_model(
        tmp_path / "model.keras", custom_objects={factory.cell_class.__name__: factory.cell_class}
    )
    inputs = of.valid.load(np.arange(8)).inputs
    np.testing.assert_array_equal(forecasts(again, inputs), forecasts(built, inputs))
    randomise(again, 9)
    assert not np.allclose(forecasts(again, inputs), forecasts(built, inputs))


@pytest.mark.parametrize("normalise", ["last", "standard", "none"])
@pytest.mark.parametrize("quantiles", [1, 3])
def test_what_is_learnt_does_not_depend_on_the_level(normalise: str, quantiles: int):
    """Losses, gradients and scores of a series and its covariates at 1.2e9 are those at 1000, half steps and all."""
    found = []
    for level in (1e3, 1.2e9):
        one = series(80, past=1, future=1)
        values, past, future = (
            np.round(8 * array) / 8 + level for array in (one.values, one.past, one.future)
        )
        one = dataclasses.replace(one, values=values, past=past, future=future)
        of = prepared(one, normalise=normalise, quantiles=quantiles, season=3, ets=True)
        built, batch = model(of), of.train.load(np.arange(8))
        with tf.GradientTape() as tape:
            losses = TASK.loss(tf.constant(batch.targets), built(dict(batch.inputs), training=True))
        gradients = tape.gradient(losses, built.trainable_variables)
        plans = of.valid.plan(None)
        outputs: list[Mapping[str, np.ndarray]] = [
            {"forecast": forecasts(built, of.valid.load(planned).inputs)} for planned in plans
        ]
        scores = TASK.score(of.learned, of.valid.gather(plans, outputs), of.valid)
        rows = TASK.baselines(of)(of.valid)
        for each in (scores, *rows.values()):
            del each["smape"], each["wape"]  # they are relative to the level
        found.append((losses, [*map(np.array, gradients)], scores, rows))
    small, large = found
    np.testing.assert_allclose(large[0], small[0], rtol=1e-5)
    for gradient, expected in zip(large[1], small[1], strict=True):
        np.testing.assert_allclose(gradient, expected, atol=1e-5 * np.abs(expected).max())
    assert large[2] == pytest.approx(small[2], rel=1e-5)
    for name, row in small[3].items():
        assert large[3][name] == pytest.approx(row, rel=1e-3 if name == "ETS" else 1e-5), name


def test_mixed_precision_keeps_raw_values_in_float32():
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        of = prepared(calendar=False)
        recurrent = recurrent_factory(RecurrentOptions(cell="vanilla", units=4))
        built = TASK.build(of, recurrent, of.learned.options)
        values = of.valid.load(np.arange(8)).inputs["values"] + 10_000
        found = forecasts(built, {"values": values})
    finally:
        keras.mixed_precision.set_global_policy("float32")
    np.testing.assert_allclose(found[:, 0, :, 0], values[:, -1], rtol=1e-7)
