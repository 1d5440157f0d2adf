"""Connectionist temporal classification (Graves et al. 2006): the loss of a text, and the texts of a sound.

At each step a model gives a token or the blank, 0. A token that is repeated without a blank between is one, and blanks
are nothing: `aa-ab` is `aab`. The probability of a text is the sum over all sequences of steps that give it.
"""

from __future__ import annotations

from typing import Unpack

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from zoo.keras_types import Config, LayerArguments
from zoo.tensors import Mask, Shape, StepLogits, Tensor, TokenIds


@keras.saving.register_keras_serializable(package="zoo")
class CTC(keras.layers.Layer):
    """The loss of texts, and the best token of each step.

    Args:
        fused: whether a language model has a say in the search: what it counts, and what a token does, are kept here.

    Call arguments:
        logits: `(batch, steps, tokens)`, the blank first.
        mask: `(batch, steps)`, where there is a step.
        text: `(batch, …)` ids of the tokens of each text, 0 behind the last.

    Returns:
        `loss` `(batch,)`: minus the logarithm of the text's probability; 0 where there are too few steps for it.
        `tokens` `(batch, …)`: see `greedy`.
    """

    def __init__(self, fused: bool = False, **layer_arguments: Unpack[LayerArguments]) -> None:
        super().__init__(**layer_arguments)
        self.supports_masking, self.fused = True, fused
        if fused:
            #: Of the language model, and the bonus of a token; training leaves them alone.
            self.weights_of_search = self.add_weight(
                shape=(2,), initializer="zeros", dtype="float32", trainable=False, name="weights_of_search"
            )

    def get_config(self) -> Config:
        """Every constructor argument."""
        return {**super().get_config(), "fused": self.fused}

    def compute_mask(self, _inputs: Tensor, _previous_mask: Mask | None) -> None:
        """A loss has no mask."""

    def call(self, logits: StepLogits, mask: Mask, text: TokenIds) -> dict[str, Tensor]:
        """See the class."""
        scores = tf.cast(logits, tf.float32)
        tokens, _ = greedy(scores, mask, tf.zeros_like(text[:, :1]))
        return {"loss": loss(scores, mask, text), "tokens": tokens}

    def compute_output_spec(self, logits: StepLogits, mask: Mask, text: TokenIds) -> dict[str, Tensor]:
        """Shapes of the outputs, without running the recursion."""
        del mask, text
        batch = logits.shape[0]
        return {
            "loss": keras.KerasTensor((batch,), dtype="float32"),
            "tokens": keras.KerasTensor((batch, None), dtype="int32"),
        }

    def compute_output_shape(self, logits_shape: Shape, *_: Shape) -> dict[str, Shape]:
        """As `compute_output_spec`."""
        return {"loss": logits_shape[:1], "tokens": (logits_shape[0], None)}


def loss(logits: tf.Tensor, mask: tf.Tensor, text: tf.Tensor) -> tf.Tensor:
    """See `CTC`. It is 0 for rows without text, too, such as those that fill a batch up.

    The kernel of sparse labels gives what the dense one of `keras.ops.ctc_loss` gives, in a sixth of the time; it
    refuses rows without text and with too few steps, so that these get a text of one token meanwhile.
    """
    steps, fewest = _count(mask), fewest_steps(text)
    fits = (fewest > 0) & (fewest <= steps)
    text = tf.where(fits[:, None], text, tf.one_hot(0, tf.shape(text)[1], dtype=text.dtype))
    there = tf.not_equal(text, 0)
    labels = tf.SparseTensor(tf.where(there), tf.boolean_mask(text, there), tf.shape(text, tf.int64))
    losses = tf.nn.ctc_loss(
        labels, logits, None, tf.maximum(steps, 1), logits_time_major=False, blank_index=0
    )
    return tf.where(fits, losses, 0.0)


def _count(there: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(tf.cast(there, tf.int32), axis=1)


def fewest_steps(text: TokenIds) -> Tensor:
    """`steps_needed` of texts `(batch, tokens)`, 0 behind the last token of each, `(batch,)` int32."""
    there = ops.not_equal(text, 0)
    repeated = ops.logical_and(ops.equal(text[:, 1:], text[:, :-1]), there[:, 1:])
    return ops.sum(ops.cast(there, "int32"), axis=1) + ops.sum(ops.cast(repeated, "int32"), axis=1)


def steps_needed(text: np.ndarray) -> int:
    """The fewest steps that can give a text: one for each token, and one between two that are the same."""
    return len(text) + int((text[1:] == text[:-1]).sum())


def greedy(logits: tf.Tensor, mask: tf.Tensor, before: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The best token of each step, repetitions and blanks left out.

    Args:
        logits: `(batch, steps, tokens)`, the blank first.
        mask: `(batch, steps)`, where there is a step.
        before: `(batch, 1)` int32, the best token of the step before the first; the blank where there is none.

    Returns:
        `(batch, …)` int32, 0 behind the last; and the best token of the last step, `(batch, 1)`.
    """
    best = tf.where(mask, tf.argmax(logits, axis=-1, output_type=tf.int32), 0)
    earlier = tf.concat([before, best], axis=1)
    kept = tf.not_equal(best, 0) & tf.not_equal(best, earlier[:, :-1])
    return tf.ragged.boolean_mask(best, kept).to_tensor(0), earlier[:, -1:]


def greedy_score(logits: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """The logarithm of the probability of the best token of every step, `(batch,)`."""
    best = tf.reduce_max(tf.nn.log_softmax(logits), axis=-1)
    return tf.reduce_sum(tf.where(mask, best, 0.0), axis=1)


def beam_search(logits: tf.Tensor, mask: tf.Tensor, width: int) -> tuple[tf.Tensor, tf.Tensor]:
    """The text of the highest probability among those that a prefix search follows (Graves 2012, chapter 7.5).

    Args:
        logits: `(batch, steps, tokens)`, the blank first.
        mask: `(batch, steps)`, where there is a step; one at least.
        width: texts that are followed at once.

    Returns:
        Its ids `(batch, …)` int32, 0 behind the last; and the logarithm of its probability, `(batch,)`.
    """
    blank_last = tf.transpose(tf.concat([logits[..., 1:], logits[..., :1]], axis=-1), [1, 0, 2])
    (found,), scores = tf.nn.ctc_beam_search_decoder(blank_last, _count(mask), width, top_paths=1)
    ids = tf.sparse.to_dense(found, default_value=-1)
    return tf.cast(ids + 1, tf.int32), scores[:, 0]
