from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import soundfile
import tensorflow as tf

from datasets.errors import UserError
from tests.zoo.conftest import call
from tests.zoo.elsewhere import Elsewhere
from tests.zoo.running import every_cell
from tests.zoo.tasks.speech.test_serving import ASK, sounds, streamed
from tests.zoo.tasks.speech.test_serving import call as asked
from tests.zoo.tasks.speech.toy import (
    LANGUAGE_MODEL,
    LanguageLearned,
    built,
    dataset,
    fused,
    letters,
    options,
    prepared,
)
from zoo.predict import main as predict
from zoo.run import main as run
from zoo.serving import Server, save
from zoo.tasks.language_model.tokens import Tokenizer
from zoo.tasks.next_tokens import NextTokens
from zoo.tasks.speech import language_model as fusion
from zoo.tasks.speech.ctc import CTC
from zoo.tasks.speech.options import AnswerOptions
from zoo.tasks.speech.serving import searched
from zoo.tasks.speech.task import TASK


@pytest.fixture(scope="module")
def model() -> Any:
    """An untrained model with a language model, what it learned, what it learned it from, and its server."""
    model, learned, ready = fused(letters())
    return model, learned, ready, TASK.serve(model, learned)


def said_of(language_model: NextTokens, texts: list[str]) -> np.ndarray:
    """The logarithms of the probabilities of texts, as the run of the language model answers them."""
    known = language_model.tokens
    tokenizer = Tokenizer(list(known.vocabulary), kind=known.kind, lowercase=known.lowercase)
    learned = LanguageLearned(tokenizer, LANGUAGE_MODEL.options_type())
    nats: np.ndarray = (
        LANGUAGE_MODEL.serve(language_model.model, learned)
        .functions["score"](tf.constant(texts))["total_nats"]
        .numpy()
    )
    return -nats


@every_cell()
def test_the_states_of_every_language_model_go_with_their_prefixes(cell: str) -> None:
    """The score of a text that was found step by step is that of the text as a whole."""
    language_model = letters(cell)
    model, learned, _ = fused(language_model)
    logits = np.random.default_rng(0).normal(0, 4, (3, 30, learned.tokens.size)).astype(np.float32)
    found = fusion.Fusion(model, learned).answer(tf.constant(logits), tf.ones((3, 30), tf.bool))
    texts = [text.decode() for text in found["text"].numpy()]
    assert min(map(len, texts)) > 3
    np.testing.assert_allclose(found["language_model_score"], said_of(language_model, texts), rtol=1e-3)


def test_it_changes_what_is_written_and_what_is_served_is_what_is_scored(model: Any) -> None:
    keras_model, learned, ready, server = model
    rows = TASK.answer(server, [example["sound"] for example in dataset().valid], AnswerOptions())
    texts = [row["text"] for row in rows]
    assert texts == fusion.fused_texts(keras_model, learned, ready.valid)
    assert texts != searched(keras_model, learned, ready.valid)


@pytest.mark.slow
def test_text_grows_while_sound_arrives_and_ends_as_that_of_the_whole() -> None:
    model, learned, _ = fused(letters(), bidirectional=False)
    server = TASK.serve(model, learned)
    samples = sounds()[0].read()[0]
    cuts = [320, 640, 1920]
    texts = streamed(server, samples, cuts)
    assert texts == [asked(server, [samples[:end]])[0] for end in [*cuts, len(samples)]]
    assert len(texts[-1]) > 1


@pytest.mark.slow
def test_it_answers_elsewhere(model: Any, tmp_path: Path, elsewhere: Elsewhere) -> None:
    """The language model and its states are in the SavedModel."""
    server: Server = model[3]
    save(server, tmp_path / "export")
    samples, _ = sounds()[2].read()
    np.save(tmp_path / "samples.npy", samples)
    found = elsewhere.run(ASK.format(folder=str(tmp_path / "export"), samples=str(tmp_path / "samples.npy")))
    assert eval(found) == asked(server, [samples])


# ------------------------------------------------------------------------------------------ what it counts


def test_dev_decides_what_it_counts(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pair with the fewest errors in characters, then in words, then the first."""
    keras_model, learned, ready, _ = model
    errors = {(0.5, 1.0): (0.2, 0.5), (1.0, 0.0): (0.2, 0.4), (1.0, 1.0): (0.2, 0.4), (0.0, 0.0): (0.3, 0.1)}
    asked_for = []

    def rates(_search: object, weights: tuple[float, float], _dev: object) -> tuple[float, float]:
        asked_for.append(weights)
        return errors.get(weights, (0.9, 0.9))

    monkeypatch.setattr(fusion, "_errors", rates)
    told = fusion.calibrate(keras_model, learned, ready.valid)
    assert fusion.weights_of(keras_model).numpy().tolist() == [1.0, 0.0]
    assert (
        "counts 1, and each token 0, which dev decides: its character error rate is 0.2000 then, and 0.3000"
        in told
    )
    missing = set(learned.tokens.vocabulary) - set("etaoin srhldcu")
    assert f"{len(missing)} of {len(learned.tokens.vocabulary)} tokens are unknown to it" in told
    details = TASK.details(learned, {"texts": list(ready.valid.texts)}, ready.valid)
    assert details["unknown_to_language_model"] == len(missing)
    assert len(asked_for) == len(set(asked_for)) == 13
    assert not any(weight == 0 and bonus for weight, bonus in asked_for)
    assert TASK.calibration(keras_model) == ("search: the language model counts 1, and each token 0",)
    fusion.weights_of(keras_model).assign([1.5, 2.0])


@pytest.mark.parametrize(
    ("given", "tried"),
    [
        ({"language_model_weight": 0.7, "length_bonus": 0.4}, [(0.7, 0.4)]),
        ({"language_model_weight": 0.7}, [(0.7, 0.0), (0.7, 1.0), (0.7, 2.0)]),
        ({"language_model_weight": 0.0}, [(0.0, 0.0)]),
        ({"length_bonus": 0.4}, [(weight, 0.4) for weight in fusion.WEIGHTS]),
    ],
)
def test_what_is_given_is_not_searched(
    given: dict[str, float], tried: list[tuple[float, float]], model: Any
) -> None:
    learned = replace(model[1], options=options(language_model="runs/lm", **given))
    assert list(fusion._tried(learned)) == tried


def test_weights_of_a_model_are_stored_with_it(model: Any, tmp_path: Path) -> None:
    keras_model = model[0]
    keras_model.save(tmp_path / "a.keras")
    loaded = keras.models.load_model(tmp_path / "a.keras")
    assert fusion.weights_of(loaded).numpy().tolist() == [1.5, 2.0]
    assert not fusion.weights_of(loaded).trainable


def test_a_model_of_before_has_none() -> None:
    """Its configuration says nothing of a language model."""
    config = {name: value for name, value in CTC(name="ctc").get_config().items() if name != "fused"}
    assert not CTC.from_config(config).weights
    assert TASK.calibration(built(prepared())) == ()


# ------------------------------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"language_model_weight": 1.0},
            "--language-model-weight 1.0: is for a language model; give --language-model",
        ),
        ({"length_bonus": 1.0}, "--length-bonus 1.0: is for a language model"),
        ({"language_model": "runs/lm", "beam": 1}, "--beam 1: takes the best token of each step"),
        (
            {"language_model": "runs/lm", "decoder": "attention"},
            "--language-model runs/lm: has a say in the search of --decoder ctc",
        ),
    ],
)
def test_options_without_a_use_are_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        options(**values)


@pytest.mark.slow
def test_a_run_keeps_its_language_model(tmp_path: Path) -> None:
    """It is loaded without the other run; other runs, damaged ones and folders without one are refused in a line.

    Training knows nothing of it.
    """
    lines = "\n".join(f"{a} {b}" for a in ("red", "big", "ten") for b in ("cat", "dog", "hat", "pot"))
    (tmp_path / "texts.txt").write_text(lines)
    small = ["--units", "4", "--epochs", "1", "--least-steps", "1"]
    lm, out = tmp_path / "lm", tmp_path / "run"
    texts = ["--dataset", tmp_path / "texts.txt", "--documents", "--embedding", "4"]
    call(run, "language_model", *texts, *small, "--out", lm)
    few = ["--examples", "12", "--valid-examples", "4", "--test-examples", "4", "--beam", "2", *small]

    def refused(path: Path, *arguments: object) -> str:
        done = call(run, "speech", *few, "--language-model", path, *arguments, "--out", tmp_path / "refused")
        assert done.code == 2
        assert not (tmp_path / "refused").exists()
        return done.err

    assert "is not the folder of a run" in refused(tmp_path / "absent")
    assert "reads characters, and here words are written" in refused(lm, "--tokens", "words")
    assert call(run, "speech", *few, "--language-model", lm, "--out", out).code == 0
    metrics = json.loads((out / "metrics.json").read_text())
    assert {"wer", "wer_alone", "cer_alone"} <= metrics["test"].keys()
    assert any("search: the language model counts" in note for note in metrics["notes"])
    assert call(run, "speech", *few, "--out", tmp_path / "alone").code == 0
    curves = [
        (path / "history.csv").read_text().splitlines()[-1].rpartition(",")[0]
        for path in (out, tmp_path / "alone")
    ]
    assert curves[0] == curves[1]
    shutil.move(lm, tmp_path / "elsewhere")
    samples, rate = sounds(1)[0].read()
    soundfile.write(tmp_path / "a.wav", samples, rate)
    assert "a.wav\n  → " in call(predict, out, tmp_path / "a.wav").out
    assert "is a run of speech, not of language_model" in refused(out)
    damaged = out / "language_model" / "model.keras"
    damaged.write_bytes(damaged.read_bytes()[:-100])
    assert "language_model/model.keras cannot be loaded" in call(predict, out, tmp_path / "a.wav").err
    again = call(run, "speech", *few, "--language-model", damaged.parent, "--out", tmp_path / "other")
    assert (again.code, "language_model/model.keras cannot be loaded" in again.err) == (1, True)
