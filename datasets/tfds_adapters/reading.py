"""What the adapters have in common: options, official splits read in order, and the search for a feature."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from datasets.assembly.splitting import SPLIT_NAMES
from datasets.base import Info
from datasets.errors import UserError, did_you_mean
from datasets.options import check_fractions, flag, option
from datasets.tfds_adapters.builders import fingerprint

if TYPE_CHECKING:
    from tensorflow_datasets.core import DatasetBuilder
    from tensorflow_datasets.core.features import FeatureConnector

BuilderPartT = TypeVar("BuilderPartT", bound="BuilderPart")


@dataclass(frozen=True)
class BuilderOptions:
    """Options of every set of tensorflow-datasets."""

    data_dir: str | None = option(None, "folder of prepared sets; default ~/tensorflow_datasets")
    hub_valid_fraction: float = option(0.1, "share of train for a dev split that is not official")
    hub_test_fraction: float = option(0.1, "share of train for a test split that is not official; 0: none")

    def __post_init__(self) -> None:
        """Refuse fractions that leave nothing."""
        check_fractions(self.hub_valid_fraction, self.hub_test_fraction, "hub_")


class BuilderPart:
    """An official split of a prepared set, in the order of its files.

    Args:
        builder: of a prepared set.
        split: its name there.
    """

    def __init__(self, builder: DatasetBuilder, split: str):
        self.name = f"{builder.info.full_name} {split}"
        self._builder, self._split = builder, split

    def place(self, where: object) -> str:
        """The words for an example, counted from 0 as tensorflow-datasets does."""
        return f"{self.name} example {where}"

    def fingerprint(self) -> object:
        """Changes when the set is prepared again."""
        return fingerprint(self._builder)

    def _examples(self, *features: str, take: int = -1) -> Iterator[Mapping[str, Any]]:
        """A pass over the first `take` examples, -1 for all: their features of these names, or all features."""
        import tensorflow_datasets as tfds

        # One file after the other, so that the order is that of the set on every machine.
        config = tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False)
        examples = self._builder.as_dataset(split=self._split, shuffle_files=False, read_config=config)
        if features:
            examples = examples.map(lambda example: {name: example[name] for name in features})
        return iter(tfds.as_numpy(examples.take(take)))

    def _text(self, number: int, value: bytes, what: str) -> str:
        """The text that bytes are.

        Raises:
            UserError: they are not UTF-8; names the example and `what` it is, such as `a word`.
        """
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            raise UserError(f"{self.place(number)}: {what} is not UTF-8") from None


def official_splits(
    spec: str, builder: DatasetBuilder, make_part: Callable[[str], BuilderPartT]
) -> dict[str, BuilderPartT]:
    """The official splits that have examples, by `train`, `valid` and `test`.

    Args:
        make_part: makes a part of the name of an official split.

    Raises:
        UserError: there is no train split.
    """
    splits = builder.info.splits
    parts = {
        SPLIT_NAMES[split.lower()]: make_part(split)
        for split in splits
        if split.lower() in SPLIT_NAMES and splits[split].num_examples
    }
    if "train" not in parts:
        raise UserError(f"'{spec}': has no train split; it has {', '.join(sorted(splits))}")
    return parts


def info_of(
    spec: str, builder: DatasetBuilder, fields: tuple[str, ...], *notes: str, about: str = ""
) -> Info:
    """What tensorflow-datasets says of a set; `about` ends the note with its name and version."""
    full_name = f"tensorflow-datasets {builder.info.full_name}"
    return Info(
        name=spec,
        fields=fields,
        source=builder.info.homepage or full_name,
        licence=builder.info.redistribution_info.license,
        citation=builder.info.citation or "",
        notes=(full_name + about, *notes),
    )


def find_feature(
    spec: str,
    field: str,
    wanted: str | None,
    known: Sequence[str],
    usual: frozenset[str],
    kind: str,
    missing: str,
) -> str:
    """The feature that holds a field: the one named, the only one, or the only one with a usual name.

    Args:
        spec: the set's name, for messages.
        field: the field; `{field}_feature` is the option that names its feature.
        wanted: what the option says.
        known: the features that may be it.
        usual: usual names, in lower case.
        kind: what kind of feature it is, for messages, such as `string feature`.
        missing: what to say where no feature may be it.

    Raises:
        UserError: there is no such feature, or several may be it.
    """
    option_flag = flag(field + "_feature")
    listed = ", ".join(f"'{name}'" for name in sorted(known))
    if wanted is not None:
        if wanted in known:
            return wanted
        raise UserError(
            f"{option_flag} {wanted}: '{spec}' has no such {kind}; "
            f"it has {listed or 'none'}{did_you_mean(wanted, known)}"
        )
    fitting = known if len(known) == 1 else [name for name in known if name.lower() in usual]
    if len(fitting) == 1:
        return fitting[0]
    if not known:
        raise UserError(f"'{spec}': {missing}")
    raise UserError(f"'{spec}': several features may be the {field}: {listed}; name one with {option_flag}")


def named_features(spec: str, builder: DatasetBuilder, what: str) -> dict[str, Any]:
    """The features of a set, by name.

    Raises:
        UserError: it has none that are named, and so not `what` is looked for.
    """
    import tensorflow_datasets as tfds

    features = builder.info.features
    if not isinstance(features, tfds.features.FeaturesDict):
        raise UserError(f"'{spec}': has no named features, so {what}")
    return dict(features.items())


def is_string(feature: FeatureConnector) -> bool:
    """Whether a feature is one string. Classes are numbers to tensorflow-datasets."""
    import numpy as np

    return getattr(feature, "shape", None) == () and np.dtype(feature.np_dtype) == np.dtype(object)
