"""Any text-classification set of tensorflow-datasets: a text feature and a class label."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from datasets.assembly.labelled_texts import Part, Row, assemble
from datasets.base import Dataset, Info
from datasets.errors import UserError, did_you_mean
from datasets.file_readers.split_discovery import SPLIT_NAMES
from datasets.formats.characters import composed
from datasets.formats.columns import TEXT_NAMES
from datasets.options import check_fractions, flag, option
from datasets.tfds_adapters.builders import find_builder, prepare, stamp

FIELDS = ("text", "label")
USUAL_TEXTS = TEXT_NAMES | {"description"}


@dataclass(frozen=True)
class Options:
    """How to read a tensorflow-datasets set."""

    data_dir: str | None = option(None, "folder of prepared sets; default ~/tensorflow_datasets")
    text_feature: str | None = option(None, "feature with the text, where there are several")
    label_feature: str | None = option(None, "feature with the class, where there are several")
    hub_valid_fraction: float = option(0.1, "share of train for a dev split that is not official")
    hub_test_fraction: float = option(0.1, "share of train for a test split that is not official; 0: none")

    def __post_init__(self) -> None:
        """Refuse fractions that leave nothing."""
        check_fractions(self.hub_valid_fraction, self.hub_test_fraction, "hub_")


def load(spec: str, options: Options) -> Dataset:
    """Labelled texts of a tensorflow-datasets set, downloaded if need be.

    Raises:
        UserError: unknown name, no text or no class among its features, no network.
    """
    builder = find_builder(spec, options.data_dir)
    features = _top_features(spec, builder)
    text = _find(spec, "text", options.text_feature, features["text"])
    label = _find(spec, "label", options.label_feature, features["label"])
    prepare(builder)
    labels = tuple(composed(name) for name in builder.info.features[label].names)
    parts, notes = _parts(spec, builder, text, label, labels)
    info = Info(
        name=spec,
        fields=FIELDS,
        source=builder.info.homepage or f"tensorflow-datasets {builder.info.full_name}",
        licence=builder.info.redistribution_info.license,
        citation=builder.info.citation or "",
        notes=(f"tensorflow-datasets {builder.info.full_name}", *notes),
    )
    return assemble(info, parts, options.hub_valid_fraction, options.hub_test_fraction, labels)


class HubPart:
    """An official split of a prepared set, in the order of its files."""

    fix = "is --label-feature right?"

    def __init__(self, builder: Any, split: str, text: str, label: str, labels: tuple[str, ...]):
        self.name = f"{builder.info.full_name} {split}"
        self.label_name = f"feature '{label}'"
        self._builder, self._split, self._text, self._label, self._labels = (
            builder,
            split,
            text,
            label,
            labels,
        )

    def rows(self) -> Iterator[Row]:
        """One pass over the split. Raises UserError on a text that is not UTF-8 and on a hidden label."""
        for number, example in enumerate(self._examples()):
            label = int(example[self._label])
            if not 0 <= label < len(self._labels):
                raise UserError(f"{self.place(number)}: the label is missing")
            try:
                text = example[self._text].decode("utf-8")
            except UnicodeDecodeError:
                raise UserError(f"{self.place(number)}: the text is not UTF-8") from None
            yield number, composed(text), self._labels[label]

    def place(self, where: Any) -> str:
        """The words for an example, counted from 0 as tensorflow-datasets does."""
        return f"{self.name} example {where}"

    def stamp(self) -> object:
        """Changes when the set is prepared again."""
        return stamp(self._builder)

    def labelled(self) -> bool:
        """Whether the first example has a label; benchmarks hide those of their test splits as -1."""
        return all(int(example[self._label]) >= 0 for example in self._examples(take=1))

    def _examples(self, take: int | None = None) -> Iterator[Mapping[str, Any]]:
        import tensorflow_datasets as tfds

        # One file after the other, so that the order is that of the set on every machine.
        config = tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False)
        examples = self._builder.as_dataset(split=self._split, shuffle_files=False, read_config=config)
        wanted = {self._text, self._label}
        only = examples.map(lambda example: {name: example[name] for name in wanted})
        return iter(tfds.as_numpy(only if take is None else only.take(take)))


def _top_features(spec: str, builder: Any) -> dict[str, list[str]]:
    """The features that may be the text (one string) and the label (a class), by name."""
    import tensorflow_datasets as tfds

    features = builder.info.features
    if not isinstance(features, tfds.features.FeaturesDict):
        raise UserError(f"'{spec}': has no named features, so no text and no label")
    named = sorted(features.items())
    labels = [name for name, kind in named if isinstance(kind, tfds.features.ClassLabel)]
    texts = [name for name, kind in named if _is_string(kind)]
    return {"text": texts, "label": labels}


def _is_string(kind: Any) -> bool:
    """Whether a feature is one string. Classes are numbers to tensorflow-datasets."""
    import numpy as np

    return getattr(kind, "shape", None) == () and np.dtype(kind.np_dtype) == np.dtype(object)


def _find(spec: str, field: str, wanted: str | None, known: list[str]) -> str:
    """The feature that holds a field: the one named, the only one, or the only one with a usual name."""
    option_flag = flag(field + "_feature")
    listed = ", ".join(f"'{name}'" for name in sorted(known))
    if wanted is not None:
        if wanted in known:
            return wanted
        kinds = {"text": "string", "label": "class"}
        raise UserError(
            f"{option_flag} {wanted}: '{spec}' has no such {kinds[field]} feature; "
            f"it has {listed or 'none'}{did_you_mean(wanted, known)}"
        )
    usual = [name for name in known if name.lower() in USUAL_TEXTS | {"label"}]
    found = known if len(known) == 1 else usual
    if len(found) == 1:
        return found[0]
    if not known:
        kind = {"text": "text", "label": "class label"}[field]
        raise UserError(f"'{spec}': has no feature that is a {kind}, so it is no text-classification set")
    raise UserError(f"'{spec}': several features may be the {field}: {listed}; name one with {option_flag}")


def _parts(
    spec: str, builder: Any, text: str, label: str, labels: tuple[str, ...]
) -> tuple[dict[str, Part], list[str]]:
    """The official splits; where the test split hides its labels, validation is the test split."""
    parts: dict[str, HubPart] = {}
    for split in builder.info.splits:
        if split.lower() in SPLIT_NAMES and builder.info.splits[split].num_examples:
            parts[SPLIT_NAMES[split.lower()]] = HubPart(builder, split, text, label, labels)
    if "train" not in parts:
        raise UserError(f"'{spec}': has no train split; it has {', '.join(sorted(builder.info.splits))}")
    notes = []
    if "test" in parts and not parts["test"].labelled():
        del parts["test"]
        notes.append("the official test split hides its labels and was left out")
        if "valid" in parts:
            parts["test"] = parts.pop("valid")
            notes.append("the official validation split serves as the test split")
    return dict(parts), notes
