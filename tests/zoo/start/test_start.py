"""Runs that start from other runs: what they take, what they refuse, and that they need the others only once."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.zoo.conftest import call
from zoo.config_file import OwnModel
from zoo.data.subwords import RESERVED
from zoo.data.token_layers import TokenLayers, Tokens
from zoo.keras_private import all_layers
from zoo.predict import main as predict
from zoo.run import main as run
from zoo.start.weights import _shared_rows
from zoo.stored_run import load_run
from zoo.tasks.base import Learned
from zoo.training.loop import Trainer

SIZES = ("--units", 6, "--embedding", 4)
SHORT = ("--epochs", 1, "--average", 0, "--batch-size", 8, "--least-steps", 1)
REVIEWS = [
    (f"the {noun} was {word}, and {n} people saw it", label)
    for n in range(10)
    for noun in ("film", "book")
    for word, label in (("good", "1"), ("bad", "0"))
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Labelled reviews, and a language model of their texts; only to be read."""
    path = tmp_path_factory.mktemp("start")
    (path / "reviews.tsv").write_text(
        "\n".join(["text\tlabel", *(f"{text}\t{label}" for text, label in REVIEWS)])
    )
    texts = ("--dataset", path / "reviews.tsv", "--documents", "--min-count", 1)
    for name, more in (
        ("words", ("--tokens", "plain-words", "--lowercase", "--softmax", "sampled", "--tied")),
        ("characters", ("--lowercase",)),
        ("blanks", ("--tokens", "words", "--lowercase")),
        ("backward", ("--tokens", "plain-words", "--lowercase", "--backward")),
    ):
        done = call(run, "language_model", *texts, *SIZES, *SHORT, *more, "--out", path / name)
        assert done.code == 0, done.err
    return path


def sentiment(folder: Path, out: Path, *options: object):
    arguments = (
        "--dataset",
        folder / "reviews.tsv",
        "--no-tfidf",
        *SHORT,
        "--learning-rate",
        0,
        "--out",
        out,
    )
    return call(run, "sentiment", *arguments, *options)


def cell(model: keras.Model, layer: str, direction: int = 0) -> keras.layers.Layer:
    return model.get_layer(layer).cells[0][direction]


def vocabulary(learned: Learned, key: str = "vocabulary") -> list[str]:
    tokens = learned.to_json()[key]
    assert isinstance(tokens, list)
    return tokens


def same(one: keras.layers.Layer, other: keras.layers.Layer) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one.weights, other.weights, strict=True))


def test_a_classifier_begins_with_the_words_vectors_and_cells_of_a_language_model(folder, tmp_path):
    done = sentiment(folder, tmp_path / "run", "--start-from", folder / "words")
    assert done.code == 0, done.err
    donor, model = load_run(folder / "words")[1], load_run(tmp_path / "run")[1]
    assert same(donor.get_layer("recurrent").recurrent.cells[0][0], cell(model, "recurrent"))
    rows = [each.get_layer("embedding").embeddings.numpy() for each in (donor, model)]
    np.testing.assert_array_equal(rows[0][1:], rows[1][1:])
    notes = json.loads((tmp_path / "run" / "metrics.json").read_text())["notes"]
    known = len(rows[0]) - 2
    assert any(f"the vectors of {known} of {known} tokens of the text" in note for note in notes)
    assert any("what reads forwards, 1 of 1 layers" in note for note in notes)
    assert any(
        "tokens of that run, looked up in train; 0.0% of its tokens are unknown" in note for note in notes
    )
    answered = call(predict, tmp_path / "run", "the film was good")
    assert answered.code == 0, answered.err


def test_rows_of_shared_words_are_copied_where_tokens_are_split_in_another_way(folder, tmp_path):
    done = sentiment(folder, tmp_path / "run", "--start-from", folder / "blanks")
    assert done.code == 0, done.err
    (old, donor), (new, model) = load_run(folder / "blanks"), load_run(tmp_path / "run")
    theirs, ours = vocabulary(old), vocabulary(new)
    assert "film" in ours
    tables = [each.get_layer("embedding").embeddings.numpy() for each in (donor, model)]
    np.testing.assert_array_equal(tables[0][2 + theirs.index(" film")], tables[1][2 + ours.index("film")])


@pytest.mark.slow
def test_each_direction_of_a_bidirectional_model_may_have_its_run(folder, tmp_path):
    both = (folder / "words", folder / "backward")
    done = sentiment(folder, tmp_path / "run", "--bidirectional", "--start-from", *both)
    assert done.code == 0, done.err
    model = load_run(tmp_path / "run")[1]
    for direction, donor in enumerate(both):
        first = load_run(donor)[1].get_layer("recurrent").recurrent.cells[0][0]
        assert same(first, cell(model, "recurrent", direction))
    done = sentiment(folder, tmp_path / "one", "--bidirectional", "--start-from", both[0])
    assert "what reads the text backwards is new" in done.err
    done = sentiment(folder, tmp_path / "twice", "--bidirectional", "--start-from", both[0], both[0])
    assert "another run is given for what reads the same way" in done.err.splitlines()[-1]


@pytest.mark.slow
def test_a_language_model_may_start_from_a_classifier(folder, tmp_path):
    assert sentiment(folder, tmp_path / "run", *SIZES).code == 0
    texts = ("--dataset", folder / "reviews.tsv", "--documents", "--tokens", "plain-words", "--lowercase")
    options = ("--start-from", tmp_path / "run", *SHORT, "--learning-rate", 0, "--out", tmp_path / "lm")
    done = call(run, "language_model", *texts, *options)
    assert done.code == 0, done.err
    models = load_run(tmp_path / "run")[1], load_run(tmp_path / "lm")[1]
    assert same(cell(models[0], "recurrent"), models[1].get_layer("recurrent").recurrent.cells[0][0])


@pytest.mark.parametrize(
    ("donor", "options", "told"),
    [
        ("words", ("--cell", "lstm"), "its cell is GRU"),
        (
            "words",
            ("--units", 7),
            "its cells have 6 units, and here they have 7; make them the same with --units",
        ),
        ("words", ("--embedding", 5), "its vectors have 4 numbers, and here 5; give --embedding 4"),
        ("words", ("--tokens", "characters"), "give the same --tokens"),
        ("characters", ("--tokens", "words"), "its tokens are characters, and here they are plain-words"),
        ("words", ("--cell-options", "reset_after=false"), "give the same --cell-options"),
        ("nowhere", (), "nowhere"),
        (".", (), "is not the folder of a run"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(folder, tmp_path, donor, options, told):
    done = sentiment(folder, tmp_path / "run", "--start-from", folder / donor, *options)
    assert done.code == 2
    assert told in done.err.splitlines()[-1]
    assert done.err.splitlines()[-1].startswith("error: ")
    assert not (tmp_path / "run").exists()


def test_a_second_run_without_a_second_direction_is_refused(folder, tmp_path):
    done = sentiment(folder, tmp_path / "run", "--start-from", folder / "words", folder / "backward")
    assert "it reads backwards, and here nothing does; give --bidirectional" in done.err.splitlines()[-1]


def test_a_damaged_run_is_refused(folder, tmp_path):
    shutil.copytree(folder / "words", tmp_path / "words")
    content = bytearray((tmp_path / "words" / "model.keras").read_bytes())
    content[len(content) // 2] ^= 255
    (tmp_path / "words" / "model.keras").write_bytes(content)
    done = sentiment(folder, tmp_path / "run", "--start-from", tmp_path / "words")
    assert done.code == 1
    assert "model.keras cannot be loaded" in done.err.splitlines()[-1]


@pytest.mark.slow
def test_a_run_that_was_stopped_goes_on_without_the_other_run(folder, tmp_path, monkeypatch):
    shutil.copytree(folder / "words", tmp_path / "words")
    options = (
        "--start-from",
        tmp_path / "words",
        "--learning-rate",
        0.01,
        "--epochs",
        2,
        "--least-steps",
        20,
    )
    assert sentiment(folder, tmp_path / "whole", *options).code == 0
    step, count = Trainer.step, 0

    def counted(self, batch):
        nonlocal count
        count += 1
        if count == 7:
            os.kill(os.getpid(), signal.SIGTERM)
        return step(self, batch)

    monkeypatch.setattr(Trainer, "step", counted)
    assert sentiment(folder, tmp_path / "parts", *options).code == 143
    shutil.rmtree(tmp_path / "words")
    done = call(run, "--resume", tmp_path / "parts")
    assert done.code == 0, done.err
    models = [load_run(tmp_path / name)[1] for name in ("whole", "parts")]
    for one, other in zip(*(model.weights for model in models), strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy(), err_msg=one.path)
    metrics = [json.loads((tmp_path / name / "metrics.json").read_text()) for name in ("whole", "parts")]
    assert [m for m in metrics[0]["notes"] if m.startswith("start:")] == [
        m for m in metrics[1]["notes"] if m.startswith("start:")
    ]


def rows_of(
    source: tuple[str, ...], target: tuple[str, ...], kinds: tuple[str, str]
) -> list[tuple[int, int]]:
    """The rows that two tables share."""
    parts = [
        TokenLayers("text", "embedding", "recurrent", Tokens(kind, False, vocabulary))
        for kind, vocabulary in zip(kinds, (source, target), strict=True)
    ]
    taken, given = _shared_rows(*parts)
    return list(zip(taken.tolist(), given.tolist(), strict=True))


def test_sub_words_that_begin_a_word_are_not_those_inside() -> None:
    both = ("subwords", "subwords")
    assert rows_of(("▁er", "ed"), ("er", "▁ed", "ed", "▁ER"), both) == [(1, 1), (4, 3), (5, 2)]
    assert rows_of(("▁er",), ("▁ER", "▁er"), both) == [(1, 1), (2, 2), (3, 2)]
    assert rows_of((" er",), ("▁er", "er"), ("words", "subwords")) == [(1, 1), (2, 2), (3, 2)]


@pytest.mark.slow
def test_a_classifier_of_sub_words_begins_with_those_of_a_language_model(folder, tmp_path):
    texts = ("--dataset", folder / "reviews.tsv", "--documents", "--lowercase", "--tokens", "subwords")
    run_of = ("--max-vocabulary", 60, *SIZES, *SHORT, "--out", tmp_path / "lm")
    assert call(run, "language_model", *texts, *run_of).code == 0
    done = sentiment(folder, tmp_path / "run", "--start-from", tmp_path / "lm")
    assert done.code == 0, done.err
    (old, donor), (new, model) = load_run(tmp_path / "lm"), load_run(tmp_path / "run")
    assert vocabulary(old) == vocabulary(new)
    rows = [each.get_layer("embedding").embeddings.numpy() for each in (donor, model)]
    np.testing.assert_array_equal(rows[0][1:], rows[1][1:])
    answered = call(predict, tmp_path / "run", "the film was good", "", "zz")
    assert answered.code == 0, answered.err
    words = sentiment(folder, tmp_path / "words", "--tokens", "words", "--start-from", tmp_path / "lm")
    assert words.code == 2
    refused = "its tokens are subwords, and here they are plain-words; give the same --tokens"
    assert refused in words.err.splitlines()[-1]


# ------------------------------------------------------------------------------------------ other tasks

FEW = ("--examples", 40, "--valid-examples", 10, "--test-examples", 10)
PARTS = [
    ("tagging", (), 1, [("words_embedding", "recurrent")]),
    (
        "translation",
        ("--no-bidirectional",),
        2,
        [("source_embedding", "recurrent"), ("embedding", "decoder_recurrent")],
    ),
    ("captioning", ("--image-size", 16), 1, [("embedding", "decoder_recurrent")]),
]


@pytest.fixture(scope="module")
def stories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A language model of the embedded stories; only to be read."""
    path = tmp_path_factory.mktemp("stories") / "run"
    few = ("--stories", 40, "--valid-stories", 4, "--test-stories", 4, "--tokens", "words", "--lowercase")
    done = call(run, "language_model", *few, *SIZES, *SHORT, "--out", path)
    assert done.code == 0, done.err
    return path


@pytest.mark.slow
@pytest.mark.parametrize(("task", "options", "runs", "parts"), PARTS)
def test_other_tasks_start_from_a_language_model(stories, tmp_path, task, options, runs, parts):
    start = ("--start-from", *[stories] * runs)
    done = call(run, task, *FEW, *options, *SHORT, "--learning-rate", 0, *start, "--out", tmp_path / "run")
    assert done.code == 0, done.err
    model = load_run(tmp_path / "run")[1]
    donor = load_run(stories)[1].get_layer("recurrent").recurrent.cells[0][0]
    by_name = {layer.name: layer for layer in all_layers(model)}
    for vectors, recurrent in parts:
        assert vectors in by_name
        for old, new in zip(donor.weights, by_name[recurrent].cells[0][0].weights, strict=True):
            np.testing.assert_array_equal(old.numpy(), new.numpy()[: old.shape[0]])
    notes = json.loads((tmp_path / "run" / "metrics.json").read_text())["notes"]
    assert sum("the vectors of" in note and "the vectors of 0 of" not in note for note in notes) == runs


@pytest.mark.slow
def test_what_reads_the_characters_of_words_starts_from_models_of_characters(folder, tmp_path):
    backward = (
        "--dataset",
        folder / "reviews.tsv",
        "--documents",
        "--min-count",
        1,
        "--backward",
        *SIZES,
        *SHORT,
    )
    assert call(run, "language_model", *backward, "--out", tmp_path / "backward").code == 0
    donors = (folder / "characters", tmp_path / "backward")
    start = ("--learning-rate", 0, "--start-from", *donors, "--out", tmp_path / "run")
    done = call(run, "tagging", *FEW, *SHORT, *start)
    assert done.code == 0, done.err
    learned, model = load_run(tmp_path / "run")
    layers = {layer.name: layer for layer in all_layers(model)}
    assert layers["recurrent"].cells[0][0].units == 160  # that which reads the words stays as it is
    assert layers["character_embedding"].embeddings.shape[1] == 4
    read = [load_run(donor) for donor in donors]
    for direction, (_, donor) in enumerate(read):
        theirs = donor.get_layer("recurrent").recurrent.cells[0][0]
        assert same(theirs, layers["character_encoder"].cells[0][direction])
    rows = [
        layer.embeddings.numpy()[2 + vocabulary(one, key).index("e")]
        for layer, one, key in (
            (read[0][1].get_layer("embedding"), read[0][0], "vocabulary"),
            (layers["character_embedding"], learned, "characters"),
        )
    ]
    np.testing.assert_array_equal(*rows)
    notes = json.loads((tmp_path / "run" / "metrics.json").read_text())["notes"]
    assert "start: the words are new, for no run of such tokens is given" in notes


@pytest.mark.slow
def test_a_decoder_reads_vectors_of_the_size_that_they_had(stories, tmp_path):
    done = call(run, "captioning", *FEW, *SHORT, "--image-size", 16, "--learning-rate", 0,
        "--start-from", stories, "--out", tmp_path / "run")  # fmt: skip
    assert done.code == 0, done.err
    (old, donor), (new, model) = load_run(stories), load_run(tmp_path / "run")
    place = vocabulary(new, "pieces").index("▁circle")
    theirs = donor.get_layer("embedding").embeddings.numpy()[2 + vocabulary(old).index(" circle")]
    ours = model.get_layer("decoder").embed.embeddings.numpy()[RESERVED + place]
    np.testing.assert_allclose(ours * 4**0.5, theirs, rtol=1e-6)


def test_a_task_that_reads_no_tokens_cannot_start(stories, tmp_path):
    done = call(run, "forecasting", "--start-from", stories, "--out", tmp_path / "run")
    assert done.code == 2
    assert "reads no tokens, or cannot start from another run" in done.err.splitlines()[-1]


def test_a_backward_language_model_takes_the_vectors_of_one_that_reads_forwards(folder, tmp_path):
    arguments = ("--dataset", folder / "reviews.tsv", "--documents", "--min-count", 1, *SIZES, *SHORT)
    more = ("--tokens", "plain-words", "--lowercase", "--backward", "--start-from", folder / "words")
    done = call(run, "language_model", *arguments, *more, "--learning-rate", 0, "--out", tmp_path / "run")
    assert done.code == 0, done.err
    assert "what reads the text backwards is new, for no run that reads so is given" in done.err
    (_, old), (_, new) = load_run(folder / "words"), load_run(tmp_path / "run")
    vectors = [model.get_layer("embedding").get_weights()[0][1:] for model in (old, new)]  # padding is row 0
    np.testing.assert_array_equal(*vectors)
    weights = [model.get_layer("recurrent").recurrent.cells[0][0].get_weights()[0] for model in (old, new)]
    assert (weights[0] != weights[1]).any()


class OwnCell(keras.layers.Layer):
    """A cell as a user writes one: Keras' contract and nothing more."""

    def __init__(self, units: int, **layer_arguments):
        super().__init__(**layer_arguments)
        self.units = self.state_size = self.output_size = units

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")
        self.recurrent_kernel = self.add_weight(shape=(self.units, self.units), name="recurrent_kernel")
        self.built = True

    def call(self, inputs, states, training=None):
        state = keras.ops.tanh(inputs @ self.kernel + states[0] @ self.recurrent_kernel)
        return state, [state]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def test_a_cell_of_the_users_own_starts_too(folder, tmp_path):
    own = ("--cell", f"{__name__}:OwnCell")
    texts = ("--dataset", folder / "reviews.tsv", "--documents", "--min-count", 1, "--lowercase")
    more = (*SIZES, *SHORT, *own, "--tokens", "plain-words", "--out", tmp_path / "lm")
    done = call(run, "language_model", *texts, *more)
    assert done.code == 0, done.err
    done = sentiment(folder, tmp_path / "run", "--start-from", tmp_path / "lm", *own)
    assert done.code == 0, done.err
    code = OwnModel(cell=own[1])
    (_, donor), (_, model) = load_run(tmp_path / "lm", code), load_run(tmp_path / "run", code)
    old = donor.get_layer("recurrent").recurrent.cells[0][0].get_weights()
    for one, other in zip(old, cell(model, "recurrent").get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    done = sentiment(folder, tmp_path / "unnamed", "--start-from", tmp_path / "lm")
    assert done.code == 2  # whose code is run only where it is named
    assert "names code that is not the zoo's" in done.err.splitlines()[-1]
