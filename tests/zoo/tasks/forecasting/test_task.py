from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from datasets.errors import UserError
from tests.zoo.conftest import call
from tests.zoo.tasks.forecasting.examples import dataset, prepared, series, windows_of_test
from zoo.tasks.forecasting.task import TASK, Options

SMALL = ("--units", "4", "--epochs", "2", "--window", "12", "--horizon", "3", "--no-ets", "--ar-lags", "2")
LEVELLED = ("--normalise", "last", "--base", "none")  # at any level alike


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """A finished run on a little weather; only to be read."""
    from zoo.run import main

    out = tmp_path_factory.mktemp("forecasting") / "run"
    done = call(
        main, "forecasting", "--out", out, "--stations", 1, "--hours", 260, "--export", *SMALL, *LEVELLED
    )
    assert done.code == 0, done.err
    return out


def test_a_run_leaves_scores_beside_rows_pictures_and_an_export(run: Path):
    metrics = json.loads((run / "metrics.json").read_text())
    assert set(metrics["baselines"]) == {
        "last value", "last value of 24 steps before", "drift", "AR(2)", "linear map",
    }  # fmt: skip
    for split in ("dev", "test"):
        assert set(TASK.headline) <= set(metrics[split])
    assert metrics["ceiling"]["rmse"] == 0.5
    assert len(metrics["details"]["mae_by_step"]) == 3
    assert metrics["details"]["nominal_coverage"] == pytest.approx(0.8)
    for name in ("forecasts.png", "history.png", "export/saved_model.pb", "model.keras"):
        assert (run / name).exists(), name


def test_predict_continues_a_file_with_time_stamps(run: Path, tmp_path: Path):
    from zoo.predict import main

    rows = [f"2024-05-01 {hour:02d}:00,{10 + hour},{0.5},{0.1 * (hour % 10)}" for hour in range(20)]
    rows += [f"2024-05-01 {hour:02d}:00,,,{0.3}" for hour in (20, 21, 22)]
    path = tmp_path / "mine.csv"
    path.write_text("\n".join(["time,temperature,humidity,cloud", *rows]))
    done = call(main, run, "--file", path, "--out", tmp_path / "answers.csv")
    assert done.code == 0, done.err
    with (tmp_path / "answers.csv").open() as file:
        found = list(csv.DictReader(file))
    assert [row["time"] for row in found] == [f"2024-05-01 {hour}:00:00" for hour in (20, 21, 22)]
    assert {row["variable"] for row in found} == {"temperature"}
    assert float(found[0]["q0.1"]) <= float(found[0]["forecast"]) <= float(found[0]["q0.9"])
    assert found[0]["forecast"] == found[0]["q0.5"]


def test_predict_writes_every_digit_of_a_large_level(run: Path, tmp_path: Path) -> None:
    """The forecasts of a series 1.2e9 higher are 1.2e9 higher, in CSV and in JSON, of which pandas rounds numbers."""
    from zoo.predict import main

    found: list[list[float]] = []
    for level, name in ((0, "small.jsonl"), (1_200_000_000, "large.jsonl"), (1_200_000_000, "large.csv")):
        rows = [f"2024-05-01 {hour:02d}:00,{level + hour % 5 / 2},0.5,0.1" for hour in range(20)]
        rows += [f"2024-05-01 {hour:02d}:00,,,0.3" for hour in (20, 21, 22)]
        path, out = tmp_path / "mine.csv", tmp_path / name
        path.write_text("\n".join(["time,temperature,humidity,cloud", *rows]))
        done = call(main, run, "--file", path, "--out", out)
        assert done.code == 0, done.err
        lines = out.read_text().splitlines()
        answers = [*csv.DictReader(lines)] if out.suffix == ".csv" else [json.loads(line) for line in lines]
        found.append([float(answer["forecast"]) for answer in answers])
    small, large, as_csv = found
    assert large == as_csv
    assert np.array(large) - 1.2e9 == pytest.approx(np.array(small), abs=2e-6)


def test_predict_fills_a_file_when_asked(run: Path, tmp_path: Path):
    from zoo.predict import main

    rows = [f"2024-05-01 {hour:02d}:00,{10 + hour},{0.5},{0.1}" for hour in range(20) if hour != 7]
    rows += [f"2024-05-01 {hour:02d}:00,,,{0.3}" for hour in (20, 21, 22)]
    path = tmp_path / "mine.csv"
    path.write_text("\n".join(["time,temperature,humidity,cloud", *rows]))
    refused = call(main, run, "--file", path)
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "give --fill last" in refused.err
    done = call(main, run, "--file", path, "--fill", "linear", "--out", tmp_path / "answers.csv")
    assert done.code == 0, done.err
    with (tmp_path / "answers.csv").open() as file:
        assert [row["time"][11:13] for row in csv.DictReader(file)] == ["20", "21", "22"]


def test_predict_tells_what_is_wrong_in_one_line(run: Path, tmp_path: Path):
    from zoo.predict import main

    path = tmp_path / "mine.csv"
    path.write_text("time,temperature,humidity\n2024-05-01,1,2\n")
    done = call(main, run, "--file", path)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "the model's column cloud: no such column" in done.err
    assert "has 3 steps; the model reads 12" in call(main, run, "1 2 3").err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--quantiles", "4"), "--quantiles 4: give an odd number"),
        (("--window", "5000"), "no train window fits"),
        (("--decoder", "segments", "--window", "10"), "--window 10 is no multiple of --segment 24"),
    ],
)
def test_a_run_tells_what_is_wrong_in_one_line(tmp_path: Path, options: tuple[str, ...], message: str):
    from zoo.run import main

    done = call(main, "forecasting", "--hours", 260, "--stations", 1, "--out", tmp_path / "run", *options)
    assert done.code == 2
    assert message in done.err.splitlines()[-1]


def test_what_is_stored_is_enough_to_answer():
    of = prepared(series(80, past=1, future=2), quantiles=3)
    again = TASK.restore(json.loads(json.dumps(of.learned.to_json())), of.learned.options)
    assert again.to_json() == of.learned.to_json()
    assert again.specification == of.learned.specification


def test_scaling_is_learnt_over_all_series_of_train():
    both = [series(60, name="a"), series(60, name="b", seed=1)]
    of = prepared(*both)
    values = np.concatenate([one.values[:36] for one in both])
    np.testing.assert_allclose(of.learned.statistics["values"][0], values.mean(axis=0))
    np.testing.assert_allclose(of.learned.statistics["values"][1], values.std(axis=0))
    np.testing.assert_allclose(
        of.train.mase_scale[1], np.abs(values[36 + 24 :] - values[36:-24]).mean(axis=0)
    )


@pytest.mark.parametrize(("asked", "of_the_data", "horizon"), [(3, 5, 3), (None, 5, 5), (None, 0, 10)])
def test_the_horizon_is_that_of_the_data_unless_given(asked: int | None, of_the_data: int, horizon: int):
    data = dataset(series(160))
    data = replace(data, info=replace(data.info, horizon=of_the_data))
    learned = TASK.prepare(data, Options(window=6, horizon=asked), 8).learned
    assert learned.specification.horizon == horizon
    stored = json.loads(json.dumps(learned.to_json()))
    assert TASK.restore(stored, learned.options).specification.horizon == horizon


def test_the_season_goes_by_the_step_unless_given():
    assert prepared().learned.season == 24
    assert prepared(season=5).learned.season == 5


def test_a_season_that_no_training_series_has_is_told():
    with pytest.raises(
        UserError, match=r"--season 1000: the longest series has 36 steps of training \(a\); give fewer"
    ):
        prepared(season=1000)


def test_forecasts_that_are_no_numbers_score_nan():
    of = prepared()
    predictions = np.full((len(of.valid), 4, 2, 1), np.nan)
    assert np.isnan(TASK.score(of.learned, predictions, of.valid)["loss"])


def test_even_quantiles_are_refused():
    with pytest.raises(UserError, match="odd number"):
        Options(quantiles=2)


def test_a_loss_that_quantiles_have_no_use_for_is_refused():
    with pytest.raises(
        UserError, match="--loss mse: is of point forecasts, and --quantiles 9 asks for quantiles"
    ):
        prepared(loss="mse", quantiles=9)
    prepared(loss="mse", quantiles=1)


def test_the_rows_beside_are_those_of_the_options():
    of = prepared(series(120), ets=True, ar_lags=3, season=4)
    assert set(TASK.baselines(of)(windows_of_test(of))) == {
        "last value", "last value of 4 steps before", "drift", "AR(3)", "ETS", "linear map",
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.real
def test_last_value_under_the_published_protocols(data_dir: Path):
    """Zeng et al. 2023 give repeat-last 1.295 MSE on ETTh1 at horizon 96; ours differs in rounding alone."""
    import datasets

    data = datasets.load(
        str(data_dir / "ett" / "ETTh1.csv"), TASK.fields, {"split_steps": ("8640", "2880", "2880")}
    )
    of = TASK.prepare(
        data, Options(window=96, horizon=96, quantiles=1, calendar=False, ets=False, stride=50), 64
    )
    windows = windows_of_test(of)
    assert len(windows) == 2785
    last = np.repeat(windows.raw(np.arange(len(windows)), -1, 0), 96, axis=1)[..., None]
    assert TASK.score(of.learned, last, windows)["mse_scaled"] == pytest.approx(1.295, abs=0.001)
