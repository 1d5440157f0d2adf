from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from datasets.base import Dataset, Info, Split
from datasets.errors import UserError
from datasets.options import from_dict
from tests.zoo.running import every_cell
from zoo.config import RecurrentOptions, TrainingOptions
from zoo.factory import order_agnostic_factory, recurrent_factory
from zoo.run import task_parser
from zoo.serving import Server
from zoo.tasks.base import NoOptions, Prepared
from zoo.tasks.sentiment import ngrams
from zoo.tasks.sentiment.task import TASK, Learned, Options
from zoo.tasks.sequence_batches import SequenceBatches
from zoo.training.loop import Trainer


def split(*examples: tuple[str, int]) -> Split:
    return Split(lambda: iter([{"text": text, "label": label} for text, label in examples]), len(examples))


def dataset(labels: tuple[str, ...] = ("neg", "pos"), test: Split | None = None) -> Dataset:
    train = split(("good good", 1), ("bad bad a", 0), ("a a a a a", len(labels) - 1), ("", 0))
    return Dataset(Info("toy", TASK.fields, labels), train, split(("bad good new", 0)), test)


def prepared(labels: tuple[str, ...] = ("neg", "pos"), **options: Any) -> Prepared[Learned, SequenceBatches]:
    return TASK.prepare(dataset(labels), Options(min_count=1, **options), batch_size=4)


# ------------------------------------------------------------------------------------------ data


def test_the_vocabulary_is_learnt_on_train_alone() -> None:
    ready = prepared()
    assert ready.learned.encoder.vocabulary == ("a", "good", "bad")
    tokens = ready.valid.load(ready.valid.plan(None)[0]).inputs["tokens"]
    assert tokens[0, :4].tolist() == [4, 3, 1, 0]
    assert ready.valid.targets.tolist() == [0]


def test_what_was_cut_is_told() -> None:
    notes = " ".join(prepared(max_tokens=3, truncation_side="right").notes)
    assert "1 of 4 training texts (25.0%) are longer than 3 tokens; their start stays" in notes
    assert "truncation" not in " ".join(prepared(max_tokens=5).notes)


@pytest.mark.parametrize(("kept", "side"), [("start", "right"), ("end", "left")])
def test_the_former_option_keep_is_still_read(kept: str, side: str) -> None:
    assert from_dict(Options, {"keep": kept}).truncation_side == side
    assert task_parser("sentiment").parse_args(["--keep", kept]).truncation_side == side


def test_the_share_of_unknown_tokens_is_told() -> None:
    ready = TASK.prepare(dataset(), Options(tokens="words", min_count=3), batch_size=4)
    assert "vocabulary: 1 tokens learnt on train; 40.0% of its tokens are unknown" in ready.notes[0]


def test_a_vocabulary_without_a_token_is_refused() -> None:
    with pytest.raises(UserError, match="--min-count"):
        TASK.prepare(dataset(), Options(min_count=99), batch_size=4)


def test_the_test_split_is_read_only_when_it_is_asked_for() -> None:
    read: list[bool] = []

    def rows() -> Iterator[dict[str, object]]:
        read.append(True)
        return iter([{"text": "good", "label": 1}])

    ready = TASK.prepare(dataset(test=Split(rows, 1)), Options(min_count=1), batch_size=4)
    assert not read
    test = ready.test()
    assert test is not None
    assert test.targets.tolist() == [1]
    assert prepared().test() is None


def test_what_prediction_needs_goes_through_json() -> None:
    ready = prepared(tokens="characters")
    again = TASK.restore(ready.learned.to_json(), Options(tokens="characters"))
    texts = tf.constant(["good a", "x\n", ""])
    np.testing.assert_array_equal(again.encoder(texts), ready.learned.encoder(texts))
    assert again.labels == ready.learned.labels


# ------------------------------------------------------------------------------------------ model


def model_and_trainer(
    cell: str, ready: Prepared[Learned, SequenceBatches], engine: str = "auto", **chosen: Any
) -> Trainer:
    recurrent = recurrent_factory(RecurrentOptions(cell=cell, units=3, dropout=0.0, engine=engine))
    options = Options(**{"embedding": 3, **chosen})
    return Trainer(lambda: TASK.build(ready, recurrent, options), TASK.loss, TrainingOptions(average=0))


@every_cell()
def test_one_step_changes_every_weight(cell: str) -> None:
    ready = prepared()
    trainer = model_and_trainer(cell, ready)
    before = [variable.numpy() for variable in trainer.model.trainable_variables]
    batch = ready.train.load(ready.train.plan(None)[0])
    for _ in range(2):  # the bias of some gates gets no gradient from the first step's zero state
        trainer.step(batch)
    for old, variable in zip(before, trainer.model.trainable_variables, strict=True):
        assert (variable.numpy() != old).any(), variable.path


@pytest.mark.parametrize("cell", ["gru", "mean"])
@pytest.mark.parametrize("pooling", ["auto", "last", "mean", "max", "all"])
def test_padding_does_not_change_a_prediction(cell: str, pooling: str) -> None:
    model = model_and_trainer(cell, prepared(), pooling=pooling).model
    tokens = np.array([[2, 3, 4], [3, 0, 0], [0, 0, 0]], np.int32)
    plain = model({"tokens": tokens})
    np.testing.assert_allclose(model({"tokens": np.pad(tokens, ((0, 0), (0, 5)))}), plain, atol=1e-6)
    assert np.ptp(np.asarray(plain), axis=0).max() > 1e-4


@every_cell()
def test_every_cell_learns_on_adversarial_noise(cell: str) -> None:
    """The same weights and batch, and a loss that is higher."""
    ready = prepared()
    plain, noisy = (
        model_and_trainer(cell, ready, pooling="all", adversarial=epsilon) for epsilon in (0.0, 0.5)
    )
    batch = ready.train.load(ready.train.plan(None)[0])
    assert noisy.step(batch)[0] > plain.step(batch)[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("engine", "cell"),
    [("keras", "keras_gru"), ("parallel", "min_gru"), ("fused", "gru"), ("hoisted", "gru")],
)
def test_every_engine_has_the_same_adversarial_noise(engine: str, cell: str) -> None:
    ready = prepared(ngrams=2)
    batch = ready.train.load(ready.train.plan(None)[0])
    one, other = (
        model_and_trainer(cell, ready, each, adversarial=0.5, ngrams=2) for each in ("loop", engine)
    )
    for _ in range(2):
        np.testing.assert_allclose(other.step(batch), one.step(batch), rtol=1e-4)


def test_padding_does_not_change_a_step_on_adversarial_noise() -> None:
    ready = prepared()
    batch = ready.train.load(ready.train.plan(None)[0])
    wide = {**batch.inputs, "tokens": np.pad(batch.inputs["tokens"], ((0, 0), (0, 5)))}
    one, other = (model_and_trainer("vanilla", ready, "loop", adversarial=0.5) for _ in range(2))
    for _ in range(2):
        padded = other.step(replace(batch, inputs=wide))
        np.testing.assert_allclose(padded, one.step(batch), rtol=1e-4)


def test_without_adversarial_noise_the_model_is_as_it_was() -> None:
    plain, noisy = (
        [
            type(layer).__name__
            for layer in model_and_trainer("gru", prepared(), adversarial=epsilon).model.layers
        ]
        for epsilon in (0.0, 0.1)
    )
    assert "AdversarialNoise" not in plain
    noisy.remove("AdversarialNoise")
    assert noisy == plain


@pytest.mark.parametrize("value", ["-0.1", "1.5", "nan"])
def test_noise_of_another_size_is_refused(value: str) -> None:
    with pytest.raises(UserError, match="--adversarial"):
        task_parser("sentiment").parse_args(["--adversarial", value])


def test_the_order_agnostic_model_cannot_see_order_and_the_others_can() -> None:
    one, other = np.array([[2, 3, 4]], np.int32), np.array([[4, 2, 3]], np.int32)

    def differs(cell: str) -> bool:
        model = model_and_trainer(cell, prepared()).model
        return bool(np.abs(np.asarray(model({"tokens": one}) - model({"tokens": other}))).max() > 1e-6)

    assert not differs("mean")
    assert differs("gru")


def test_the_bag_of_embeddings_does_not_see_order() -> None:
    ready = prepared()
    recurrent = order_agnostic_factory(RecurrentOptions(cell="lstm", layers=2, bidirectional=True, units=3))
    models = TASK.order_agnostic_baselines(ready, recurrent, Options())
    assert list(models) == ["bag of embeddings"]
    one, other = np.array([[2, 3, 4]], np.int32), np.array([[4, 2, 3]], np.int32)
    model = models["bag of embeddings"]()
    np.testing.assert_allclose(model({"tokens": one}), model({"tokens": other}), atol=1e-6)


def layer_names(cell: str, **options: Any) -> set[str]:
    recurrent = recurrent_factory(RecurrentOptions(cell=cell, units=3))
    model = TASK.build(prepared(**options), recurrent, Options(embedding=3, min_count=1, **options))
    return {layer.name for layer in model.layers if "gram" in layer.name}


def test_ngrams_have_vectors_for_cells_that_see_order(monkeypatch: pytest.MonkeyPatch) -> None:
    assert layer_names("gru", ngrams=2) == {"2grams", "vectors_of_2grams"}
    assert layer_names("mean", ngrams=2) == layer_names("gru", ngrams=1) == set()
    assert layer_names("gru") == set()  # of few texts they would be learnt by heart
    monkeypatch.setattr(ngrams, "ENOUGH_TEXTS", 4)
    assert len(layer_names("gru", tokens="words")) == 2
    assert len(layer_names("gru", tokens="characters")) == 4
    assert len(layer_names("gru", tokens="subwords")) == 2
    assert from_dict(Options, {}).ngrams == 1  # runs of before had none


def test_words_are_dropped_in_training_alone() -> None:
    recurrent = recurrent_factory(RecurrentOptions(cell="gru", units=3, dropout=0.0))
    model = TASK.build(prepared(), recurrent, Options(embedding=3, word_dropout=0.9))
    tokens = tf.constant([[2, 3, 4]])
    np.testing.assert_array_equal(model({"tokens": tokens}), model({"tokens": tokens}))
    answers = [np.asarray(model({"tokens": tokens}, training=True)) for _ in range(8)]
    assert len(np.unique(np.stack(answers), axis=0)) > 1


def test_an_ngram_adds_its_vector_to_its_last_token() -> None:
    recurrent = recurrent_factory(RecurrentOptions(cell="vanilla", units=3, dropout=0.0))
    model = TASK.build(prepared(ngrams=2), recurrent, Options(embedding=3, ngrams=2))
    tokens = np.array([[2, 3, 4]], np.int32)
    before = np.asarray(model({"tokens": tokens}))
    table = model.get_layer("vectors_of_2grams")
    values = table.get_weights()[0]
    values[0] = 9.0  # stands for no n-gram
    table.set_weights([values])
    np.testing.assert_array_equal(model({"tokens": tokens}), before)
    values[int(model.get_layer("2grams")(tokens)[0, 1])] = 9.0
    table.set_weights([values])
    assert np.abs(np.asarray(model({"tokens": tokens})) - before).max() > 1e-3


def test_loss_is_the_negative_logarithm_of_the_right_class() -> None:
    logits = np.log([[0.2, 0.8], [0.5, 0.5]]).astype("float32") + 3
    np.testing.assert_allclose(
        np.asarray(TASK.loss(np.array([1, 0]), logits)), -np.log([0.8, 0.5]), rtol=1e-5
    )


@pytest.mark.parametrize(("policy", "dtype"), [("mixed_float16", "float32"), ("float64", "float64")])
def test_logits_are_at_least_float32(policy: str, dtype: str) -> None:
    keras.mixed_precision.set_global_policy(policy)
    try:
        model = model_and_trainer("gru", prepared()).model
        assert model({"tokens": np.array([[2]], np.int32)}).dtype == dtype
    finally:
        keras.mixed_precision.set_global_policy("float32")


# ------------------------------------------------------------------------------------------ answers


@pytest.fixture(scope="module")
def server() -> Server:
    ready = prepared(("나쁨", "좋음"))
    model = model_and_trainer("gru", ready).model
    return TASK.serve(model, ready.learned)


def test_the_server_answers_with_label_score_and_probabilities(server: Server) -> None:
    answer = server(tf.constant(["good", "", "new 좋다"]))
    probabilities = answer["probabilities"].numpy()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(answer["score"], probabilities.max(axis=1))
    names = np.array(["나쁨", "좋음"])[probabilities.argmax(axis=1)]
    assert [label.decode() for label in answer["label"].numpy()] == names.tolist()


def test_an_answer_does_not_depend_on_its_batch(server: Server) -> None:
    texts = ["good", "bad a", "a " * 50, ""]
    together = server(tf.constant(texts))["probabilities"].numpy()
    alone = [server(tf.constant([text]))["probabilities"].numpy()[0] for text in texts]
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_an_empty_batch_has_an_empty_answer(server: Server) -> None:
    answer = server(tf.constant([], tf.string))
    assert answer["label"].shape == answer["score"].shape == (0,)
    assert answer["probabilities"].shape == (0, 2)


def test_answers_are_a_row_per_text_in_order(server: Server) -> None:
    texts = [f"good {n}" for n in range(300)]  # more than one chunk
    rows = TASK.answer(server, iter(texts), NoOptions())
    assert [row["text"] for row in rows] == texts
    assert set(rows[0]) == {"text", "label", "score", "p(나쁨)", "p(좋음)"}
    for row in rows:
        assert row["score"] == max(row["p(나쁨)"], row["p(좋음)"]) == row[f"p({row['label']})"]
