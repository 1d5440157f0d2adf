"""The options of the task."""

from __future__ import annotations

from dataclasses import dataclass

from datasets.errors import UserError
from datasets.options import option
from zoo.layers import applications
from zoo.runtime.figures import picture_path
from zoo.tasks.convolutions import ConvolutionOptions
from zoo.tasks.feature_cache import CacheOptions
from zoo.tasks.sound import SoundOptions


@dataclass(frozen=True)
class Options(SoundOptions, ConvolutionOptions, CacheOptions):
    """What is special to signals."""

    stride: int = option(
        0,
        "steps from one output of the first convolution to the next; 0 halves the steps with as many convolutions as "
        "it takes until the median sequence has at most 128",
        minimum=0,
        maximum=65_536,
    )
    scaling: str = option(
        "batch",
        "what the outputs of a convolution are scaled over: the features of each step, or each feature over the batch",
        choices=("step", "batch"),
        before="step",
    )
    normalise: str = option(
        "auto",
        "of numbers, what each channel is measured by: its mean and deviation over train; series: beside that, those "
        "of each series (not where the cells run in one direction); auto: so do channels whose scales differ a "
        "hundredfold from series to series",
        choices=("auto", "train", "series"),
        before="train",
    )
    beside: bool = option(
        False, "the convolutions stand beside the recurrent layers and not before, as in LSTM-FCN"
    )
    pooling: str = option(
        "auto",
        "how the outputs of all steps become one: auto takes both mean and max, or last for an order-agnostic cell",
        choices=("auto", "last", "mean", "max", "both"),
    )
    frames_per_second: float = option(
        10.0, "of moving pictures, frames that are read; 0 reads all", minimum=0, maximum=1000
    )
    image_size: int = option(
        0,
        "of moving pictures, height and width of a frame; 0 makes the longer side 40 where it is longer, and takes "
        f"{applications.SIDE} where the encoder is not small",
        minimum=0,
        maximum=1024,
    )
    encoder: str = option(
        applications.SMALL,
        "what reads the frames of moving pictures: a small convolutional network that is trained along, or one of "
        "keras.applications, which is not",
        choices=(applications.SMALL, *applications.APPLICATIONS),
    )
    encoder_weights: str = option(
        applications.NONE,
        "those of another encoder: imagenet (from Keras' hub) or a file NAME.weights.h5",
        metavar="WEIGHTS",
    )
    shift: float = option(
        0.1,
        "in training, the largest shift of moving pictures, as a share of their height and width",
        minimum=0,
        maximum=0.9,
    )
    dtw: bool = option(
        True, "also find the nearest neighbour by dynamic time warping, where that takes seconds"
    )

    def check_convolutions(self) -> None:
        """Refuse what is said of convolutions where there are none; raises UserError."""
        if not self.convolutions and (self.beside or self.stride > 1):
            said = "--beside" if self.beside else f"--stride {self.stride}"
            raise UserError(
                f"{said}: is of convolutions, and --convolutions 0 leaves none; give more, or leave it out"
            )

    def check_encoder(self) -> None:
        """Refuse an encoder whose weights are not named or not there, before anything is read; raises UserError."""
        if self.encoder != applications.SMALL and self.encoder_weights == applications.NONE:
            raise UserError(
                f"--encoder {self.encoder} is not trained here and would keep random weights; give --encoder-weights "
                f"(imagenet, or a file NAME{applications.FILES})"
            )
        applications.check(self.encoder, self.encoder_weights, None, self.image_size)


@dataclass(frozen=True)
class AnswerOptions:
    """What else is wanted beside the answers."""

    picture: str | None = option(
        None,
        "draw what was read of the first 12 signals, and the probabilities of the classes after each part of it",
        metavar="FILE",
    )

    def __post_init__(self) -> None:
        """Refuse what is no picture."""
        if self.picture is not None:
            picture_path("--picture", self.picture)
