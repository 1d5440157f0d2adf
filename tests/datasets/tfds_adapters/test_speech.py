from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import datasets
from datasets.base import Dataset
from datasets.errors import UserError

if TYPE_CHECKING:
    from tensorflow_datasets.core import DatasetInfo

FIELDS = ("sound", "text")
Rows = Iterator[tuple[int, dict[str, object]]]


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Prepared sets: `toy_speech` like librispeech; `no_rate`; `empty_text`; `no_sound`."""
    tfds: Any = importlib.import_module("tensorflow_datasets")
    folder = tmp_path_factory.mktemp("tfds")

    def make(set_name: str, sound: object, texts: list[str], samples: int = 400) -> None:
        class Toy(tfds.core.GeneratorBasedBuilder, skip_registration=True):  # type: ignore[call-arg]
            """Tones with their texts."""

            name = set_name
            VERSION = tfds.core.Version("1.0.0")

            def _info(self) -> DatasetInfo:
                features = {"speech": sound, "text": tfds.features.Text(), "id": tfds.features.Text()}
                return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

            def _split_generators(self, _: object) -> dict[str, Rows]:
                return {"train": self._generate_examples(texts), "test": self._generate_examples(texts[:2])}

            def _generate_examples(self, rows: list[str]) -> Rows:
                for number, text in enumerate(rows):
                    tone = 16384 * np.sin((0.1 + 0.1 * number) * np.arange(samples))
                    yield number, {"speech": tone.astype(np.int64), "text": text, "id": str(number)}

        Toy(data_dir=str(folder)).download_and_prepare()

    audio = tfds.features.Audio
    make("toy_speech", audio(sample_rate=16000), [f"text {n}" for n in range(20)])
    make("no_rate", audio(), [f"text {n}" for n in range(20)])
    make("empty_text", audio(sample_rate=16000), ["a", " ", "b"])
    make("no_samples", audio(sample_rate=16000), ["a", "c", "b"], 0)
    return str(folder)


def load(data_dir: str, name: str, **options: object) -> Dataset:
    return datasets.load(name, FIELDS, {"data_dir": data_dir, **options})


def test_a_set_has_sounds_and_texts(data_dir: str) -> None:
    data = load(data_dir, "toy_speech")
    assert (len(data.train), len(data.valid), len(data.test or ())) == (18, 2, 2)
    by_text = {example["text"]: example["sound"] for example in data.test or ()}
    samples, rate = by_text["text 0"].read()
    assert (rate, samples.dtype, set(by_text)) == (16000, np.float32, {"text 0", "text 1"})
    np.testing.assert_allclose(samples, 0.5 * np.sin(0.1 * np.arange(400)), atol=1e-4)
    assert [each["text"] for each in data.train] == [each["text"] for each in data.train]


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("no_rate", {}, "'no_rate': does not say how many samples a second 'speech' has; give --sound-rate"),
        ("empty_text", {}, "example 1: the text is empty"),
        ("no_samples", {}, "example 0: has no samples"),
        ("toy_speech", {"sound_feature": "voice"}, "--sound-feature voice: .* it has 'speech'"),
    ],
)
def test_what_cannot_be_read_is_told(
    data_dir: str, name: str, options: dict[str, object], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        load(data_dir, name, **options)


def test_the_rate_may_be_given(data_dir: str) -> None:
    data = load(data_dir, "no_rate", sound_rate=8000)
    assert next(iter(data.train))["sound"].read()[1] == 8000
