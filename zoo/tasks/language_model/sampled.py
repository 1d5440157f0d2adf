"""A softmax over many tokens whose training looks at a sample of them, while evaluation looks at all."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Unpack

import keras
import numpy as np
import tensorflow as tf

from zoo.data.vocabulary import UNKNOWN
from zoo.keras_types import Config, LayerArguments
from zoo.layers.embedding import Embedding
from zoo.layers.logits import logits_dtype
from zoo.tensors import StepLogits, Tensor, TokenIds

#: Tokens are sampled in proportion to their rank to this power: about the root of how frequent they are.
POWER = -0.5


def inclusion_probabilities(classes: int, sampled: int) -> np.ndarray:
    """How likely each class is in the sample, `(classes,)`, for classes that come most frequent first.

    They are in proportion to (rank + 1) to the power `POWER`, at most 1, and add up to `sampled`, which is at least 2.
    The first class is in every sample, so that none is empty.
    """
    if sampled >= classes:
        return np.ones(classes)
    shares = np.arange(1.0, classes + 1) ** POWER
    certain = 1
    while True:  # the most frequent are in every sample; what is left is shared by the others
        factor = (sampled - certain) / shares[certain:].sum()
        more = int((shares[certain:] * factor >= 1).sum())
        if not more:
            return np.concatenate([np.ones(certain), shares[certain:] * factor])
        certain += more


@keras.saving.register_keras_serializable(package="zoo")
class TokenTable(Embedding):
    """A vector and a bias for each token: what tokens are read as, or what they are scored by, or both ("tied").

    In training the normaliser of the softmax, the sum over all classes k of exp(s_k), is estimated: each class is
    sampled by itself with a known probability π_k, and counts exp(s_k) / π_k where it is. The true next token always
    counts as it is. The estimate is right on average (Horvitz and Thompson 1952; for language models Jean et al. 2015).
    Only the rows of the sample and of the tokens in the batch are read and changed.

    Args:
        size: different token ids; the classes are those from `zoo.data.vocabulary.UNKNOWN` on.
        features: numbers of a vector.
        sampled: classes of a sample, on average.
        seed: of the samples; None draws one.

    Call arguments:
        inputs: token ids `(batch, time)`; with `scores` or `following` outputs `(batch, time, features)`.
        following: the classes of the next tokens `(batch, time)`.
        scores: whether to give scores of all classes.
        training: whether the softmax looks at a sample.

    Returns:
        Vectors `(batch, time, features)`; with `scores` `(batch, time, classes)`; with `following` minus the logarithm
        of their probabilities, `(batch, time)`.
    """

    def __init__(
        self,
        size: int,
        features: int,
        sampled: int,
        seed: int | None = None,
        **layer_arguments: Unpack[LayerArguments],
    ) -> None:
        super().__init__(size, features, **layer_arguments)
        self.sampled, self.seed = sampled, seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self._chances = inclusion_probabilities(size - UNKNOWN, sampled).astype(np.float32)

    def build(self, inputs_shape: object = None, following_shape: object = None) -> None:
        """The table, a row a token id, and a bias for each."""
        del inputs_shape, following_shape
        if not self.built:
            super().build()
            self.bias = self.add_weight(shape=(self.input_dim,), initializer="zeros", name="bias")

    def call(
        self,
        inputs: TokenIds | Tensor,
        following: TokenIds | None = None,
        scores: bool = False,
        training: bool = False,
    ) -> Tensor:
        """See the class."""
        if scores:
            return self._scores(inputs)
        if following is None:
            return super().call(inputs)
        return (self._estimated if training else self._exact)(inputs, following)

    def _scores(self, outputs: Tensor) -> StepLogits:
        table, bias = self._classes()
        return tf.matmul(outputs, table, transpose_b=True) + bias

    def _classes(self) -> tuple[Tensor, Tensor]:
        """The vectors and biases of all classes."""
        return (
            tf.cast(self._embeddings.value[UNKNOWN:], self.compute_dtype),
            tf.cast(self.bias.value[UNKNOWN:], self.compute_dtype),
        )

    def _exact(self, outputs: Tensor, following: TokenIds) -> Tensor:
        """A row of the batch at a time, for the scores of a whole batch may not fit into memory."""
        table, bias = self._classes()

        def of_row(row: tuple[Tensor, Tensor]) -> Tensor:
            scores = tf.cast(tf.matmul(row[0], table, transpose_b=True) + bias, logits_dtype())
            return tf.nn.sparse_softmax_cross_entropy_with_logits(row[1], scores)

        return tf.map_fn(
            of_row, (outputs, following), fn_output_signature=logits_dtype(), parallel_iterations=1
        )

    def _estimated(self, outputs: Tensor, following: TokenIds) -> Tensor:
        flat = tf.reshape(outputs, (-1, self.output_dim))
        target = tf.reshape(following, (-1,))
        true = tf.reduce_sum(flat * self._rows(target), axis=1) + self._biases(target)
        chances = tf.constant(self._chances, logits_dtype())
        is_sampled = (
            keras.random.uniform(chances.shape, dtype="float32", seed=self.seed_generator) < self._chances
        )
        sample = tf.cast(tf.where(is_sampled)[:, 0], tf.int32)
        likelier = self._biases(sample) - tf.cast(tf.math.log(tf.gather(chances, sample)), self.compute_dtype)
        # A feature of ones adds what does not depend on the token: one product costs less than passes over the scores.
        rows = tf.concat([self._rows(sample), likelier[:, None]], axis=1)
        scores = tf.matmul(tf.pad(flat, [[0, 0], [0, 1]], constant_values=1), rows, transpose_b=True)
        scores = tf.cast(scores, logits_dtype())
        nats = _nats(
            tf.cast(true, logits_dtype()), scores, tf.gather(is_sampled, target), tf.gather(chances, target)
        )
        return tf.reshape(nats, tf.shape(following))

    def _rows(self, classes: Tensor) -> Tensor:
        """The vectors of classes; their gradient has these rows alone."""
        return super().call(classes + UNKNOWN)

    def _biases(self, classes: Tensor) -> Tensor:
        return tf.cast(tf.gather(self.bias.value, classes + UNKNOWN), self.compute_dtype)

    def compute_output_spec(
        self,
        inputs: Tensor,
        following: Tensor | None = None,
        scores: bool = False,
        training: bool = False,
    ) -> Tensor:
        """See the class."""
        del training
        if scores:
            return keras.KerasTensor((*inputs.shape[:2], self.input_dim - UNKNOWN), dtype=self.compute_dtype)
        if following is not None:
            return keras.KerasTensor(inputs.shape[:2], dtype=logits_dtype())
        return keras.KerasTensor((*inputs.shape, self.output_dim), dtype=self.compute_dtype)

    def save_own_variables(self, store: MutableMapping[str, np.ndarray]) -> None:
        """Table and bias: a table of Keras saves its rows alone."""
        keras.layers.Layer.save_own_variables(self, store)

    def load_own_variables(self, store: MutableMapping[str, np.ndarray]) -> None:
        """The inverse of `save_own_variables`."""
        keras.layers.Layer.load_own_variables(self, store)

    def get_config(self) -> Config:
        """Every constructor argument."""
        layer = keras.layers.Layer.get_config(self)
        own = {
            "size": self.input_dim,
            "features": self.output_dim,
            "sampled": self.sampled,
            "seed": self.seed,
        }
        return {**layer, **own}


def _nats(true: Tensor, scores: Tensor, is_sampled: Tensor, chance: Tensor) -> Tensor:
    """Minus the logarithm of the true token's probability, `(tokens,)`, with an estimated normaliser.

    Args:
        true: the score of each true token, `(tokens,)`.
        scores: of the sample, minus the logarithm of the chances, `(tokens, sample)`.
        is_sampled: whether the true token is in the sample, where it would count too much, `(tokens,)`.
        chance: of the true token to be in it, `(tokens,)`.
    """
    first = tf.zeros_like(true, tf.int32)  # this operation knows the normaliser without a copy of the scores
    whole = tf.nn.sparse_softmax_cross_entropy_with_logits(first, scores) + scores[:, 0]
    share = tf.where(is_sampled, tf.exp(tf.minimum(true - whole, 0.0)), 0.0)
    within = whole - true + tf.math.log1p(-share * (1 / chance - 1))
    return tf.where(is_sampled, within, tf.nn.softplus(whole - true))
