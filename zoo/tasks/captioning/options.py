"""Options of the captioning task."""

from __future__ import annotations

from dataclasses import dataclass

from datasets.options import option
from zoo.generation.options import ATTENTION, TOKENS, GenerationOptions
from zoo.layers import applications


@dataclass(frozen=True)
class Options(GenerationOptions):
    """What is special to captions of images."""

    image_size: int = option(
        0,
        "pixels along the sides of the model's images; 0: as the first image, at most 64, and "
        f"{applications.SIDE} where the encoder is not small",
        minimum=0,
        maximum=512,
    )
    encoder: str = option(
        applications.SMALL,
        "what reads the images: a small convolutional network, or one of keras.applications",
        choices=(applications.SMALL, *applications.APPLICATIONS),
    )
    encoder_weights: str = option(
        applications.NONE,
        "what another encoder begins with: none (random), imagenet (from Keras' hub) or a file NAME.weights.h5",
        metavar="WEIGHTS",
    )
    encoder_trainable: bool | None = option(
        None, "train that encoder along; by default only where it begins with random weights"
    )
    channels: tuple[int, ...] = option(
        (32, 64, 64), "of the small encoder: features of each convolution that halves the image", metavar="FEATURES"
    )  # fmt: skip
    convolutions: int = option(
        0, "of the small encoder: further convolutions that keep the size", minimum=0, maximum=64
    )
    tokens: str = option("words", "what a token is", choices=tuple(TOKENS))
    lowercase: bool = option(False, "learn and write captions in lower case")
    max_tokens: int = option(50, "longer training captions are left out, and written ones ended", minimum=2)
    attention: str = option(
        "general",
        "how the decoder looks at the parts of the image; none: it starts from a vector and sees no more",
        choices=ATTENTION,
    )
    beam: int = option(3, "sequences that the search follows at once; 1: greedy", minimum=1, maximum=100)
