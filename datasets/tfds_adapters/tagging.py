"""Any tagging set of tensorflow-datasets: a sequence of words and a sequence of as many classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from datasets.assembly.tagged_sentences import Part, assemble
from datasets.base import Dataset, Info
from datasets.errors import UserError, did_you_mean
from datasets.file_readers.split_discovery import SPLIT_NAMES
from datasets.formats.characters import composed
from datasets.formats.columns import TAG_NAMES, TOKEN_NAMES
from datasets.formats.sentences import TaggedSentence, check_tags
from datasets.options import check_fractions, flag, option
from datasets.tfds_adapters.builders import find_builder, prepare, stamp

FIELDS = ("tokens", "tags")
NO_WORD = "_"  # the tag of a multiword token in sets made from CoNLL-U


@dataclass(frozen=True)
class Options:
    """How to read a tensorflow-datasets set."""

    data_dir: str | None = option(None, "folder of prepared sets; default ~/tensorflow_datasets")
    tokens_feature: str | None = option(None, "feature with the words, where there are several")
    tags_feature: str | None = option(None, "feature with the tags, where there are several")
    hub_valid_fraction: float = option(0.1, "share of train for a dev split that is not official")
    hub_test_fraction: float = option(0.1, "share of train for a test split that is not official; 0: none")

    def __post_init__(self) -> None:
        """Refuse fractions that leave nothing."""
        check_fractions(self.hub_valid_fraction, self.hub_test_fraction, "hub_")


def load(spec: str, options: Options) -> Dataset:
    """Tagged sentences of a tensorflow-datasets set, downloaded if need be.

    Raises:
        UserError: unknown name, no words or no tags among its features, no network.
    """
    builder = find_builder(spec, options.data_dir)
    words, classes = _sequences(spec, builder)
    tokens = _find(spec, "tokens", options.tokens_feature, words, TOKEN_NAMES)
    tags = _find(spec, "tags", options.tags_feature, classes, TAG_NAMES)
    prepare(builder)
    parts: dict[str, Part] = {
        SPLIT_NAMES[split.lower()]: HubPart(builder, split, tokens, tags)
        for split in builder.info.splits
        if split.lower() in SPLIT_NAMES and builder.info.splits[split].num_examples
    }
    if "train" not in parts:
        raise UserError(f"'{spec}': has no train split; it has {', '.join(builder.info.splits)}")
    info = Info(
        name=spec,
        fields=FIELDS,
        source=builder.info.homepage or f"tensorflow-datasets {builder.info.full_name}",
        citation=builder.info.citation or "",
        notes=(f"tensorflow-datasets {builder.info.full_name}, tags from '{tags}'",),
    )
    return assemble(info, parts, options.hub_valid_fraction, options.hub_test_fraction)


class HubPart:
    """An official split of a prepared set, in the order of its files."""

    fix = "is --tags-feature right?"

    def __init__(self, builder: Any, split: str, tokens: str, tags: str):
        self.name = f"{builder.info.full_name} {split}"
        self.tag_name = f"feature '{tags}'"
        self._builder, self._split, self._tokens, self._tags = builder, split, tokens, tags
        self._names = tuple(composed(name) for name in builder.info.features[tags].feature.names)

    def sentences(self) -> Iterator[TaggedSentence]:
        """One pass over the split; words with the tag `_` (rows of multiword tokens) are left out."""
        for number, example in enumerate(self._examples()):
            place = self.place(number)
            try:
                tokens = tuple(composed(token.decode("utf-8")) for token in example[self._tokens])
            except UnicodeDecodeError:
                raise UserError(f"{place}: a word is not UTF-8") from None
            tags = tuple(self._tag(place, int(tag)) for tag in example[self._tags])
            check_tags(place, tokens, tags)
            pairs = [pair for pair in zip(tokens, tags, strict=True) if pair[1] != NO_WORD]
            if pairs:
                yield number, tuple(token for token, _ in pairs), tuple(tag for _, tag in pairs)

    def place(self, where: Any) -> str:
        """The words for an example, counted from 0 as tensorflow-datasets does."""
        return f"{self.name} example {where}"

    def stamp(self) -> object:
        """Changes when the set is prepared again."""
        return stamp(self._builder)

    def _tag(self, place: str, number: int) -> str:
        if not 0 <= number < len(self._names):
            raise UserError(f"{place}: a tag is missing")
        return self._names[number]

    def _examples(self) -> Iterator[Mapping[str, Any]]:
        import tensorflow_datasets as tfds

        # One file after the other, so that the order is that of the set on every machine.
        config = tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False)
        examples = self._builder.as_dataset(split=self._split, shuffle_files=False, read_config=config)
        wanted = (self._tokens, self._tags)
        return iter(tfds.as_numpy(examples.map(lambda example: {name: example[name] for name in wanted})))


def _sequences(spec: str, builder: Any) -> tuple[list[str], list[str]]:
    """The features that may be the words (a sequence of strings) and the tags (a sequence of classes), by name."""
    import numpy as np
    import tensorflow_datasets as tfds

    features = builder.info.features
    if not isinstance(features, tfds.features.FeaturesDict):
        raise UserError(f"'{spec}': has no named features, so no words and no tags")
    inner = {
        name: kind.feature
        for name, kind in features.items()
        if isinstance(kind, tfds.features.Sequence) and hasattr(kind, "feature")
    }
    classes = [name for name, kind in inner.items() if isinstance(kind, tfds.features.ClassLabel)]
    words = [
        name
        for name, kind in inner.items()
        if getattr(kind, "shape", None) == () and np.dtype(kind.np_dtype) == np.dtype(object)
    ]
    return words, classes


def _find(spec: str, field: str, wanted: str | None, known: list[str], usual: frozenset[str]) -> str:
    """The feature that holds a field: the one named, the only one, or the only one with a usual name."""
    option_flag = flag(field + "_feature")
    listed = ", ".join(f"'{name}'" for name in sorted(known))
    if wanted is not None:
        if wanted in known:
            return wanted
        raise UserError(
            f"{option_flag} {wanted}: '{spec}' has no such sequence; "
            f"it has {listed or 'none'}{did_you_mean(wanted, known)}"
        )
    found = known if len(known) == 1 else [name for name in known if name.lower() in usual]
    if len(found) == 1:
        return found[0]
    if not known:
        raise UserError(f"'{spec}': no feature can be the {field}, so it is no set of tagged sentences")
    raise UserError(f"'{spec}': several features may be the {field}: {listed}; name one with {option_flag}")
