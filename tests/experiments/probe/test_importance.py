from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from experiments.probe import importance
from experiments.probe.__main__ import main
from tests.experiments.untrained import untrained_run
from tests.zoo.conftest import call


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Untrained, without a base forecast: it says the last value, with whatever is beside it."""
    folder = tmp_path_factory.mktemp("forecasting") / "run"
    sizes = ("--stations", "1", "--hours", "200", "--window", "12", "--horizon", "3")
    return untrained_run(folder, "forecasting", *sizes, "--base", "none", "--normalise", "last")


def test_a_model_that_says_the_last_value_rests_on_it_alone(run: Path, tmp_path: Path) -> None:
    text = importance.run(importance.Options(run=str(run), windows=20, blocks=4, repeats=2), tmp_path)
    frame = pd.read_csv(tmp_path / "importance.csv")
    more = {(row.kind, row.part): row.more for row in frame.fillna("").itertuples()}
    assert more.pop(("steps", "1 to 3")) > 0.01
    assert set(more.values()) == {0.0}
    assert {"temperature", "humidity", "cloud", "day", "10 to 12"} <= {part for _, part in more}
    assert "| calendar | day |" in text
    assert "| 10 to 12 |" in text
    for name in ("importance.png", "pieces.png", "importance.md"):
        assert (tmp_path / name).stat().st_size > 500


def test_a_run_of_another_task_is_told_in_one_line(sentiment_run: Path, tmp_path: Path) -> None:
    done = call(main, "importance", sentiment_run, "--out", tmp_path)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "is a run of sentiment; importance is measured of runs of forecasting" in done.err
