from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import datasets
from datasets.base import Dataset
from datasets.errors import UserError
from tests.datasets.splits import splits_of

if TYPE_CHECKING:
    from tensorflow_datasets.core import DatasetInfo

FIELDS = ("tokens", "tags")
Rows = list[tuple[list[str], list[int]]]
EXAMPLES: dict[str, Rows] = {
    "train": [(["a", "dog", "al"], [0, 1, 2])] + [([f"w{n}", "x"], [0, 1]) for n in range(30)],
    "test": [(["cat"], [1])],
}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A prepared set `toy_tags` with two annotations of its words."""
    tfds = importlib.import_module("tensorflow_datasets")

    class ToyTags(tfds.core.GeneratorBasedBuilder, skip_registration=True):  # type: ignore[name-defined, call-arg]
        """Words with parts of speech (`_` for what is no word) and names."""

        name = "toy_tags"
        VERSION = tfds.core.Version("1.0.0")

        def _info(self) -> DatasetInfo:
            features = {
                "tokens": tfds.features.Sequence(tfds.features.Text()),
                "upos": tfds.features.Sequence(tfds.features.ClassLabel(names=["DET", "NOUN", "_"])),
                "ner": tfds.features.Sequence(tfds.features.ClassLabel(names=["I-PER", "O", "B-LOC"])),
                "score": tfds.features.Scalar(np.float32),
            }
            return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

        def _split_generators(self, _: object) -> dict[str, Iterator[tuple[int, dict[str, object]]]]:
            return {name: self._generate_examples(rows) for name, rows in EXAMPLES.items()}

        def _generate_examples(self, rows: Rows) -> Iterator[tuple[int, dict[str, object]]]:
            for number, (tokens, tags) in enumerate(rows):
                yield number, {"tokens": tokens, "upos": tags, "ner": tags, "score": 1.0}

    folder = tmp_path_factory.mktemp("tfds")
    ToyTags(data_dir=str(folder)).download_and_prepare()
    return str(folder)


def load(data_dir: str | Path, **options: object) -> Dataset:
    return datasets.load("toy_tags", FIELDS, {"data_dir": str(data_dir), **options})


def test_words_and_the_named_tags(data_dir: str) -> None:
    data = load(data_dir, tags_feature="upos")
    assert data.info.labels == ("DET", "NOUN")
    assert [example["tokens"] for example in splits_of(data)[2]] == [("cat",)]
    assert len(data.train) + len(data.valid) == 31
    tokens = [example["tokens"] for part in (data.train, data.valid) for example in part]
    assert ("a", "dog") in tokens  # what has the tag _ is no word


def test_spans_are_rewritten_as_those_of_files_are(data_dir: str) -> None:
    data = load(data_dir, tags_feature="ner")
    assert data.info.labels == ("B-LOC", "B-PER", "O")
    assert any("IOB1" in note for note in data.info.notes)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "several features may be the tags: 'ner', 'upos'; name one with --tags-feature"),
        (
            {"tags_feature": "upo"},
            r"--tags-feature upo: 'toy_tags' has no such sequence; .*; did you mean upos\?",
        ),
        ({"tags_feature": "upos", "tokens_feature": "ner"}, "--tokens-feature ner: .* it has 'tokens'"),
        ({"hub_valid_fraction": 0.0}, "--hub-valid-fraction 0.0: must be between 0 and 1"),
        (
            {"hub_test_fraction": 0.95},
            "--hub-test-fraction 0.95: with --hub-valid-fraction leaves nothing to train on",
        ),
    ],
)
def test_what_cannot_be_read_is_told(data_dir: str, options: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        load(data_dir, **options)
