"""What tasks share that read sound: how spectra are made of it, and how they are changed before and in training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from datasets.formats.signals import Sound
from datasets.options import option

if TYPE_CHECKING:
    from zoo.factory import RecurrentFactory
    from zoo.tensors import Inputs, Mask, Tensor

#: The highest rate of samples, unless another is asked for.
HIGHEST_RATE = 16_000


@dataclass(frozen=True)
class SoundOptions:
    """Options of the spectrum."""

    sample_rate: int = option(
        0,
        "of sound, samples a second that the model reads; 0 takes that of the first training sound, 16,000 at most",
        minimum=0,
        maximum=384_000,
    )
    bands: int = option(40, "of sound, bands of the log-mel spectrum", minimum=1, maximum=512)
    hop: float = option(
        0.01, "of sound, seconds from one frame of the spectrum to the next", minimum=0.0005, maximum=10
    )
    loudness_normalisation: bool = option(
        True, "of sound, make all recordings as loud as each other; not where the cells run in one direction"
    )
    band_normalisation: bool = option(
        False,
        "of sound, also read each band less its mean over the recording, which microphone and room do not change; not "
        "where the cells run in one direction",
    )
    band_shift: int = option(
        0,
        "of sound, in training, bands by which the spectrum is moved up or down at most",
        minimum=0,
        maximum=100,
    )
    band_mask: float = option(
        0.0,
        "of sound, in training, share of the bands that are set to their mean at most",
        minimum=0,
        maximum=0.9,
    )
    time_mask: float = option(
        0.0,
        "of sound, in training, share of the steps that are set to their mean at most",
        minimum=0,
        maximum=0.9,
    )
    time_stretch: float = option(
        0.0,
        "in training, share by which each signal is made longer or shorter at most",
        minimum=0,
        maximum=0.9,
    )


class Reading(TypedDict):
    """How sound is read; see `zoo.data.log_mel.LogMel`."""

    rate: int
    bands: int
    step: int


def reading(first: Sound, options: SoundOptions) -> Reading:
    """How sound is read, by the first training sound."""
    rate = options.sample_rate or min(first.read()[1], HIGHEST_RATE)
    return {"rate": rate, "bands": options.bands, "step": max(1, round(options.hop * rate))}


def normalised(
    x: Inputs, mask: Mask, deviation: tuple[float, ...], recurrent: RecurrentFactory, options: SoundOptions
) -> Inputs:
    """Scaled spectra, all sounds as loud as each other where that is wanted and the cells run in both directions.

    Args:
        x, mask: `(batch, time, bands)`, and where there is a step.
        deviation: by which each band was divided.
    """
    from zoo.layers.loudness_normalisation import LoudnessNormalisation

    if options.loudness_normalisation and recurrent.reads_whole:
        return LoudnessNormalisation(deviation, name="loudness")(x, mask)
    return x


def stretched(
    x: Inputs, mask: Mask, recurrent: RecurrentFactory, options: SoundOptions, least: Tensor | None = None
) -> tuple[Inputs, Mask]:
    """Sequences that are longer or shorter in training where that is wanted, and their mask.

    Args:
        x, mask: `(batch, time, features)`, and where there is a step.
        least: `(batch,)`, steps that are left at least.
    """
    from zoo.layers.time_stretch import TimeStretch

    if not options.time_stretch:
        return x, mask
    layer = TimeStretch(options.time_stretch, seed=recurrent.seed, name="time_stretch")
    return layer(x, mask) if least is None else layer(x, mask, least)


def augmented(x: Inputs, mask: Mask, recurrent: RecurrentFactory, options: SoundOptions) -> Inputs:
    """Spectra that are changed in training as the options say."""
    from zoo.layers.spectrum_augmentation import SpectrumAugmentation

    if options.band_shift or options.band_mask or options.time_mask:
        changed = SpectrumAugmentation(
            options.band_shift, options.band_mask, options.time_mask, seed=recurrent.seed, name="augmentation"
        )
        return changed(x, mask)
    return x


def with_normalised_bands(
    x: Inputs, mask: Mask, recurrent: RecurrentFactory, options: SoundOptions
) -> Inputs:
    """Spectra, and beside them each band less its mean where that is wanted and the cells run in both directions."""
    from zoo.layers.loudness_normalisation import BandNormalisation

    if options.band_normalisation and recurrent.reads_whole:
        return BandNormalisation(name="bands")(x, mask)
    return x
