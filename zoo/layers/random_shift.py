"""Moving pictures that are shifted in training, so that a model does not learn by heart where things are."""

from __future__ import annotations

from typing import Unpack

import keras

from zoo.keras_types import Config, LayerArguments
from zoo.tensors import Shape, Tensor


@keras.saving.register_keras_serializable(package="zoo")
class RandomShift(keras.layers.Layer):
    """In training, shift all frames of a movie by the same random number of pixels down and across.

    What moves in from outside repeats the edge.

    Args:
        fraction: the largest shift, as a share of the height and of the width.
        seed: of the random numbers; None draws one.

    Call arguments:
        frames: `(batch, time, height, width, colours)` floats.
        training: whether to shift any.

    Raises:
        ValueError: if `fraction` is out of range.
    """

    def __init__(
        self, fraction: float, seed: int | None = None, **layer_arguments: Unpack[LayerArguments]
    ) -> None:
        if not 0 <= fraction < 1:
            raise ValueError(f"fraction must be at least 0 and below 1, not {fraction}")
        super().__init__(**layer_arguments)
        self.fraction, self.seed = fraction, seed
        self.supports_masking = True
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.built = True

    def call(self, frames: Tensor, training: bool = False) -> Tensor:
        """See the class."""
        if not training or self.fraction == 0:
            return frames
        height, width = frames.shape[2:4]
        frames = keras.ops.einsum("bij,btjwc->btiwc", self._moved(frames, height or 1), frames)
        return keras.ops.einsum("bij,bthjc->bthic", self._moved(frames, width or 1), frames)

    def _moved(self, frames: Tensor, side: int) -> Tensor:
        """Which row, or column, each one of the result is, as one-hot vectors `(batch, side, side)`."""
        batch, most = keras.ops.shape(frames)[0], int(self.fraction * side)
        shift = keras.random.randint((batch, 1), -most, most + 1, seed=self.seed_generator)
        which = keras.ops.clip(keras.ops.arange(side, dtype="int32") + shift, 0, side - 1)
        return keras.ops.one_hot(which, side, dtype=frames.dtype)

    def compute_output_shape(self, frames_shape: Shape) -> Shape:
        """As the input."""
        return frames_shape

    def get_config(self) -> Config:
        """Every constructor argument."""
        return {**super().get_config(), "fraction": self.fraction, "seed": self.seed}
