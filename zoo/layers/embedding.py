"""Vectors of tokens, whose rows whoever trains the model may read and update one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import keras

from zoo.tensors import Tensor, TokenIds


@keras.saving.register_keras_serializable(package="zoo")
class Embedding(keras.layers.Embedding):
    """`keras.layers.Embedding`; while `read_by` lasts, another function looks the vectors up.

    Its table is to be read by calls of this layer only, outside of loops.
    """

    _read: Callable[[TokenIds], Tensor] | None = None

    @contextmanager
    def read_by(self, read: Callable[[TokenIds], Tensor]) -> Iterator[None]:
        """Meanwhile `read` makes vectors `(…, size)` of token ids `(…,)`."""
        self._read = read
        try:
            yield
        finally:
            self._read = None

    def call(self, ids: TokenIds) -> Tensor:
        """Token ids `(…,)` to vectors `(…, size)`."""
        if self._read is None:
            return super().call(ids)
        return keras.ops.cast(self._read(ids), self.compute_dtype)
