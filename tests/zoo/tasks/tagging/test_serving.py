"""A trained tagger as a SavedModel: raw sentences in, tags out, and the same numbers as the live model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.zoo.answers import differing
from tests.zoo.conftest import call
from tests.zoo.elsewhere import Elsewhere
from tests.zoo.running import every_cell
from zoo.serving import Server
from zoo.tasks.base import NoOptions, load_task

SMALL = (
    *("--units", "4", "--embedding", "4", "--character-embedding", "4", "--character-units", "3"),
    *("--epochs", "1", "--examples", "40", "--valid-examples", "10", "--test-examples", "10"),
    *("--distance", "2", "--learning-rate", "0.03", "--average", "0"),
)
SENTENCES = ["The machine often, above the star, paints.", "", "Zzz", "다람쥐 'x' 3.50 " + "long" * 20]


@pytest.fixture(scope="module")
def tagger(tmp_path_factory) -> Path:
    from zoo.run import main

    out = tmp_path_factory.mktemp("tagger") / "run"
    options = ("--cell", "gru", "--bidirectional", "--crf", "--annotation", "names")
    done = call(main, "tagging", "--out", out, "--export", *SMALL, *options)
    assert done.code == 0, done.err
    return out


@pytest.fixture(scope="module")
def server(tagger: Path) -> Server:
    from zoo.stored_run import load_run

    learned, model = load_run(tagger)
    return load_task("tagging").serve(model, learned)


@every_cell()
def test_every_cell_is_exported_and_agrees_with_the_live_model(cell: str, tmp_path: Path) -> None:
    import datasets
    from zoo import serving
    from zoo.config import RecurrentOptions
    from zoo.factory import recurrent_factory

    task = load_task("tagging")
    sizes = {"examples": 20, "valid_examples": 2, "test_examples": 2}
    options = task.options_type(embedding=4, character_embedding=4, character_units=3)
    prepared = task.prepare(datasets.load("microworld", task.fields, sizes), options, 4)
    recurrent = recurrent_factory(RecurrentOptions(cell=cell, units=4))  # both directions: `tagger`
    server = task.serve(task.build(prepared, recurrent, options), prepared.learned)
    serving.save(server, tmp_path / "export")
    loaded = tf.saved_model.load(str(tmp_path / "export"))
    given = tf.constant(SENTENCES)
    assert differing(loaded.signatures["serving_default"](text=given), server(given)) == []


@pytest.mark.slow
def test_both_signatures_of_a_loaded_model_agree_with_the_live_one(tagger: Path, server: Server) -> None:
    loaded = tf.saved_model.load(str(tagger / "export"))
    expected = server(tf.constant(SENTENCES))
    assert differing(loaded.signatures["serving_default"](text=tf.constant(SENTENCES)), expected) == []
    assert differing(loaded.signatures["tokens"](tokens=expected["tokens"]), expected) == []
    assert loaded.signatures["labels"]()["labels"].numpy().tolist() == [
        b"B-LOC",
        b"B-PER",
        b"I-LOC",
        b"I-PER",
        b"O",
    ]


@pytest.mark.slow
def test_it_loads_with_plain_tensorflow(tagger: Path, elsewhere: Elsewhere) -> None:
    script = (
        "import tensorflow as tf\n"
        f"model = tf.saved_model.load({str(tagger / 'export')!r})\n"
        "answer = model.signatures['serving_default'](text=tf.constant(['A star.', '']))\n"
        "print(answer['tokens'].numpy().tolist(), answer['length'].numpy().tolist())\n"
    )
    assert elsewhere.run(script).strip() == "[[b'A', b'star', b'.'], [b'', b'', b'']] [3, 0]"


@pytest.mark.slow
def test_nothing_in_gives_nothing_out(server: Server) -> None:
    for answer in (
        server(tf.constant([], tf.string)),
        server.functions["tokens"](tf.zeros([0, 3], tf.string)),
        server.functions["tokens"](tf.zeros([0, 0], tf.string)),
    ):
        assert answer["tags"].shape[0] == answer["length"].shape[0] == 0
    answer = server.functions["tokens"](tf.constant([[], []], tf.string))
    assert answer["tags"].numpy().tolist() == [[b""], [b""]]
    assert answer["length"].numpy().tolist() == [0, 0]


@pytest.mark.slow
def test_an_answer_does_not_depend_on_its_batch(server: Server) -> None:
    together = server(tf.constant(SENTENCES))
    for row, sentence in enumerate(SENTENCES):
        alone = {name: value[0].numpy() for name, value in server(tf.constant([sentence])).items()}
        length = alone["length"]
        for name in ("tokens", "tags"):
            assert (alone[name][:length] == together[name].numpy()[row, :length]).all()
        np.testing.assert_allclose(
            alone["probability"][:length], together["probability"][row, :length], atol=1e-6
        )


@pytest.mark.slow
def test_the_exported_graph_tags_as_the_evaluation_does(tagger):
    """Two ways to the inputs of the model: tables made beforehand, and TensorFlow operations in the graph."""
    import datasets
    from zoo.stored_run import load_run
    from zoo.tasks.tagging.batches import TaggedBatches
    from zoo.tasks.tagging.task import Learned
    from zoo.training.evaluation import Predictor

    learned, model = load_run(tagger)
    assert isinstance(learned, Learned)
    last = model.get_layer("scores")
    last.kernel.assign(50 * np.random.default_rng(0).normal(size=last.kernel.shape))  # it has hardly learnt
    last.bias.assign(0 * last.bias)
    data = datasets.load("microworld", ("tokens", "tags"), {"annotation": "names", "test_examples": 50})
    assert data.test is not None
    batches = TaggedBatches.of(data.test, learned.encoder, 8)
    expected = [learned.labels[n] for n in Predictor(model)(batches)]
    task = load_task("tagging")
    rows = task.answer(task.serve(model, learned), [example["tokens"] for example in data.test], NoOptions())
    assert " ".join(row["tags"] for row in rows).split(" ") == expected
    assert len(set(expected)) > 1


@pytest.mark.slow
def test_predict_takes_sentences_and_files_of_words(tagger, tmp_path):
    from zoo.predict import main

    path, out = tmp_path / "a.jsonl", tmp_path / "out.jsonl"
    path.write_text('{"tokens": ["New York", "is"]}\n{"tokens": []}\n')
    assert call(main, tagger, "--file", path, "--out", out).code == 0
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["tokens"] for row in rows] == ["New\u00a0York is", ""]
    assert [len(row["tags"].split()) for row in rows] == [2, 0]
    assert set(rows[0]) == {"tokens", "tags", "spans"}
    done = call(main, tagger, "A star.", "")
    assert done.code == 0
    assert "A star ." in done.out
