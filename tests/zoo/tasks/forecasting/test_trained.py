"""What only a trained model shows."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import RunPython
from tests.zoo.conftest import call
from tests.zoo.stopping import KILLED
from zoo.pipeline import load_run
from zoo.run import main

#: Few values, so that the base forecast, its offsets and the calibration are made of a short dev split.
SMALL = (
    *("--units", "6", "--epochs", "3", "--window", "16", "--horizon", "4", "--no-ets", "--ar-lags", "2"),
    *("--least-steps", "12", "--average", "0.8"),
)


def waves(length: int, size: float, seed: int) -> np.ndarray:
    """A season of 12 steps, a slow wave and noise, around a level."""
    t = np.arange(length)
    noise = np.random.default_rng(seed).normal(size=length)
    return size * (10 + np.sin(2 * np.pi * t / 12) + 0.5 * np.sin(t / 17 + seed) + 0.2 * noise)


def table(path: Path, **columns: np.ndarray) -> Path:
    """A long table of series by name."""
    rows = [
        f"{name},{n},{value!r}" for name, values in columns.items() for n, value in enumerate(values.tolist())
    ]
    path.write_text("\n".join(["unique_id,ds,y", *rows]) + "\n")
    return path


def trained(data: Path, out: Path, *options: object) -> dict:
    done = call(main, "forecasting", "--dataset", data, "--out", out, *SMALL, *options)
    assert done.code == 0, done.err
    return json.loads((out / "metrics.json").read_text())


@pytest.mark.slow
def test_a_killed_and_resumed_run_ends_like_an_unbroken_one(run_python: RunPython, tmp_path: Path) -> None:
    """Base forecast, offsets and calibration included."""
    data = table(tmp_path / "t.csv", a=waves(160, 1.0, 0))
    unbroken, out = tmp_path / "unbroken", tmp_path / "run"
    expected = trained(data, unbroken)
    command = ["forecasting", "--dataset", str(data), "--out", str(out), *SMALL, "--checkpoint-seconds", "0"]
    done = run_python("-c", KILLED, "19", *command)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert not (out / "metrics.json").exists()
    answer = call(main, "--resume", out)
    assert answer.code == 0, answer.err
    found = json.loads((out / "metrics.json").read_text())
    for timed in ("seconds", "peak_memory_bytes"):
        del found[timed], expected[timed]
    assert found == expected
    (_, one), (_, other) = (load_run(folder) for folder in (unbroken, out))
    assert {"base", "correction", "calibrated"} <= {layer.name for layer in one.layers}
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert (unbroken / "prepared.json").read_bytes() == (out / "prepared.json").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("base", ["auto", pytest.param("none", marks=pytest.mark.exhaustive)])
def test_series_a_million_times_apart_are_learnt_as_well_as_alone(base: str, tmp_path: Path) -> None:
    small, large = waves(300, 1.0, 0), waves(300, 1e6, 1)
    options = (
        "--base",
        base,
        "--epochs",
        "8",
        "--least-steps",
        "40",
        "--learning-rate",
        "0.01",
        "--season",
        "8",
    )
    together = trained(table(tmp_path / "both.csv", a=small, b=large), tmp_path / "both", *options)
    mase = {row["series"]: row["scores"]["mase"] for row in together["details"]["by_series"]}
    for name, values in (("a", small), ("b", large)):
        alone = trained(table(tmp_path / f"{name}.csv", y=values), tmp_path / name, *options)
        # Without a base forecast so short a training ends here and there, by the machine's last bits.
        assert mase[name] < (1.15 if base == "auto" else 1.6) * alone["test"]["mase"]
        assert mase[name] < 0.9 * alone["baselines"]["last value"]["test"]["mase"]


@pytest.mark.slow
def test_what_was_chosen_is_stored_and_told(tmp_path: Path) -> None:
    """In `prepared.json` what the data decided, in `config.json` what the user said, in the notes both."""
    data = table(tmp_path / "t.csv", a=waves(200, 1.0, 0), b=waves(200, 1e6, 1))
    options = ("--units", "4", "--epochs", "1", "--least-steps", "1", "--no-ets", "--ar-lags", "2")
    done = call(main, "forecasting", "--dataset", data, "--out", tmp_path / "run", *options)
    assert done.code == 0, done.err
    config = json.loads((tmp_path / "run" / "config.json").read_text())["config"]["options"]
    assert {name: config[name] for name in ("window", "horizon", "season", "normalise", "base")} == {
        "window": None, "horizon": None, "season": 0, "normalise": "auto", "base": "auto",
    }  # fmt: skip
    stored = json.loads((tmp_path / "run" / "prepared.json").read_text())
    chosen = stored["chosen"]
    assert chosen["season"] == stored["season"] == 12
    assert chosen["normalise"] in ("difference", "log")
    assert 1 <= len(stored["base"]["members"]) <= 5
    notes = " ".join(json.loads((tmp_path / "run" / "metrics.json").read_text())["notes"])
    sizes = f"each reads {chosen['window']} steps and forecasts {chosen['horizon']} up to {chosen['horizon']} ahead"
    assert f"{sizes}; season 12" in notes
    assert "(chosen by the data; --normalise says otherwise)" in notes
    assert ", ".join(stored["base"]["members"]) in notes
    for note in ("each reads", "windows are normalised", "corrects a base forecast"):
        assert note in done.err
