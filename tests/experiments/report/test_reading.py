from __future__ import annotations

import json
import os
from pathlib import Path

import pandas as pd
import pytest

from datasets.errors import UserError
from experiments.report import load
from experiments.report.reading import read
from tests.experiments.report.made_up import write_grid, write_run


def test_one_row_a_run_with_configuration_scores_costs_and_versions(tmp_path: Path) -> None:
    write_run(tmp_path / "runs" / "one", cell="lstm", seed=2, accuracy=0.81, latency=3.0)
    row = load(tmp_path).iloc[0].to_dict()
    expected = {
        "run": "one", "task": "sentiment", "dataset": "microworld", "cell": "lstm", "seed": 2, "score": 0.81,
        "metric": "accuracy", "split": "test", "test.accuracy": 0.81, "dev.accuracy": 0.81,
        "baseline.majority.test.accuracy": 0.5, "ceiling.accuracy": 0.95, "seconds.train": 10.0, "parameters": 1000,
        "peak_memory_bytes": 500_000_000, "latency_p50_ms": 3.0, "latency_p95_ms": 6.0, "artifact_bytes": 2e6,
        "engine": "fused", "device": "CPU, 2 cores", "recurrent.units": 8, "training.epochs": 3,
        "options.max_tokens": 100, "versions.keras": "3.15.1", "git.commit": "a" * 40, "threads": 1,
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected


def test_a_plain_folder_of_runs_will_do_as_well(tmp_path: Path) -> None:
    run = write_run(tmp_path / "by-hand", latency=None)
    (run / "comparison.json").unlink()
    assert list(load(tmp_path)["run"]) == ["by-hand"]


def test_null_stands_for_what_was_not_finite(tmp_path: Path) -> None:
    write_run(tmp_path / "diverged", accuracy=None)
    assert pd.isna(load(tmp_path)["score"].iloc[0])


def broken(run: Path, how: str) -> None:
    """Damage one file of a run."""
    metrics = run / "metrics.json"
    match how:
        case "truncated":
            metrics.write_text(metrics.read_text()[:200])
        case "empty":
            (run / "config.json").write_text("")
        case "binary":
            metrics.write_bytes(b"\xff\xfe\x00")
        case "list":
            metrics.write_text("[]")
        case "foreign":
            metrics.write_text('{"accuracy": 1}')
        case "of another":
            metrics.write_text(json.dumps({**json.loads(metrics.read_text()), "cell": "lstm"}))
        case "text":
            metrics.write_text(json.dumps({**json.loads(metrics.read_text()), "test": {"accuracy": "high"}}))
        case "no scores":
            metrics.write_text(json.dumps({**json.loads(metrics.read_text()), "test": {}}))
        case "endless":
            metrics.write_text(metrics.read_text().replace('"parameters": 1000', '"parameters": Infinity'))
        case "no units":
            config = run / "config.json"
            config.write_text(config.read_text().replace('"units": 8', '"units": null'))
        case "no history":
            (run / "history.csv").unlink()
        case "half a history":
            (run / "history.csv").write_text("epoch,loss\n1,0.5\n2")
        case "unfinished":
            metrics.unlink()
        case "no run":
            (run / "config.json").unlink()


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("truncated", "metrics.json is broken: line"),
        ("empty", "config.json is broken"),
        ("binary", "metrics.json is broken: it is not UTF-8"),
        ("list", "metrics.json holds no table"),
        ("foreign", "no results of a run: KeyError"),
        ("of another", "metrics.json is of cell 'lstm', config.json of 'gru'"),
        ("text", "no results of a run: ValueError"),
        ("no scores", "metrics.json has none of its headline scores on test"),
        ("endless", "metrics.json is broken: it holds Infinity, which is no number"),
        ("no units", "no results of a run: TypeError"),
        ("no history", "history.csv is missing"),
        ("half a history", "history.csv is truncated or foreign"),
        ("unfinished", "not finished: it has no metrics.json"),
        ("no run", "not the folder of a run: it has no config.json"),
    ],
)
def test_what_is_broken_is_named_and_left_out(tmp_path: Path, how: str, reason: str) -> None:
    write_run(tmp_path / "runs" / "good")
    broken(write_run(tmp_path / "runs" / "bad"), how)
    collection = read(tmp_path)
    assert list(collection.frame["run"]) == ["good"]
    assert list(collection.left_out) == ["bad"]
    assert collection.left_out["bad"].startswith(reason)
    assert collection.frame.attrs["left_out"] == collection.left_out


def test_stray_files_are_named(tmp_path: Path) -> None:
    write_run(tmp_path / "runs" / "good")
    (tmp_path / "runs" / "notes.txt").write_text("mine")
    assert read(tmp_path).left_out == {"notes.txt": "a file, not the folder of a run"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    run = write_run(tmp_path / "runs" / "secret")
    (run / "metrics.json").chmod(0)
    assert "cannot read" in read(tmp_path).left_out["secret"]


def test_failures_and_what_was_not_begun_are_told(tmp_path: Path) -> None:
    write_grid(tmp_path, {"gru": [0.8]})
    failures = tmp_path / "failures"
    failures.mkdir()
    (failures / "b.json").write_text(json.dumps({"run": "b", "last_lines": ["error: no"]}))
    (failures / "c.json").write_text("{")
    names = ["sentiment-gru-0-8", "b", "d"]
    (tmp_path / "grid.json").write_text(json.dumps({"runs": names}))
    collection = read(tmp_path)
    assert [failure.run for failure in collection.failures] == ["b", "c"]
    assert collection.missing == ["d"]


def test_a_failure_that_was_fixed_counts_no_more(tmp_path: Path) -> None:
    write_run(tmp_path / "runs" / "b")
    (tmp_path / "failures").mkdir()
    (tmp_path / "failures" / "b.json").write_text(json.dumps({"run": "b", "last_lines": ["error: no"]}))
    assert read(tmp_path).failures == []


def test_rows_by_length_of_another_shape_are_passed_over(tmp_path: Path) -> None:
    write_run(tmp_path / "a", by_length=[{"from": 1, "accuracy": 0.5}])
    collection = read(tmp_path)
    assert list(collection.frame["run"]) == ["a"]
    assert collection.by_length == {}


def test_no_folder_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no such folder"):
        load(tmp_path / "none")


def test_an_empty_folder_is_an_empty_table(tmp_path: Path) -> None:
    assert len(load(tmp_path)) == 0
