from __future__ import annotations

import csv
import json
import math
import os
import signal
from pathlib import Path

import keras
import numpy as np
import pytest

from datasets.errors import UserError
from datasets.options import from_dict
from tests.zoo.conftest import call
from tests.zoo.tasks.language_model.models import TEXT, build, dataset, prepared, split
from zoo.predict import main as predict
from zoo.run import main as run
from zoo.run import task_parser
from zoo.tasks.language_model.streams import Streams
from zoo.tasks.language_model.task import TASK, AnswerOptions, Options
from zoo.tasks.language_model.tokens import Text
from zoo.training.loop import Trainer

SMALL = ("--units", "8", "--embedding", "4", "--average", "0", "--truncate", "20", "--batch-size", "4")


@pytest.fixture(scope="module")
def hello(tmp_path_factory) -> Path:
    """A finished run on a file that holds one word; only to be read."""
    folder = tmp_path_factory.mktemp("hello")
    (folder / "hello.txt").write_text("hello")
    options = (
        "--cell",
        "lstm",
        "--embedding",
        "0",
        "--units",
        "16",
        "--learning-rate",
        "0.02",
        "--epochs",
        "6",
    )
    done = call(run, "language_model", "--dataset", folder / "hello.txt", "--out", folder / "run", *options)
    assert done.code == 0, done.err
    assert "5 characters are too few to be cut" in done.err
    assert "shorter than a chunk of --truncate 100" in done.err
    assert "an epoch reads the training split 50 times" in done.err
    return folder / "run"


# ------------------------------------------------------------------------------------------ the smallest text


def test_hello_is_learnt_by_heart_which_needs_a_memory(hello):
    metrics = json.loads((hello / "metrics.json").read_text())
    assert metrics["test"]["perplexity"] < 1.05
    assert metrics["baselines"]["bigram"]["test"]["perplexity"] > 1.5  # after l comes l or o
    assert metrics["details"]["tokens"] == 5
    assert metrics["parameters"] == 4 * 16 * (6 + 16 + 1) + 17 * 5  # no states among them


def test_predict_goes_on_with_prompts(hello):
    done = call(predict, hello, "h", "", "--length", 4, "--temperature", 0)
    assert done.code == 0, done.err
    first, line, second, _ = done.out.split("\n")
    assert (first, second[:4]) == ("hello", "hell")
    assert set(line) == {"-"}


def test_predict_writes_rows_and_reads_files(hello, tmp_path):
    (tmp_path / "prompts.txt").write_text("he\n\nhel\n")
    done = call(
        predict, hello, "--file", tmp_path / "prompts.txt", "--out", tmp_path / "out.csv", "--length", 2
    )
    assert done.code == 0, done.err
    with (tmp_path / "out.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["prompt"] + row["continuation"] for row in rows] == ["hell", "he", "hello"]
    assert float(rows[0]["nats_per_token"]) < 0.2


def test_samples_of_a_prompt_differ_and_a_seed_repeats_them(hello):
    arguments = (hello, "h", "--length", 30, "--temperature", 5, "--samples", 3)
    found = call(predict, *arguments, "--seed", 7).out
    assert len(set(found.split("\n")[::2])) == 3
    assert call(predict, *arguments, "--seed", 7).out == found
    assert call(predict, *arguments, "--seed", 8).out != found


def test_predict_scores_texts(hello):
    done = call(predict, hello, "hello", "olleh", "", "--score")
    assert done.code == 0, done.err
    header, *rows = (line.split() for line in done.out.splitlines())
    assert header == ["text", "tokens", "nats_per_token", "perplexity"]
    assert float(rows[0][3]) < 1.05
    assert float(rows[1][3]) > 5
    assert rows[2][-3:] == ["0", "0.0000", "1.0000"]


def test_options_of_answers_belong_to_their_task(trained, hello):
    done = call(predict, trained, "a good film", "--top-k", 3)
    assert done.code == 2
    owners = "captioning and language_model and translation"
    assert done.err == f"error: --top-k is an option of {owners}, and this is a run of sentiment\n"
    done = call(predict, hello, "h", "--temperature", -1)
    assert done.err == "error: --temperature: -1.0 is too small, the least is 0\n"


# ------------------------------------------------------------------------------------------ runs


VARIED = (
    "--dropout",
    "0.3",
    "--recurrent-dropout",
    "0.2",
    "--layers",
    "2",
    "--decay",
    "cosine",
    "--warm-up",
    "5",
    *("--weight-dropout", "0.2", "--variational-dropout", "--embedding-dropout", "0.1"),
)
DOCUMENTS = ("--documents", "--softmax", "sampled", "--sampled-tokens", "5", "--tied")


@pytest.mark.slow
@pytest.mark.parametrize(("more", "stops"), [(VARIED, (30, 100)), (DOCUMENTS, (30, 150))])
def test_a_run_that_is_stopped_within_an_epoch_ends_with_the_same_bits(tmp_path, monkeypatch, more, stops):
    """The states, the turn of the text, dropout, samples and the falling learning rate go on where they were."""
    (tmp_path / "text.txt").write_text("".join(f"{n} {TEXT}" for n in range(120)))
    options = (*SMALL, *more, "--average", "0.9", "--epochs", "2", "--cell", "lstm")
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    done = call(run, "language_model", "--dataset", tmp_path / "text.txt", "--out", whole, *options)
    assert done.code == 0, done.err

    step, count = Trainer.step, 0

    def counted(self, batch):
        nonlocal count
        count += 1
        if count in stops:
            os.kill(os.getpid(), signal.SIGTERM)
        return step(self, batch)

    monkeypatch.setattr(Trainer, "step", counted)
    done = call(run, "language_model", "--dataset", tmp_path / "text.txt", "--out", parts, *options)
    assert "stopped by SIGTERM at epoch 1, batch 30 of" in done.err
    done = call(run, "--resume", parts)
    assert "stopped by SIGTERM at epoch 2" in done.err
    done = call(run, "--resume", parts)
    assert done.code == 0, done.err
    models = [keras.models.load_model(folder / "model.keras") for folder in (whole, parts)]
    for one, other in zip(models[0].weights, models[1].weights, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy(), err_msg=one.path)
    metrics = [json.loads((folder / "metrics.json").read_text()) for folder in (whole, parts)]
    assert metrics[0]["test"] == metrics[1]["test"]


def test_words_of_the_embedded_text_in_korean(tmp_path):
    sizes = ("--stories", 30, "--valid-stories", 5, "--test-stories", 5)
    options = ("--language", "ko", "--tokens", "words", "--epochs", "1", *SMALL)
    done = call(run, "language_model", "--out", tmp_path / "run", "--export", *sizes, *options)
    assert done.code == 0, done.err
    assert "30 train, 5 dev, 5 test stories" in done.err
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["ceiling"]["bits_per_character"] < metrics["test"]["bits_per_character"]
    per_word = metrics["test"]["bits_per_character"] * metrics["details"]["characters"] * math.log(2)
    assert metrics["test"]["nats"] == pytest.approx(per_word / metrics["details"]["tokens"])
    assert (tmp_path / "run" / "export" / "saved_model.pb").exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "text.txt: is empty; give a text"),
        (b"one\ntwo \xff\n", "text.txt line 2: byte 0xff is not valid utf-8"),
        (b"\x7fELF\x00\x00", "text.txt line 1: holds a NUL character"),
    ],
)
def test_what_is_no_text_is_told_in_one_line(tmp_path, content, told):
    (tmp_path / "text.txt").write_bytes(content)
    done = call(run, "language_model", "--dataset", tmp_path / "text.txt", "--out", tmp_path / "run")
    assert done.code == 2
    assert done.err.startswith("error: ")
    assert told in done.err
    assert done.err.count("\n") == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.real
def test_a_real_text_is_read_and_its_rows_are_known(data_dir):
    """The entropy of English letters, and that one letter of context takes about a quarter of it off."""
    import datasets

    data = datasets.load(str(data_dir / "tiny_shakespeare"), ("text",))
    ready = TASK.prepare(data, Options(), 32)
    assert (len(ready.train.text), len(ready.valid.text)) == (1003854, 55770)
    assert len(ready.learned.tokenizer.vocabulary) == 65
    rows = TASK.baselines(ready)(ready.valid)
    assert rows["unigram"]["nats"] == pytest.approx(3.31, abs=0.05)
    assert rows["bigram"]["nats"] == pytest.approx(2.47, abs=0.05)


# ------------------------------------------------------------------------------------------ parts of the task


def test_vocabularies_are_learnt_on_train_alone_and_told():
    ready = prepared(dataset(train="abab" * 9, valid="abz", test="zzzz"))
    assert ready.learned.tokenizer.vocabulary == ("a", "b")
    assert ready.notes[0].endswith("2 different characters learnt on train; 33.33% of dev are unknown")
    test = ready.test()
    assert test is not None
    assert TASK.details(ready.learned, np.zeros(4), test)["unknown"] == 1
    assert prepared().test() is None


def test_the_test_split_is_read_only_when_it_is_asked_for():
    data = dataset()
    read = []

    def pieces():
        read.append(True)
        return iter([{"text": "a"}])

    ready = prepared(type(data)(data.info, data.train, data.valid, type(data.train)(pieces, 1)))
    assert not read
    ready.test()
    assert read


def test_rare_words_are_unknown_and_rare_characters_are_not():
    pieces = split("one two two", " two one six")
    data = type(dataset())(dataset().info, pieces, pieces, None)
    assert prepared(data, tokens="words").learned.tokenizer.vocabulary == (" two",)
    assert "x" in prepared(data).learned.tokenizer.vocabulary
    assert "x" not in prepared(data, min_count=2).learned.tokenizer.vocabulary


def text_of(tokens: int, characters: int) -> Streams:
    return Streams(Text(np.zeros(tokens, np.int32), characters), 1, 8)


def test_scores_are_over_all_tokens_and_all_characters():
    ready = prepared()
    found = TASK.score(ready.learned, np.array([1.0, 2.0, 3.0], np.float32), text_of(3, 6))
    assert found == {
        "nats": 2.0,
        "perplexity": pytest.approx(math.exp(2)),
        "bits_per_character": pytest.approx(6 / math.log(2) / 6),
    }
    assert math.isnan(TASK.score(ready.learned, np.array([math.nan]), text_of(1, 1))["nats"])


def test_rows_need_no_test_split_and_bigrams_know_more():
    ready = prepared()
    rows = TASK.baselines(ready)(ready.valid)
    assert rows["bigram"]["nats"] < rows["unigram"]["nats"] < math.log(ready.learned.tokenizer.size)


def test_what_prediction_needs_goes_through_json():
    ready = prepared(lowercase=True)
    again = TASK.restore(json.loads(json.dumps(ready.learned.to_json())), ready.learned.options)
    assert again.tokenizer.vocabulary == ready.learned.tokenizer.vocabulary
    assert (again.tokenizer.kind, again.tokenizer.lowercase) == ("characters", True)


def test_answers_come_in_order_however_many(monkeypatch):
    from zoo.tasks.language_model import answers

    monkeypatch.setattr(answers, "PROMPTS", 2)
    ready = prepared()
    server = TASK.serve(build(ready), ready.learned)
    prompts = ["Ann", "", "Bob", "a", "has a cat"]
    rows = TASK.answer(server, prompts, AnswerOptions(length=3, samples=2))
    assert [row["prompt"] for row in rows] == [prompt for prompt in prompts for _ in range(2)]
    assert rows[4] == TASK.answer(server, ["Bob"], AnswerOptions(length=3))[0]
    scores = TASK.answer(server, prompts, AnswerOptions(score=True))
    assert [row["text"] for row in scores] == prompts
    assert [row["tokens"] for row in scores] == [len(prompt) for prompt in prompts]
    assert TASK.show(scores) is None


def test_a_min_count_that_leaves_nothing_is_told():
    with pytest.raises(UserError, match="--min-count 99: no token"):
        prepared(min_count=99)


def test_the_former_option_turn_is_still_read() -> None:
    assert from_dict(Options, {"turn": False}) == Options(random_offset=False)
    assert not task_parser("language_model").parse_args(["--no-turn"]).random_offset


def test_a_split_without_a_token_is_told_and_not_scored(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UserError, match="the text of the dev split is blank"):
        prepared(dataset(valid=" \n \n"), tokens="plain-words")
    ready = prepared(dataset(test=" \n \n"), tokens="plain-words")
    assert ready.test() is None
    assert "the text of the test split is blank" in capsys.readouterr().err


def test_what_is_said_of_a_continuation_is_refused_beside_scores() -> None:
    for options, told in (({"length": 3}, "--length 3"), ({"temperature": 1.0}, "--temperature 1.0")):
        with pytest.raises(UserError, match=f"{told}: is of a continuation, and --score writes none"):
            AnswerOptions(score=True, **options)
    AnswerOptions(score=True)
