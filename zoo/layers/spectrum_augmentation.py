"""Spectra that are changed in training, so that a model learns what is said and not who says it."""

from __future__ import annotations

from typing import Unpack

import keras
from keras import ops

from zoo.keras_types import Config, LayerArguments
from zoo.tensors import Mask, Shape, Tensor


@keras.saving.register_keras_serializable(package="zoo")
class SpectrumAugmentation(keras.layers.Layer):
    """In training, move the bands of each sound up or down, and set some neighbouring bands and steps to 0.

    Bands that move stand for other lengths of the vocal tract (Jaitly and Hinton 2013, in whole bands); what moves in
    from outside repeats the edge. The masks are those of Park et al. (2019), one of each kind.

    Args:
        band_shift: the largest shift, in bands.
        band_mask, time_mask: the longest mask, as a share of the bands and of the steps of the sound.
        seed: of the random numbers; None draws one.

    Call arguments:
        inputs: `(batch, time, bands)`, on a scale on which 0 is the mean.
        mask: `(batch, time)`, where there is a step.
        training: whether to change any.

    Raises:
        ValueError: if an argument is out of range.
    """

    def __init__(
        self,
        band_shift: int = 0,
        band_mask: float = 0.0,
        time_mask: float = 0.0,
        seed: int | None = None,
        **layer_arguments: Unpack[LayerArguments],
    ) -> None:
        if band_shift < 0 or not 0 <= band_mask < 1 or not 0 <= time_mask < 1:
            raise ValueError(
                f"band_shift must be at least 0 and the masks from 0 to 1, not {band_shift}, {band_mask}, {time_mask}"
            )
        super().__init__(**layer_arguments)
        self.band_shift, self.band_mask, self.time_mask, self.seed = band_shift, band_mask, time_mask, seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.built = True

    def call(self, inputs: Tensor, mask: Mask, training: bool = False) -> Tensor:
        """See the class."""
        if not training:
            return inputs
        bands = inputs.shape[-1] or 1
        x = self._moved(inputs, bands) if self.band_shift else inputs
        if self.band_mask:
            kept = self._kept(ops.full_like(x[:, 0, 0], bands), bands, self.band_mask)
            x = x * kept[:, None, :]
        if self.time_mask:
            steps = ops.sum(ops.cast(mask, x.dtype), axis=1)
            x = x * self._kept(steps, ops.shape(x)[1], self.time_mask)[..., None]
        return x

    def _moved(self, x: Tensor, bands: int) -> Tensor:
        shift = keras.random.randint(
            (ops.shape(x)[0], 1), -self.band_shift, self.band_shift + 1, seed=self.seed_generator
        )
        which = ops.clip(ops.arange(bands, dtype="int32") + shift, 0, bands - 1)
        return ops.einsum("bij,btj->bti", ops.one_hot(which, bands, dtype=x.dtype), x)

    def _kept(self, sizes: Tensor, longest: int | Tensor, share: float) -> Tensor:
        """`(batch, longest)`: 0 in a run of random length, up to a share of each size, at a random place; else 1."""
        drawn = keras.random.uniform((2, ops.shape(sizes)[0]), seed=self.seed_generator, dtype=sizes.dtype)
        length = drawn[0] * share * sizes
        start = drawn[1] * (sizes - length)
        place = ops.cast(ops.arange(longest), sizes.dtype) + 0.5
        inside = ops.logical_and(place >= start[:, None], place < (start + length)[:, None])
        return ops.cast(ops.logical_not(inside), sizes.dtype)

    def compute_output_spec(self, inputs: Tensor, mask: Mask, training: bool = False) -> Tensor:
        """As the inputs."""
        del mask, training
        return keras.KerasTensor(inputs.shape, dtype=inputs.dtype)

    def compute_output_shape(self, inputs_shape: Shape) -> Shape:
        """As the inputs."""
        return inputs_shape

    def get_config(self) -> Config:
        """Every constructor argument."""
        return {
            **super().get_config(), "band_shift": self.band_shift, "band_mask": self.band_mask,
            "time_mask": self.time_mask, "seed": self.seed,
        }  # fmt: skip
