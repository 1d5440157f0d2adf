"""What the task learns from the training split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo.data.log_mel import LogMel
from zoo.data.subwords import RESERVED
from zoo.tasks.next_tokens import NextTokens
from zoo.tasks.speech.options import ATTENTION, Options
from zoo.tasks.speech.tokens import Tokens
from zoo.tensors import Tensor


def reserved(options: Options) -> int:
    """Ids that stand for no token: the blank of CTC; or those around sentences, see `zoo.data.subwords`."""
    return RESERVED if options.decoder == ATTENTION else 1


@dataclass(frozen=True)
class Learned:
    """The tokens, and how sound is read. See `zoo.tasks.base.Learned`.

    Attributes:
        tokens: what is written.
        spectrum: of the sound.
        mean, deviation: of each band over the training split.
        options: of the task.
        language_model: that has a say in the search, where there is one; a file of its own keeps it.
    """

    tokens: Tokens
    spectrum: LogMel
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    options: Options
    language_model: NextTokens | None = None

    @property
    def strides(self) -> tuple[int, ...]:
        """Of each convolution."""
        return (self.options.stride, *[1] * self.options.convolutions)[: self.options.convolutions]

    def steps(self, frames: np.ndarray) -> np.ndarray:
        """Steps of the recurrent layers for so many frames of the spectrum."""
        return -(-frames // self._stride)

    def frames(self, steps: Tensor) -> Tensor:
        """The fewest frames that give so many steps."""
        return (steps - 1) * self._stride + 1

    @property
    def _stride(self) -> int:
        return self.strides[0] if self.strides else 1

    def to_json(self) -> dict[str, object]:
        """See `zoo.tasks.base.Learned`."""
        return {
            "vocabulary": list(self.tokens.vocabulary),
            "rate": self.spectrum.rate,
            "bands": self.spectrum.bands,
            "step": self.spectrum.step,
            "mean": self.mean,
            "deviation": self.deviation,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any], options: Options) -> Learned:
        """The inverse of `to_json`."""
        tokens = Tokens([str(token) for token in stored["vocabulary"]], options.tokens, reserved(options))
        spectrum = LogMel(stored["rate"], stored["bands"], stored["step"])
        return cls(tokens, spectrum, tuple(stored["mean"]), tuple(stored["deviation"]), options)
