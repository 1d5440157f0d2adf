"""What the task learns from the training split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

ENCODER = ("encoder", "encoder_weights")


@dataclass(frozen=True)
class Learned:
    """The labels, and how signals are read. See `zoo.tasks.base.Learned`.

    Attributes:
        kind: of the signals, see `datasets.formats.signals`.
        labels: class n is `labels[n]`.
        strides: of each convolution.
        mean, deviation: of each channel of numbers, band of sound, or colour of frames, over the training split.
        missing: whether the training split lacks values.
        rate, bands, step: of sound, see `zoo.data.log_mel.LogMel`.
        size: height and width of the model's frames.
        frames_per_second: at most so many are read; 0 for all.
        encoder: the network of keras.applications that reads the frames; empty where none does.
        encoder_weights: a fingerprint of its weights.
    """

    kind: str
    labels: tuple[str, ...]
    strides: tuple[int, ...]
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()
    missing: bool = False
    rate: int = 0
    bands: int = 0
    step: int = 0
    size: tuple[int, ...] = ()
    frames_per_second: float = 0.0
    encoder: str = ""
    encoder_weights: str = ""

    def reading(self) -> dict[str, object]:
        """All that decides what is read of sound and moving pictures, but these."""
        names = ("kind", "rate", "bands", "step", "size", "frames_per_second", *ENCODER)
        return {name: getattr(self, name) for name in names}

    def to_json(self) -> dict[str, object]:
        """See `zoo.tasks.base.Learned`."""
        stored = asdict(self)
        return stored if self.encoder else {name: stored[name] for name in stored if name not in ENCODER}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Learned:
        """The inverse of `to_json`."""
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()
        }
        return cls(**values)
