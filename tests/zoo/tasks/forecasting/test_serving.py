from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from datasets.errors import UserError
from tests.zoo.elsewhere import Elsewhere
from tests.zoo.running import every_cell
from tests.zoo.tasks.forecasting.examples import model, prepared, series, windows_of_test
from zoo import serving
from zoo.tasks.forecasting.serving import described, parse, rows
from zoo.tasks.forecasting.task import TASK

ONE = series(80, past=1, future=2)
PLAIN = """
import json, numpy as np, tensorflow as tf
loaded = tf.saved_model.load({export!r})
arrays = dict(np.load({arrays!r}))
answer = loaded.signatures["serving_default"](**{{name: tf.constant(array) for name, array in arrays.items()}})
print(json.dumps({{name: value.numpy().tolist() for name, value in answer.items()}}))
"""


@pytest.fixture(scope="module")
def served():
    of = prepared(ONE, decoder="segments", channels="independent", quantiles=3)
    built = model(of)
    return of, built, TASK.serve(built, of.learned)


def raw(stop: int) -> dict[str, np.ndarray]:
    """What is known at a step: everything before it, and the future covariates and times of four steps more."""
    assert ONE.time is not None
    seconds = ONE.time.astype("datetime64[s]").astype(np.int64)
    return {
        "values": ONE.values[None, :stop].copy(),
        "past": ONE.past[None, :stop],
        "future": ONE.future[None, : stop + 4],
        "time": seconds[None, : stop + 4],
    }


def at(of, built, origin: int) -> np.ndarray:
    """What evaluation says of an origin."""
    windows = windows_of_test(of)
    which = np.flatnonzero(windows.index[:, 1] == origin)
    inputs = {name: tf.constant(array) for name, array in windows.inputs(which).items()}
    return np.array(built(inputs)["forecast"])


def test_raw_series_of_any_length_give_the_forecasts_of_the_evaluation(served):
    of, built, server = served
    answer = server(**{name: tf.constant(array) for name, array in raw(70).items()})
    np.testing.assert_allclose(answer["quantiles"], at(of, built, 70), rtol=1e-5)
    np.testing.assert_array_equal(answer["forecast"], answer["quantiles"][..., 1])
    np.testing.assert_allclose(answer["levels"], [0.25, 0.5, 0.75])
    short = {name: tf.constant(array[:, 70 - 6 :]) for name, array in raw(70).items()}
    np.testing.assert_allclose(server(**short)["quantiles"], answer["quantiles"], rtol=1e-6)


def test_the_saved_model_answers_alone(served, elsewhere: Elsewhere, tmp_path: Path) -> None:
    of, built, server = served
    serving.save(server, tmp_path / "export")
    batch = {name: np.concatenate([array, array + 1]) for name, array in raw(70).items()}
    np.savez(tmp_path / "arrays.npz", **batch)  # type: ignore[arg-type]
    script = PLAIN.format(export=str(tmp_path / "export"), arrays=str(tmp_path / "arrays.npz"))
    answer = json.loads(elsewhere.run(script))
    np.testing.assert_allclose(np.array(answer["quantiles"])[:1], at(of, built, 70), rtol=1e-5)
    assert np.array(answer["forecast"]).shape == (2, 4, 2)


@pytest.mark.parametrize("decoder", ["direct", "autoregressive"])
@every_cell()
def test_every_cell_is_exported_and_agrees_with_the_live_model(cell, decoder, tmp_path: Path):
    of = prepared(ONE, decoder=decoder)
    built = model(of, cell)
    serving.save(TASK.serve(built, of.learned), tmp_path / "export")
    answer = tf.saved_model.load(str(tmp_path / "export")).signatures["serving_default"]
    given = {name: tf.constant(array) for name, array in raw(70).items()}
    np.testing.assert_allclose(answer(**given)["forecast"], at(of, built, 70)[..., 0], rtol=1e-5)


def test_callers_whose_numbers_are_float32_have_a_function_of_their_own(served, tmp_path: Path) -> None:
    """What a caller of version 0.1 passed to `serving_default` goes to `serving_float32` as it is."""
    of, built, server = served
    serving.save(server, tmp_path / "export")
    loaded = tf.saved_model.load(str(tmp_path / "export"))
    given = {
        name: tf.constant(array, tf.float32 if array.dtype == np.float64 else None)
        for name, array in raw(70).items()
    }
    answer = loaded.signatures["serving_float32"](**given)
    assert {name: value.dtype for name, value in answer.items()} == dict.fromkeys(answer, tf.float32)
    np.testing.assert_allclose(answer["quantiles"], at(of, built, 70), rtol=1e-5)
    with pytest.raises((TypeError, tf.errors.InvalidArgumentError), match=r"float32.*float64|double"):
        loaded.signatures["serving_default"](**given)


def test_a_large_level_is_served_as_a_small_one(served, tmp_path: Path) -> None:
    """Half steps at 1.2e9, which float32 has not, down to the rows that are written."""
    *_, server = served
    serving.save(server, tmp_path / "export")
    answer = tf.saved_model.load(str(tmp_path / "export")).signatures["serving_default"]
    small = raw(70)
    small["values"] = np.round(2 * small["values"]) / 2
    large = small | {"values": small["values"] + 1.2e9}
    of_small, of_large = (
        answer(**{name: tf.constant(array) for name, array in given.items()})["quantiles"]
        for given in (small, large)
    )
    np.testing.assert_allclose(of_large - 1.2e9, of_small, atol=1e-5)
    known = dataclasses.replace(ONE.until(70), future=ONE.future[:74], values=large["values"][0])
    written = [row["forecast"] for row in rows(server, [known])]
    np.testing.assert_allclose(np.array(written) - 1.2e9, np.ravel(of_small[..., 1]), atol=1e-5)


def test_too_short_and_infinite_series_are_refused(served):
    _, _, server = served
    short = {name: tf.constant(array[:, -9:]) for name, array in raw(70).items()}
    short["values"] = short["values"][:, -5:]
    with pytest.raises(tf.errors.InvalidArgumentError, match="a series must have at least 6 steps"):
        server(**short)
    for name, more in (("past", 0), ("future", 4), ("time", 4)):
        other = {**raw(70), name: raw(70)[name][:, :-1]}
        with pytest.raises(tf.errors.InvalidArgumentError, match=f"{name} must have {more} steps more than"):
            server(**{name: tf.constant(array) for name, array in other.items()})
    broken = raw(70)
    broken["values"][0, 2, 1] = np.nan
    with pytest.raises(tf.errors.InvalidArgumentError, match="values must be finite numbers"):
        server(**{name: tf.constant(array) for name, array in broken.items()})


def test_rows_carry_time_stamps(served):
    of, built, server = served
    known = dataclasses.replace(ONE.until(70), future=ONE.future[:74])
    found = rows(server, [known])
    assert ONE.time is not None
    assert [row["time"] for row in found[::2]] == [str(time).replace("T", " ") for time in ONE.time[70:74]]
    assert [row["variable"] for row in found] == ["u", "v"] * 4
    assert list(found[0]) == ["series", "time", "variable", "forecast", "q0.25", "q0.5", "q0.75"]
    np.testing.assert_allclose(
        [row["q0.75"] for row in found], at(of, built, 70)[0, :, :, 2].ravel(), rtol=1e-5
    )


def test_a_series_that_is_too_short_is_left_out_by_name(served, capsys: pytest.CaptureFixture[str]) -> None:
    """The others get what they get alone; one that is told is never silent."""
    _, _, server = served
    known = dataclasses.replace(ONE.until(70), future=ONE.future[:74])
    short = dataclasses.replace(known.until(5), name="new", future=ONE.future[:9])
    assert rows(server, [short, known]) == rows(server, [known])
    assert capsys.readouterr().err == (
        "no forecast for 1 of 2 series, which have fewer than the 6 steps that the model reads: new (5)\n"
    )
    with pytest.raises(UserError, match="series new, the longest of 2, has 5 steps; the model reads 6"):
        rows(server, [ONE.until(4), short])


def test_what_is_missing_is_told(served):
    _, _, server = served
    with pytest.raises(UserError, match=r"series a: add 4 rows after the last one, with f, g of the steps"):
        rows(server, [ONE.until(70)])
    with pytest.raises(UserError, match="series a has 5 steps; the model reads 6"):
        rows(server, [ONE.until(5)])
    with pytest.raises(UserError, match="has 1 variables; the model forecasts u, v"):
        rows(server, [dataclasses.replace(ONE, values=ONE.values[:, :1])])
    with pytest.raises(UserError, match="has no time stamps"):
        rows(server, [dataclasses.replace(ONE.until(70), future=ONE.future, time=None)])


def test_description(served):
    _, _, server = served
    about = described(server)
    assert about["variables"] == ("u", "v")
    assert (about["past"], about["future"], about["step"]) == (("p",), ("f", "g"), ("h",))
    assert (about["window"], about["horizon"], about["scored"]) == (6, 4, 4)


def test_numbers_on_the_command_line():
    assert parse("1, 2.5 3").values[:, 0].tolist() == [1, 2.5, 3]
    with pytest.raises(UserError, match="'one two' is no series of numbers"):
        parse("one two")
