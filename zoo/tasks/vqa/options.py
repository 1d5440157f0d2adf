"""Options of visual question answering: of the task and of its answers."""

from __future__ import annotations

from dataclasses import dataclass

from datasets.options import option
from zoo.runtime.figures import picture_path


@dataclass(frozen=True)
class Options:
    """What is special to questions about images."""

    image_size: int = option(
        0,
        "pixels along the sides of the model's images; 0: as the first image, at most 64",
        minimum=0,
        maximum=512,
    )
    channels: tuple[int, ...] = option(
        (16, 32, 64, 64), "features after each convolution that halves the image", metavar="FEATURES"
    )
    convolutions: int = option(0, "further convolutions that keep the size", minimum=0, maximum=64)
    attention: str = option(
        "additive",
        "how a part of the image is scored by the question",
        choices=("additive", "multiplicative"),
    )
    hops: int = option(1, "how many times to look at the image", minimum=1, maximum=8)
    attention_units: int = option(64, "size of what attention sees and asks", minimum=1, maximum=65_536)
    fusion: str = option(
        "multiplicative",
        "how question and image are joined",
        choices=("multiplicative", "concatenating"),
    )
    embedding: int = option(32, "size of the token vectors", minimum=1, maximum=65_536)
    max_tokens: int = option(40, "longer questions are cut to this many tokens", minimum=1)
    vocabulary: int = option(10_000, "the most frequent tokens that are told apart", minimum=1)
    min_count: int = option(1, "tokens seen less often in training are unknown", minimum=1)


@dataclass(frozen=True)
class AnswerOptions:
    """What else is wanted of an answer."""

    attention: str | None = option(
        None, "write a picture of where the model looked at each image (.png, .pdf, .svg)", metavar="FILE"
    )

    def __post_init__(self) -> None:
        """Refuse a picture of an unknown kind, or that there is no folder for; raises UserError."""
        if self.attention is not None:
            picture_path("--attention", self.attention)
