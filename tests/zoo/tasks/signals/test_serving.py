from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import tensorflow as tf

from datasets.errors import UserError
from datasets.formats.signals import Samples
from tests.zoo.elsewhere import Elsewhere
from tests.zoo.tasks.signals.toy import KINDS, MAKERS, dataset, prepared, served
from zoo.serving import save
from zoo.tasks.signals.options import AnswerOptions
from zoo.tasks.signals.task import TASK

OPTIONS = AnswerOptions()


@pytest.fixture(scope="module")
def models() -> dict[str, Any]:
    """An untrained model of each kind, what it learned, and its server."""
    return {kind: served(kind) for kind in KINDS}


def probabilities(rows: list[dict[str, Any]]) -> np.ndarray:
    return np.array([[row["p(falling)"], row["p(rising)"]] for row in rows])


@pytest.mark.parametrize("kind", KINDS)
def test_answers_are_those_of_the_model_on_what_training_reads(kind: str, models: dict[str, Any]) -> None:
    model, _, server = models[kind]
    batches = prepared(kind).train
    plans = batches.plan(None)
    outputs = [model(dict(batches.load(plan).inputs)).numpy() for plan in plans]
    expected = tf.nn.softmax(batches.gather(plans, outputs)).numpy()
    rows = TASK.answer(server, [example["signal"] for example in dataset(kind).train], OPTIONS)
    np.testing.assert_allclose(probabilities(rows), expected, atol=1e-5)
    assert [row["signal"] for row in rows] == [MAKERS[kind](n).name for n in range(16)]
    assert all(row["label"] in ("falling", "rising") for row in rows)


def test_padding_of_what_is_served_changes_nothing(models: dict[str, Any]) -> None:
    _, _, server = models["sound"]
    samples, rate = MAKERS["sound"](0).read()
    rates = tf.constant(rate)
    alone = server(tf.constant(samples[None]), tf.constant([len(samples)]), rates)["probabilities"]
    padded = tf.constant(np.pad(samples, (0, 999))[None])
    np.testing.assert_allclose(
        server(padded, tf.constant([len(samples)]), rates)["probabilities"], alone, atol=1e-5
    )


def test_sound_of_another_rate_has_nearly_the_same_answer(models: dict[str, Any]) -> None:
    _, _, server = models["sound"]
    time = np.arange(0, 0.2, 1 / 32000)
    wave = np.sin(2 * np.pi * (500 + 2000 * time) * time).astype(np.float32)
    rows = TASK.answer(server, [Samples(wave[::4].copy(), 8000), Samples(wave, 32000)], OPTIONS)
    of_one, of_other = probabilities(rows)
    np.testing.assert_allclose(of_one, of_other, atol=0.03)


def test_the_bytes_of_a_wav_file_are_answered_as_its_samples(models: dict[str, Any]) -> None:
    _, _, server = models["sound"]
    contents, rows = [], []
    for n in range(3):
        samples, rate = MAKERS["sound"](n).read()
        file = io.BytesIO()
        soundfile.write(file, np.stack([samples, 0 * samples], axis=1), rate, format="WAV", subtype="PCM_16")
        contents.append(file.getvalue())
        rows += TASK.answer(server, [Samples(samples / 2, rate)], OPTIONS)
    found = server.functions["wav"](tf.constant(contents))
    np.testing.assert_allclose(found["probabilities"], probabilities(rows), atol=2e-3)


def test_signals_of_another_kind_are_refused(models: dict[str, Any]) -> None:
    _, _, server = models["numbers"]
    with pytest.raises(UserError, match="sound 0: is of the kind sound; the model reads numbers"):
        TASK.answer(server, [MAKERS["sound"](0)], OPTIONS)


ASK = """
import numpy as np
import tensorflow as tf
model = tf.saved_model.load({folder!r})
given = dict(np.load({inputs!r}))
arguments = {{name: tf.constant(value) for name, value in given.items()}}
print(model.signatures["serving_default"](**arguments)["probabilities"].numpy().tolist())
"""


@pytest.mark.parametrize(
    "kind",
    [
        "numbers",
        pytest.param("sound", marks=pytest.mark.slow),
        pytest.param("frames", marks=pytest.mark.slow),
    ],
)
def test_it_answers_elsewhere(
    kind: str, models: dict[str, Any], tmp_path: Path, elsewhere: Elsewhere
) -> None:
    _, _, server = models[kind]
    save(server, tmp_path / "export")
    signal = MAKERS[kind](2)
    given: dict[str, Any] = {
        "numbers": lambda: {"vectors": signal.values[None]},
        "sound": lambda: {"samples": signal.samples[None], "rate": np.int32(signal.rate)},
        "frames": lambda: {"frames": signal.frames[None]},
    }[kind]()
    steps = next(iter(given.values())).shape[1]
    np.savez(tmp_path / "inputs.npz", **given, length=np.array([steps], np.int32))
    answer = elsewhere.run(ASK.format(folder=str(tmp_path / "export"), inputs=str(tmp_path / "inputs.npz")))
    expected = probabilities(TASK.answer(server, [signal], OPTIONS))
    np.testing.assert_allclose(np.array(eval(answer)), expected, atol=1e-5)
