from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from datasets.errors import UserError
from experiments.probe import truncation, truncation_picture
from experiments.probe.problems import Echo
from experiments.probe.truncated import Truncated
from experiments.probe.truncation import Options, bias, sizes
from zoo import reference
from zoo.config import RecurrentOptions
from zoo.factory import recurrent_factory

STEPS, LAG, UNITS = 7, 2, 5
SMALL = Options(cell="vanilla", length=8, lag=2, units=4, steps=2, seeds=(0, 1), cost=False)


def learner_of(cell):
    factory = recurrent_factory(RecurrentOptions(cell=cell, units=UNITS))
    return truncation.make_learner(Echo(STEPS, LAG), factory, 0)


def batch_of(size=3):
    return Echo(STEPS, LAG).draw(np.random.default_rng(1), size)


@pytest.mark.parametrize("cell", ["vanilla", "lstm", "gru"])
@pytest.mark.parametrize("k", [1, 3, STEPS])
def test_truncated_gradients_are_those_of_the_reference(cell, k):
    learner, batch = learner_of(cell), batch_of()
    found = Truncated(learner, k).gradients(batch)
    kind, one = reference.CELLS[cell](), learner.layer.cells[0][0]
    names = ("kernel", "recurrent_kernel", "bias")
    weights = {name: getattr(one, name).numpy() for name in names}
    kernel, head_bias = (weight.numpy() for weight in learner.head.weights)
    tape = reference.forward(kind, weights, batch.inputs)
    logits = reference.linear(kernel, head_bias, tape.outputs)
    d_logits = np.zeros_like(logits)
    d_logits[:, LAG:] = reference.softmax(logits[:, LAG:]) - np.eye(4)[batch.targets]
    d_logits /= batch.targets.size
    d_kernel, d_bias, d_outputs = reference.linear_backward(kernel, tape.outputs, d_logits)
    expected = reference.backward(kind, tape, d_outputs, truncate=k).weights
    for array, right in zip(found, [*(expected[name] for name in names), d_kernel, d_bias], strict=True):
        np.testing.assert_allclose(array, right, atol=1e-12)


def test_one_chunk_is_the_whole_gradient():
    learner, batch = learner_of("gru"), batch_of()
    inputs, mask, targets = learner.tensors(batch)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(learner.losses(learner.answers(inputs, mask, training=True), targets))
    for one, other in zip(
        Truncated(learner, STEPS).gradients(batch), tape.gradient(loss, learner.variables), strict=True
    ):
        np.testing.assert_allclose(one, other, atol=1e-12)


@pytest.mark.parametrize("clip", [0.0, 0.1])
def test_a_step_of_gradient_descent_follows_the_clipped_gradient(clip):
    from experiments.probe.learner import Learner

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


def test_bias_of_a_gradient():
    full = [np.array([3.0, 0.0]), np.array([[4.0]])]
    assert bias(full, full) == {"cosine": 1, "distance": 0, "norm": 1}
    assert bias([np.array([0.0, 5.0]), np.array([[0.0]])], full)["cosine"] == 0
    half = bias([part / 2 for part in full], full)
    assert half == {"cosine": 1, "distance": 0.5, "norm": 0.5}


def test_chunks_are_powers_of_two_and_the_whole():
    assert sizes(8, ()) == [1, 2, 4, 8]
    assert sizes(9, ()) == [1, 2, 4, 8, 9]
    assert sizes(20, (3, 5)) == [3, 5, 20]


def test_tables_and_picture_are_written_once(tmp_path, monkeypatch):
    text = truncation.run(SMALL, tmp_path)
    frame = pd.read_csv(tmp_path / "truncation.csv")
    assert len(frame) == 2 * 4 * 2  # start and trained, for each k and seed
    whole = frame[frame["k"] == 8]
    assert (whole["distance"] < 1e-6).all()
    assert (frame[frame["k"] == 1]["distance"] > 0.01).all()
    assert f"| vanilla | {SMALL.units} | 8 | 2 | 2 | 8 | 2 | 1.000 | 0.000 | 1.000 | 0.000 |" in text
    assert (tmp_path / "truncation.png").stat().st_size > 1000
    monkeypatch.setattr(truncation, "measure", None)
    assert truncation.run(SMALL, tmp_path) == text


def test_the_picture_shows_what_was_asked_for_and_mixes_nothing_in(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(truncation_picture, "draw", lambda frame, costs, path: drawn.append((frame, costs)))
    monkeypatch.setattr(truncation, "measured_apart", lambda wanted: {"seconds": 1.0, "megabytes": 1.0})

    def measure(wanted):
        rest = dict.fromkeys(("cosine", "distance", "norm", "accuracy"), 0.5)
        return [{**wanted, "when": when, **rest} for when in ("start", "trained")]

    monkeypatch.setattr(truncation, "measure", measure)
    for changes in ({}, {"units": 7}, {"lag": 3}, {"cost_units": 5}, {}):
        asked = dataclasses.replace(SMALL, cost=True, **changes)
        truncation.run(asked, tmp_path)
        frame, costs = drawn[-1]
        for name in ("units", "lag", "steps", "length"):
            assert set(frame[name]) == {getattr(asked, name)}
        assert set(costs["units"]) == {asked.cost_units}


def test_seconds_and_memory_are_measured_apart():
    wanted = dict(zip(truncation.COST_KEY, ("gru", 16, 64, 16, 4), strict=True))
    found = truncation.measured_apart(wanted)
    assert found["seconds"] > 0
    assert 0 <= found["megabytes"] < 2000
    with pytest.raises(UserError, match="the cost of k = 16 could not be measured"):
        truncation.measured_apart({**wanted, "cell": "gruu"})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (Options(cell="gruu"), "did you mean gru"),
        (Options(length=8, lag=8), "--lag 8 must be below --length 8"),
        (Options(length=8, lag=2, chunks=(9,)), "--chunks 9"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(UserError, match=message):
        truncation.check(options)
