"""The options of the task."""

from __future__ import annotations

from dataclasses import dataclass, fields

from datasets.errors import UserError
from datasets.options import flag, names, option, require
from zoo.generation.options import DecoderOptions
from zoo.runtime.figures import picture_path
from zoo.tasks.convolutions import ConvolutionOptions
from zoo.tasks.feature_cache import CacheOptions
from zoo.tasks.sound import SoundOptions

#: What writes the text, see `--decoder`.
CTC, ATTENTION = "ctc", "attention"
#: Options that mean nothing to CTC.
OF_ATTENTION = tuple(name for name in names(DecoderOptions) if name != "beam")

#: What a token is, by its name in `--tokens`, with the words for many of them.
TOKENS = {"characters": "characters", "jamo": "characters and jamo", "words": "words"}


@dataclass(frozen=True)
class Options(SoundOptions, ConvolutionOptions, CacheOptions, DecoderOptions):
    """What is special to speech."""

    decoder: str = option(
        CTC,
        "what writes the text: ctc, a token or the blank at each step of the sound; or attention, token by token while "
        "it looks at all steps",
        choices=(CTC, ATTENTION),
    )

    tokens: str = option(
        "characters",
        "what is written one after the other: characters (of Korean: syllables), jamo (the letters of Hangul "
        "syllables, beside other characters), or words",
        choices=tuple(TOKENS),
    )
    vocabulary: int = option(8000, "most different tokens", minimum=1, maximum=1_000_000)
    min_count: int = option(1, "tokens that come less often in train are not written", minimum=1)
    lowercase: bool = option(True, "write and score lower case alone")
    punctuation: bool = option(
        False, "write and score what is no letter, mark, digit or inner apostrophe, too"
    )
    width: int = option(7, "steps that a convolution sees", minimum=1, maximum=999)
    stride: int = option(
        2,
        "steps of the spectrum for one of the recurrent layers, by the first convolution; a text has at most as many "
        "tokens as there are steps",
        minimum=1,
        maximum=1000,
    )
    beam: int = option(
        8, "texts that the search follows at once; 1: the best token of each step", minimum=1, maximum=1000
    )
    max_tokens: int = option(
        400, "of --decoder attention, longer training texts are left out, and written ones ended", minimum=2
    )
    language_model: str | None = option(
        None, "the run of a language model that has a say in the search (shallow fusion)", metavar="RUN"
    )
    language_model_weight: float | None = option(
        None,
        "what the logarithm of a text's probability in the language model counts; by default dev decides",
        minimum=0,
        maximum=100,
    )
    length_bonus: float | None = option(
        None,
        "what a token counts beside the language model, which finds long texts unlikely; by default dev decides",
        minimum=-100,
        maximum=100,
    )

    def __post_init__(self) -> None:
        """Refuse a stride that no convolution makes, and what the chosen decoder has no use for."""
        self._refuse_misfit_of_language_model()
        fix = "is made by the first convolution, and there is none; give --stride 1"
        require(self.convolutions > 0 or self.stride == 1, "stride", self.stride, fix)
        if self.decoder == CTC:
            for field in fields(self):
                value = getattr(self, field.name)
                if field.name in OF_ATTENTION and value != field.default:
                    given = f"--no-{field.name}" if value is False else f"{flag(field.name)} {value}"
                    raise UserError(f"{given}: is for --decoder attention; give that, too, or leave this out")

    def _refuse_misfit_of_language_model(self) -> None:
        """What says how a language model counts needs one, and that needs a search that it can have a say in."""
        if self.language_model is None:
            for name in ("language_model_weight", "length_bonus"):
                value = getattr(self, name)
                require(value is None, name, value, "is for a language model; give --language-model RUN")
            return
        fix = "has a say in the search of --decoder ctc; leave one of them out"
        require(self.decoder == CTC, "language_model", self.language_model, fix)
        fix = "takes the best token of each step, whatever --language-model says; give 2 or more"
        require(self.beam > 1, "beam", self.beam, fix)


@dataclass(frozen=True)
class AnswerOptions:
    """What else is wanted beside the texts."""

    picture: str | None = option(
        None,
        "draw the first 6 sounds: their spectra, and the probabilities of the tokens at each step; of --decoder "
        "attention, the steps that each token looked at",
        metavar="FILE",
    )

    def __post_init__(self) -> None:
        """Refuse what is no picture."""
        if self.picture is not None:
            picture_path("--picture", self.picture)
