"""Attention: for each query, a weighted mean of a memory, with weights that a score of query and memory decides."""

from __future__ import annotations

from typing import Unpack

import keras
from keras import ops

from zoo.keras_types import Config, LayerArguments
from zoo.tensors import Mask, Shape, Tensor, last_axis

#: How well a query q and a place k of the memory fit together.
SCORINGS = ("additive", "dot", "general")


@keras.saving.register_keras_serializable(package="zoo")
class Attention(keras.layers.Layer):
    r"""A context for each query: the mean of the memory, weighted by the softmax of the scores.

    $$\alpha_{ts} = \frac{\exp e(q_t, k_s)}{\sum_{s'} \exp e(q_t, k_{s'})} \qquad c_t = \sum_s \alpha_{ts} k_s$$

    The score $e(q, k)$ is

    - `additive`: $v^\top \tanh(W q + U k + b)$ (Bahdanau, Cho and Bengio 2015),
    - `dot`: $q^\top k / \sqrt n$ (Luong, Pham and Manning 2015); queries and memory must be of one size,
    - `general`: $q^\top W k / \sqrt n$ (the same).

    The products of $n$ features are divided by $\sqrt n$ (Vaswani et al. 2017): those of hundreds of units are so large
    that the softmax would see one place alone, and hardly learn that another is better.

    A masked place has the weight 0. Where all places are masked, all weights and the context are 0.

    Args:
        scoring: `additive`, `dot` or `general`.
        units: size of the additive score's hidden layer; None takes the size of the queries.

    Call arguments:
        queries: `(batch, time, features)`.
        memory: `(batch, places, size)`.
        mask: `(batch, places)` bool, True where there is something to attend to.
        keys: what `keys(memory)` gives, where the same memory is asked again and again; None computes it.

    Returns:
        Contexts `(batch, time, size)` and weights `(batch, time, places)`.

    Raises:
        ValueError: if `scoring` is something else, or `dot` gets queries and memory of different sizes.
    """

    def __init__(
        self, scoring: str = "general", units: int | None = None, **layer_arguments: Unpack[LayerArguments]
    ) -> None:
        if scoring not in SCORINGS:
            raise ValueError(f"scoring must be one of {', '.join(SCORINGS)}, not {scoring!r}")
        super().__init__(**layer_arguments)
        self.scoring = scoring
        self.units = units
        self.supports_masking = True

    def build(self, queries_shape: Shape, memory_shape: Shape) -> None:
        """Make the weights for queries `(…, features)` and a memory `(…, size)`."""
        features, size = last_axis(queries_shape), last_axis(memory_shape)
        if self.scoring == "dot" and features != size:
            raise ValueError(
                f"dot scores need queries and memory of one size, not {features} and {size}; take general"
            )
        self.query_map: keras.layers.Dense | None = None
        self.key_map: keras.layers.Dense | None = None
        self.score_map: keras.layers.Dense | None = None
        if self.scoring == "general":
            self.key_map = self._dense(features, size, "key_map", use_bias=False)
        elif self.scoring == "additive":
            units = self.units or features
            self.query_map = self._dense(units, features, "query_map", use_bias=False)
            self.key_map = self._dense(units, size, "key_map", use_bias=True)
            self.score_map = self._dense(1, units, "score_map", use_bias=False)
        self.built = True

    def _dense(self, units: int, features: int, name: str, use_bias: bool) -> keras.layers.Dense:
        layer = keras.layers.Dense(units, use_bias=use_bias, name=name, dtype=self.dtype_policy)
        layer.build((None, features))
        return layer

    def keys(self, memory: Tensor) -> Tensor:
        """All that the scores need to know of the memory, computed once: `(batch, places, features or units)`."""
        return memory if self.key_map is None else self.key_map(memory)

    def call(
        self, queries: Tensor, memory: Tensor, mask: Mask | None = None, keys: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """See the class."""
        keys = self.keys(memory) if keys is None else keys
        scores = self._scores(queries, keys)
        if mask is None:
            weights = ops.softmax(scores, axis=-1)
        else:
            present = ops.cast(mask, "bool")[:, None, :]
            weights = masked_softmax(scores, present)
        return ops.matmul(weights, memory), weights

    def _scores(self, queries: Tensor, keys: Tensor) -> Tensor:
        """`(batch, time, places)`."""
        if self.query_map is None or self.score_map is None:  # not additive
            return ops.matmul(queries * last_axis(queries.shape) ** -0.5, ops.transpose(keys, (0, 2, 1)))
        hidden = ops.tanh(self.query_map(queries)[:, :, None, :] + keys[:, None, :, :])
        return self.score_map(hidden)[..., 0]

    def compute_mask(self, _inputs: Tensor, _previous_mask: Mask | None) -> None:
        """Contexts have no mask of their own."""

    def compute_output_spec(
        self, queries: Tensor, memory: Tensor, mask: Mask | None = None, keys: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Shapes of contexts and weights."""
        del mask, keys
        batch, time = queries.shape[:2]
        return (
            keras.KerasTensor((batch, time, memory.shape[-1]), dtype=self.compute_dtype),
            keras.KerasTensor((batch, time, memory.shape[1]), dtype=self.compute_dtype),
        )

    def get_config(self) -> Config:
        """Every constructor argument."""
        return {**super().get_config(), "scoring": self.scoring, "units": self.units}


def masked_softmax(scores: Tensor, present: Tensor) -> Tensor:
    """The softmax over the last axis of what is `present`; 0 elsewhere, also where nothing is."""
    lowest = ops.cast(
        -1e4 if keras.backend.standardize_dtype(scores.dtype) == "float16" else -1e9, scores.dtype
    )
    shares = ops.softmax(ops.where(present, scores, lowest), axis=-1)
    return ops.where(present, shares, ops.zeros_like(shares))
