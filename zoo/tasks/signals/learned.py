"""What the task learns from the training split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from zoo.data.channels import OwnScales

#: What is not stored where it is not there, as earlier versions knew nothing of it.
ENCODER = ("encoder", "encoder_weights")
OWN = "own_scales"


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
        own_scales: of the channels that are also measured by each series' own scale, where there are any.
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
    own_scales: OwnScales | None = None

    def reading(self) -> dict[str, object]:
        """All that decides what is read of sound and moving pictures, but these."""
        names = ("kind", "rate", "bands", "step", "size", "frames_per_second", *ENCODER)
        return {name: getattr(self, name) for name in names}

    def to_json(self) -> dict[str, object]:
        """See `zoo.tasks.base.Learned`."""
        stored = asdict(self)
        absent = {*(() if self.encoder else ENCODER), *(() if self.own_scales else (OWN,))}
        return {name: stored[name] for name in stored if name not in absent}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Learned:
        """The inverse of `to_json`."""
        values = {name: _in_tuples(value) for name, value in stored.items()}
        if OWN in values:
            values[OWN] = OwnScales(**values[OWN])
        return cls(**values)


def _in_tuples(value: object) -> Any:  # noqa: ANN401 (any part of what JSON holds)
    """What JSON holds, with tuples in place of lists."""
    if isinstance(value, dict):
        return {name: _in_tuples(part) for name, part in value.items()}
    return tuple(map(_in_tuples, value)) if isinstance(value, list) else value
