from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile
import tensorflow as tf

from datasets.errors import UserError
from datasets.formats.signals import Samples
from tests.zoo.answers import differing
from tests.zoo.generation.signature_calls import log_probability
from tests.zoo.running import every_cell
from tests.zoo.tasks.speech.toy import dataset, prepared, served
from zoo.data.subwords import END
from zoo.serving import Server, save
from zoo.tasks.speech.attention_serving import attended, encoded
from zoo.tasks.speech.options import ATTENTION, AnswerOptions, Options
from zoo.tasks.speech.serving import searched
from zoo.tasks.speech.task import TASK

pytestmark = pytest.mark.slow  # the search is traced, and takes seconds
SMALL: dict[str, Any] = {"decoder": ATTENTION, "max_tokens": 8, "embedding": 6}


@pytest.fixture(scope="module")
def model() -> Any:
    """An untrained model, what it learned, and its server."""
    return served(**SMALL)


def heard(count: int = 4) -> list[np.ndarray]:
    return [example["sound"].read()[0] for example, _ in zip(dataset().train, range(count), strict=False)]


def given(samples: list[np.ndarray], rate: int = 8000) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    longest = max(map(len, samples))
    array = np.stack([np.pad(each, (0, longest - len(each))) for each in samples])
    return tf.constant(array), tf.constant([len(each) for each in samples]), tf.constant(rate)


def texts(server: Server, samples: list[np.ndarray]) -> list[str]:
    return [text.decode() for text in server(*given(samples))["text"].numpy()]


def test_answers_are_those_of_the_search_on_what_training_reads(model: Any) -> None:
    keras_model, learned, server = model
    rows = TASK.answer(server, [example["sound"] for example in dataset().train], AnswerOptions())
    assert [row["text"] for row in rows] == searched(keras_model, learned, prepared(**SMALL).train)
    assert all(set(row) == {"sound", "text", "score", "cut"} for row in rows)
    assert "→" in str(TASK.show(rows))


def test_padding_and_other_rows_change_nothing(model: Any) -> None:
    samples = heard()
    assert texts(model[2], samples) == [texts(model[2], [each])[0] for each in samples]


def test_the_probability_is_that_under_teacher_forcing(model: Any) -> None:
    keras_model, learned, server = model
    samples = heard(1)
    found = server.functions["search"](*given(samples), tf.constant(4), tf.constant(2), tf.constant(0.0))
    read = learned.spectrum.inputs(*given(samples))
    start = encoded(keras_model, learned, read["vectors"], read["mask"])
    for n in range(2):
        written = [token.decode() for token in found["tokens"].numpy()[0, n] if token]
        ids = learned.tokens.ids("".join(written)).tolist() + [END] * (not found["cut"][0, n])
        decoder = keras_model.get_layer("decoder")
        expected = log_probability(decoder, ids, start.start, start.memory, start.mask)
        assert float(found["log_probability"][0, n]) == pytest.approx(expected, abs=1e-4)
    attention = found["attention"].numpy()[0, 0]
    np.testing.assert_allclose(attention[: len(ids)].sum(axis=-1), 1, rtol=1e-5)


def test_the_bytes_of_a_wav_file_are_answered_as_its_samples(model: Any) -> None:
    (samples,) = heard(1)
    file, rounded = io.BytesIO(), np.round(samples * 32768).astype(np.int16)
    soundfile.write(file, rounded, 8000, format="WAV", subtype="PCM_16")
    found = model[2].functions["wav"](tf.constant([file.getvalue()]))
    assert found["text"].numpy()[0].decode() == texts(model[2], [(rounded / 32768).astype(np.float32)])[0]


def test_texts_end_after_as_many_tokens_as_they_may_have(model: Any) -> None:
    """At most as many as `--max-tokens`, or as twice the steps and ten, and the end."""
    keras_model, learned, _ = model
    vectors, mask = np.zeros((2, 9, 8), np.float32), np.arange(9) < [[9], [2]]
    assert encoded(keras_model, learned, vectors, mask).limits.numpy().tolist() == [9, 9]
    longer = replace(learned, options=replace(learned.options, max_tokens=400))
    assert encoded(keras_model, longer, vectors, mask).limits.numpy().tolist() == [20, 12]


def test_nothing_is_written_before_the_end_of_the_sound(model: Any) -> None:
    assert set(model[2].functions) == {"serving_default", "search", "sample", "wav"}
    assert "writes nothing before the end" in " ".join(prepared(**SMALL).notes)


@every_cell()
def test_every_cell_is_exported_and_agrees_with_the_live_model(cell: str, tmp_path: Path) -> None:
    attention = "none" if cell == "keras_lstm" else "additive"
    values = {**SMALL, "attention": attention, "decoder_layers": 2, "beam": 2}
    _, _, server = served(cell=cell, bidirectional=cell != "mean", **values)
    save(server, tmp_path / "export")
    loaded = tf.saved_model.load(str(tmp_path / "export")).signatures["serving_default"]
    samples, length, rate = given(heard(3))
    assert differing(loaded(samples=samples, length=length, rate=rate), server(samples, length, rate)) == []


def test_a_picture_shows_where_each_token_looked(model: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    sounds = [example["sound"] for example, _ in zip(dataset().train, range(2), strict=False)]
    rows = TASK.answer(model[2], sounds, AnswerOptions(picture=str(path)))
    assert path.read_bytes().startswith(b"\x89PNG")
    weights, written = attended(model[2], given(heard(1)))
    assert "".join(written).strip("· ") == rows[0]["text"]
    assert len(weights) == len(written)


def test_there_is_no_picture_of_no_attention(tmp_path: Path) -> None:
    options = Options(decoder=ATTENTION, attention="none")
    server: Any = SimpleNamespace(configuration=SimpleNamespace(options=options))
    with pytest.raises(UserError, match="--picture: this model has no attention"):
        TASK.answer(server, [], AnswerOptions(picture=str(tmp_path / "a.png")))


def test_a_sound_of_a_single_sample_is_answered(model: Any) -> None:
    rows = TASK.answer(model[2], [Samples(np.zeros(1, np.float32), 8000, "short")], AnswerOptions())
    assert rows[0]["sound"] == "short"
