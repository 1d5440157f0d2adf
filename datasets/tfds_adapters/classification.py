"""Any text-classification set of tensorflow-datasets: a text feature and a class label."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from datasets.assembly.labelled_texts import LabelledText, assemble
from datasets.base import Dataset
from datasets.errors import UserError
from datasets.formats.characters import composed
from datasets.formats.columns import TEXT_NAMES
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

FIELDS = ("text", "label")
USUAL_TEXTS = TEXT_NAMES | {"description"}


@dataclass(frozen=True)
class Options(BuilderOptions):
    """How to read a set of labelled texts."""

    text_feature: str | None = option(None, "feature with the text, where there are several")
    label_feature: str | None = option(None, "feature with the class, where there are several")


def load(spec: str, options: Options) -> Dataset:
    """Labelled texts of a tensorflow-datasets set, downloaded if need be.

    Raises:
        UserError: unknown name, no text or no class among its features, no network.
    """
    builder = find_builder(spec, options.data_dir)
    text, label = _features(spec, builder, options)
    prepare(builder)
    labels = tuple(composed(name) for name in builder.info.features[label].names)
    parts = official_splits(
        spec, builder, lambda split: ClassificationPart(builder, split, text, label, labels)
    )
    notes = _replace_hidden_labels(parts)
    info = info_of(spec, builder, FIELDS, *notes)
    return assemble(info, parts, options.hub_valid_fraction, options.hub_test_fraction, labels)


class ClassificationPart(BuilderPart):
    """An official split of labelled texts."""

    fix = "is --label-feature right?"

    def __init__(self, builder: DatasetBuilder, split: str, text: str, label: str, labels: tuple[str, ...]):
        super().__init__(builder, split)
        self.label_name = f"feature '{label}'"
        self._text_feature, self._label_feature, self._labels = text, label, labels

    def rows(self) -> Iterator[LabelledText]:
        """One pass over the split. Raises UserError on a text that is not UTF-8 and on a hidden label."""
        for number, example in enumerate(self._examples(self._text_feature, self._label_feature)):
            label = int(example[self._label_feature])
            if not 0 <= label < len(self._labels):
                raise UserError(f"{self.place(number)}: the label is missing")
            text = self._text(number, example[self._text_feature], "the text")
            yield number, composed(text), self._labels[label]

    def labelled(self) -> bool:
        """Whether the first example has a label; benchmarks hide those of their test splits as -1."""
        return all(int(example[self._label_feature]) >= 0 for example in self._examples(take=1))


def _features(spec: str, builder: DatasetBuilder, options: Options) -> tuple[str, str]:
    """The names of the features with the text (one string) and with the label (a class)."""
    import tensorflow_datasets as tfds

    features = sorted(named_features(spec, builder, "no text and no label").items())
    texts = [name for name, feature in features if is_string(feature)]
    classes = [name for name, feature in features if isinstance(feature, tfds.features.ClassLabel)]
    no_set = "so it is no text-classification set"
    return (
        find_feature(
            spec, "text", options.text_feature, texts, USUAL_TEXTS,
            "string feature", f"has no feature that is a text, {no_set}",
        ),
        find_feature(
            spec, "label", options.label_feature, classes, frozenset({"label"}),
            "class feature", f"has no feature that is a class label, {no_set}",
        ),
    )  # fmt: skip


def _replace_hidden_labels(parts: dict[str, ClassificationPart]) -> list[str]:
    """Where the test split hides its labels, the validation split takes its place. Gives notes on that."""
    if "test" not in parts or parts["test"].labelled():
        return []
    del parts["test"]
    notes = ["the official test split hides its labels and was left out"]
    if "valid" in parts:
        parts["test"] = parts.pop("valid")
        notes.append("the official validation split serves as the test split")
    return notes
