from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from datasets.errors import UserError
from tests.zoo.running import every_cell
from tests.zoo.tasks.speech.test_task import notes, of
from tests.zoo.tasks.speech.toy import built, prepared
from zoo.data.subwords import BEGIN, END, RESERVED
from zoo.layers.decoder import TokenLoss
from zoo.start.weights import Donor, begin
from zoo.tasks.speech.attention import TextLoss
from zoo.tasks.speech.options import ATTENTION, OF_ATTENTION, Options
from zoo.tasks.speech.scores import loss_a_token
from zoo.tasks.speech.task import TASK
from zoo.tensors import Tensor


def test_options_of_attention_are_refused_where_ctc_writes() -> None:
    other: dict[str, Any] = {
        **{"attention": "dot", "decoder_layers": 2, "embedding": 8, "tied": False, "max_tokens": 3},
        **{"label_smoothing": 0.0, "scheduled_sampling": 0.5, "length_penalty": 0.0},
    }
    assert set(other) == set(OF_ATTENTION)
    for name, value in other.items():
        with pytest.raises(UserError, match="is for --decoder attention; give that, too, or leave this out"):
            Options(**{name: value})
        Options(**{name: value, "decoder": ATTENTION})
    with pytest.raises(UserError, match=r"^--no-tied: "):
        Options(tied=False)
    Options(beam=3)


def test_texts_are_read_from_begin_to_end() -> None:
    ready = prepared(decoder=ATTENTION)
    tokens = ready.learned.tokens
    for text, row in zip(ready.train.texts, ready.train.sounds.targets, strict=True):
        ids = tokens.ids(text)
        assert ids.min() >= RESERVED
        assert row[row > 0].tolist() == [BEGIN, *ids, END]
    again = TASK.restore(ready.learned.to_json(), ready.learned.options)
    assert again.tokens.ids("a").tolist() == tokens.ids("a").tolist()


def test_texts_longer_than_the_decoder_may_write_are_left_out_and_counted() -> None:
    """A text may have more tokens than its sound has steps."""
    few = {"decoder": ATTENTION, "max_tokens": 3}
    assert "left out: 2 training texts longer than 3 tokens" in notes(
        of("abc", "abab", "abcd"), of("a"), **few
    )
    assert "left out" not in notes(of("a" * 99), of("a"), decoder=ATTENTION)
    with pytest.raises(UserError, match="every training text has more than --max-tokens 3 tokens; give more"):
        notes(of("abcd"), of("a"), **few)


def test_the_loss_of_a_text_is_that_of_its_tokens_and_its_end() -> None:
    logits = np.random.default_rng(0).normal(size=(2, 4, 7)).astype(np.float32)
    text = np.array([[5, 4, 6, END], [4, END, 0, 0]], np.int32)
    found = TextLoss(0.2)(logits, text)
    each = TokenLoss(0.2)(logits, text)
    for name, of_token in (("loss", "loss"), ("nll", "token_nll")):
        expected = [float(tf.reduce_sum(each[of_token][n, :length])) for n, length in enumerate((4, 2))]
        np.testing.assert_allclose(found[name], expected, rtol=1e-5)
    again = TextLoss.from_config(TextLoss(0.2).get_config())
    np.testing.assert_allclose(again(logits, text)["loss"], found["loss"])


def test_what_is_written_ends_at_the_first_end() -> None:
    best = [[4, END, 5, 6], [1, 4, 4, 4]]
    text = np.array([[4, 4, 4, END], [4, 4, END, 0]], np.int32)
    found = TextLoss()(np.eye(7, dtype=np.float32)[best], text)["tokens"].numpy()
    assert found.tolist() == [[4, 0, 0, 0], [0, 4, 4, 0]]


def test_the_loss_counts_the_end_of_each_text() -> None:
    ready = prepared(decoder=ATTENTION)
    losses = np.arange(1.0, 17.0)
    count = sum(len(ready.learned.tokens.ids(text)) + 1 for text in ready.train.texts)
    assert loss_a_token(losses, ready.train, ready.learned) == pytest.approx(losses.sum() / count)


@every_cell()
def test_every_cell_has_a_loss_that_padding_does_not_change(cell: str) -> None:
    """Nor does what is not a number in it."""
    ready = prepared(decoder=ATTENTION, decoder_layers=2, embedding=6)
    model, batches = built(ready, cell), ready.train
    inputs = dict(batches.load(batches.plan(None)[0]).inputs)
    frames, text = inputs["vectors"], inputs["text"]
    wider = {
        "vectors": np.pad(frames, ((0, 0), (0, 9), (0, 0)), constant_values=np.nan),
        "mask": np.pad(inputs["mask"], ((0, 0), (0, 9))),
        "text": np.pad(text, ((0, 0), (0, 3))),
    }
    for name in ("loss", "nll"):
        np.testing.assert_allclose(model(inputs)[name], model(wider)[name], rtol=1e-4)


@pytest.mark.parametrize("attention", ["dot", "additive", "none"])
def test_a_step_of_training_changes_every_weight(attention: str) -> None:
    ready = prepared(decoder=ATTENTION, attention=attention, time_stretch=0.2)
    model = built(ready, bidirectional=False)
    gradients = gradients_of(model, dict(ready.train.load(ready.train.plan(None)[0]).inputs))
    for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
        assert gradient is not None, variable.path
        assert np.abs(tf.convert_to_tensor(gradient)).max() > 0, variable.path


def gradients_of(model: keras.Model, inputs: dict[str, np.ndarray]) -> list[Tensor]:
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model(inputs)["loss"])
    gradients: list[Tensor] = tape.gradient(loss, [v.value for v in model.trainable_variables])
    return gradients


def test_only_a_decoder_has_layers_that_read_tokens() -> None:
    (layers,) = TASK.token_layers(prepared(decoder=ATTENTION, tokens="jamo", language="ko").learned)
    assert (layers.part, layers.tokens.kind, layers.reserved) == ("decoder", "jamo", RESERVED)
    assert TASK.token_layers(prepared().learned) == ()


def test_the_decoder_starts_from_a_run_that_writes_such_tokens() -> None:
    ready = prepared(decoder=ATTENTION)
    parts = TASK.token_layers(ready.learned)
    theirs, ours = built(ready), built(ready)
    for layer in theirs.layers:
        layer.set_weights([array + 1 for array in layer.get_weights()])
    notes = begin(ours, parts, [Donor(Path("run"), "speech", theirs, parts)])
    assert "of the decoder are those of run" in notes[0]
    one, other = (model.get_layer("decoder") for model in (theirs, ours))
    old, new = (decoder.embed.embeddings.numpy()[RESERVED:] for decoder in (one, other))
    np.testing.assert_allclose(old, new, rtol=1e-6)
    for old, new in zip(one.recurrent.get_weights(), other.recurrent.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
