"""Any translation set of tensorflow-datasets: a feature with one text for each of two or more languages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from datasets.assembly.pairs import Pair, assemble, checked
from datasets.base import Dataset
from datasets.errors import UserError, did_you_mean
from datasets.options import option
from datasets.tfds_adapters.builders import find_builder, prepare
from datasets.tfds_adapters.reading import BuilderOptions, BuilderPart, info_of, official_splits

if TYPE_CHECKING:
    from tensorflow_datasets.core import DatasetBuilder

FIELDS = ("source", "target")


@dataclass(frozen=True)
class Options(BuilderOptions):
    """How to read a set of translations."""

    source: str | None = option(None, "language that is translated (default: the first of the set)")
    target: str | None = option(None, "language that it is translated into (default: the other one)")
    reverse: bool = option(False, "translate the other way round")


def load(spec: str, options: Options) -> Dataset:
    """Sentence pairs of a tensorflow-datasets set, downloaded if need be.

    Raises:
        UserError: unknown name, no translations among its features, a language that it does not have, no network.
    """
    builder = find_builder(spec, options.data_dir)
    feature, languages = _languages(spec, builder)
    direction = _direction(spec, languages, options)
    prepare(builder)
    parts = official_splits(spec, builder, lambda split: TranslationPart(builder, split, feature, direction))
    info = info_of(spec, builder, FIELDS, about=f", {' to '.join(direction)}")
    return assemble(info, parts, options.hub_valid_fraction, options.hub_test_fraction)


class TranslationPart(BuilderPart):
    """An official split of translations."""

    def __init__(self, builder: DatasetBuilder, split: str, feature: str | None, direction: tuple[str, str]):
        super().__init__(builder, split)
        self._feature, self._direction = feature, direction

    def rows(self) -> Iterator[Pair]:
        """One pass over the split; pairs with an empty side, which such sets have, are passed over."""
        for number, example in enumerate(self._examples()):
            texts = example if self._feature is None else example[self._feature]
            source, target = (self._text(number, texts[language], "a text") for language in self._direction)
            if source.strip() and target.strip():
                yield number, *checked(self.place(number), source, target)


def _languages(spec: str, builder: DatasetBuilder) -> tuple[str | None, list[str]]:
    """The name of the feature with the translations (None: it is all there is), and its languages."""
    import tensorflow_datasets as tfds

    features = builder.info.features
    if isinstance(features, tfds.features.Translation):
        return None, list(features.keys())
    translations = {
        name: feature
        for name, feature in (features.items() if isinstance(features, tfds.features.FeaturesDict) else ())
        if isinstance(feature, tfds.features.Translation)
    }
    if len(translations) != 1:
        raise UserError(f"'{spec}': has no feature that is a translation, so it is no set of sentence pairs")
    ((name, feature),) = translations.items()
    return name, list(feature.keys())


def _direction(spec: str, languages: list[str], options: Options) -> tuple[str, str]:
    for flag, wanted in (("--source", options.source), ("--target", options.target)):
        if wanted is not None and wanted not in languages:
            listed = ", ".join(languages)
            raise UserError(
                f"{flag} {wanted}: '{spec}' has no such language; it has {listed}"
                f"{did_you_mean(wanted, languages)}"
            )
    source = options.source or next(language for language in languages if language != options.target)
    target = options.target or next(language for language in languages if language != source)
    if source == target:
        raise UserError(f"--target {target}: is the source too")
    return (target, source) if options.reverse else (source, target)
