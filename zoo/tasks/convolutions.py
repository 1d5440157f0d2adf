"""What tasks share that read signals step by step: convolutions over time before the recurrent layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from datasets.options import option

if TYPE_CHECKING:
    from zoo.factory import RecurrentFactory
    from zoo.tensors import Inputs, Mask


@dataclass(frozen=True)
class ConvolutionOptions:
    """Options of the convolutions, and of what they read in training."""

    convolutions: int = option(2, "convolutions over time before the recurrent layers", minimum=0, maximum=16)
    filters: int = option(64, "features of each convolution", minimum=1, maximum=65_536)
    width: int = option(9, "steps that a convolution sees", minimum=1, maximum=999)
    scaling: str = option(
        "step",
        "what the outputs of a convolution are scaled over: the features of each step, or each feature over the batch",
        choices=("step", "batch"),
    )
    input_noise: float = option(
        0.1,
        "in training, deviation of the noise on what the model reads, whose own is 1",
        minimum=0,
        maximum=100,
    )


def convolved(
    x: Inputs, mask: Mask, strides: tuple[int, ...], recurrent: RecurrentFactory, options: ConvolutionOptions
) -> tuple[Inputs, Mask]:
    """The outputs of the convolutions, and their mask; they see the past alone where the recurrent layers do.

    Args:
        x, mask: `(batch, time, features)`, and where there is a step.
        strides: of each convolution.
    """
    from zoo.layers.convolution import TimeConvolution

    causal = not recurrent.options.bidirectional
    for n, stride in enumerate(strides):
        layer = TimeConvolution(
            options.filters, options.width, stride, causal, options.scaling, name=f"convolution_{n}"
        )
        x = layer(x, mask=mask)
        mask = mask[:, ::stride]
    return x, mask
