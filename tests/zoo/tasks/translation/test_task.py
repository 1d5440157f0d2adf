from __future__ import annotations

from functools import partial
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from datasets.base import Dataset, Info, Split
from datasets.errors import UserError
from tests.zoo.running import every_cell
from zoo.config import RecurrentOptions, TrainingOptions
from zoo.factory import recurrent_factory
from zoo.tasks.translation.task import TASK, Options
from zoo.training.evaluation import Predictor
from zoo.training.loop import Trainer

TRAIN = [
    ("ein Hund", "a dog"),
    ("ein Hund läuft", "a dog runs"),
    ("die Katze läuft .", "the cat runs ."),
    ("ein Hund", "a dog"),
]


def split(*pairs: tuple[str, str]) -> Split:
    examples = [{"source": source, "target": target} for source, target in pairs]
    return Split(lambda: iter(examples), len(examples))


def prepared(test: Split | None = None, train=TRAIN, **options):
    data = Dataset(
        Info("toy", TASK.fields), split(*train), split(("eine Katze", "a cat"), ("Hund", "dog")), test
    )
    return TASK.prepare(
        data, Options(**{"tokens": "words", "min_count": 1, "embedding": 4, **options}), batch_size=3
    )


def trainer(cell: str, ready, training: dict | None = None, dropout: float = 0.0, units: int = 3) -> Trainer:
    recurrent = recurrent_factory(
        RecurrentOptions(cell=cell, units=units, dropout=dropout, bidirectional=cell != "mean", engine="loop")
    )
    settings = TrainingOptions(average=0, **(training or {}))
    return Trainer(lambda: TASK.build(ready, recurrent, ready.learned.options), TASK.loss, settings)


# ------------------------------------------------------------------------------------------ data


def test_tokens_are_learnt_on_train_alone_and_told():
    ready = prepared()
    assert set(ready.learned.source.vocabulary) == {"▁ein", "▁Hund", "▁läuft", "▁die", "▁Katze", "▁."}
    assert "6 words of the source and 6 of the target" in ready.notes[0]
    assert ready.valid.sources.values[0] == 1  # `eine` is not in train


def test_long_pairs_are_left_out_of_training_and_long_sources_cut():
    test = split(("ein Hund läuft ein", "a dog runs a"))
    ready = prepared(test, max_tokens=3, train=[*TRAIN, ("a b c d", "x"), ("x", "a b c d")])
    assert [example["source"] for example in ready.train.split] == ["ein Hund", "ein Hund läuft", "ein Hund"]
    assert ready.train.references() == ["a dog", "a dog runs", "a dog"]
    assert "left out: 3 training pairs longer than 3 tokens (--max-tokens)" in ready.notes[1]
    assert ready.test().sources.lengths.tolist() == [4]
    with pytest.raises(UserError, match="every training pair is longer than --max-tokens 2"):
        prepared(max_tokens=2, train=[("a b c", "d e f")])


def test_the_test_split_is_read_only_when_it_is_asked_for():
    read = []

    def rows():
        read.append(True)
        return iter([{"source": "ein Hund", "target": "a dog"}])

    ready = prepared(Split(rows, 1))
    assert not read
    assert ready.test().references() == ["a dog"]
    assert prepared().test() is None


@pytest.mark.parametrize("tokens", ["subwords", "words", "characters"])
def test_what_prediction_needs_goes_through_json(tokens):
    ready = prepared(tokens=tokens, vocabulary=30)
    again = TASK.restore(ready.learned.to_json(), ready.learned.options)
    assert (again.source.vocabulary, again.target.vocabulary) == (
        ready.learned.source.vocabulary,
        ready.learned.target.vocabulary,
    )
    assert again.source.kind == tokens


# ------------------------------------------------------------------------------------------ model


@every_cell()
@pytest.mark.parametrize("attention", ["general", pytest.param("none", marks=pytest.mark.slow)])
def test_a_few_steps_change_every_weight(cell: str, attention: str) -> None:
    ready = prepared(attention=attention, decoder_layers=2, tied=False)
    training = trainer(cell, ready)
    before = [variable.numpy() for variable in training.model.trainable_variables]
    for planned in ready.train.plan([0]) * 3:
        loss, norm = training.step(ready.train.load(planned))
        assert np.isfinite([loss, norm]).all()
    for old, variable in zip(before, training.model.trainable_variables, strict=True):
        if not _idle(variable.path, cell, attention):
            assert (variable.numpy() != old).any(), variable.path


def _idle(path: str, cell: str, attention: str) -> bool:
    """Whether a weight has no say: a mean's first state is a mean of nothing, and without attention nobody reads the
    outputs of the encoder, which an LRU makes of its states.
    """
    if cell == "lru" and attention == "none":
        return path.startswith("recurrent/") and path.endswith("/output_kernel")
    return cell == "mean" and "bridge" in path


@pytest.mark.parametrize("attention", ["general", "additive", "dot", "none"])
def test_padding_changes_no_loss_and_no_gradient(attention):
    ready = prepared(attention=attention, label_smoothing=0.2, decoder_layers=2)
    model = trainer("gru", ready).model
    batch = ready.train.load(ready.train.plan(None)[0])

    def run(columns: int):
        inputs = {name: np.pad(array, ((0, 0), (0, columns))) for name, array in batch.inputs.items()}
        targets = inputs["target"][:, 1:]
        with tf.GradientTape() as tape:
            outputs = model(inputs)
            loss = tf.reduce_sum(TASK.loss(targets, outputs) * (targets != 0))
        slopes = [tf.convert_to_tensor(slope) for slope in tape.gradient(loss, model.trainable_variables)]
        return loss, slopes, outputs["token_nll"][:, : batch.targets.shape[1]] * batch.weights

    for plain, padded in zip(keras.tree.flatten(run(0)), keras.tree.flatten(run(5)), strict=True):
        np.testing.assert_allclose(plain, padded, atol=2e-5)


def test_the_loss_is_smoothed_and_the_score_is_not():
    batch = prepared().train.load(prepared().train.plan(None)[0])
    outputs = {}
    for smoothing in (0.0, 0.5):
        outputs[smoothing] = trainer("gru", prepared(label_smoothing=smoothing)).model(batch.inputs)
    np.testing.assert_allclose(outputs[0.0]["token_nll"], outputs[0.5]["token_nll"], rtol=1e-5)
    np.testing.assert_allclose(outputs[0.0]["loss"], outputs[0.0]["token_nll"], rtol=1e-5)
    assert np.abs(outputs[0.5]["loss"] - outputs[0.5]["token_nll"]).max() > 1e-3


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        {},
        pytest.param({"attention": "none"}, marks=pytest.mark.exhaustive),
        {"scheduled_sampling": 0.3, "decoder_layers": 2},
    ],
)
def test_it_learns_to_translate(options: dict):
    """Word by word, in the other order: a fixed table cannot do it without reading."""
    words = {"eins": "one", "zwei": "two", "drei": "three", "vier": "four"}
    pairs = [(f"{a} {b}", f"{words[b]} {words[a]}") for a in words for b in words]
    ready = prepared(split(*pairs), train=pairs * 4, embedding=16, label_smoothing=0.0, beam=2, **options)
    training = trainer("gru", ready, {"learning_rate": 0.02}, units=16)
    for epoch in range(14):
        for planned in ready.train.plan([0, epoch]):
            training.step(ready.train.load(planned))
    batches = ready.test()
    served = partial(TASK.serve, training.model, ready.learned)
    predictions = Predictor(training.model)(batches)
    found = TASK.finish(ready.learned, training.model, served, batches, predictions)
    scores = TASK.score(ready.learned, found, batches)
    assert scores["exact"] > 0.9
    assert scores["perplexity"] < 1.5
    assert scores["cut"] == 0
    assert TASK.baselines(ready)(batches)["copy"]["exact"] == 0
    assert TASK.baselines(ready)(batches)["most similar training pair"]["exact"] == 1


# ------------------------------------------------------------------------------------------ metrics


def test_without_a_search_only_teacher_forced_metrics_are_scored():
    ready = prepared()
    predictions = {"token_nll": np.log([2.0] * 5), "token_correct": np.ones(5)}
    assert TASK.score(ready.learned, predictions, ready.valid) == {
        "loss": pytest.approx(np.log(2)),
        "perplexity": pytest.approx(2),
        "accuracy": 1.0,
    }


def test_details_show_what_was_translated():
    ready = prepared()
    found = [
        {"translation": "a cat", "score": -1.0, "cut": False},
        {"translation": "x", "score": -2.0, "cut": True},
    ]
    predictions = {"token_nll": np.zeros(5), "token_correct": np.ones(5), "translations": found}
    details: dict[str, Any] = TASK.details(ready.learned, predictions, ready.valid)
    assert details["samples"][0] == {"source": "eine Katze", "reference": "a cat", **found[0]}
    assert TASK.score(ready.learned, predictions, ready.valid)["cut"] == 0.5
    assert TASK.score(ready.learned, predictions, ready.valid)["exact"] == 0.5
    assert set(TASK.pictures(ready.learned, predictions, ready.valid)) == {"by_length.png"}


def test_rows_are_shown_in_full():
    rows = [
        {"text": "ein Hund", "translation": "a dog", "score": -0.5, "cut": False, "rank": 1},
        {"text": "ein Hund", "translation": "dog", "score": -1.5, "cut": True, "rank": 2},
    ]
    assert TASK.show(rows) == "ein Hund\n  → a dog  (-0.500)\n  → dog  (-1.500, cut)"
