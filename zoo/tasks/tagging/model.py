"""The tagging model: words, whole and character by character, to a score for each tag."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import keras

from zoo.layers.convolution import TimeConvolution
from zoo.layers.crf import LinearChainCRF, log_likelihoods
from zoo.layers.embedding import Embedding
from zoo.layers.logits import logits_dtype
from zoo.layers.pooling import MaskedPooling
from zoo.layers.word_dropout import WordDropout

if TYPE_CHECKING:
    from zoo.data.characters import WordEncoder
    from zoo.factory import RecurrentFactory
    from zoo.tasks.tagging.options import Options
    from zoo.tensors import Mask, Tensor, TokenIds

#: Characters that the filters of a convolution see.
WIDTHS = (2, 3, 4)


def make(encoder: WordEncoder, tags: int, recurrent: RecurrentFactory, options: Options) -> keras.Model:
    """Word vectors beside vectors of a word's characters → recurrent layers → a score for each tag.

    The outputs are `scores` `(batch, time, tags)` and with `--crf` also `path` `(batch, time)`, `start` and
    `transitions`. For the inputs see `zoo.tasks.tagging.batches.TaggedBatches.load`.

    Args:
        encoder: whose vocabularies the inputs are ids of.
        tags: how many tags there are.
        recurrent: makes the recurrent layers.
        options: of the task.
    """
    dropout = recurrent.options.dropout
    inputs = {
        name: keras.Input((None,), dtype="int32", name=name)
        for name in ("words", "spelling", "short", "long")
    }
    mask = keras.ops.not_equal(inputs["words"], 0)
    parts = [_word_vectors(inputs["words"], encoder, options)] if options.embedding else []
    if options.character_embedding:
        parts.append(_character_vectors(inputs, encoder, recurrent, options))
    x = keras.layers.Dropout(dropout)(_side_by_side(parts))
    x = recurrent(return_sequences=True, name="recurrent")(x, mask=mask)
    x = keras.layers.Dropout(dropout)(x)
    scores = keras.layers.Dense(tags, dtype=logits_dtype(), name="scores")(x)
    outputs = {"scores": scores}
    if options.crf:
        crf = LinearChainCRF(tags, dtype=logits_dtype(), name="crf")
        path, start, transitions = crf(scores, mask=mask)
        outputs |= {"path": path, "start": start, "transitions": transitions}
    return keras.Model(inputs, outputs, name="tagging")


def _side_by_side(parts: list[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else keras.layers.Concatenate()(parts)


def _word_vectors(words: TokenIds, encoder: WordEncoder, options: Options) -> Tensor:
    """`(batch, time)` to `(batch, time, embedding)`."""
    some_unknown = WordDropout(options.word_dropout, name="word_dropout")(words)
    return Embedding(len(encoder.words) + 2, options.embedding, name="words_embedding")(some_unknown)


def _character_vectors(
    inputs: Mapping[str, Tensor], encoder: WordEncoder, recurrent: RecurrentFactory, options: Options
) -> Tensor:
    """Each distinct word is read once, and then stands wherever it occurs in the batch.

    It is told by the last states of a cell that reads it forwards and backwards (Ling et al. 2015), by the largest
    values of convolutions (Ma and Hovy 2016), or by both side by side.
    """
    size = len(encoder.characters) + 2
    embedding = keras.layers.Embedding(size, options.character_embedding, name="character_embedding")
    readers: list[Callable[[Tensor, Mask], Tensor]] = []
    if options.character_units:
        cells = recurrent(
            return_sequences=False,
            bidirectional=True,
            layers=1,
            units=options.character_units,
            name="character_encoder",
        )
        readers.append(lambda x, mask: cells(x, mask=mask))
    if options.character_filters:
        readers += [_largest(options.character_filters, width) for width in WIDTHS]
    vectors = []
    for name in ("short", "long"):
        x, mask = embedding(inputs[name]), keras.ops.not_equal(inputs[name], 0)
        vectors.append(_side_by_side([reader(x, mask) for reader in readers]))
    return keras.ops.take(keras.ops.concatenate(vectors, axis=0), inputs["spelling"], axis=0)


def _largest(filters: int, width: int) -> Callable[[Tensor, Mask], Tensor]:
    """Characters `(words, characters, embedding)` to the largest value of each filter anywhere in a word."""
    convolution = TimeConvolution(filters, width, name=f"character_filters_{width}")
    pooling = MaskedPooling("max", name=f"largest_{width}")
    return lambda x, mask: pooling(convolution(x, mask=mask), mask=mask)


def loss(tags: Tensor, outputs: Mapping[str, Tensor]) -> Tensor:
    """Cross-entropy of each word `(batch, time)`, or, of a CRF, what the word adds to that of the sequence of tags.

    Args:
        tags: `(batch, time)`, -1 at padding.
        outputs: of the model, see `make`.
    """
    right = keras.ops.maximum(tags, 0)
    if "path" not in outputs:
        return keras.losses.sparse_categorical_crossentropy(right, outputs["scores"], from_logits=True)
    mask = keras.ops.greater_equal(tags, 0)
    return -log_likelihoods(outputs["scores"], right, mask, outputs["start"], outputs["transitions"])
