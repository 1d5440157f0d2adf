"""A linear classifier with a share in the answer: what dev decides, what is served, what stays alone."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from datasets.base import NOT_IN_TRAIN, Dataset, Info, Split
from datasets.options import from_dict
from zoo.config import RecurrentOptions
from zoo.factory import recurrent_factory
from zoo.tasks.base import Prepared
from zoo.tasks.sentiment import tfidf
from zoo.tasks.sentiment.base import base_layers, best_shares
from zoo.tasks.sentiment.task import TASK, Learned, Options
from zoo.tasks.sequence_batches import SequenceBatches

TRAIN = [("a good film", 1), ("a bad film", 0), ("good good", 1), ("bad bad bad", 0)]
DEV = [("good", 1), ("so bad", 0), ("", 1), ("a good good film film", 1)]


def split(texts: list[tuple[str, int]]) -> Split:
    examples = [{"text": text, "label": label} for text, label in texts]
    return Split(lambda: examples, len(examples))


def ready(**options: Any) -> Prepared[Learned, SequenceBatches]:
    dataset = Dataset(Info("made up", TASK.fields, ("neg", "pos")), split(TRAIN), split(DEV), None)
    return TASK.prepare(dataset, Options(**options), batch_size=4)


def model_of(prepared: Prepared[Learned, SequenceBatches], cell: str = "gru") -> keras.Model:
    recurrent = recurrent_factory(RecurrentOptions(cell=cell, units=3))
    return TASK.build(prepared, recurrent, Options(embedding=3))


def predicted(model: keras.Model, batches: SequenceBatches) -> np.ndarray:
    """Logits of a split, in its order."""
    plans = batches.plan(None)
    return batches.gather(plans, [np.asarray(model(batches.load(planned).inputs)) for planned in plans])


# ------------------------------------------------------------------------------------------ shares


def logits(right: list[float], targets: np.ndarray) -> np.ndarray:
    """Of two classes, by how sure each text is of the right one."""
    signed = np.where(targets == 1, right, -np.array(right))
    return np.stack([-signed / 2, signed / 2], axis=1)


def test_the_better_classifier_has_the_larger_share() -> None:
    targets = np.arange(400) % 2
    rng = np.random.default_rng(0)
    good, bad = rng.normal(2, 1, 400).tolist(), rng.normal(0.2, 1, 400).tolist()
    ours, theirs = best_shares(logits(good, targets), logits(bad, targets), targets)
    assert ours > 3 * theirs >= 0
    assert best_shares(logits(bad, targets), logits(good, targets), targets) == pytest.approx((theirs, ours))


def test_one_that_is_wrong_has_no_share() -> None:
    targets = np.arange(400) % 2
    right = np.random.default_rng(0).normal(2, 1, 400)
    assert best_shares(logits(right.tolist(), targets), logits((-right).tolist(), targets), targets)[1] == 0


def test_few_texts_leave_both_their_half() -> None:
    targets = np.array([0, 1, NOT_IN_TRAIN])
    shares = best_shares(logits([3.0, 3.0, 9.0], targets), logits([0.1, 0.1, 9.0], targets), targets)
    assert shares == pytest.approx((0.5, 0.5), abs=0.05)


# ------------------------------------------------------------------------------------------ the model


def test_it_has_a_share_where_there_are_enough_texts_or_where_it_is_asked_for() -> None:
    assert not ready().learned.base_features  # of few texts
    assert not ready(base="none").train.further
    assert ready(base="tfidf").learned.base_features > 0
    assert from_dict(Options, {}).base == "none"  # runs of before had none


def test_until_dev_has_decided_the_model_is_alone() -> None:
    prepared = ready(base="tfidf")
    model = model_of(prepared)
    inputs = prepared.valid.load(prepared.valid.plan(None)[0]).inputs
    other = {**inputs, "base": inputs["base"] + 7 * np.arange(2)}
    np.testing.assert_array_equal(model(inputs), model(other))
    (layer,) = base_layers(model)
    assert layer.trainable_variables == []


def test_dev_decides_and_the_answer_is_the_sum(capsys: pytest.CaptureFixture[str]) -> None:
    prepared = ready(base="tfidf")
    model = model_of(prepared)
    alone = predicted(model, prepared.valid)
    assert TASK.calibrated(prepared.learned, model, prepared.valid, lambda: alone) is model
    theirs = prepared.valid.further["base"]
    ours, share = best_shares(alone, theirs, prepared.valid.targets)
    assert share > 0.1
    np.testing.assert_allclose(predicted(model, prepared.valid), ours * alone + share * theirs, atol=1e-6)
    assert f"TF-IDF one of {share:.2f}" in capsys.readouterr().err
    assert f"a share of {ours:.2f}" in TASK.calibration(model)[0]


@pytest.mark.parametrize("tokens", ["words", "characters", "subwords"])
def test_what_is_served_is_what_was_scored(tokens: str) -> None:
    prepared = ready(base="tfidf", tokens=tokens, min_count=1)
    model = model_of(prepared)
    (layer,) = base_layers(model)
    layer.share(0.5, 2.0)
    answer = TASK.serve(model, prepared.learned)(tf.constant([text for text, _ in DEV]))
    expected = tf.nn.softmax(predicted(model, prepared.valid))
    np.testing.assert_allclose(answer["probabilities"], expected, atol=1e-6)


def test_tensorflow_and_numpy_classify_alike() -> None:
    prepared = ready(base="tfidf")
    (layer,) = base_layers(model_of(prepared))
    texts = ["good good film", "unknown words", "", "a bad a bad a"]
    ragged = tfidf.ngrams_of(split([(text, 0) for text in texts]), "words", True)
    assert prepared.learned.base is not None
    expected = prepared.learned.base.logits(ragged)
    np.testing.assert_allclose(
        layer.logits_of(tfidf.ngram_bits(tf.constant(texts), "words", True)), expected, atol=1e-6
    )
    assert layer.logits_of(tfidf.ngram_bits(tf.constant([], tf.string), "words", True)).shape == (0, 2)


def test_a_cell_that_is_blind_to_order_stays_alone() -> None:
    prepared = ready(base="tfidf")
    model = model_of(prepared, "mean")
    assert base_layers(model) == []
    answer = TASK.serve(model, prepared.learned)(tf.constant(["good"]))
    inputs = {"tokens": prepared.learned.encoder(tf.constant(["good"])), "base": tf.ones((1, 2))}
    np.testing.assert_allclose(answer["probabilities"], tf.nn.softmax(model(inputs)), atol=1e-6)


def test_it_goes_through_json_and_the_weights_through_the_model() -> None:
    prepared = ready(base="tfidf")
    again = TASK.restore(prepared.learned.to_json(), Options())
    assert again.base_features == prepared.learned.base_features
    assert again.base is None
