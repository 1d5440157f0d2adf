from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from datasets.base import Dataset, Info
from datasets.errors import UserError
from tests.zoo.running import every_cell
from tests.zoo.tasks.vqa.toy import LABELS, about, dataset, pictures, split
from zoo.config import RecurrentOptions, TrainingOptions
from zoo.factory import order_agnostic_factory, recurrent_factory
from zoo.tasks.vqa.task import TASK, Options
from zoo.training.evaluation import Predictor
from zoo.training.loop import Trainer

SMALL: dict[str, Any] = {"channels": (4, 6), "attention_units": 6, "embedding": 4}
TEST = split([example for picture in pictures(2, "t") for example in about(picture)])


def prepared(count: int = 4, test=None, **options):
    return TASK.prepare(dataset(count, test), Options(**options), batch_size=8)


def trainer(cell: str = "gru", ready=None, training: dict | None = None, **options) -> Trainer:
    ready = ready or prepared()
    recurrent = recurrent_factory(RecurrentOptions(cell=cell, units=5, dropout=0.0))
    chosen = Options(**{**SMALL, **options})
    settings = TrainingOptions(**{"average": 0.0, "batch_size": 8, **(training or {})})
    return Trainer(lambda: TASK.build(ready, recurrent, chosen), TASK.loss, settings)


# ------------------------------------------------------------------------------------------ data


def test_vocabulary_and_size_are_learnt_on_train_alone():
    ready = prepared(test=TEST)
    assert set(ready.learned.encoder.vocabulary) == {"which", "colour", "is", "left", "right", "red", "?"}
    assert ready.learned.size == (8, 12)
    assert prepared(image_size=6).train.images.shape == (4, 6, 6, 3)
    assert ready.test().images.shape == (2, 8, 12, 3)
    assert prepared().test() is None
    assert "4 in train, 8 x 12 pixels" in ready.notes[0]


def test_features_in_place_of_images_are_refused():
    class Vector:
        name = "v"

        def read(self):
            return np.zeros(7, np.float32)

    part = split([{"image": Vector(), "question": "what?", "answer": 0}])
    with pytest.raises(UserError, match="toy has features in place of images"):
        TASK.prepare(Dataset(Info("toy", TASK.fields, LABELS), part, part, None), Options(), 2)


def test_what_prediction_needs_goes_through_json():
    ready = prepared()
    again = TASK.restore(ready.learned.to_json(), Options())
    assert again.encoder.vocabulary == ready.learned.encoder.vocabulary
    assert (again.labels, again.size) == (ready.learned.labels, ready.learned.size)


# ------------------------------------------------------------------------------------------ model


@every_cell()
def test_one_step_changes_every_weight(cell):
    training = trainer(cell, hops=2, attention="additive", fusion="multiplicative")
    batches = prepared().train
    before = [variable.numpy() for variable in training.model.trainable_variables]
    for _ in range(3):  # the bias of some gates gets no gradient from the first step's zero state
        training.step(batches.load(batches.plan(None)[0]))
    for old, variable in zip(before, training.model.trainable_variables, strict=True):
        assert (variable.numpy() != old).any(), variable.path


@pytest.mark.parametrize("attention", ["additive", pytest.param("multiplicative", marks=pytest.mark.slow)])
@pytest.mark.parametrize("fusion", ["multiplicative", pytest.param("concatenating", marks=pytest.mark.slow)])
def test_it_learns_to_look_where_the_question_says(attention, fusion):
    ready = prepared(16)
    options = {"attention": attention, "fusion": fusion, "hops": 1}
    training = trainer(ready=ready, training={"learning_rate": 0.02}, **options)
    for epoch in range(60):
        for planned in ready.train.plan([epoch]):
            training.step(ready.train.load(planned))
    scores = TASK.score(ready.learned, Predictor(training.model)(ready.valid), ready.valid)
    assert scores["accuracy"] == 1
    assert TASK.baselines(ready)(ready.valid)["question only"]["accuracy"] <= 0.5


def test_padding_changes_nothing():
    ready = prepared()
    model = trainer(ready=ready, hops=2).model
    inputs = dict(ready.train.load(ready.train.plan(None)[0]).inputs)
    plain = model(inputs)
    inputs["tokens"] = np.pad(inputs["tokens"], ((0, 0), (0, 5)))
    inputs["images"] = np.concatenate([inputs["images"], 255 - inputs["images"]])
    padded = model(inputs)
    for name in ("logits", "attention"):
        np.testing.assert_allclose(plain[name], padded[name], rtol=1e-4, atol=1e-5)


def test_outputs_have_a_weight_for_each_part_at_each_look():
    ready = prepared()
    outputs = Predictor(trainer(ready=ready, hops=3).model)(ready.valid)
    assert outputs["attention"].shape == (8, 3, 2, 3)
    assert outputs["logits"].shape == (8, 4)
    assert set(TASK.pictures(ready.learned, outputs, ready.valid)) == {"answers.png"}
    details: dict[str, Any] = TASK.details(ready.learned, outputs, ready.valid)
    assert set(details["kinds"]) == {"left", "is right"}


def test_order_agnostic_baselines():
    ready = prepared()
    baselines = TASK.order_agnostic_baselines(
        ready, order_agnostic_factory(RecurrentOptions(units=5)), Options(**SMALL)
    )
    assert set(baselines) == {"bag of words", "bag of words, no image"}
    inputs = dict(ready.train.load(ready.train.plan(None)[0]).inputs)
    for name, build in baselines.items():
        model = build()
        plain = np.asarray(model(inputs)["logits"])
        order = inputs | {"tokens": inputs["tokens"][:, [2, 0, 1, *range(3, 8)]]}
        np.testing.assert_allclose(model(order)["logits"], plain, rtol=1e-4, atol=1e-5)
        other = inputs | {"images": 255 - inputs["images"]}
        change = np.abs(np.asarray(model(other)["logits"]) - plain).max()
        assert (change > 1e-4) == (name == "bag of words")


def test_the_loss_is_the_negative_logarithm_of_the_right_answer():
    found = TASK.loss(np.array([1]), {"logits": np.log([[0.2, 0.8]]).astype("float32") + 3})
    np.testing.assert_allclose(found, -np.log([0.8]), rtol=1e-5)


@pytest.mark.parametrize(("policy", "dtype"), [("mixed_float16", "float32"), ("float64", "float64")])
def test_logits_are_at_least_float32(policy, dtype):
    ready = prepared()
    keras.mixed_precision.set_global_policy(policy)
    try:
        outputs = trainer(ready=ready).model(ready.train.load(ready.train.plan(None)[0]).inputs)
        assert outputs["logits"].dtype == dtype
    finally:
        keras.mixed_precision.set_global_policy("float32")
