"""The decoder: all steps at once and one step at a time are the same model, whatever the cell."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Unpack

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.zoo.running import cell_class, every_cell
from zoo.data.subwords import BEGIN, END, PADDING
from zoo.data.vocabulary import UNKNOWN
from zoo.keras_types import LayerArguments
from zoo.layers.decoder import FIRST, Decoder, TokenLoss
from zoo.layers.recurrent import Recurrent, RecurrentArguments
from zoo.tensors import Tensor

VOCABULARY, EMBEDDING, UNITS = 7, 5, 17  # so many units that `auto` takes the fast engine
DRAW = np.random.default_rng(0).normal
TOKENS = np.array([[1, 3, 4, 5, 6], [1, 6, 3, 0, 0], [1, 0, 0, 0, 0]])
START = DRAW(size=(3, 6)).astype("float32")
MEMORY = DRAW(size=(3, 4, 8)).astype("float32")
MASK = np.array([[True, True, True, True], [True, False, True, False], [False] * 4])


class DecoderArguments(LayerArguments, total=False):
    scoring: str
    tied: bool
    dropout: float
    scheduled_sampling: float
    seed: int | None


def recurrent(cell: str, layers: int = 1, /, **arguments: Unpack[RecurrentArguments]) -> Recurrent:
    arguments |= {"layers": layers, "return_state": True}
    return Recurrent(cell_class(cell)(UNITS), **arguments)


def decoder(
    cell: str = "gru",
    layers: int = 1,
    upper: bool = False,
    memory: np.ndarray = MEMORY,
    **arguments: Unpack[DecoderArguments],
) -> Decoder:
    made = Decoder(
        VOCABULARY,
        EMBEDDING,
        recurrent(cell, layers, name="lower"),
        upper=recurrent(cell, name="upper") if upper else None,
        **arguments,
    )
    made(TOKENS, START, memory, MASK)
    made.set_weights([DRAW(scale=0.4, size=w.shape) if w.dtype == "float32" else w for w in made.weights])
    return made


def step_by_step(made: Decoder, memory: np.ndarray = MEMORY) -> tuple[np.ndarray, np.ndarray]:
    """Logits and weights of attention, one step after the other."""
    states, fixed = made.first_states(START), made.fixed(START, memory, MASK)
    logits: list[np.ndarray] = []
    weights: list[np.ndarray] = []
    for time in range(TOKENS.shape[1]):
        of_step, states, attended = made.step(TOKENS[:, time], states, fixed)
        logits.append(np.asarray(of_step))
        weights.append(np.asarray(attended))
    return np.stack(logits, axis=1), np.stack(weights, axis=1)


@pytest.mark.parametrize("scoring", ["none", "general"])
@every_cell()
def test_one_step_at_a_time_gives_the_numbers_of_all_at_once(cell: str, scoring: str) -> None:
    made = decoder(cell, layers=2, upper=True, scoring=scoring)
    logits, weights = step_by_step(made)
    expected = np.asarray(made(TOKENS, START, MEMORY, MASK))
    np.testing.assert_allclose(logits[TOKENS > 0], expected[TOKENS > 0], rtol=1e-4, atol=1e-5)
    assert np.abs(np.diff(expected[0], axis=0)).max() > 1e-3
    assert weights.shape[-1] == (0 if scoring == "none" else 4)


@pytest.mark.parametrize("scoring", ["additive", "dot"])
@pytest.mark.parametrize("tied", [False, True])
def test_so_does_every_score_with_and_without_tied_embeddings(scoring: str, tied: bool) -> None:
    memory = DRAW(size=(3, 4, UNITS)).astype("float32")
    made = decoder(scoring=scoring, tied=tied, memory=memory)
    found, weights = step_by_step(made, memory)
    expected = np.asarray(made(TOKENS, START, memory, MASK))
    np.testing.assert_allclose(found[TOKENS > 0], expected[TOKENS > 0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(weights[0].sum(-1), 1, rtol=1e-5)
    assert not weights[1, :, [1, 3]].any()


@every_cell()
def test_the_start_and_the_memory_matter_and_later_tokens_do_not(cell: str) -> None:
    made = decoder(cell)
    plain = np.asarray(made(TOKENS, START, MEMORY, MASK))
    later = TOKENS.copy()
    later[0, 3:] = 3
    np.testing.assert_allclose(made(later, START, MEMORY, MASK)[0, :3], plain[0, :3], atol=1e-5)
    assert np.abs(made(TOKENS, START, 2 * MEMORY, MASK) - plain)[0, 0].max() > 1e-3
    if not getattr(type(made.recurrent.cell), "order_agnostic", False):  # its first output is its first input
        assert np.abs(made(TOKENS, 2 * START, MEMORY, MASK) - plain)[0, 0].max() > 1e-3
    bottleneck = decoder(cell, scoring="none")
    assert np.abs(bottleneck(TOKENS, 2 * START) - bottleneck(TOKENS, START))[0, 0].max() > 1e-3


def test_states_that_the_cell_keeps_for_itself_are_not_made_of_the_start() -> None:
    """A sum of weights must not be what a tanh gives; the first of the states is made all the same."""
    ((states,),) = decoder("slstm").first_states(START)[0]
    made = [bool(np.asarray(state).any()) for state in states]
    assert made == [True, False, False, False]


def test_masked_places_and_padding_change_nothing() -> None:
    made = decoder(upper=True)
    plain = made(TOKENS, START, MEMORY, MASK)
    memory = np.where(MASK[..., None], MEMORY, 7.0)
    wide = np.pad(TOKENS, ((0, 0), (0, 3)))
    found = made(wide, START, np.pad(memory, ((0, 0), (0, 2), (0, 0))), np.pad(MASK, ((0, 0), (0, 2))))
    np.testing.assert_allclose(np.asarray(found)[:, :5][TOKENS > 0], np.asarray(plain)[TOKENS > 0], atol=1e-5)


@every_cell()
def test_every_weight_learns(cell: str) -> None:
    made = decoder(cell, upper=True, tied=False)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(TokenLoss()(made(TOKENS, START, MEMORY, MASK), TOKENS)["loss"])
    blind = getattr(type(made.recurrent.cell), "order_agnostic", False)
    for variable, slope in zip(
        made.trainable_variables, tape.gradient(loss, made.trainable_variables), strict=True
    ):
        if not (blind and "bridge" in variable.path):
            assert np.abs(tf.convert_to_tensor(slope)).max() > 0, variable.path


def test_scheduled_sampling_reads_own_guesses_in_training_only() -> None:
    made = decoder(scheduled_sampling=0.9, seed=1)
    plain = decoder(scheduled_sampling=0.0)
    plain.set_weights(made.get_weights())
    expected = np.asarray(plain(TOKENS, START, MEMORY, MASK, training=True))
    np.testing.assert_allclose(made(TOKENS, START, MEMORY, MASK), expected, rtol=1e-6)
    found = np.asarray(made(TOKENS, START, MEMORY, MASK, training=True))
    np.testing.assert_allclose(found[:, 0], expected[:, 0], rtol=1e-6)  # begin is never replaced
    assert np.abs(found - expected)[0, 1:].max() > 1e-3
    guesses = expected.argmax(-1)
    read = np.asarray(made._with_guesses(tf.constant(TOKENS), tf.constant(guesses)))
    own = np.concatenate([TOKENS[:, :1], guesses[:, :-1]], axis=1)
    assert ((read == own) | (read == TOKENS)).all()
    assert (read[TOKENS == 0] == 0).all()
    assert (read != TOKENS).any()


def test_scheduled_sampling_reads_no_special_token(monkeypatch: pytest.MonkeyPatch) -> None:
    made = decoder(scheduled_sampling=0.9, seed=1)
    made.output_bias.assign(tf.one_hot([PADDING, UNKNOWN, BEGIN, END], VOCABULARY).numpy().sum(0) * 1e3)
    tokens_read: list[np.ndarray] = []
    read = made._read

    def spy(
        tokens: Tensor, start: Tensor, memory: Tensor | None, mask: Tensor | None, training: bool
    ) -> Tensor:
        tokens_read.append(np.asarray(tokens))
        return read(tokens, start, memory, mask, training)

    monkeypatch.setattr(made, "_read", spy)
    made(TOKENS, START, MEMORY, MASK, training=True)
    right, mixed = tokens_read
    assert (mixed[right != mixed] > END).all()
    assert (right != mixed).any()
    assert FIRST == END + 1


def test_dropout_acts_in_training_only() -> None:
    made = decoder(dropout=0.5, seed=1)
    plain = np.asarray(made(TOKENS, START, MEMORY, MASK))
    np.testing.assert_array_equal(plain, made(TOKENS, START, MEMORY, MASK))
    assert np.abs(made(TOKENS, START, MEMORY, MASK, training=True) - plain).max() > 1e-3


@pytest.mark.parametrize("upper", [False, True])
def test_a_saved_decoder_answers_the_same(tmp_path: Path, upper: bool) -> None:
    tokens, start = keras.Input((None,), dtype="int32"), keras.Input((6,))
    memory, mask = keras.Input((None, 8)), keras.Input((None,), dtype="bool")
    made = decoder("lstm", upper=upper, scoring="additive", dropout=0.1, scheduled_sampling=0.2, seed=3)
    model = keras.Model([tokens, start, memory, mask], made(tokens, start, memory, mask))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(
        again([TOKENS, START, MEMORY, MASK]), model([TOKENS, START, MEMORY, MASK]), rtol=1e-6
    )
    assert made.get_config().keys() == again.layers[-1].get_config().keys()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dropout": 1.0}, "dropout must be"),
        ({"scheduled_sampling": -0.1}, "scheduled_sampling must be"),
        ({"scoring": "luong"}, "scoring must be one of"),
    ],
)
def test_settings_that_mean_nothing_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Decoder(VOCABULARY, EMBEDDING, recurrent("gru"), **arguments)


def test_recurrent_layers_that_cannot_decode_are_refused() -> None:
    for wrong in (Recurrent(cell_class("gru")(4)), recurrent("gru", bidirectional=True)):
        with pytest.raises(ValueError, match="runs forward and returns sequences and states"):
            Decoder(VOCABULARY, EMBEDDING, wrong)
    with pytest.raises(ValueError, match="attention needs a memory"):
        Decoder(VOCABULARY, EMBEDDING, recurrent("gru"))(TOKENS, START)


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_the_loss_is_the_formula(smoothing: float) -> None:
    logits = DRAW(size=(2, 3, 5)).astype("float32")
    tokens = np.array([[0, 4, 2], [1, 1, 3]])
    logits[0, 1, 4] = 9
    found = TokenLoss(smoothing)(logits, tokens)
    log_p = np.asarray(tf.nn.log_softmax(logits))
    own = np.take_along_axis(log_p, tokens[..., None], -1)[..., 0]
    np.testing.assert_allclose(found["token_nll"], -own, rtol=1e-4)
    np.testing.assert_allclose(
        found["loss"], -(1 - smoothing) * own - smoothing * log_p.mean(-1), rtol=1e-4, atol=1e-6
    )
    assert (np.asarray(found["token_correct"]) == (logits.argmax(-1) == tokens)).all()
    assert found["token_correct"][0, 1] == 1
    with pytest.raises(ValueError, match="smoothing must be"):
        TokenLoss(1.0)
