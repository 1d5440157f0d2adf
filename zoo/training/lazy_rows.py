"""Adam and the moving average for a large table of embeddings, at the cost of the rows that a step reads.

A step reads a few hundred rows of a table of thousands, yet Adam moves all that ever had a gradient, and the moving
average follows them. What the other rows miss has a closed form, so each is brought up to date when it is next read;
the numbers are those of the dense update but for rounding.

Let a row have weight w, average e and moments m, v after step τ, and no gradient in the next k steps, whose learning
rates (with Adam's correction for the zero start) are α and whose decays of the average are d. With
u = √v / (√v + ε) and
δ_j = 1 − β2^(j/2), Adam's step j moves the weight by −α β1^j m / (β2^(j/2) √v + ε), and 1 / (β2^(j/2) √v + ε) is
Σ_n (u δ_j)^n / (√v + ε). So

    m ← β1^k m,   v ← β2^k v
    w ← w − m / (√v + ε) Σ_n u^n A_n(k)               A_n(k) = Σ_{j ≤ k} α_{τ+j} β1^j δ_j^n
    e ← w + D(k) (e − w) − m / (√v + ε) Σ_n u^n B_n(k)

where the numbers A, B and D are the same for all rows that miss as many steps. Each step makes them of the last step's:

    A_n(k) ← A_n(k − 1) + α β1^k δ_k^n,   D(k) ← d D(k − 1),   B_n(k) ← d B_n(k − 1) + (1 − d) A_n(k)

β1^j vanishes long before δ_j is large: `TERMS` terms of the sum over n leave out less than 1e-6 of a movement.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from zoo.keras_private import all_layers
from zoo.layers.embedding import Embedding

if TYPE_CHECKING:
    from zoo.tensors import Scalar, Tensor, TokenIds

#: Tables of fewer rows are updated as a whole, which then costs no more.
LEAST_ROWS = 4_000
#: The most steps that a row may miss.
MOST_MISSED = 256
TERMS = 3
#: Rows that are brought up to date at once where all are.
AT_ONCE = 16_384


def lazy_tables(model: keras.Model, optimizer: keras.optimizers.Optimizer) -> list[LazyRows]:
    """The tables of a model that can be updated row by row, in the order of its layers.

    None where the optimiser does more than Adam, or would have no other weights: without any it counts no steps.
    """
    layers = [layer for layer in all_layers(model) if _is_large_table(layer)]
    if type(optimizer) is not keras.optimizers.Adam or len(layers) == len(model.trainable_variables):
        return []
    return [LazyRows(layer, optimizer) for layer in layers]


def _is_large_table(layer: keras.layers.Layer) -> bool:
    return (
        isinstance(layer, Embedding)
        and layer.input_dim >= LEAST_ROWS
        and layer.embeddings.trainable
        and layer.embeddings.regularizer is None
        and layer.embeddings.constraint is None
    )


class Rows(NamedTuple):
    """Some rows of a table, up to date.

    Attributes:
        ids: a distinct one for each row, `(rows,)`.
        weights: `(rows, size)`.
        state: Adam's first and second moment, and the average, `(rows, size)` each.
    """

    ids: Tensor
    weights: Tensor
    state: tuple[Tensor, Tensor, Tensor]


class LazyRows:
    """One table `(rows, size)` with what Adam and the moving average know of it.

    Args:
        layer: whose table it is.
        optimizer: Adam without amsgrad; its rates are used and its count of steps.

    Attributes:
        layer: see above.
    """

    def __init__(self, layer: Embedding, optimizer: keras.optimizers.Adam) -> None:
        self.layer = layer
        self._optimizer = optimizer
        table = layer.embeddings.value
        zeros = tf.zeros_like(table)
        self._table = table
        #: First moment, second moment, average.
        self._state = tf.Variable(tf.stack([zeros, zeros, table], axis=1), trainable=False)
        self._up_to = tf.Variable(tf.zeros(table.shape[0], tf.int32), trainable=False)
        start = np.zeros((MOST_MISSED + 1, 2 * TERMS + 1))
        start[:, -1] = 1
        #: A, B and D for each number of missed steps from 0 on.
        self._missed = tf.Variable(start, dtype=table.dtype, trainable=False)
        self._reads: list[Rows] = []

    @property
    def variables(self) -> list[tf.Variable]:
        """All state beside the table itself."""
        return [self._state, self._up_to, self._missed]

    @property
    def average(self) -> Tensor:
        """The moving average `(rows, size)`, right where all rows are up to date."""
        return self._state[:, 2]

    # ---- one step

    @contextmanager
    def reading(self, tape: tf.GradientTape) -> Iterator[None]:
        """Meanwhile the layer reads rows that are up to date, each on its own a thing to derive by."""

        def read(ids: TokenIds) -> Tensor:
            distinct, places = tf.unique(tf.reshape(ids, [-1]))
            with tape.stop_recording():
                rows = self._up_to_date(distinct)
            tape.watch(rows.weights)
            self._reads.append(rows)
            return tf.gather(rows.weights, tf.reshape(places, tf.shape(ids)))

        self._reads = []
        with self.layer.read_by(read):
            yield

    @property
    def read_weights(self) -> list[Tensor]:
        """What each call of the layer read in this step, `(rows, size)`: what to derive by."""
        return [rows.weights for rows in self._reads]

    def gradient(self, gradients: list[Tensor | tf.IndexedSlices | None]) -> tuple[Rows, Tensor]:
        """The rows that were read, and the gradient of each, from the gradients of `read_weights`."""
        parts = [
            tf.zeros_like(rows.weights) if gradient is None else tf.convert_to_tensor(gradient)
            for rows, gradient in zip(self._reads, gradients, strict=True)
        ]
        if len(parts) == 1:
            return self._reads[0], parts[0]
        ids, places = tf.unique(tf.concat([rows.ids for rows in self._reads], axis=0))
        return self._up_to_date(ids), tf.math.unsorted_segment_sum(
            tf.concat(parts, axis=0), places, tf.size(ids)
        )

    def apply(self, rows: Rows, gradient: Tensor, decay: Scalar) -> None:
        """Adam's step for rows that are up to date, and the average's with this decay; all others miss it.

        To be called after the optimiser took the step with its own weights.
        """
        adam, (first, second, average) = self._optimizer, rows.state
        rate, decay = self._rate(), tf.cast(decay, gradient.dtype)
        first += (gradient - first) * (1 - adam.beta_1)
        second += (tf.square(gradient) - second) * (1 - adam.beta_2)
        weights = rows.weights - first * rate / (tf.sqrt(second) + adam.epsilon)
        average += (weights - average) * (1 - decay)
        self._store(Rows(rows.ids, weights, (first, second, average)))
        self._count_as_missed(rate, decay)

    def _rate(self) -> Scalar:
        """The learning rate of this step, with Adam's correction, as Keras computes it."""
        adam, dtype = self._optimizer, self._table.dtype
        step = tf.cast(adam.iterations, dtype)
        corrections = [1 - tf.pow(tf.cast(beta, dtype), step) for beta in (adam.beta_1, adam.beta_2)]
        return tf.cast(adam.learning_rate, dtype) * tf.sqrt(corrections[1]) / corrections[0]

    # ---- missed steps

    def bring_up_to_date(self) -> None:
        """All rows."""
        for start in range(0, self.layer.input_dim, AT_ONCE):
            self._store(self._up_to_date(tf.range(start, min(start + AT_ONCE, self.layer.input_dim))))

    def _up_to_date(self, ids: Tensor) -> Rows:
        """These rows as they are after the optimiser's last step."""
        adam = self._optimizer
        missed = tf.cast(adam.iterations, tf.int32) - tf.gather(self._up_to, ids)
        first, second, average = tf.unstack(self._state.sparse_read(ids), axis=1)
        old = self._table.sparse_read(ids)
        numbers = tf.gather(self._missed, missed)[:, :, None]
        root = tf.sqrt(second)
        direction, share = first / (root + adam.epsilon), root / (root + adam.epsilon)
        moved, lag = (_polynomial(numbers[:, n * TERMS : (n + 1) * TERMS], share) for n in range(2))
        average = old + numbers[:, -1] * (average - old) - direction * lag
        decays = tf.constant([adam.beta_1, adam.beta_2], old.dtype) ** tf.cast(missed, old.dtype)[:, None]
        decayed = first * decays[:, :1], second * decays[:, 1:]
        return Rows(ids, old - direction * moved, (*decayed, average))

    def _count_as_missed(self, rate: Scalar, decay: Scalar) -> None:
        """Make A, B and D of this step."""
        steps = np.arange(1, MOST_MISSED + 1)[:, None]
        shrunk = 1 - self._optimizer.beta_2 ** (steps / 2)
        powers = self._optimizer.beta_1**steps * shrunk ** np.arange(TERMS)
        moved, lag, kept = tf.split(self._missed[:-1], [TERMS, TERMS, 1], axis=1)
        moved += rate * tf.constant(powers, rate.dtype)
        lag = decay * lag + (1 - decay) * moved
        after = tf.concat([moved, lag, decay * kept], axis=1)
        self._missed.assign(tf.concat([self._missed[:1], after], axis=0))

    def _store(self, rows: Rows) -> None:
        self._table.scatter_update(tf.IndexedSlices(rows.weights, rows.ids))
        self._state.scatter_update(tf.IndexedSlices(tf.stack(rows.state, axis=1), rows.ids))
        now = tf.fill(tf.shape(rows.ids), tf.cast(self._optimizer.iterations, tf.int32))
        self._up_to.scatter_update(tf.IndexedSlices(now, rows.ids))


def _polynomial(coefficients: Tensor, x: Tensor) -> Tensor:
    """Horner's scheme: coefficients `(rows, terms, 1)`, the constant first, at x `(rows, size)`."""
    value = coefficients[:, -1]
    for n in range(TERMS - 2, -1, -1):
        value = value * x + coefficients[:, n]
    return value
