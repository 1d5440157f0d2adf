"""A convolution over time that padding does not change, and that can be one of the past alone."""

from __future__ import annotations

from typing import Unpack

import keras

from zoo.keras_types import Config, LayerArguments
from zoo.tensors import Inputs, Mask, Shape, Tensor, last_axis

#: What a convolution's outputs are scaled over: the features of a step, or all steps of a batch.
SCALINGS = ("step", "batch")


@keras.saving.register_keras_serializable(package="zoo")
class TimeConvolution(keras.layers.Layer):
    """A convolution over time, scaled, and a rectifier.

    Scaled over the features of each step (layer normalisation, Ba et al. 2016), or each feature over all steps of a
    batch (batch normalisation, Ioffe and Szegedy 2015): in training with its mean and variance over the batch, later
    with the moving averages of these; of several devices each scales with its share of the batch, and the averages are
    the first one's. The first forgets how large a step's input is next to another's, the second does
    not.

    Step n of the output is around step `stride * n` of the input, wherever the sequence is in its batch and however
    far it is padded.

    Args:
        filters: features of the output.
        width: steps of the input that one of the output sees.
        stride: every so many steps of the input there is one of the output.
        causal: a step sees itself and those before it; else as many after it as before.
        scaling: `step` or `batch`.

    Call arguments:
        inputs: `(batch, time, features)`.
        mask: `(batch, time)` bool, True where there is an input; others count as zeros, and not in what scales.
        training: whether the batch itself scales.

    Returns:
        `(batch, ceil(time / stride), filters)`; the mask of the steps that are left goes on with it.

    Raises:
        ValueError: if a size is below 1, or the scaling unknown.
    """

    def __init__(
        self,
        filters: int,
        width: int = 5,
        stride: int = 1,
        causal: bool = False,
        scaling: str = "step",
        **layer_arguments: Unpack[LayerArguments],
    ) -> None:
        if min(filters, width, stride) < 1:
            raise ValueError(f"filters {filters}, width {width} and stride {stride} must be at least 1")
        if scaling not in SCALINGS:
            raise ValueError(f"scaling must be one of {', '.join(SCALINGS)}, not {scaling!r}")
        super().__init__(**layer_arguments)
        self.filters, self.width, self.stride, self.causal = filters, width, stride, causal
        self.per_batch = scaling == "batch"
        self.supports_masking = True
        self.before = width - 1 if causal else (width - 1) // 2
        self.convolution = keras.layers.Conv1D(
            filters,
            width,
            strides=stride,
            use_bias=False,
            kernel_initializer="he_normal",
            dtype=self.dtype_policy,
            name="convolution",
        )
        normalization = keras.layers.BatchNormalization if self.per_batch else keras.layers.LayerNormalization
        self.scaling = normalization(dtype=self.dtype_policy, name="scaling")

    def build(self, inputs_shape: Shape, mask_shape: Shape | None = None) -> None:
        """Build both parts."""
        del mask_shape
        self.convolution.build((None, None, last_axis(inputs_shape)))
        self.scaling.build((None, None, self.filters))
        self.built = True

    def call(self, inputs: Inputs, mask: Mask | None = None, training: bool = False) -> Tensor:
        """See the class."""
        if mask is not None:
            inputs = keras.ops.where(mask[..., None], inputs, keras.ops.zeros_like(inputs))
        x = keras.ops.pad(inputs, [[0, 0], [self.before, self.width - 1 - self.before], [0, 0]])
        steps = None if mask is None else self.shortened(mask)
        return self.of_padded(x, steps, training)

    def of_padded(self, inputs: Inputs, steps: Mask | None = None, training: bool = False) -> Tensor:
        """The outputs where the inputs have the steps before and behind that the first and the last ones see.

        Args:
            inputs: `(batch, time, features)`.
            steps: the mask of the outputs, of which scaling asks in training.
            training: see the class.
        """
        x = self.convolution(inputs)
        x = self.scaling(x, training=training, mask=steps) if self.per_batch else self.scaling(x)
        return keras.ops.relu(x)

    def shortened(self, mask: Mask) -> Mask:
        """The mask of the output."""
        return mask[:, :: self.stride]

    def compute_mask(self, _inputs: Inputs, previous_mask: Mask | None) -> Mask | None:
        """See `shortened`."""
        return None if previous_mask is None else self.shortened(previous_mask)

    def compute_output_shape(self, inputs_shape: Shape, mask_shape: Shape | None = None) -> Shape:
        """See the class."""
        del mask_shape
        batch, time, _ = inputs_shape
        return (batch, None if time is None else -(-time // self.stride), self.filters)

    def get_config(self) -> Config:
        """Every constructor argument."""
        return {
            **super().get_config(), "filters": self.filters, "width": self.width, "stride": self.stride,
            "causal": self.causal, "scaling": "batch" if self.per_batch else "step",
        }  # fmt: skip
