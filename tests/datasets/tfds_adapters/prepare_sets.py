"""Prepares small tensorflow-datasets in the folder that is named: run in a process of its own by the tests."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tensorflow_datasets as tfds


class LabelledTexts(tfds.core.GeneratorBasedBuilder):
    """Korean sentences with a class, official splits, and a test split that hides its labels."""

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = [  # noqa: RUF012
        tfds.core.BuilderConfig(name=name) for name in ("shown", "hidden", "train_only", "bytes", "no_train")
    ]

    def _info(self) -> tfds.core.DatasetInfo:
        features = {
            "sentence": tfds.features.Text(),
            "source": np.str_,
            "feeling": tfds.features.ClassLabel(names=["zero", "one"]),
            "idx": np.int64,
        }
        return tfds.core.DatasetInfo(
            builder=self,
            features=tfds.features.FeaturesDict(features),
            homepage="https://example.org/texts",
            citation="a citation",
            license="a licence",
        )

    def _split_generators(self, _: object) -> dict[str, Iterator[tuple[int, dict[str, object]]]]:
        splits = {
            "train": (40, "train"),
            "validation": (10, "dev"),
            "test": (10, "test"),
            "extra": (5, "extra"),
        }
        if self.builder_config.name == "train_only":
            splits = {"train": (40, "train")}
        if self.builder_config.name == "no_train":
            splits.pop("train")
        return {name: self._generate_examples(*of) for name, of in splits.items()}

    def _generate_examples(self, count: int, name: str) -> Iterator[tuple[int, dict[str, object]]]:
        hidden = self.builder_config.name == "hidden" and name == "test"
        for number in range(count):
            text = f"{name} 문장 {number}"
            odd = self.builder_config.name == "bytes" and number == 3
            yield (
                number,
                {
                    "sentence": b"\xff" if odd else text,
                    "source": f"{name} source {number}",
                    "feeling": -1 if hidden else number % 2,
                    "idx": number,
                },
            )


def pretend_prepared(name: str, folder: str, splits: list[str]) -> None:
    """Write the metadata of a set of the library without its examples, for its mock data."""
    builder = tfds.builder(name, data_dir=folder)
    path = Path(builder.data_dir)
    infos = []
    for split in splits:
        template = tfds.core.ShardedFileTemplate(
            data_dir=path, dataset_name=builder.name, split=split, filetype_suffix="tfrecord"
        )
        infos.append(
            tfds.core.SplitInfo(name=split, shard_lengths=[5], num_bytes=1, filename_template=template)
        )
    builder.info.set_splits(tfds.core.splits.SplitDict(infos))
    path.mkdir(parents=True)
    builder.info.write_to_directory(path)


if __name__ == "__main__":
    tfds.disable_progress_bar()
    for config in LabelledTexts.BUILDER_CONFIGS:
        LabelledTexts(config=config.name, data_dir=sys.argv[1]).download_and_prepare()
    for mocked in ("imdb_reviews", "ag_news_subset"):
        pretend_prepared(mocked, sys.argv[1], ["train", "unsupervised"])
