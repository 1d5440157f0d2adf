from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from datasets.errors import UserError
from zoo.runtime.learning_curves import draw_history
from zoo.runtime.results import (
    Results,
    better_baseline,
    history_csv,
    read_results,
    result_table,
    tensorboard,
)

OLD_RUNS = Path(__file__).parents[2] / "fixtures" / "runs_0.1"


def made_up_results(**changes: object) -> Results:
    """Results of a run; `changes` overrule fields."""
    results = Results(
        task="sentiment",
        cell="gru",
        dataset="reviews",
        synthetic=False,
        seed=0,
        headline=("accuracy", "auc"),
        ceiling={"accuracy": 0.95},
        scores={
            "dev": {"accuracy": 0.9, "auc": 0.91, "loss": 1.0},
            "test": {"accuracy": 0.8, "auc": 0.81, "loss": 2.0},
        },
        baselines={"majority": {"dev": {"accuracy": 0.5}, "test": {"accuracy": 0.51}}},
        parameters=1234,
        epochs=4,
        best_epoch=3,
        seconds={"train": 1.5, "total": 12.34},
        peak_memory_bytes=5000,
        engine="loop",
        engine_why="asked for",
        device="CPU, 2 cores",
    )
    return dataclasses.replace(results, **changes)  # type: ignore[arg-type]


def test_what_is_undefined_is_a_dash_in_the_table_and_null_in_the_file(tmp_path: Path) -> None:
    undefined = {"dev": {"accuracy": 0.9, "auc": math.nan}}
    made_up_results(scores=undefined, baselines={"majority": undefined}).write(tmp_path / "metrics.json")
    assert json.loads((tmp_path / "metrics.json").read_text())["dev"]["auc"] is None
    table = result_table(read_results(tmp_path / "metrics.json"), tmp_path)
    assert [line.split() for line in table.splitlines()[1:4]] == [
        ["dev", "accuracy", "dev", "auc"], ["gru", "0.9000", "–"], ["majority", "0.9000", "–"],
    ]  # fmt: skip


HISTORY = [
    {"epoch": n, "loss": 1.0 / n, "gradient_norm": 0.1, "dev_score": n / 10, "dev_loss": 0.3, "seconds": n}
    for n in (1, 2)
]


# ------------------------------------------------------------------------------------------ metrics.json


def test_results_come_back_from_their_file(tmp_path: Path) -> None:
    results = made_up_results(details={"split": "test", "labels": ["a"]}, notes=("a note",), ending="so")
    results.write(tmp_path / "metrics.json")
    assert read_results(tmp_path / "metrics.json") == results


def test_a_number_that_is_not_finite_comes_back_as_nan(tmp_path: Path) -> None:
    made_up_results(scores={"dev": {"loss": math.inf}}).write(tmp_path / "metrics.json")
    assert json.loads((tmp_path / "metrics.json").read_text())["dev"] == {"loss": None}
    assert math.isnan(read_results(tmp_path / "metrics.json").scores["dev"]["loss"])


@pytest.mark.parametrize("run", sorted(OLD_RUNS.glob("*/run")), ids=lambda path: path.parent.name)
def test_files_of_version_0_1_are_read(run: Path) -> None:
    stored = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    results = read_results(run / "metrics.json")
    assert results.baselines == stored["trivial"]
    assert results.scores == {"dev": stored["dev"], "test": stored["test"]}
    written = json.loads(json.dumps(results.to_json()))
    assert written == {name: stored[name] for name in stored if name != "trivial"} | {
        "baselines": stored["trivial"],
        "ending": "",
    }


@pytest.mark.parametrize("content", ["[]", "{}", '{"cell": 3}', "null"])
def test_something_else_is_told(content: str, tmp_path: Path) -> None:
    (tmp_path / "metrics.json").write_text(content)
    with pytest.raises(UserError, match=r"metrics\.json holds no results of a run; remove it"):
        read_results(tmp_path / "metrics.json")


def test_every_part_of_the_file_is_needed() -> None:
    whole = made_up_results().to_json()
    for name in {*whole} - {"dev", "test", "engine_why", "details", "notes", "ending"}:
        with pytest.raises(KeyError):
            Results.from_json({key: value for key, value in whole.items() if key != name})


# ------------------------------------------------------------------------------------------ the table


def test_the_table_has_a_row_per_model_and_a_column_per_split_and_metric() -> None:
    lines = result_table(made_up_results(), Path("runs/x")).splitlines()
    rows = {line[:10].strip(): line[10:].split() for line in lines[2:4]}
    assert lines[1].split("  ")[-4:] == ["dev accuracy", "dev auc", "test accuracy", "test auc"]
    assert rows == {
        "gru": ["0.9000", "0.9100", "0.8000", "0.8100"],
        "majority": ["0.5000", "–", "0.5100", "–"],
    }


def test_the_table_tells_what_it_took_and_where_it_lies() -> None:
    told = result_table(made_up_results(dataset="microworld", parameters=12345), Path("runs/x"))
    for line in (
        "ceiling     accuracy 0.9500 (known: microworld is synthetic)",
        "seconds     12.3 in all, 1.5 in training, 4 epochs (best: 3)",
        "parameters  12,345",
        "engine      loop (why: see metrics.json)",
        "device      CPU, 2 cores",
        "run         runs/x",
    ):
        assert line in told.splitlines()


def test_without_a_ceiling_or_a_test_split_nothing_is_said_of_them() -> None:
    scores, baselines = {"dev": {"accuracy": 0.9}}, {"majority": {"dev": {"accuracy": 0.5}}}
    told = result_table(made_up_results(ceiling={}, scores=scores, baselines=baselines), Path("x"))
    assert "ceiling" not in told
    assert "test" not in told


# ------------------------------------------------------------------------------------------ learning curves


def test_history_is_written_whole(tmp_path):
    history_csv(HISTORY[:1], tmp_path / "history.csv")
    history_csv(HISTORY, tmp_path / "history.csv")
    assert pd.read_csv(tmp_path / "history.csv").to_dict("records") == HISTORY
    assert [file.name for file in tmp_path.iterdir()] == ["history.csv"]


def test_event_files_hold_each_epochs_numbers(tmp_path):
    from tensorflow import make_ndarray
    from tensorflow.core.util import event_pb2
    from tensorflow.data import TFRecordDataset

    for row in HISTORY:
        tensorboard(row, tmp_path)
    records = TFRecordDataset(sorted(str(file) for file in tmp_path.glob("events.*")))
    events = [event_pb2.Event.FromString(record.numpy()) for record in records]
    found = {
        (value.tag, event.step): float(make_ndarray(value.tensor))
        for event in events
        for value in event.summary.value
    }
    names = set(HISTORY[0]) - {"epoch"}
    assert found == pytest.approx({(name, row["epoch"]): row[name] for row in HISTORY for name in names})


def panel_of_scores(history, headline, tmp_path, monkeypatch):
    """The panel of the dev scores, as it is drawn."""
    from matplotlib.figure import Figure

    drawn: list[Figure] = []
    savefig = Figure.savefig

    def keep_and_save(figure: Figure, *arguments: Any, **named: Any) -> None:
        drawn.append(figure)
        savefig(figure, *arguments, **named)

    monkeypatch.setattr(Figure, "savefig", keep_and_save)
    draw_history(history, tmp_path / "history.png", headline)
    return drawn[0].axes[1]


def test_learning_curves_show_the_metrics_of_the_table(tmp_path, monkeypatch):
    history = [
        {"epoch": n, "loss": 1.0, "gradient_norm": 1.0, "dev_mae": 9.0, "dev_rmse": 10.0, "dev_corr": -1.0}
        for n in (1, 2)
    ]
    panel = panel_of_scores(history, ("mae", "rmse"), tmp_path, monkeypatch)
    assert [line.get_label() for line in panel.lines] == ["dev mae", "dev rmse"]
    assert panel.get_yscale() == "linear"
    assert len(panel_of_scores(history, (), tmp_path, monkeypatch).lines) == 3


def test_a_metric_that_is_undefined_is_no_curve(tmp_path, monkeypatch):
    common = {"loss": 1.0, "gradient_norm": 1.0, "dev_mae": 9.0}
    history = [
        {"epoch": 1, **common, "dev_mase": math.nan, "dev_rse": math.nan},
        {"epoch": 2, **common, "dev_mase": math.nan, "dev_rse": 0.1},
    ]
    panel = panel_of_scores(history, ("mae", "mase", "rse"), tmp_path, monkeypatch)
    assert [line.get_label() for line in panel.lines] == ["dev mae", "dev rse"]
    assert panel.get_yscale() == "log"


def test_metrics_of_different_sizes_can_all_be_seen(tmp_path, monkeypatch):
    history = [
        {
            "epoch": 1,
            "loss": 1.0,
            "gradient_norm": 1.0,
            **{f"dev_{name}": 10.0**n for n, name in enumerate("abcde")},
        }
    ]
    panel = panel_of_scores(history, (), tmp_path, monkeypatch)
    assert panel.get_yscale() == "log"
    legend = panel.get_legend().get_window_extent()
    assert legend.x0 >= panel.get_window_extent().x1  # beside the curves, not over them
    shares = [{"epoch": 1, "loss": 1.0, "gradient_norm": 1.0, "dev_f1": 0.001, "dev_accuracy": 0.9}]
    assert panel_of_scores(shares, (), tmp_path, monkeypatch).get_yscale() == "linear"


@pytest.mark.parametrize("history", [HISTORY, HISTORY[:1]])
def test_learning_curves_are_drawn(history, tmp_path):
    path = tmp_path / "history.png"
    draw_history(history, path)
    assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("metric", "of_model", "of_baselines", "better"),
    [
        (
            "accuracy", 0.8, {"majority": 0.5, "bag": 0.9, "TF-IDF": 0.95},
            "TF-IDF is better than gru: test accuracy 0.9500, not 0.8000",
        ),
        ("accuracy", 0.8, {"majority": 0.5, "bag": 0.8}, ""),
        ("mae", 2.0, {"last value": 1.5, "drift": 3.0}, "last value is better than gru: test mae 1.5000, not 2.0000"),
        ("mae", 2.0, {"last value": math.nan, "drift": 3.0}, ""),
        ("mae", math.nan, {"last value": 1.0}, ""),
        ("mae", 4e-9, {"last value": 1e-9}, ""),
    ],
)  # fmt: skip
def test_a_baseline_that_is_better_than_the_model_is_told(
    metric: str, of_model: float, of_baselines: dict[str, float], better: str
) -> None:
    """By the first metric of the table on the last split, and by the way in which that metric is better."""
    baselines = {
        name: {"dev": {metric: 0.0}, "test": {metric: value}} for name, value in of_baselines.items()
    }
    results = made_up_results(
        cell="gru",
        headline=(metric,),
        scores={"dev": {metric: 1.0}, "test": {metric: of_model}},
        baselines=baselines,
    )
    assert better_baseline(results) == better
    assert (f"baseline    {better}\n" in result_table(results, Path("run"))) == bool(better)


def test_the_table_says_why_training_ended(tmp_path: Path) -> None:
    assert "\nending      as it did\n" in result_table(made_up_results(ending="as it did"), tmp_path)
    assert "\nending" not in result_table(made_up_results(), tmp_path)
