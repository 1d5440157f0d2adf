"""Any translation set of tensorflow-datasets: a feature with one text for each of two or more languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from datasets.assembly.pairs import Pair, Part, assemble, checked
from datasets.base import Dataset, Info
from datasets.errors import UserError, did_you_mean
from datasets.file_readers.split_discovery import SPLIT_NAMES
from datasets.options import check_fractions, option
from datasets.tfds_adapters.builders import find_builder, prepare, stamp

FIELDS = ("source", "target")


@dataclass(frozen=True)
class Options:
    """How to read a tensorflow-datasets set."""

    data_dir: str | None = option(None, "folder of prepared sets; default ~/tensorflow_datasets")
    source: str | None = option(None, "language that is translated (default: the first of the set)")
    target: str | None = option(None, "language that it is translated into (default: the other one)")
    reverse: bool = option(False, "translate the other way round")
    hub_valid_fraction: float = option(0.1, "share of train for a dev split that is not official")
    hub_test_fraction: float = option(0.1, "share of train for a test split that is not official; 0: none")

    def __post_init__(self) -> None:
        """Refuse fractions that leave nothing."""
        check_fractions(self.hub_valid_fraction, self.hub_test_fraction, "hub_")


def load(spec: str, options: Options) -> Dataset:
    """Sentence pairs of a tensorflow-datasets set, downloaded if need be.

    Raises:
        UserError: unknown name, no translations among its features, a language that it does not have, no network.
    """
    builder = find_builder(spec, options.data_dir)
    feature, languages = _languages(spec, builder)
    source, target = _direction(spec, languages, options)
    prepare(builder)
    parts: dict[str, Part] = {
        SPLIT_NAMES[split.lower()]: HubPart(builder, split, feature, source, target)
        for split in builder.info.splits
        if split.lower() in SPLIT_NAMES and builder.info.splits[split].num_examples
    }
    if "train" not in parts:
        raise UserError(f"'{spec}': has no train split; it has {', '.join(builder.info.splits)}")
    info = Info(
        name=spec,
        fields=FIELDS,
        source=builder.info.homepage or f"tensorflow-datasets {builder.info.full_name}",
        licence=builder.info.redistribution_info.license,
        citation=builder.info.citation or "",
        notes=(f"tensorflow-datasets {builder.info.full_name}, {source} to {target}",),
    )
    return assemble(info, parts, options.hub_valid_fraction, options.hub_test_fraction)


class HubPart:
    """An official split of a prepared set, in the order of its files."""

    def __init__(self, builder: Any, split: str, feature: str | None, source: str, target: str):
        self.name = f"{builder.info.full_name} {split}"
        self._builder, self._split, self._feature = builder, split, feature
        self._languages = (source, target)

    def pairs(self) -> Iterator[Pair]:
        """One pass over the split; pairs with an empty side, which such sets have, are passed over."""
        for number, example in enumerate(self._examples()):
            texts = example if self._feature is None else example[self._feature]
            place = f"{self.name} example {number}"
            try:
                source, target = (texts[language].decode("utf-8") for language in self._languages)
            except UnicodeDecodeError:
                raise UserError(f"{place}: a text is not UTF-8") from None
            if source.strip() and target.strip():
                yield number, *checked(place, source, target)

    def stamp(self) -> object:
        """Changes when the set is prepared again."""
        return stamp(self._builder)

    def _examples(self) -> Iterator[Mapping[str, Any]]:
        import tensorflow_datasets as tfds

        # One file after the other, so that the order is that of the set on every machine.
        config = tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False)
        examples = self._builder.as_dataset(split=self._split, shuffle_files=False, read_config=config)
        return iter(tfds.as_numpy(examples))


def _languages(spec: str, builder: Any) -> tuple[str | None, list[str]]:
    """The name of the feature with the translations (None: it is all there is), and its languages."""
    import tensorflow_datasets as tfds

    features = builder.info.features
    if isinstance(features, tfds.features.Translation):
        return None, list(features.keys())
    found = {
        name: feature
        for name, feature in (features.items() if isinstance(features, tfds.features.FeaturesDict) else ())
        if isinstance(feature, tfds.features.Translation)
    }
    if len(found) != 1:
        raise UserError(f"'{spec}': has no feature that is a translation, so it is no set of sentence pairs")
    ((name, feature),) = found.items()
    return name, list(feature.keys())


def _direction(spec: str, languages: list[str], options: Options) -> tuple[str, str]:
    for flag, wanted in (("--source", options.source), ("--target", options.target)):
        if wanted is not None and wanted not in languages:
            listed = ", ".join(languages)
            raise UserError(
                f"{flag} {wanted}: '{spec}' has no such language; it has {listed}"
                f"{did_you_mean(wanted, languages)}"
            )
    source = options.source or next(one for one in languages if one != options.target)
    target = options.target or next(one for one in languages if one != source)
    if source == target:
        raise UserError(f"--target {target}: is the source too")
    return (target, source) if options.reverse else (source, target)
