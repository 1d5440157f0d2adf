from __future__ import annotations

import dataclasses
import runpy
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from datasets.errors import UserError
from experiments.probe import truncation, truncation_picture
from experiments.probe.learner import Learner
from experiments.probe.problems import Echo, Sequences
from experiments.probe.truncated import Truncated
from experiments.probe.truncation import Options, bias, sizes
from tests.experiments.stand_in_program import stand_in_program
from zoo import reference
from zoo.config import RecurrentOptions
from zoo.factory import recurrent_factory

STEPS, LAG, UNITS = 7, 2, 5
SMALL = Options(cell="vanilla", length=8, lag=2, units=4, steps=2, seeds=(0, 1), chunks=(1,), cost=False)


def learner_of(cell: str) -> Learner:
    factory = recurrent_factory(RecurrentOptions(cell=cell, units=UNITS))
    return truncation.make_learner(Echo(STEPS, LAG), factory, 0)


def batch_of(size: int = 3) -> Sequences:
    return Echo(STEPS, LAG).draw(np.random.default_rng(1), size)


@pytest.mark.parametrize("cell", ["vanilla", "lstm", "gru"])
@pytest.mark.parametrize("k", [1, 3, STEPS])
def test_truncated_gradients_are_those_of_the_reference(cell: str, k: int) -> None:
    learner, batch = learner_of(cell), batch_of()
    truncated_gradients = Truncated(learner, k).gradients(batch)
    kind, layer_cell = reference.CELLS[cell](), learner.layer.cells[0][0]
    names = ("kernel", "recurrent_kernel", "bias")
    weights = {name: getattr(layer_cell, name).numpy() for name in names}
    kernel, head_bias = (weight.numpy() for weight in learner.head.weights)
    tape = reference.forward(kind, weights, batch.inputs)
    logits = reference.linear(kernel, head_bias, tape.outputs)
    d_logits = np.zeros_like(logits)
    d_logits[:, LAG:] = reference.softmax(logits[:, LAG:]) - np.eye(4)[batch.targets]
    d_logits /= batch.targets.size
    d_kernel, d_bias, d_outputs = reference.linear_backward(kernel, tape.outputs, d_logits)
    expected = reference.backward(kind, tape, d_outputs, truncate=k).weights
    for gradient, by_hand in zip(
        truncated_gradients, [*(expected[name] for name in names), d_kernel, d_bias], strict=True
    ):
        np.testing.assert_allclose(gradient, by_hand, atol=1e-12)


def test_one_chunk_is_the_whole_gradient() -> None:
    learner, batch = learner_of("gru"), batch_of()
    inputs, mask, targets = learner.tensors(batch)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(learner.losses(learner.answers(inputs, mask, training=True), targets))
    for truncated, whole in zip(
        Truncated(learner, STEPS).gradients(batch), tape.gradient(loss, learner.variables), strict=True
    ):
        np.testing.assert_allclose(truncated, whole, atol=1e-12)


@pytest.mark.parametrize("clip", [0.0, 0.1])
def test_a_step_of_gradient_descent_follows_the_clipped_gradient(clip: float) -> None:
    factory = recurrent_factory(RecurrentOptions(cell="vanilla", units=UNITS))
    learner = Learner(
        Echo(STEPS, LAG), factory, learning_rate=0.5, clip=clip, seed=0, dtype="float64", plain=True
    )
    batch, truncated = batch_of(), Truncated(learner, 3)
    gradients = truncated.gradients(batch)
    norm = np.sqrt(sum(np.square(gradient).sum() for gradient in gradients))
    assert norm > 0.2
    before = [variable.numpy() for variable in learner.variables]
    truncated.step(batch)
    for variable, old, gradient in zip(learner.variables, before, gradients, strict=True):
        step = 0.5 * gradient * (clip / norm if clip else 1)
        np.testing.assert_allclose(variable.numpy(), old - step, atol=1e-12)


def test_bias_of_a_gradient() -> None:
    full = [np.array([3.0, 0.0]), np.array([[4.0]])]
    assert bias(full, full) == {"cosine": 1, "distance": 0, "norm": 1}
    assert bias([np.array([0.0, 5.0]), np.array([[0.0]])], full)["cosine"] == 0
    half = bias([part / 2 for part in full], full)
    assert half == {"cosine": 1, "distance": 0.5, "norm": 0.5}


def test_chunks_are_powers_of_two_and_the_whole() -> None:
    assert sizes(8, ()) == [1, 2, 4, 8]
    assert sizes(9, ()) == [1, 2, 4, 8, 9]
    assert sizes(20, (3, 5)) == [3, 5, 20]


@pytest.mark.slow
def test_tables_and_picture_are_written_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = truncation.run(SMALL, tmp_path)
    frame = pd.read_csv(tmp_path / "truncation.csv")
    assert len(frame) == 2 * 2 * 2  # start and trained, for each k and seed
    whole = frame[frame["k"] == 8]
    assert (whole["distance"] < 1e-6).all()
    assert (frame[frame["k"] == 1]["distance"] > 0.01).all()
    assert f"| vanilla | {SMALL.units} | 8 | 2 | 2 | 8 | 2 | 1.000 | 0.000 | 1.000 | 0.000 |" in text
    assert (tmp_path / "truncation.png").stat().st_size > 1000
    monkeypatch.setattr(truncation, "measure", None)
    assert truncation.run(SMALL, tmp_path) == text


def test_the_picture_shows_what_was_asked_for_and_mixes_nothing_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[tuple[pd.DataFrame, pd.DataFrame]] = []
    monkeypatch.setattr(truncation_picture, "draw", lambda frame, costs, _: drawn.append((frame, costs)))
    monkeypatch.setattr(truncation, "measure_cost", lambda _: {"seconds": 1.0, "megabytes": 1.0})

    def measure(trial: truncation.Trial) -> list[dict[str, object]]:
        numbers = dict.fromkeys(("cosine", "distance", "norm", "accuracy"), 0.5)
        return [{**trial, "when": when, **numbers} for when in ("start", "trained")]

    monkeypatch.setattr(truncation, "measure", measure)
    base = dataclasses.replace(SMALL, cost=True)
    variants = [
        dataclasses.replace(base, units=7), dataclasses.replace(base, lag=3), dataclasses.replace(base, cost_units=5),
    ]  # fmt: skip
    for options in (base, *variants, base):
        truncation.run(options, tmp_path)
        frame, costs = drawn[-1]
        for name in ("units", "lag", "steps", "length"):
            assert set(frame[name]) == {getattr(options, name)}
        assert set(costs["units"]) == {options.cost_units}


COST: truncation.Cost = {"cell": "gru", "k": 16, "length": 64, "units": 16, "batch_size": 4}


@pytest.mark.slow
def test_seconds_and_memory_of_a_gradient_are_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the process apart does, in this one."""
    monkeypatch.setattr(sys, "argv", ["truncated", *map(str, COST.values())])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*found in sys.modules", category=RuntimeWarning)
        runpy.run_module("experiments.probe.truncated", run_name="__main__")
    seconds, megabytes = map(float, capsys.readouterr().out.split())
    assert seconds > 0
    assert 0 <= megabytes < 2000


def test_a_process_apart_is_asked_for_the_cost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        sys, "executable", stand_in_program(tmp_path, 'echo "$@" > asked; echo log; echo 0.5000 12.0000')
    )
    monkeypatch.chdir(tmp_path)
    assert truncation.measure_cost(COST) == {"seconds": 0.5, "megabytes": 12}
    assert (tmp_path / "asked").read_text() == "-m experiments.probe.truncated gru 16 64 16 4\n"


@pytest.mark.parametrize(
    ("script", "reason"), [("echo first >&2; echo last >&2; exit 1", "last"), ("kill -9 $$", "it was killed")]
)
def test_a_cost_that_cannot_be_measured_is_told_with_the_last_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, reason: str
) -> None:
    monkeypatch.setattr(sys, "executable", stand_in_program(tmp_path, script))
    with pytest.raises(UserError, match=f"the cost of k = 16 could not be measured: {reason}"):
        truncation.measure_cost(COST)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (Options(cell="gruu"), "did you mean gru"),
        (Options(length=8, lag=8), "--lag 8 must be below --length 8"),
        (Options(length=8, lag=2, chunks=(9,)), "--chunks 9"),
    ],
)
def test_what_does_not_fit_is_refused(options: Options, message: str) -> None:
    with pytest.raises(UserError, match=message):
        truncation.check(options)
