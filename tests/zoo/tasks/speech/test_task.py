from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datasets.base import Dataset, Info, Split
from datasets.errors import UserError
from datasets.formats.signals import Samples
from tests.zoo.conftest import call
from tests.zoo.running import every_cell
from tests.zoo.tasks.speech.toy import built, dataset, options, prepared
from zoo.data.ragged import Ragged
from zoo.predict import main as predict
from zoo.run import main as run
from zoo.stored_types import check
from zoo.tasks.speech.baselines import NEAREST, fit_nearest, most_likely, recordings
from zoo.tasks.speech.batches import SpeechBatches
from zoo.tasks.speech.options import Options
from zoo.tasks.speech.scores import compared, loss_a_token
from zoo.tasks.speech.task import TASK
from zoo.tasks.speech.tokens import Tokens

# ------------------------------------------------------------------------------------------ data


def of(*texts: str, seconds: float = 0.5) -> Split:
    """A split of these texts, each with a tone."""
    tone = np.sin(np.arange(int(8000 * seconds))).astype(np.float32)
    examples = [{"sound": Samples(tone, 8000, text), "text": text} for text in texts]
    return Split(lambda: examples, len(examples))


def notes(train: Split, valid: Split, **values: object) -> str:
    data = Dataset(Info("toy", TASK.fields), train, valid, None)
    return " ".join(TASK.prepare(data, options(**values), 4).notes)


def test_what_was_learned_goes_through_json() -> None:
    learned = prepared(tokens="jamo", language="ko").learned
    stored = json.loads(json.dumps(learned.to_json()))
    again = TASK.restore(stored, learned.options)
    assert again.to_json() == learned.to_json()
    assert (again.spectrum, again.strides) == (learned.spectrum, (2,))
    check(again, stored)
    with pytest.raises(ValueError, match="'rate' has a value of a wrong type"):
        check(TASK.restore({**stored, "rate": True}, learned.options), {**stored, "rate": True})


def test_sounds_too_short_for_their_texts_are_left_out_and_counted() -> None:
    """Half a second has 25 steps; `aa` needs a blank between."""
    train = of("ab", "a" * 13, "a" * 14, "ab" * 13)
    assert "left out: 2 training sounds too short for their texts" in notes(train, of("ab"))
    assert "left out" not in notes(train, of("ab"), stride=1)
    with pytest.raises(
        UserError, match="every training sound is too short for its text: there are 1 seconds"
    ):
        notes(of("ab"), of("ab"), hop=0.5)


def test_texts_without_letters_are_left_out_and_counted() -> None:
    assert "left out: 1 training sounds whose texts are empty" in notes(of("ab", "?!"), of("b"))
    assert "left out" not in notes(of("ab", "?!"), of("b"), punctuation=True)
    with pytest.raises(UserError, match="every training text is empty"):
        notes(of("?!"), of("b"))


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_a_sound_of_one_level_is_refused(level: float) -> None:
    silent = Samples(np.full(4000, level, np.float32), 8000, "silent.wav")
    train = Split(lambda: [{"sound": silent, "text": "ab"}], 1)
    with pytest.raises(UserError, match=f"silent.wav: all samples are {level:g}, there is nothing to hear"):
        notes(train, of("ab"))


def test_tokens_that_train_lacks_are_counted() -> None:
    assert "dev has 3 tokens that train lacks and nothing writes: 'c', 'd'" in notes(
        of("ab"), of("acd", "ac")
    )


def test_targets_are_the_ids_of_the_texts() -> None:
    ready = prepared()
    batches, tokens = ready.train, ready.learned.tokens
    plan = batches.plan(None)[0]
    loaded = batches.load(plan)
    for number, row in zip(plan.which, loaded.inputs["text"], strict=False):
        np.testing.assert_array_equal(row[row > 0], tokens.ids(batches.texts[number]))


# ------------------------------------------------------------------------------------------ scores


def test_error_rates_are_those_of_the_shortest_way() -> None:
    found = compared(["a b c", "d e"], ["a x c", "d"])
    assert found == {"wer": 2 / 5, "cer": pytest.approx(3 / 8), "exact": 0}
    assert compared(["한글"], ["한국"])["cer"] == 0.5
    assert compared(["a"], [""]) == {"wer": 1, "cer": 1, "exact": 0}


def test_the_loss_is_of_the_texts_that_fit() -> None:
    ready = prepared()
    losses = np.arange(1.0, 17.0)
    counts = (ready.train.sounds.targets > 0).sum(axis=1)
    assert loss_a_token(losses, ready.train, ready.learned) == pytest.approx(losses.sum() / counts.sum())


def test_scores_before_and_after_the_search() -> None:
    ready = prepared()
    batches, learned = ready.valid, ready.learned
    predictions: Any = {"loss": np.zeros(6), "tokens": [learned.tokens.ids(text) for text in batches.texts]}
    if not learned.tokens.unknown(" ".join(batches.texts)):
        assert TASK.score(learned, predictions, batches)["wer"] == 0
    after: Any = {**predictions, "texts": list(batches.texts)}
    rates = {"wer": 0, "cer": 0, "exact": 1}
    assert TASK.score(learned, after, batches) == {**rates, "loss": 0, "cer_and_loss": 0}
    worse: Any = {**after, "loss": np.ones(6)}
    loss = TASK.score(learned, worse, batches)["loss"]
    assert TASK.score(learned, worse, batches)["cer_and_loss"] == loss / 100 > 0
    assert {row["wer"] for row in TASK.by_length(learned, after, batches)} == {0}
    samples: Any = TASK.details(learned, after, batches)["samples"]
    assert all(row["reference"] == row["text"] for row in samples)
    lost: Any = {**predictions, "loss": np.full(6, np.nan)}
    assert np.isnan(TASK.score(learned, lost, batches)["cer"])


def test_the_most_likely_text_has_as_many_tokens_as_others_of_the_length() -> None:
    tokens = Tokens(["a", "b", "c"], "characters")
    texts = ["ab", "ab", "cb"] * 10 + ["abcc"] * 20
    spectra = Ragged.of(np.zeros((10 * len(text), 2)) for text in texts)
    batches = SpeechBatches.of(spectra, Ragged.of(map(tokens.ids, texts)), texts, 4)
    others = SpeechBatches.of(Ragged.of([np.zeros((18, 2)), np.zeros((99, 2))]), Ragged.of([]), ["", ""], 4)
    assert most_likely(batches, tokens)(others) == ["ab", "abcc"]


def words_of(lengths: list[int], texts: list[str]) -> SpeechBatches:
    """A tone a word that rises or falls, of these lengths."""
    random = np.random.default_rng(len(texts))
    up, down = np.linspace(-1, 1, 99), np.linspace(1, -1, 99)
    spectra = [
        np.interp(np.linspace(0, 98, length), np.arange(99), up if text == "up" else down)[:, None]
        + random.normal(0, 0.1, (length, 3))
        for length, text in zip(lengths, texts, strict=True)
    ]
    tokens = Tokens(["up", "down"], "words")
    return SpeechBatches.of(Ragged.of(spectra), Ragged.of(map(tokens.ids, texts)), texts, 4)


def test_the_nearest_recording_says_what_is_said_however_fast() -> None:
    train = words_of([30, 41, 52, 63], ["up", "down", "up", "down"])
    found = fit_nearest(train, recordings(train, 9))(
        words_of([20, 90, 33, 77, 1], ["down", "up"] * 2 + ["up"])
    )
    assert found[:4] == ["down", "up"] * 2
    assert fit_nearest(train, np.array([1, 3]))(words_of([20], ["up"])) == ["down"]


def test_recordings_are_looked_among_as_long_as_it_takes_seconds() -> None:
    train = words_of([40] * 200, ["up", "down"] * 100)
    assert recordings(train, 50).tolist() == list(range(200))
    # 10 steps of one sound with 10 of another, 3 bands, so many others: 150 fit.
    some = recordings(train, int(2e9 / 300 / 150))
    assert (len(some), some[0], some[-1], len(set(some.tolist()))) == (150, 0, 199, 150)
    assert not len(recordings(train, int(2e9 / 300 / 90)))


def test_only_words_have_a_nearest_recording() -> None:
    ready = prepared(tokens="words")
    assert list(TASK.fitted_baselines(ready, ready.learned.options)) == [NEAREST]
    assert not TASK.fitted_baselines(ready, options())


def test_a_stride_without_convolutions_is_refused() -> None:
    with pytest.raises(UserError, match="give --stride 1"):
        Options(convolutions=0)


# ------------------------------------------------------------------------------------------ models


@every_cell()
def test_every_cell_has_a_loss_that_padding_does_not_change(cell: str) -> None:
    ready = prepared()
    model, batches = built(ready, cell), ready.train
    planned = batches.plan(None)[0]
    inputs = dict(batches.load(planned).inputs)
    wider = {
        "vectors": np.pad(inputs["vectors"], ((0, 0), (0, 9), (0, 0)), constant_values=7),
        "mask": np.pad(inputs["mask"], ((0, 0), (0, 9))),
        "text": np.pad(inputs["text"], ((0, 0), (0, 3))),
    }
    np.testing.assert_allclose(model(inputs)["loss"], model(wider)["loss"], rtol=1e-4)


def test_tempos_differ_and_no_sound_is_shorter_than_its_text() -> None:
    """All texts fit still: the loss of one that does not is 0."""
    ready = prepared(time_stretch=0.9, stride=8, input_noise=0.0)
    model, batches = built(ready), ready.train
    inputs = dict(batches.load(batches.plan(None)[0]).inputs)
    losses = np.stack([model(inputs, training=True)["loss"].numpy() for _ in range(8)])
    assert (losses > 0).all()
    assert (losses.std(axis=0) > 0).any()
    np.testing.assert_array_equal(model(inputs)["loss"], model(inputs)["loss"])


@pytest.mark.slow
def test_a_run_learns_and_its_answers_are_read_from_files(tmp_path: Path) -> None:
    out = tmp_path / "run"
    few = ["--examples", "400", "--valid-examples", "30", "--test-examples", "30", "--epochs", "12"]
    call(run, "speech", "--cell", "gru", "--noise", "0", "--most-words", "1", *few, "--out", str(out))
    metrics = json.loads((out / "metrics.json").read_text())
    assert (
        metrics["test"]["cer"] < 0.5 < metrics["baselines"]["most likely text of the length"]["test"]["cer"]
    )
    import soundfile

    samples, rate = next(iter(dataset().train))["sound"].read()
    soundfile.write(tmp_path / "a.wav", samples, rate)
    assert "a.wav\n  → " in call(predict, out, tmp_path / "a.wav").out
