from __future__ import annotations

import importlib

import pytest

import datasets
from datasets.errors import UserError

FIELDS = ("source", "target")
ROWS = [(f"Satz {n}", f"sentence {n}", f"문장 {n}") for n in range(30)] + [("leer", " ", "빈")]


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory) -> str:
    """Prepared sets: `toy_talk` with its translations as features, `toy_nested` with them in one feature."""
    tfds = importlib.import_module("tensorflow_datasets")
    languages = tfds.features.Translation(languages=["de", "en", "ko"])
    folder = tmp_path_factory.mktemp("tfds")

    def make(set_name: str, features, row) -> None:
        class Toy(tfds.core.GeneratorBasedBuilder, skip_registration=True):
            """Sentences in three languages."""

            name = set_name
            VERSION = tfds.core.Version("1.0.0")

            def _info(self):
                return tfds.core.DatasetInfo(builder=self, features=features)

            def _split_generators(self, dl_manager):
                return {"train": self._generate_examples(ROWS), "test": self._generate_examples(ROWS[:2])}

            def _generate_examples(self, rows):
                for number, texts in enumerate(rows):
                    yield number, row(dict(zip(("de", "en", "ko"), texts, strict=True)))

        Toy(data_dir=str(folder)).download_and_prepare()

    make("toy_talk", languages, lambda texts: texts)
    nested = tfds.features.FeaturesDict({"translation": languages, "n": tfds.features.Text()})
    make("toy_nested", nested, lambda texts: {"translation": texts, "n": "x"})
    make("toy_texts", tfds.features.FeaturesDict({"n": tfds.features.Text()}), lambda texts: {"n": "x"})
    return str(folder)


def load(data_dir: str, name: str = "toy_talk", **options):
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
def test_languages_and_directions(data_dir, name, options, expected):
    data = load(data_dir, name, **options)
    assert data.info.fields == ("source", "target")
    assert expected in [(example["source"], example["target"]) for example in data.test]
    assert len(data.test) == 2


def test_pairs_with_an_empty_side_are_passed_over(data_dir):
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
def test_what_cannot_be_read_is_told(data_dir, name, options, message):
    with pytest.raises(UserError, match=message):
        load(data_dir, name, **options)
