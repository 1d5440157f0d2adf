"""A language model as other tasks use it: how probable each token is after those before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from zoo.data.token_layers import Tokens

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

#: States `(batch, …)` each, and the logarithms of the probabilities of the next token, `(batch, classes)`.
Expectation: TypeAlias = "tuple[list[tf.Tensor], tf.Tensor]"


@dataclass(frozen=True)
class NextTokens:
    """A trained language model that reads a token at a time. Class 0 is any unknown token, then come those it knows.

    Attributes:
        tokens: what it knows.
        backward: whether it reads texts from their end.
        model: whose weights it computes with.
        begin: from a scalar, the size of the batch, to what it expects first.
        advance: from classes `(batch,)` int32, the next tokens, and states to what it expects then.
    """

    tokens: Tokens
    backward: bool
    model: keras.Model
    begin: Callable[[tf.Tensor], Expectation]
    advance: Callable[[tf.Tensor, list[tf.Tensor]], Expectation]
