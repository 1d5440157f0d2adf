"""Any tagging set of tensorflow-datasets: a sequence of words and a sequence of as many classes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from datasets.assembly.tagged_sentences import assemble
from datasets.base import Dataset
from datasets.errors import UserError
from datasets.formats.characters import composed
from datasets.formats.columns import TAG_NAMES, TOKEN_NAMES
from datasets.formats.sentences import TaggedSentence, check_tags
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
    from tensorflow_datasets.core import DatasetBuilder

FIELDS = ("tokens", "tags")
NO_WORD = "_"  # the tag of a multiword token in sets made from CoNLL-U


@dataclass(frozen=True)
class Options(BuilderOptions):
    """How to read a set of tagged sentences."""

    tokens_feature: str | None = option(None, "feature with the words, where there are several")
    tags_feature: str | None = option(None, "feature with the tags, where there are several")


def load(spec: str, options: Options) -> Dataset:
    """Tagged sentences of a tensorflow-datasets set, downloaded if need be.

    Raises:
        UserError: unknown name, no words or no tags among its features, no network.
    """
    builder = find_builder(spec, options.data_dir)
    tokens, tags = _features(spec, builder, options)
    prepare(builder)
    parts = official_splits(spec, builder, lambda split: TaggingPart(builder, split, tokens, tags))
    info = info_of(spec, builder, FIELDS, about=f", tags from '{tags}'")
    return assemble(info, parts, options.hub_valid_fraction, options.hub_test_fraction)


class TaggingPart(BuilderPart):
    """An official split of tagged sentences."""

    fix = "is --tags-feature right?"

    def __init__(self, builder: DatasetBuilder, split: str, tokens: str, tags: str):
        super().__init__(builder, split)
        self.label_name = f"feature '{tags}'"
        self._tokens, self._tags = tokens, tags
        self._names = tuple(composed(name) for name in builder.info.features[tags].feature.names)

    def rows(self) -> Iterator[TaggedSentence]:
        """One pass over the split; words with the tag `_` (rows of multiword tokens) are left out."""
        for number, example in enumerate(self._examples(self._tokens, self._tags)):
            place = self.place(number)
            tokens = tuple(composed(self._text(number, token, "a word")) for token in example[self._tokens])
            tags = tuple(self._tag(place, int(tag)) for tag in example[self._tags])
            check_tags(place, tokens, tags)
            pairs = [pair for pair in zip(tokens, tags, strict=True) if pair[1] != NO_WORD]
            if pairs:
                yield number, tuple(token for token, _ in pairs), tuple(tag for _, tag in pairs)

    def _tag(self, place: str, id: int) -> str:
        if not 0 <= id < len(self._names):
            raise UserError(f"{place}: a tag is missing")
        return self._names[id]


def _features(spec: str, builder: DatasetBuilder, options: Options) -> tuple[str, str]:
    """The names of the features with the words (a sequence of strings) and with the tags (a sequence of classes)."""
    import tensorflow_datasets as tfds

    inner = {
        name: feature.feature
        for name, feature in named_features(spec, builder, "no words and no tags").items()
        if isinstance(feature, tfds.features.Sequence) and hasattr(feature, "feature")
    }
    words = [name for name, feature in inner.items() if is_string(feature)]
    classes = [name for name, feature in inner.items() if isinstance(feature, tfds.features.ClassLabel)]

    def find(field: str, wanted: str | None, known: list[str], usual: frozenset[str]) -> str:
        missing = f"no feature can be the {field}, so it is no set of tagged sentences"
        return find_feature(spec, field, wanted, known, usual, "sequence", missing)

    return (
        find("tokens", options.tokens_feature, words, TOKEN_NAMES),
        find("tags", options.tags_feature, classes, TAG_NAMES),
    )
