"""Drawing the next token, in TensorFlow operations that exported models hold, and the options of draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from datasets.options import option

if TYPE_CHECKING:
    import tensorflow as tf

    from zoo.generation.hypotheses import Count, Number


@dataclass(frozen=True)
class SamplingOptions:
    """How texts are drawn."""

    temperature: float = option(
        0.8, "scores are divided by it before drawing; 0 writes what is most likely", minimum=0
    )
    top_k: int = option(0, "draw from so many of the most likely tokens; 0 for all", minimum=0)
    top_p: float = option(
        1.0, "draw from the most likely tokens that reach this together", minimum=0, maximum=1
    )
    samples: int = option(1, "texts to draw for each input", minimum=1, maximum=10_000)
    seed: int = option(0, "of the draws", minimum=0, maximum=2**31 - 1)


def draw(scores: tf.Tensor, chance: Number, temperature: Number, top_k: Count, top_p: Number) -> tf.Tensor:
    """One class a row.

    Args:
        scores: `(batch, classes)`; -inf for what must not be drawn.
        chance: from 0 to below 1: one number for all rows, so that what is drawn depends on the row's scores alone;
            or one for each, `(batch, 1)`.
        temperature: the scores are divided by it; 0 takes the most likely class.
        top_k: only so many of the most likely classes; 0 for all.
        top_p: of these only the fewest, the most likely ones, whose probabilities together reach it (Holtzman et al.
            2020).

    Returns:
        Class ids `(batch,)` int32.
    """
    import tensorflow as tf

    greedy = temperature <= 0
    scores = tf.cast(scores, tf.float32) / tf.where(greedy, 1.0, temperature)
    order = tf.argsort(scores, axis=1, direction="DESCENDING", stable=True)
    shares = tf.gather(tf.nn.softmax(scores), order, batch_dims=1)
    classes = tf.shape(scores)[1]
    most = tf.where(greedy, 1, tf.where(top_k > 0, top_k, classes))
    among_first = tf.range(classes) < most
    shares = tf.where(among_first, shares, 0.0)
    shares /= tf.reduce_sum(shares, axis=1, keepdims=True)
    before = tf.cumsum(shares, axis=1, exclusive=True)
    # Rounding must not lose the first class, which has nothing before it.
    possible = among_first & ((before < top_p) | (tf.range(classes) == 0)) & (shares > 0)
    shares = tf.where(possible, shares, 0.0)
    reached = tf.cumsum(shares, axis=1)
    place = tf.reduce_sum(tf.cast(reached <= chance * reached[:, -1:], tf.int32), axis=1)
    last = tf.reduce_sum(tf.cast(possible, tf.int32), axis=1) - 1
    return tf.gather(order, tf.minimum(place, last), batch_dims=1)
