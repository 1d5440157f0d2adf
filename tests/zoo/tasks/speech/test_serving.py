from __future__ import annotations

import io
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import tensorflow as tf

from datasets.errors import UserError
from datasets.formats.signals import Samples
from tests.zoo.elsewhere import Elsewhere
from tests.zoo.running import every_cell
from tests.zoo.tasks.speech.toy import dataset, prepared, served
from zoo.serving import Server, save
from zoo.tasks.speech.options import AnswerOptions
from zoo.tasks.speech.serving import searched
from zoo.tasks.speech.task import TASK

OPTIONS = AnswerOptions()


@pytest.fixture(scope="module")
def model() -> Any:
    """An untrained model, what it learned, and its server."""
    return served()


def sounds(count: int = 4) -> list[Any]:
    return [example["sound"] for example, _ in zip(dataset().train, range(count), strict=False)]


def call(server: Server, samples: list[np.ndarray], rate: int = 8000) -> list[str]:
    longest = max(map(len, samples))
    array = np.stack([np.pad(each, (0, longest - len(each))) for each in samples])
    found = server(tf.constant(array), tf.constant([len(each) for each in samples]), tf.constant(rate))
    return [text.decode() for text in found["text"].numpy()]


def test_answers_are_those_of_the_model_on_what_training_reads(model: Any) -> None:
    keras_model, learned, server = model
    rows = TASK.answer(server, [example["sound"] for example in dataset().train], OPTIONS)
    assert [row["text"] for row in rows] == searched(keras_model, learned, prepared().train)
    assert {row["sound"] for row in rows} == {f"text {n}" for n in range(16)}
    assert all(row["score"] < 0 for row in rows)
    assert "→" in str(TASK.show(rows))


def test_a_beam_of_one_takes_the_best_token_of_each_step() -> None:
    _, _, server = served(beam=1)
    samples = [sound.read()[0] for sound in sounds()]
    assert call(server, samples) == [greedy(server, each) for each in samples]


def test_padding_and_other_rows_change_nothing(model: Any) -> None:
    _, _, server = model
    samples = [sound.read()[0] for sound in sounds()]
    assert call(server, samples) == [call(server, [each])[0] for each in samples]


def test_the_bytes_of_a_wav_file_are_answered_as_its_samples(model: Any) -> None:
    _, _, server = model
    contents, expected = [], []
    for sound in sounds():
        samples, rate = sound.read()
        samples = np.round(samples * 32768).astype(np.int16)
        file = io.BytesIO()
        soundfile.write(file, samples, rate, format="WAV", subtype="PCM_16")
        contents.append(file.getvalue())
        expected += call(server, [(samples / 32768).astype(np.float32)])
    found = server.functions["wav"](tf.constant(contents))
    assert [text.decode() for text in found["text"].numpy()] == expected


def test_steps_are_probabilities_of_the_tokens(model: Any) -> None:
    _, learned, server = model
    samples = sounds()[0].read()[0][None]
    found = server.functions["steps"](
        tf.constant(samples), tf.constant([samples.shape[1]]), tf.constant(8000)
    )
    assert found["probabilities"].shape[-1] == len(found["tokens"]) == learned.tokens.size
    np.testing.assert_allclose(tf.reduce_sum(found["probabilities"], axis=-1), 1, rtol=1e-5)


def streamed(server: Server, samples: np.ndarray, cuts: list[int]) -> list[str]:
    """The text after each piece."""
    states, texts = server.functions["init_state"](tf.constant(1)), []
    for begin, end in pairwise([0, *cuts, len(samples)]):
        answer = server.functions["step"](tf.constant(samples[None, begin:end]), *states.values())
        states = {name: answer[name] for name in states}
        texts.append(answer["text"].numpy()[0].decode())
    return texts


def greedy(server: Server, samples: np.ndarray) -> str:
    found = server(tf.constant(samples[None]), tf.constant([len(samples)]), tf.constant(8000))
    text: bytes = found["greedy_text"].numpy()[0]
    return text.decode()


@pytest.mark.parametrize(
    ("language", "values"),
    [
        ("ko", {}),
        pytest.param("en", {"convolutions": 2, "stride": 4}, marks=pytest.mark.slow),
        pytest.param("en", {"convolutions": 0, "stride": 1}, marks=pytest.mark.slow),
    ],
)
def test_the_text_grows_while_sound_arrives(language: str, values: dict[str, Any]) -> None:
    """After each piece it is that of all that was heard; jamo join to syllables across pieces."""
    kind = "jamo" if language == "ko" else "characters"
    _, _, server = served(language, bidirectional=False, tokens=kind, **values)
    samples = next(iter(dataset(language).train))["sound"].read()[0]
    cuts = [320, 640, 1920]
    texts = streamed(server, samples, cuts)
    assert texts == [greedy(server, samples[:end]) for end in [*cuts, len(samples)]]
    assert len(texts[-1]) > 1


@every_cell()
def test_every_cell_reads_in_pieces(cell: str) -> None:
    _, _, server = served(cell=cell, bidirectional=False)
    samples = sounds()[0].read()[0]
    assert streamed(server, samples, [1600])[-1] == greedy(server, samples)


def test_a_model_of_both_directions_does_not(model: Any) -> None:
    assert not {"init_state", "step"} & set(model[2].functions)


ASK = """
import numpy as np
import tensorflow as tf
model = tf.saved_model.load({folder!r})
samples = tf.constant(np.load({samples!r})[None])
answer = model.signatures["serving_default"](samples=samples, length=tf.shape(samples)[1:], rate=tf.constant(8000))
print([text.decode() for text in answer["text"].numpy()])
"""


@pytest.mark.slow
def test_it_answers_elsewhere(model: Any, tmp_path: Path, elsewhere: Elsewhere) -> None:
    _, _, server = model
    save(server, tmp_path / "export")
    samples, _ = sounds()[2].read()
    np.save(tmp_path / "samples.npy", samples)
    found = elsewhere.run(ASK.format(folder=str(tmp_path / "export"), samples=str(tmp_path / "samples.npy")))
    assert eval(found) == call(server, [samples])


def test_a_picture_of_answers_is_written(model: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    assert len(TASK.answer(model[2], sounds(2), AnswerOptions(picture=str(path)))) == 2
    assert path.read_bytes().startswith(b"\x89PNG")
    with pytest.raises(UserError, match=r"the name must end in \.png"):
        AnswerOptions(picture="a.txt")


def test_a_sound_of_a_single_sample_is_answered(model: Any) -> None:
    rows = TASK.answer(model[2], [Samples(np.zeros(1, np.float32), 8000, "short")], OPTIONS)
    assert rows[0]["sound"] == "short"
