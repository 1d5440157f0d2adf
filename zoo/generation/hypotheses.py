"""What a search is asked for and what it gives: the function of one step, special tokens, hypotheses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import tensorflow as tf

#: Any nest of tensors.
Nest: TypeAlias = "tf.Tensor | Sequence[Nest] | Mapping[str, Nest]"
Step: TypeAlias = Callable[[tf.Tensor, Nest], tuple[tf.Tensor, Nest, Nest]]
#: A number, which may be a tensor: one graph then serves them all.
Number: TypeAlias = "float | tf.Tensor"
#: A whole number, likewise.
Count: TypeAlias = "int | tf.Tensor"


@dataclass(frozen=True)
class Hypotheses:
    """The sequences that a search gives, the best first.

    Attributes:
        tokens: `(batch, results, steps)` int32, at least one step; `padding` from `end` on.
        lengths: `(batch, results)` int32, tokens without `end`.
        scores: `(batch, results)`, what the results are ranked by; -inf where there are not so many sequences.
        log_probabilities: `(batch, results)`, of the tokens, and of `end` where it was reached, under the model.
        cut: `(batch, results)` bool, whether the limit came before `end`.
        extras: as `step` gives them, each `(batch, results, steps, …)`, those of `end` included, 0 after it.
    """

    tokens: tf.Tensor
    lengths: tf.Tensor
    scores: tf.Tensor
    log_probabilities: tf.Tensor
    cut: tf.Tensor
    extras: Nest


@dataclass(frozen=True)
class SpecialTokens:
    """Ids of the tokens that a search must know.

    Attributes:
        begin: the input of the first step.
        end: ends a sequence.
        padding: fills a sequence up after its end; never generated.
        forbidden: others that are never generated.
    """

    begin: int
    end: int
    padding: int = 0
    forbidden: tuple[int, ...] = ()

    def allowed(self, logits: tf.Tensor) -> tf.Tensor:
        """Logits `(rows, vocabulary)` with -inf at what is never generated."""
        banned = tf.constant(sorted({self.padding, self.begin, *self.forbidden} - {self.end}), tf.int32)
        never = tf.reduce_any(tf.range(tf.shape(logits)[-1])[:, None] == banned, axis=1)
        return tf.where(never, tf.constant(-float("inf"), logits.dtype), logits)
