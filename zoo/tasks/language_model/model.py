"""The model: tokens to the probability of the next one, chunk after chunk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
import tensorflow as tf

from datasets.errors import UserError
from zoo.data.vocabulary import UNKNOWN
from zoo.layers.embedding_dropout import EmbeddingDropout
from zoo.layers.logits import logits_dtype
from zoo.layers.stateful import Stateful
from zoo.tasks.language_model.layers import ActivationPenalties, First, NegativeLogLikelihood, OneHot
from zoo.tasks.language_model.sampled import TokenTable
from zoo.tensors import last_axis

if TYPE_CHECKING:
    from zoo.factory import RecurrentFactory
    from zoo.tasks.language_model.options import Options
    from zoo.tensors import Tensor, TokenIds


def build_model(size: int, rows: int, recurrent: RecurrentFactory, options: Options) -> keras.Model:
    """A model from chunks of `rows` streams to minus the logarithm of the probability of every next token.

    Inputs are those of `zoo.tasks.language_model.streams`. What the exported functions need are its layers `vectors`,
    `recurrent` and `scores`; see `Parts`.

    Args:
        size: different token ids, the reserved ones included.
        rows: streams of a batch.
        recurrent: the factory of recurrent layers.
        options: of the task.

    Raises:
        UserError: for a recurrent layer that also reads backwards, and on several devices.
    """
    if recurrent.options.bidirectional:
        raise UserError("--bidirectional: a language model must not see what it predicts; leave it out")
    if tf.distribute.get_strategy().num_replicas_in_sync > 1:
        raise UserError(
            "--mirrored: the streams of a text go on from batch to batch and stay on one device; leave it out"
        )
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    following = keras.Input((None,), dtype="int32", name="next")
    continues = keras.Input((), dtype="int32", name="continues")
    dropout = recurrent.options.dropout
    noise = (None, 1, None) if options.variational_dropout else None  # the shape of what is drawn
    before = dropout if options.input_dropout is None else options.input_dropout

    embedding = None
    if options.embedding:
        embedding = _embedding(size, options)
        x = embedding(tokens)
        if options.embedding_dropout:
            x = EmbeddingDropout(options.embedding_dropout, size, name="embedding_dropout")(x, tokens)
        x = keras.layers.Dropout(before, noise, name="vectors")(x)
    else:
        x = OneHot(size, name="vectors")(tokens)
    cells = recurrent(return_state=True, variational=options.variational_dropout, name="cells")
    outputs = Stateful(cells, rows, name="recurrent")(x, continues)
    x = dropped = keras.layers.Dropout(dropout, noise)(outputs)
    if options.tied and recurrent.options.units != options.embedding:
        x = keras.layers.Dense(options.embedding, name="to_embedding")(x)
    inputs = {"tokens": tokens, "next": following, "continues": continues}
    ends = _sampled if options.softmax == "sampled" else _full
    nats = ends(x, following, embedding if options.tied else None, size, options)
    penalties = (options.activation_penalty, options.temporal_penalty)
    if any(penalties):
        nats = ActivationPenalties(*penalties, dtype=logits_dtype(), name="penalties")(nats, outputs, dropped)
    return keras.Model(inputs, nats, name="language_model")


def _embedding(size: int, options: Options) -> keras.layers.Layer:
    if options.tied and options.softmax == "sampled":
        return TokenTable(size, options.embedding, options.sampled_tokens, name="embedding")
    return keras.layers.ReversibleEmbedding(size, options.embedding, name="embedding")


def _full(
    x: Tensor, following: TokenIds, tied: keras.layers.Layer | None, size: int, _options: Options
) -> Tensor:
    """Scores of all tokens, from them the likelihood of the next one."""
    if tied is None:
        x = keras.layers.Dense(size - UNKNOWN, name="to_scores")(x)
    else:
        x = tied(x, reverse=True)[..., UNKNOWN:]
    scores = keras.layers.Activation("linear", dtype=logits_dtype(), name="scores")(x)
    return NegativeLogLikelihood(dtype=logits_dtype(), name="nats")(scores, following)


def _sampled(
    x: Tensor, following: TokenIds, tied: keras.layers.Layer | None, size: int, options: Options
) -> Tensor:
    """The likelihood of the next token; the scores are for the exported functions, no other reads them.

    TensorFlow leaves out of a graph what nothing reads, so that they cost nothing in training.
    """
    table = tied
    if table is None:
        table = TokenTable(size, last_axis(x.shape), options.sampled_tokens, name="to_scores")
    scores = keras.layers.Activation("linear", dtype=logits_dtype(), name="scores")(table(x, scores=True))
    return First(dtype=logits_dtype(), name="nats")(table(x, following), scores)


class Parts:
    """A trained model taken apart, to read texts of any number and length from any state.

    Attributes:
        vectors: token ids `(batch, time)` to vectors.
        recurrent: the recurrent layer; with states.
        scores: outputs `(batch, time, units)` to scores of the classes.
    """

    def __init__(self, model: keras.Model) -> None:
        stateful = model.get_layer("recurrent")
        self.vectors = keras.Model(model.input["tokens"], model.get_layer("vectors").output)
        self.recurrent = stateful.recurrent
        self.scores = keras.Model(stateful.output, model.get_layer("scores").output)
