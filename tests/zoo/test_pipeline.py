from __future__ import annotations

import csv
import json
import math
import random
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import RunPython
from tests.zoo.conftest import SMALL, call, toy_rows, write_tsv
from tests.zoo.stopping import KILLED, stop_in_training_of_baselines
from zoo.config import RecurrentOptions, RunConfig, TrainingOptions
from zoo.pipeline import _after_epoch
from zoo.run import main
from zoo.runtime.rundir import RunDirectory
from zoo.serving import Server
from zoo.stored_run import load_run
from zoo.tasks.base import Batch, NoOptions
from zoo.training.checkpoint import Progress
from zoo.training.context import RunContext
from zoo.training.loop import Trainer

BATCHES = 3 * 24  # of a run with these options
LONG = (
    *(
        "--cell",
        "vanilla",
        "--layers",
        "2",
        "--bidirectional",
        "--dropout",
        "0.3",
        "--recurrent-dropout",
        "0.2",
    ),
    *("--units", "4", "--embedding", "4", "--epochs", "3", "--patience", "3", "--batch-size", "4"),
    *("--average", "0.9"),
)


def variables(run: Path) -> list[np.ndarray]:
    _, model = load_run(run)
    return model.get_weights()


def metrics(run: Path) -> dict:
    """The numbers of a run without what a clock or the machine's memory says."""
    found = json.loads((run / "metrics.json").read_text())
    return {name: value for name, value in found.items() if name not in ("seconds", "peak_memory_bytes")}


def history(run: Path) -> list[dict]:
    with (run / "history.csv").open() as file:
        return [row | {"seconds": ""} for row in csv.DictReader(file)]


def assert_same_run(one: Path, other: Path) -> None:
    for a, b in zip(variables(one), variables(other), strict=True):
        np.testing.assert_array_equal(a, b)
    assert metrics(one) == metrics(other)
    assert history(one) == history(other)
    assert (one / "prepared.json").read_bytes() == (other / "prepared.json").read_bytes()


def stop_at_batch(monkeypatch: pytest.MonkeyPatch, batch: int, number: int) -> None:
    """This process sends itself a signal at a training batch, counted from 1."""
    step, steps = Trainer.step, iter(range(1, BATCHES + 1))

    def stopped(self: Trainer, arrays: Batch) -> tuple[float, float]:
        if next(steps) == batch:
            signal.raise_signal(number)
        return step(self, arrays)

    monkeypatch.setattr(Trainer, "step", stopped)


@pytest.mark.slow
def test_a_run_that_is_killed_again_and_again_ends_with_the_same_bits(
    run_python: RunPython, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With dropout of every kind and batches of two widths; killed in another process, then stopped in this one."""
    draw = random.SystemRandom()
    data = write_tsv(tmp_path / "wide.tsv", toy_rows(120, longest=14))
    unbroken, out, left = tmp_path / "unbroken", tmp_path / "my run", BATCHES
    assert call(main, "sentiment", "--dataset", data, "--out", unbroken, *LONG).code == 0

    batch = draw.randint(2, left // 2)
    command = ["sentiment", "--dataset", str(data), "--out", str(out), *LONG, "--checkpoint-seconds", "0"]
    done = run_python("-c", KILLED, str(batch), *command)
    log = [f"killed at batch {batch}: {done.returncode} {done.stderr}"]
    assert done.returncode == -signal.SIGKILL, log
    assert not (out / "metrics.json").exists()
    for number in (signal.SIGTERM, signal.SIGINT):
        left -= batch
        batch = draw.randint(2, left // 2)
        with monkeypatch.context() as patched:
            stop_at_batch(patched, batch, number)
            answer = call(main, "--resume", out)
        log.append(f"{number.name} at batch {batch}: {answer}")
        assert answer.code == 128 + number, log
        errors = [line for line in answer.err.splitlines() if line.startswith("error:")]
        assert len(errors) == 1, log
        assert errors[0].startswith(f"error: stopped by {number.name} at epoch"), log
        assert errors[0].endswith(f"; go on with: python -m zoo.run --resume '{out}'"), log
        assert "Traceback" not in answer.err, log
        assert not (out / "metrics.json").exists()
    answer = call(main, "--resume", out)
    assert answer.code == 0, (log, answer)
    assert "epoch 3/3" in answer.err, log
    assert_same_run(out, unbroken)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_stopped_after_training_goes_on_too(number, toy, tmp_path, monkeypatch):
    out = tmp_path / "run"
    with monkeypatch.context() as patched:
        stop_in_training_of_baselines(patched, number)
        done = call(main, "sentiment", "--dataset", toy, "--out", out, *SMALL)
    assert done.code == 128 + number
    assert done.err.splitlines()[-1].endswith(f"go on with: python -m zoo.run --resume {out}")
    assert not (out / "metrics.json").exists()
    (out / "history.csv").unlink()  # as if the kill had come before it was written
    done = call(main, "--resume", out)
    assert done.code == 0, done.err
    assert "gru" in done.out
    assert [row["epoch"] for row in history(out)] == ["1"]


def test_resuming_a_finished_run_prints_its_table_again_and_changes_nothing(trained):
    before = {
        path: path.read_bytes() for path in trained.rglob("*") if path.is_file() and path.name != ".lock"
    }
    done = call(main, "--resume", trained)
    assert done.code == 0
    assert f"run         {trained}" in done.out.splitlines()
    assert "bag of embeddings" in done.out
    after = {
        path: path.read_bytes() for path in trained.rglob("*") if path.is_file() and path.name != ".lock"
    }
    assert after == before


def test_a_damaged_checkpoint_is_told_and_the_model_before_it_stays(toy, tmp_path, monkeypatch):
    out = tmp_path / "run"
    with monkeypatch.context() as patched:
        stop_in_training_of_baselines(patched, signal.SIGTERM)
        call(main, "sentiment", "--dataset", toy, "--out", out, *SMALL)
    state, model = out / "checkpoint" / "state.npz", (out / "model.keras").read_bytes()
    state.write_bytes(state.read_bytes()[:-100])
    done = call(main, "--resume", out)
    assert done.code == 1
    assert done.err.splitlines()[-1].startswith(f"error: {state}: this checkpoint cannot be read")
    assert (out / "model.keras").read_bytes() == model


@pytest.mark.slow
def test_the_same_seed_gives_the_same_run_and_another_seed_another(toy: Path, tmp_path: Path) -> None:
    outs = [tmp_path / name for name in "abc"]
    for out, seed in zip(outs, (4, 4, 5), strict=True):
        options = ("--seed", seed, "--cell", "vanilla", "--bidirectional", "--recurrent-dropout", 0.2, *SMALL)
        assert call(main, "sentiment", "--dataset", toy, "--out", out, *options).code == 0
    assert_same_run(outs[0], outs[1])
    assert metrics(outs[0])["dev"]["loss"] != metrics(outs[2])["dev"]["loss"]


# ------------------------------------------------------------------------------------------ results


def test_a_trained_model_beats_the_majority_and_everything_is_written_down(trained):
    found = json.loads((trained / "metrics.json").read_text())
    for split in ("dev", "test"):
        assert found[split]["accuracy"] > 0.9
        assert found["baselines"]["majority"][split]["accuracy"] < 0.8
        assert set(found["baselines"]["bag of embeddings"][split]) == {"accuracy", "macro_f1", "auc", "loss"}
    assert (found["task"], found["cell"], found["dataset"]) == ("sentiment", "gru", "toy.tsv")
    assert found["synthetic"] is False
    assert found["details"]["labels"] == ["neg", "pos"]
    assert np.sum(found["details"]["confusion_matrix"]) == 12
    _, model = load_run(trained)
    assert found["parameters"] == sum(math.prod(v.shape) for v in model.trainable_variables) > 0
    assert found["seconds"]["total"] >= found["seconds"]["train"] > 0
    assert found["peak_memory_bytes"] > 1e8
    assert {path.name for path in trained.iterdir()} == {
        *("config.json", "prepared.json", "metrics.json", "history.csv", "history.png", "model.keras"),
        *("checkpoint", "data.json", ".lock"),
    }


def test_the_model_that_is_kept_gives_the_metrics_that_are_told(trained, toy):
    import datasets
    from zoo.config_file import OwnCode, read_config
    from zoo.runtime.rundir import RunDirectory
    from zoo.tasks.sentiment.task import TASK, Options
    from zoo.training.evaluation import Predictor

    options = read_config(RunDirectory.open(trained), OwnCode()).options
    assert isinstance(options, Options)
    prepared = TASK.prepare(datasets.load(str(toy), TASK.fields), options, 16)
    _, model = load_run(trained)
    found = metrics(trained)
    test = prepared.test()
    assert test is not None
    for split, batches in (("dev", prepared.valid), ("test", test)):
        scores = TASK.score(prepared.learned, Predictor(model)(batches), batches)
        assert scores == pytest.approx(found[split], abs=1e-6)
    best = history(trained)[found["best_epoch"] - 1]
    name, mode = TASK.monitor
    dev_scores = [float(row[f"dev_{name}"]) for row in history(trained)]
    assert float(best[f"dev_{name}"]) == found["dev"][name] == {"min": min, "max": max}[mode](dev_scores)


@pytest.mark.slow
def test_a_run_loads_in_a_process_that_has_not_trained(
    toy: Path, tmp_path: Path, run_python: RunPython
) -> None:
    more = (
        "--ngrams",
        "2",
        "--word-dropout",
        "0.1",
        "--base",
        "tfidf",
        "--no-tfidf",
        "--out",
        tmp_path / "run",
    )
    assert call(main, "sentiment", "--dataset", toy, *SMALL, *more).code == 0
    done = run_python("-m", "zoo.predict", tmp_path / "run", "a good film")
    assert done.returncode == 0, done.stderr


def test_learning_curves_go_to_tensorboard_where_asked_for(toy, tmp_path):
    done = call(main, "sentiment", "--dataset", toy, "--out", tmp_path / "run", *SMALL, "--tensorboard")
    assert done.code == 0, done.err
    assert list((tmp_path / "run" / "tensorboard").glob("events.out.tfevents.*"))


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16", "float64"])
def test_other_precisions_run_and_their_models_load(precision, toy, tmp_path):
    import keras

    from zoo.tasks.sentiment.task import TASK, Learned

    try:
        done = call(
            main, "sentiment", "--dataset", toy, "--out", tmp_path / "run", *SMALL, "--precision", precision
        )
        assert done.code == 0, done.err
        keras.mixed_precision.set_global_policy("float32")  # as in a fresh process
        learned, model = load_run(tmp_path / "run")
        assert isinstance(learned, Learned)
        assert model.get_layer("recurrent").compute_dtype == precision.removeprefix("mixed_")
        row = TASK.answer(TASK.serve(model, learned), ["good"], NoOptions())[0]
        assert 0.5 <= row["score"] <= 1
        if precision == "float64":
            dtypes = {variable.dtype for variable in model.trainable_variables}
            assert dtypes == {"float64"}
    finally:
        keras.mixed_precision.set_global_policy("float32")


MIRRORED = """
import sys
from zoo.runtime.platform import configure
configure("cpu")
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy
tf.distribute.MirroredStrategy = lambda: strategy(["CPU:0", "CPU:1"])
from zoo import run
sys.exit(run.main(sys.argv[1:]))
"""


@pytest.mark.slow
def test_a_run_on_two_devices_gives_the_numbers_of_one(toy, run_python, tmp_path):
    options = ("--dropout", "0", "--units", "4", "--embedding", "4", "--epochs", "2", "--cell", "vanilla")
    common = ("sentiment", "--dataset", str(toy), *options)
    assert call(main, *common, "--out", tmp_path / "one").code == 0
    done = run_python("-c", MIRRORED, *common, "--mirrored", "--out", str(tmp_path / "two"))
    assert done.returncode == 0, done.stderr
    for a, b in zip(variables(tmp_path / "one"), variables(tmp_path / "two"), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
    one, two = metrics(tmp_path / "one"), metrics(tmp_path / "two")
    assert two["dev"] == pytest.approx(one["dev"], abs=1e-4)
    assert two["baselines"]["bag of embeddings"]["dev"] == pytest.approx(
        one["baselines"]["bag of embeddings"]["dev"], abs=1e-6
    )


# ------------------------------------------------------------------------------------------ not a number


def test_a_metric_that_is_undefined_is_a_dash_in_the_line_of_an_epoch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = {"epoch": 1, "loss": 0.5, "dev_mae": 0.25, "dev_mase": math.nan, "seconds": 2.0}
    config = RunConfig("forecasting", "series.csv", {}, RecurrentOptions(), TrainingOptions(), NoOptions())
    _after_epoch(RunDirectory(tmp_path), config, Progress(history=[row]))
    assert capsys.readouterr().err == "epoch 1/10: loss 0.5000, dev_mae 0.2500, dev_mase –, 2 s\n"


def failing_in_epoch(monkeypatch, epoch: int) -> None:
    """The dev score of the model itself, of this epoch (from 1), is NaN."""
    close, count = RunContext.score, 0

    def score(self, predictor, batches):
        nonlocal count
        count += 1
        found = close(self, predictor, batches)
        return dict.fromkeys(found, float("nan")) if count == epoch else found

    monkeypatch.setattr(RunContext, "score", score)


@pytest.mark.slow
def test_a_score_that_is_no_number_keeps_the_last_good_weights(toy, tmp_path, monkeypatch):
    options = ("--units", "4", "--embedding", "4", "--epochs", "5")
    failing_in_epoch(monkeypatch, 2)
    done = call(main, "sentiment", "--dataset", toy, "--out", tmp_path / "run", *options)
    assert done.code == 1
    model = tmp_path / "run" / "model.keras"
    told = done.err.splitlines()[-1]
    assert told.startswith("error: the dev ")
    assert "became nan after epoch 2; try a smaller --learning-rate or --clip; " in told
    assert told.endswith(f"; {model} holds the weights of epoch 1")
    monkeypatch.undo()
    assert (
        call(main, "sentiment", "--dataset", toy, "--out", tmp_path / "one", *options, "--epochs", 1).code
        == 0
    )
    for a, b in zip(variables(tmp_path / "run"), variables(tmp_path / "one"), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_huge_learning_rate_ends_in_one_line(toy, tmp_path):
    options = ("--learning-rate", "1e38", "--clip", "0", "--average", "0", *SMALL)
    done = call(main, "sentiment", "--dataset", toy, "--out", tmp_path / "run", *options)
    assert done.code == 1
    assert " became " in done.err.splitlines()[-1]
    assert done.err.splitlines()[-1].endswith("there are no good weights to keep yet")
    assert not (tmp_path / "run" / "model.keras").exists()


@pytest.mark.slow
def test_what_is_exported_is_made_once_and_answers_for_both_splits(tmp_path: Path, monkeypatch):
    from zoo.tasks.translation.task import TASK as translation

    pairs = "".join(f"{text}\t{text[::-1]}\n" for text, _ in toy_rows(60))
    (tmp_path / "pairs.tsv").write_text("source\ttarget\n" + pairs, encoding="utf-8")
    made = []
    serve = type(translation).serve

    def counted(*given: Any) -> Server:
        made.append(given)
        return serve(*given)

    monkeypatch.setattr(type(translation), "serve", counted)
    run = tmp_path / "run"
    done = call(main, "translation", "--dataset", tmp_path / "pairs.tsv", "--out", run, "--export", *SMALL)
    assert done.code == 0, done.err
    assert len(made) == 1
    assert {"dev", "test"} <= metrics(run).keys()
    assert (run / "export" / "saved_model.pb").exists()
