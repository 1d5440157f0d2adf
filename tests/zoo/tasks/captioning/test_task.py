from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import datasets
from datasets.base import Split
from datasets.errors import UserError
from datasets.formats.images import Features
from tests.zoo.tasks.captioning.toy import dataset, examples, features
from zoo.config import RecurrentOptions, TrainingOptions
from zoo.factory import recurrent_factory
from zoo.tasks.captioning.task import TASK, Options
from zoo.training.evaluation import Predictor
from zoo.training.loop import Trainer

GRID = (2, 4, 2)


def prepared(data=None, **options):
    data = data or dataset(examples(8), examples(4, "v"))
    return TASK.prepare(data, Options(**{"min_count": 1, "embedding": 4, "channels": (4, 6), **options}), 6)


def trainer(cell: str, ready, training: dict | None = None, units: int = 3) -> Trainer:
    recurrent = recurrent_factory(RecurrentOptions(cell=cell, units=units, engine="loop"))
    settings = TrainingOptions(average=0, **(training or {}))
    return Trainer(lambda: TASK.build(ready, recurrent, ready.learned.options), TASK.loss, settings)


# ------------------------------------------------------------------------------------------ data


def test_tokens_and_sizes_are_learnt_on_train_alone_and_told():
    ready = prepared(dataset(examples(8), [{**examples(1)[0], "captions": ("red or blue",)}]))
    assert set(ready.learned.tokenizer.vocabulary) == {"▁red", "▁blue", "▁and", "▁right", "▁of"}
    assert ready.valid.decoded.values.tolist().count(1) == 1  # `or` is not in train
    assert (ready.learned.shape, ready.learned.pixels) == ((8, 12, 3), True)
    assert "captions: 16 in train, 5 different words, 0.0% of them unknown" in "\n".join(ready.notes)


def test_images_get_the_size_that_is_asked_for():
    ready = prepared(dataset(examples(8), examples(4, "v"), examples(3)), image_size=10)
    assert ready.train.images.shape == (8, 10, 10, 3)
    assert ready.train.images.dtype == np.uint8
    assert ready.test().images.shape == (3, 10, 10, 3)


@pytest.mark.parametrize("shape", [(2,), GRID])
def test_features_stand_in_place_of_images(shape):
    other = [{**examples(1)[0], "image": Features("x", np.zeros((1, 3)), 0)}]
    ready = prepared(dataset(features(shape), features(shape, prefix="v"), other))
    assert (ready.learned.shape, ready.learned.pixels) == (shape, False)
    assert ready.train.images.shape == (4, *shape)
    with pytest.raises(UserError, match="x: features of shape 3, where the model's are"):
        ready.test()


def test_long_captions_are_left_out_of_training_alone():
    ready = prepared(max_tokens=3)
    assert len(ready.train.decoded) == 8
    assert len(ready.valid.decoded) == 8
    assert ready.train.references[0] == ("red and blue", "blue right of red")
    with pytest.raises(UserError, match="every caption of train is longer than --max-tokens 2"):
        prepared(max_tokens=2)


def test_lower_case_is_learnt_and_references_stay():
    rows = [{**one, "captions": ("RED and Blue",)} for one in examples(4)]
    ready = prepared(dataset(rows, rows), lowercase=True)
    assert set(ready.learned.tokenizer.vocabulary) == {"▁red", "▁and", "▁blue"}
    assert ready.valid.references[0] == ("RED and Blue",)
    known = [{**one, "true_captions": one["captions"]} for one in rows]
    ready = prepared(dataset(known, known), lowercase=True)
    assert ready.valid.true == ready.train.true == (frozenset({"red and blue"}),) * 4


def test_the_test_split_is_read_only_when_it_is_asked_for():
    read = []

    def rows():
        read.append(True)
        return iter(examples(2, "t"))

    data = dataset(examples(4), examples(2, "v"))
    ready = prepared(replace(data, test=Split(rows, 2)))
    assert not read
    assert ready.test().names == ("t0", "t1")
    assert prepared().test() is None


@pytest.mark.parametrize("tokens", ["subwords", "words", "characters"])
def test_what_prediction_needs_goes_through_json(tokens):
    ready = prepared(tokens=tokens, vocabulary=20)
    again = TASK.restore(ready.learned.to_json(), ready.learned.options)
    assert (again.tokenizer.vocabulary, again.tokenizer.kind) == (ready.learned.tokenizer.vocabulary, tokens)
    assert (again.shape, again.pixels) == (ready.learned.shape, ready.learned.pixels)


# ------------------------------------------------------------------------------------------ model


@pytest.mark.parametrize(
    ("cell", "attention"), [("lstm", "general"), ("vanilla", "none"), ("mean", "general")]
)
def test_a_few_steps_change_every_weight(cell, attention):
    """The decoder's own tests cross it with every cell."""
    ready = prepared(attention=attention, tied=False)
    training = trainer(cell, ready)
    before = [variable.numpy() for variable in training.model.trainable_variables]
    for planned in ready.train.plan([0]):
        loss, norm = training.step(ready.train.load(planned))
        assert np.isfinite([loss, norm]).all()
    for old, variable in zip(before, training.model.trainable_variables, strict=True):
        if not (cell == "mean" and "bridge" in variable.path):  # its first state is a mean of nothing
            assert (variable.numpy() != old).any(), variable.path


@pytest.mark.parametrize("attention", ["general", "dot"])
def test_padding_changes_no_loss_and_no_gradient(attention):
    ready = prepared(attention=attention, label_smoothing=0.2)
    model = trainer("gru", ready).model
    batch = ready.train.load(ready.train.plan(None)[0])

    def run(columns: int):
        caption = np.pad(batch.inputs["caption"], ((0, 0), (0, columns)))
        with tf.GradientTape() as tape:
            outputs = model(batch.inputs | {"caption": caption})
            loss = tf.reduce_sum(TASK.loss(caption[:, 1:], outputs) * (caption[:, 1:] != 0))
        slopes = [tf.convert_to_tensor(slope) for slope in tape.gradient(loss, model.trainable_variables)]
        return loss, slopes, outputs["token_nll"][:, : batch.targets.shape[1]] * batch.weights

    for plain, padded in zip(keras.tree.flatten(run(0)), keras.tree.flatten(run(5)), strict=True):
        np.testing.assert_allclose(plain, padded, atol=2e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind", ["grid", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("pixels", "vector"))]
)
def test_it_learns_to_say_what_is_in_an_image(kind):
    make = {
        "pixels": examples,
        "vector": lambda *a: features((2,), *a),
        "grid": lambda *a: features(GRID, *a),
    }
    rows = [{**row, "true_captions": row["captions"]} for row in make[kind](8, "p")]
    data = dataset(rows, rows[:4])
    ready = prepared(data, embedding=8, label_smoothing=0.0, beam=2, decoder_layers=1)
    training = trainer("gru", ready, {"learning_rate": 0.02}, units=12)
    for epoch in range(80):
        for planned in ready.train.plan([0, epoch]):
            training.step(ready.train.load(planned))
    served = partial(TASK.serve, training.model, ready.learned)
    predictions = Predictor(training.model)(ready.valid)
    found = TASK.finish(ready.learned, training.model, served, ready.valid, predictions)
    scores = TASK.score(ready.learned, found, ready.valid)
    assert scores["true"] == scores["exact"] == 1
    assert scores["bleu_1"] == pytest.approx(100)
    assert scores["cut"] == 0


# ------------------------------------------------------------------------------------------ metrics


def predictions(*captions: str) -> dict:
    found = [{"caption": caption, "score": -1.0, "cut": n == 1} for n, caption in enumerate(captions)]
    return {"token_nll": np.log([2.0] * 5), "token_correct": np.ones(5), "captions": found, "attention": []}


def test_without_a_search_only_teacher_forced_metrics_are_scored():
    ready = prepared()
    told = {name: values for name, values in predictions().items() if name != "captions"}
    assert TASK.score(ready.learned, told, ready.valid) == {
        "loss": pytest.approx(np.log(2)),
        "perplexity": pytest.approx(2),
        "accuracy": 1.0,
        "probability": pytest.approx(0.5),
    }


def test_what_is_true_counts_where_it_is_known():
    said = predictions("red and blue", "x", "no", "red and red")
    ready = prepared(dataset(examples(8), examples(4, "v", true=True)))
    scores = TASK.score(ready.learned, said, ready.valid)
    assert (scores["true"], scores["exact"], scores["cut"]) == (0.5, 0.5, 0.25)
    assert "true" not in TASK.score(prepared().learned, said, prepared().valid)


def test_details_and_a_picture_show_what_was_said():
    ready = prepared()
    said = predictions("red and blue", "x", "x", "y")
    details: dict[str, Any] = TASK.details(ready.learned, said, ready.valid)
    assert details["different_captions"] == 3
    assert details["samples"][1] == {
        "image": "v1",
        "references": ["blue and blue", "blue right of blue"],
        **said["captions"][1],
    }
    assert set(details["signatures"]) == {"bleu_4", "chrf"}
    assert set(TASK.pictures(ready.learned, said, ready.valid)) == {"captions.png"}


def test_rows_that_need_no_model():
    one = [{**example, "captions": example["captions"][:1]} for example in examples(4, "v")]
    ready = prepared(dataset(examples(8), examples(4, "v"), one))
    rows = TASK.baselines(ready)(ready.valid)
    assert rows["nearest training image"]["exact"] == 1
    assert 0 < rows["one person"]["bleu_1"] < 100
    assert set(TASK.baselines(ready)(ready.test())) == {"nearest training image"}


def test_rows_are_shown_in_full():
    rows = [
        {"image": "a.png", "caption": "a dog", "score": -0.5, "cut": False, "rank": 1},
        {"image": "a.png", "caption": "dog", "score": -1.5, "cut": True, "rank": 2},
    ]
    assert TASK.show(rows) == "a.png\n  → a dog  (-0.500)\n  → dog  (-1.500, cut)"


# ------------------------------------------------------------------------------------------ real data


@pytest.mark.real
def test_a_few_real_images_by_their_features(data_dir):
    """Their captions can be learnt by heart, which needs the features to tell the images apart."""
    folder = data_dir / "flickr8k"
    options = {"features": str(folder / "features_mobilenetv2_grid7x7_pca64_i8.npz")}
    data = datasets.load(str(folder), TASK.fields, options)
    few = [{**example, "captions": example["captions"][:1]} for example in islice(data.train, 5)]
    assert few[0]["image"].name.endswith(".jpg")
    ready = prepared(dataset(few, few), embedding=16, label_smoothing=0.0, decoder_layers=1)
    training = trainer("gru", ready, {"learning_rate": 0.02}, units=32)
    for epoch in range(90):
        for planned in ready.train.plan([0, epoch]):
            training.step(ready.train.load(planned))
    served = partial(TASK.serve, training.model, ready.learned)
    predictions = Predictor(training.model)(ready.valid)
    found = TASK.finish(ready.learned, training.model, served, ready.valid, predictions)
    assert TASK.score(ready.learned, found, ready.valid)["bleu_4"] > 90
