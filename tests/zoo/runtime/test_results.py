from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from zoo.runtime.learning_curves import draw_history
from zoo.runtime.results import history_csv, result_table, tensorboard

METRICS: dict[str, Any] = {
    "cell": "gru",
    "dataset": "microworld",
    "headline": ["accuracy", "auc"],
    "ceiling": {"accuracy": 0.95},
    "dev": {"accuracy": 0.9, "auc": 0.91, "loss": 1.0},
    "test": {"accuracy": 0.8, "auc": 0.81, "loss": 2.0},
    "trivial": {"majority": {"dev": {"accuracy": 0.5}, "test": {"accuracy": 0.51}}},
    "parameters": 12345,
    "epochs": 4,
    "best_epoch": 3,
    "seconds": {"train": 1.5, "total": 12.34},
    "engine": "loop",
    "engine_why": "asked for",
    "device": "CPU, 2 cores",
}
HISTORY = [
    {"epoch": n, "loss": 1.0 / n, "gradient_norm": 0.1, "dev_score": n / 10, "dev_loss": 0.3, "seconds": n}
    for n in (1, 2)
]


def test_the_table_has_a_row_per_model_and_a_column_per_split_and_metric():
    lines = result_table(METRICS, Path("runs/x")).splitlines()
    rows = {line[:10].strip(): line[10:].split() for line in lines[2:4]}
    assert lines[1].split("  ")[-4:] == ["dev accuracy", "dev auc", "test accuracy", "test auc"]
    assert rows == {
        "gru": ["0.9000", "0.9100", "0.8000", "0.8100"],
        "majority": ["0.5000", "–", "0.5100", "–"],
    }


def test_the_table_tells_what_it_took_and_where_it_lies():
    told = result_table(METRICS, Path("runs/x"))
    for line in (
        "ceiling     accuracy 0.9500 (known: microworld is synthetic)",
        "seconds     12.3 in all, 1.5 in training, 4 epochs (best: 3)",
        "parameters  12,345",
        "engine      loop (why: see metrics.json)",
        "device      CPU, 2 cores",
        "run         runs/x",
    ):
        assert line in told.splitlines()


def test_without_a_ceiling_or_a_test_split_nothing_is_said_of_them():
    metrics = copy.deepcopy(METRICS) | {"ceiling": {}}
    del metrics["test"], metrics["trivial"]["majority"]["test"]
    told = result_table(metrics, Path("x"))
    assert "ceiling" not in told
    assert "test" not in told


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

    drawn = []
    keep = Figure.savefig
    monkeypatch.setattr(Figure, "savefig", lambda self, *a, **k: (drawn.append(self), keep(self, *a, **k)))
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
