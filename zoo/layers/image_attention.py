"""Attention over the parts of an image, steered by a question."""

from __future__ import annotations

from typing import Unpack

import keras

from zoo.keras_types import Config, LayerArguments
from zoo.tensors import Shape, State, Tensor


@keras.saving.register_keras_serializable(package="zoo")
class ImageAttention(keras.layers.Layer):
    """Look at the parts of an image once or several times; what was seen decides where to look next.

    With the parts g_i and the query u_0 = W q, hop k = 1, 2, …, each with weights of its own, is

        additive        s_i = v · tanh(K g_i + U u_(k-1))                   (Bahdanau et al. 2015)
        multiplicative  s_i = (K g_i) · (U u_(k-1)) / sqrt(units)           (Luong et al. 2015, scaled)
        a_i = exp(s_i) / (exp(0) + sum_j exp(s_j))
        c_k = sum_i a_i V g_i
        u_k = u_(k-1) + c_k                                                 (stacked attention: Yang et al. 2016)

    The exp(0) stands for looking at nothing: weights sum to less than 1, and how much less tells whether there was
    anything to see, and how often, which a mean over the parts cannot tell.

    Args:
        units: size of queries and of what is seen.
        hops: how many times to look.
        score: `additive` or `multiplicative`.

    Call arguments:
        parts: `(images, parts, features)`.
        query: `(batch, features)`, of the question.
        image: `(batch,)` whole numbers: the row in `parts` that each question is about. What does not depend on the
            question is computed once an image, however many questions there are.

    Returns:
        What was seen, `(batch, hops * units)`, and the weights, `(batch, hops, parts)`.

    Raises:
        ValueError: if `hops` is below 1 or `score` is something else.
    """

    def __init__(
        self, units: int, hops: int = 1, score: str = "additive", **layer_arguments: Unpack[LayerArguments]
    ) -> None:
        if hops < 1:
            raise ValueError(f"hops must be at least 1, not {hops}")
        if score not in ("additive", "multiplicative"):
            raise ValueError(f"score must be additive or multiplicative, not {score!r}")
        super().__init__(**layer_arguments)
        self.units, self.hops, self.score = units, hops, score

        def dense(name: str, size: int = units, use_bias: bool = True) -> keras.layers.Dense:
            return keras.layers.Dense(size, use_bias=use_bias, dtype=self.dtype_policy, name=name)

        self.first = dense("first_query")
        self.keys = [dense(f"key_{n}") for n in range(hops)]
        self.values = [dense(f"value_{n}") for n in range(hops)]
        self.queries = [dense(f"query_{n}", use_bias=False) for n in range(hops)]
        # A bias, for scores are compared with that of looking at nothing.
        self.scores = [dense(f"score_{n}", 1) for n in range(hops)] if score == "additive" else []

    def build(self, parts_shape: Shape, query_shape: Shape, image_shape: Shape | None = None) -> None:
        """Build every weight."""
        del image_shape
        self.first.build((None, query_shape[-1]))
        for layer in [*self.keys, *self.values]:
            layer.build((None, None, parts_shape[-1]))
        for layer in [*self.queries, *self.scores]:
            layer.build((None, self.units))
        self.built = True

    def call(self, parts: Tensor, query: Tensor, image: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        state = self.first(query)
        contexts, weights = [], []
        for hop in range(self.hops):
            keys, values = (keras.ops.take(of[hop](parts), image, axis=0) for of in (self.keys, self.values))
            scores = self._scores(hop, keys, state)
            nothing = keras.ops.zeros_like(scores[:, :1])
            shares = keras.ops.softmax(keras.ops.concatenate([scores, nothing], axis=1), axis=1)[:, :-1]
            context = keras.ops.einsum("bp,bpu->bu", shares, values)
            state = state + context
            contexts.append(context)
            weights.append(shares)
        return keras.ops.concatenate(contexts, axis=-1), keras.ops.stack(weights, axis=1)

    def _scores(self, hop: int, keys: Tensor, state: State) -> Tensor:
        """`(batch, parts)`."""
        query = self.queries[hop](state)
        if self.score == "additive":
            return self.scores[hop](keras.ops.tanh(keys + query[:, None]))[..., 0]
        return keras.ops.einsum("bpu,bu->bp", keys, query) / self.units**0.5

    def compute_output_spec(self, parts: Tensor, query: Tensor, image: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        del image
        batch, count = query.shape[0], parts.shape[1]
        return (
            keras.KerasTensor((batch, self.hops * self.units), dtype=self.compute_dtype),
            keras.KerasTensor((batch, self.hops, count), dtype=self.compute_dtype),
        )

    def get_config(self) -> Config:
        """Every constructor argument."""
        return {**super().get_config(), "units": self.units, "hops": self.hops, "score": self.score}
