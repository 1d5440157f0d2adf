from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

import datasets
from datasets.base import Dataset
from datasets.errors import UserError
from tests.datasets.splits import splits_of

if TYPE_CHECKING:
    from tensorflow_datasets.core import DatasetInfo
    from tensorflow_datasets.core.features import FeatureConnector

FIELDS = ("source", "target")
ROWS = [(f"Satz {n}", f"sentence {n}", f"문장 {n}") for n in range(30)] + [("leer", " ", "빈")]


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Prepared sets: `toy_talk` with its translations as features, `toy_nested` with them in one feature."""
    tfds = importlib.import_module("tensorflow_datasets")
    languages = tfds.features.Translation(languages=["de", "en", "ko"])
    folder = tmp_path_factory.mktemp("tfds")

    def make(
        set_name: str, features: FeatureConnector, row: Callable[[dict[str, str]], dict[str, object]]
    ) -> None:
        class Toy(tfds.core.GeneratorBasedBuilder, skip_registration=True):  # type: ignore[name-defined, call-arg]
            """Sentences in three languages."""

            name = set_name
            VERSION = tfds.core.Version("1.0.0")

            def _info(self) -> DatasetInfo:
                return tfds.core.DatasetInfo(builder=self, features=features)

            def _split_generators(self, _: object) -> dict[str, Iterator[tuple[int, dict[str, object]]]]:
                return {"train": self._generate_examples(ROWS), "test": self._generate_examples(ROWS[:2])}

            def _generate_examples(
                self, rows: list[tuple[str, str, str]]
            ) -> Iterator[tuple[int, dict[str, object]]]:
                for number, texts in enumerate(rows):
                    yield number, row(dict(zip(("de", "en", "ko"), texts, strict=True)))

        Toy(data_dir=str(folder)).download_and_prepare()

    make("toy_talk", languages, lambda texts: {**texts})
    nested = tfds.features.FeaturesDict({"translation": languages, "n": tfds.features.Text()})
    make("toy_nested", nested, lambda texts: {"translation": texts, "n": "x"})
    make("toy_texts", tfds.features.FeaturesDict({"n": tfds.features.Text()}), lambda _: {"n": "x"})
    return str(folder)


def load(data_dir: str, name: str = "toy_talk", **options: object) -> Dataset:
    return datasets.load(name, FIELDS, {"data_dir": data_dir, **options})


@pytest.mark.parametrize("name", ["toy_talk", "toy_nested"])
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ("Satz 0", "sentence 0")),
        ({"reverse": True}, ("sentence 0", "Satz 0")),
        ({"source": "ko", "target": "en"}, ("문장 0", "sentence 0")),
        ({"target": "de"}, ("sentence 0", "Satz 0")),
    ],
)
def test_languages_and_directions(
    data_dir: str, name: str, options: dict[str, object], expected: tuple[str, str]
) -> None:
    data = load(data_dir, name, **options)
    assert data.info.fields == ("source", "target")
    assert expected in [(example["source"], example["target"]) for example in splits_of(data)[2]]
    assert len(splits_of(data)[2]) == 2


def test_pairs_with_an_empty_side_are_passed_over(data_dir: str) -> None:
    data = load(data_dir)
    assert len(data.train) + len(data.valid) == 30


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        (
            "toy_talk",
            {"source": "deu"},
            r"--source deu: 'toy_talk' has no such language; it has de, en, ko; did you mean de\?",
        ),
        ("toy_talk", {"target": "fr"}, "--target fr: .* it has de, en, ko"),
        ("toy_talk", {"source": "de", "target": "de"}, "--target de: is the source too"),
        ("toy_texts", {}, "has no feature that is a translation"),
        ("toy_talk", {"hub_valid_fraction": 0.0}, "--hub-valid-fraction 0.0: must be between 0 and 1"),
    ],
)
def test_what_cannot_be_read_is_told(
    data_dir: str, name: str, options: dict[str, object], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        load(data_dir, name, **options)
