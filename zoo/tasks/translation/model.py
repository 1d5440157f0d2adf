"""The translation model: an encoder that reads the source, and a decoder that predicts the target token by token."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
from keras import ops

from zoo.generation.decoder import make_decoder
from zoo.layers.decoder import TokenLoss
from zoo.layers.embedding import Embedding
from zoo.layers.states import summary

if TYPE_CHECKING:
    from zoo.factory import RecurrentFactory
    from zoo.tasks.translation.options import Options


def build(sizes: tuple[int, int], recurrent: RecurrentFactory, options: Options) -> keras.Model:
    """From `source` `(batch, time)` and `target` `(batch, steps + 1)` to what `TokenLoss` gives, `(batch, steps)`.

    Args:
        sizes: how many different tokens source and target have.
        recurrent: makes recurrent layers.
        options: of the task.
    """
    source = keras.Input((None,), dtype="int32", name="source")
    target = keras.Input((None,), dtype="int32", name="target")
    memory, start = _encoder(sizes[0], recurrent, options)(source)
    # As many units as the encoder gives for each token, so that `dot` can compare them.
    units = recurrent.options.units * (2 if recurrent.options.bidirectional else 1)
    decoder = make_decoder(sizes[1], units, recurrent, options)
    mask = ops.not_equal(source, 0)
    if options.attention == "none":
        logits = decoder(target[:, :-1], start)
    else:
        logits = decoder(target[:, :-1], start, memory, mask)
    losses = TokenLoss(options.label_smoothing, name="token_loss")(logits, target[:, 1:])
    return keras.Model({"source": source, "target": target}, losses, name="translation")


def _encoder(size: int, recurrent: RecurrentFactory, options: Options) -> keras.Model:
    """From `source` to memory `(batch, time, features)` and the final states side by side, `(batch, features)`."""
    dropout = recurrent.options.dropout
    source = keras.Input((None,), dtype="int32", name="encoder_source")
    mask = ops.not_equal(source, 0)
    unit = keras.initializers.RandomNormal(stddev=1.0, seed=recurrent.seed)
    x = Embedding(size, options.embedding, unit, name="source_embedding")(source)
    x = keras.layers.Dropout(dropout, name="source_dropout")(x)
    outputs, states = recurrent(return_sequences=True, return_state=True, name="recurrent")(x, mask=mask)
    memory = keras.layers.Dropout(dropout, name="memory_dropout")(outputs)
    return keras.Model(source, [memory, summary(states)], name="encoder")
