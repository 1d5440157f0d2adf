"""Any set of tensorflow-datasets with sound and its text, such as librispeech."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from datasets.assembly.spoken_texts import SpokenText, assemble_parts, checked_text
from datasets.base import Dataset
from datasets.errors import UserError
from datasets.formats.columns import TEXT_NAMES
from datasets.formats.hashes import content_hash
from datasets.formats.signals import Samples
from datasets.options import option
from datasets.tfds_adapters.builders import find_builder, prepare
from datasets.tfds_adapters.reading import (
    BuilderOptions,
    BuilderPart,
    find_feature,
    info_of,
    is_string,
    named_features,
    official_splits,
)

if TYPE_CHECKING:
    import numpy as np
    from tensorflow_datasets.core import DatasetBuilder

FIELDS = ("sound", "text")
SOUND_NAMES = frozenset({"speech", "audio", "sound", "voice"})
FULL_SCALE = 32768.0  # of the whole numbers of 16 bits in which tensorflow-datasets keeps samples


@dataclass(frozen=True)
class Options(BuilderOptions):
    """How to read a set of sounds with their texts."""

    sound_feature: str | None = option(None, "feature with the sound, where there are several")
    text_feature: str | None = option(None, "feature with what is said, where there are several")
    sound_rate: int = option(
        0, "samples a second of the sounds, where the set does not say it", minimum=0, maximum=384_000
    )


def load(spec: str, options: Options) -> Dataset:
    """Sounds with their texts of a tensorflow-datasets set, downloaded if need be.

    Raises:
        UserError: unknown name, no sound or no text among its features, no rate, no network.
    """
    builder = find_builder(spec, options.data_dir)
    sound, text, rate = _features(spec, builder, options)
    prepare(builder)
    parts = official_splits(spec, builder, lambda split: SpeechPart(builder, split, sound, text, rate))
    info = info_of(spec, builder, FIELDS)
    return assemble_parts(info, parts, options.hub_valid_fraction, options.hub_test_fraction)


class SpeechPart(BuilderPart):
    """An official split of sounds with their texts."""

    def __init__(self, builder: DatasetBuilder, split: str, sound: str, text: str, rate: int) -> None:
        super().__init__(builder, split)
        self._sound_feature, self._text_feature, self._rate = sound, text, rate

    def rows(self) -> Iterator[SpokenText]:
        """One pass over the split. Raises UserError on a text that is empty, and on a sound without samples."""
        for number, example in enumerate(self._examples(self._sound_feature, self._text_feature)):
            place = self.place(number)
            text = checked_text(place, self._text(number, example[self._text_feature], "the text"))
            samples = _samples(place, example[self._sound_feature])
            sound = Samples(samples, self._rate, place)
            yield SpokenText(sound, text, place, content_hash(samples.tobytes()))


def _samples(place: str, values: np.ndarray) -> np.ndarray:
    """Samples `(time,)` float32 from -1 to 1, channels averaged."""
    import numpy as np

    if not values.size:
        raise UserError(f"{place}: has no samples")
    mixed = values.reshape(len(values), -1).mean(axis=1)
    return (mixed / (FULL_SCALE if values.dtype.kind in "iu" else 1.0)).astype(np.float32)


def _features(spec: str, builder: DatasetBuilder, options: Options) -> tuple[str, str, int]:
    """The names of the features with the sound and with the text, and the samples a second."""
    import tensorflow_datasets as tfds

    features = sorted(named_features(spec, builder, "no sound with its text").items())
    sounds = {name: feature for name, feature in features if isinstance(feature, tfds.features.Audio)}
    texts = [name for name, feature in features if is_string(feature)]
    no_set = "so it is no set of sounds with their texts"
    sound = find_feature(
        spec, "sound", options.sound_feature, list(sounds), SOUND_NAMES,
        "sound feature", f"has no feature that is a sound, {no_set}",
    )  # fmt: skip
    text = find_feature(
        spec, "text", options.text_feature, texts, TEXT_NAMES,
        "string feature", f"has no feature that is a text, {no_set}",
    )  # fmt: skip
    rate = options.sound_rate or int(sounds[sound].sample_rate or 0)
    if not rate:
        raise UserError(f"'{spec}': does not say how many samples a second '{sound}' has; give --sound-rate")
    return sound, text, rate
