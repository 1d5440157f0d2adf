from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from datasets import plugins
from datasets.errors import UserError
from tests.zoo.tasks.language_model.models import TEXT, build, dataset, prepared
from zoo.config import RecurrentOptions, TrainingOptions
from zoo.factory import recurrent_factory
from zoo.tasks.language_model.streams import Streams
from zoo.tasks.language_model.task import TASK
from zoo.training.evaluation import Predictor
from zoo.training.loop import Trainer

CELLS = plugins.names("zoo.cells", "CELL")


def trainer(ready, cell: str) -> Trainer:
    recurrent = recurrent_factory(RecurrentOptions(cell=cell, units=4, dropout=0.0, layers=2))
    return Trainer(
        lambda: TASK.build(ready, recurrent, ready.learned.options), TASK.loss, TrainingOptions(average=0)
    )


@pytest.mark.parametrize(
    ("cell", "options"),
    [
        *[(cell, {}) for cell in CELLS],
        *[
            ("lstm", options)
            for options in (
                {"tied": True},
                {"tied": True, "embedding": 7},
                {
                    "variational_dropout": True,
                    "embedding_dropout": 0.1,
                    "activation_penalty": 2.0,
                    "temporal_penalty": 1.0,
                },
                {"embedding": 0},
                {"softmax": "sampled", "sampled_tokens": 3},
                {"softmax": "sampled", "sampled_tokens": 3, "tied": True},
            )
        ],
    ],
)
def test_one_step_changes_every_weight(cell, options):
    ready = prepared(**options)
    training = trainer(ready, cell)
    before = [variable.numpy() for variable in training.model.trainable_variables]
    for planned in ready.train.plan([0])[:3]:
        loss, _ = training.step(ready.train.load(planned))
        assert np.isfinite(loss)
    for old, variable in zip(before, training.model.trainable_variables, strict=True):
        assert (variable.numpy() != old).any(), variable.path


def test_an_untrained_model_finds_all_tokens_about_as_likely():
    ready = prepared()
    model = trainer(ready, "gru").model
    nats = TASK.score(ready.learned, Predictor(model)(ready.valid), ready.valid)["nats"]
    assert nats == pytest.approx(np.log(ready.learned.tokenizer.size - 1), abs=0.15)


def one_stream(text) -> Streams:
    """The warm-up is longer than the text, so that there is room for one stream only."""
    return Streams(text, 4, 8, warm_up=1000)


@pytest.mark.parametrize(
    ("cell", "options"),
    [
        *[(cell, {}) for cell in ("lstm", "mean", "keras_gru")],
        *[("gru", {"softmax": "sampled", "sampled_tokens": 3, "tied": tied}) for tied in (False, True)],
    ],
)
def test_evaluation_in_chunks_is_what_one_reading_of_the_text_says(cell, options):
    ready = prepared(**options)
    model = build(ready, cell)
    answer = TASK.serve(model, ready.learned).functions["score"](tf.constant([TEXT]))
    np.testing.assert_allclose(Predictor(model)(one_stream(ready.valid.text)), answer["nats"][0], atol=1e-5)


def test_several_streams_lose_no_more_than_far_context():
    ready = prepared(dataset(valid=TEXT * 4))
    model = build(ready, "gru")
    several, one = ready.valid, one_stream(ready.valid.text)
    assert len(several.plan(None)) < len(one.plan(None))
    far, near = Predictor(model)(one), Predictor(model)(several)
    np.testing.assert_allclose(far, near, atol=0.05)
    np.testing.assert_allclose(far[:40], near[:40], atol=1e-5)


def test_evaluation_between_two_steps_changes_no_step():
    def losses(evaluate: bool):
        ready = prepared()
        training = trainer(ready, "gru")
        found = []
        for planned in ready.train.plan([0])[:4]:
            found.append(training.step(ready.train.load(planned))[0])
            if evaluate:
                Predictor(training.model)(ready.valid)
        return found

    assert losses(True) == losses(False)


def test_states_reach_further_than_gradients():
    """What a chunk begins with is remembered in the next: without states the loss would be another one."""
    ready = prepared()
    training = trainer(ready, "gru")
    first, second = (ready.train.load(planned) for planned in ready.train.plan([0])[:2])
    assert second.inputs["continues"].tolist() == [1] * 4
    model = training.model
    model(first.inputs, training=True)
    goes_on = np.asarray(model(second.inputs, training=True))
    again = np.asarray(model({**second.inputs, "continues": np.zeros(4, np.int32)}, training=True))
    assert np.abs(goes_on - again).max() > 1e-4


def test_tied_scores_need_no_weights_of_their_own():
    ready = prepared()
    names = [layer.name for layer in build(prepared(tied=True, embedding=5)).layers]
    assert "to_scores" not in names
    assert "to_embedding" not in names
    assert "to_embedding" in [layer.name for layer in build(prepared(tied=True, embedding=4)).layers]
    assert "to_scores" in [layer.name for layer in build(ready).layers]


def test_dropout_of_the_inputs_can_differ():
    def rates(model):
        return [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)]

    assert rates(build(prepared(input_dropout=0.1), dropout=0.3)) == [0.1, 0.3]
    assert rates(build(prepared(), dropout=0.3)) == [0.3, 0.3]


def test_reading_backwards_is_refused():
    with pytest.raises(UserError, match="--bidirectional: a language model must not see"):
        build(prepared(), bidirectional=True)


def test_several_devices_are_refused(monkeypatch):
    several = tf.distribute.get_strategy()
    monkeypatch.setattr(type(several), "num_replicas_in_sync", 2)
    with pytest.raises(UserError, match="--mirrored: the streams of a text go on"):
        build(prepared())


def test_nothing_to_share_is_refused():
    with pytest.raises(UserError, match="--tied: there are no vectors"):
        prepared(tied=True, embedding=0)


@pytest.mark.parametrize(("policy", "dtype"), [("mixed_float16", "float32"), ("float64", "float64")])
def test_losses_are_at_least_float32(policy, dtype):
    ready = prepared()
    keras.mixed_precision.set_global_policy(policy)
    try:
        model = build(ready)
        assert model(ready.train.load(ready.train.plan(None)[0]).inputs).dtype == dtype
    finally:
        keras.mixed_precision.set_global_policy("float32")
