"""A trained translator as a SavedModel: sentences in, translations out, and the same numbers as the live model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.zoo.answers import differing
from tests.zoo.conftest import call
from tests.zoo.elsewhere import Elsewhere
from tests.zoo.generation.signature_calls import check_draws, log_probability, search
from tests.zoo.running import every_cell
from zoo.generation.answers import AnswerOptions
from zoo.serving import Server
from zoo.tasks.base import load_task

SMALL = (
    *("--units", "8", "--embedding", "8", "--epochs", "2", "--batch-size", "16", "--learning-rate", "0.02"),
    *("--examples", "160", "--valid-examples", "8", "--test-examples", "12", "--clauses", "1"),
    *("--average", "0", "--engine", "loop", "--max-tokens", "30"),
)
SENTENCES = [
    "The red star hides the blue heart.",
    "",
    "I can see a small red circle above the blue star, and the green cross is not below the red cross.",
    "Zzz 다람쥐 \t ?",
]


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """A translator that has hardly learnt: what is shown here are mechanics."""
    from zoo.run import main

    out = tmp_path_factory.mktemp("translator") / "run"
    done = call(main, "translation", "--cell", "gru", "--out", out, "--export", *SMALL)
    assert done.code == 0, done.err
    return out


@pytest.fixture(scope="module")
def server(run: Path) -> Server:
    from zoo.stored_run import load_run

    learned, model = load_run(run)
    return load_task("translation").serve(model, learned)


@pytest.mark.slow
def test_a_finished_run_tells_all(run):
    metrics = json.loads((run / "metrics.json").read_text())
    assert {"bleu", "chrf", "exact", "perplexity", "accuracy", "cut"} <= set(metrics["test"])
    assert set(metrics["baselines"]) == {"copy", "most similar training pair"}
    assert metrics["baselines"]["copy"]["test"]["exact"] == 0
    assert "tok:13a" in metrics["details"]["signatures"]["bleu"]
    assert sum(row["examples"] for row in metrics["details"]["by_length"]) == 12
    assert metrics["ceiling"] == {"bleu": 100.0, "chrf": 100.0}
    assert (run / "by_length.png").stat().st_size > 1000
    header = (run / "history.csv").read_text().splitlines()[0]
    assert "dev_accuracy" in header
    assert "bleu" not in header  # the search runs once, at the end


@pytest.mark.slow
def test_the_loaded_model_answers_as_the_live_one(run, server):
    loaded = tf.saved_model.load(str(run / "export"))
    given = tf.constant(SENTENCES)
    assert differing(loaded.signatures["serving_default"](text=given), server(given)) == []
    assert (
        differing(
            search(loaded.signatures["search"], SENTENCES), search(server.functions["search"], SENTENCES)
        )
        == []
    )


@every_cell()
def test_every_cell_is_exported_and_agrees_with_the_live_model(cell, tmp_path):
    import datasets
    from zoo import serving
    from zoo.config import RecurrentOptions
    from zoo.factory import recurrent_factory

    task = load_task("translation")
    sizes = {"examples": 20, "valid_examples": 2, "test_examples": 2}
    attention = "none" if cell == "keras_lstm" else "additive"
    options = task.options_type(
        embedding=4, attention=attention, decoder_layers=2, max_tokens=8, tokens="words"
    )
    prepared = task.prepare(datasets.load("microworld", task.fields, sizes | {"clauses": 1}), options, 4)
    recurrent = recurrent_factory(RecurrentOptions(cell=cell, units=3, bidirectional=cell != "mean"))
    server = task.serve(task.build(prepared, recurrent, options), prepared.learned)
    serving.save(server, tmp_path / "export")
    loaded = tf.saved_model.load(str(tmp_path / "export"))
    assert (
        differing(
            search(loaded.signatures["search"], SENTENCES), search(server.functions["search"], SENTENCES)
        )
        == []
    )


@pytest.mark.slow
def test_it_loads_with_plain_tensorflow(run: Path, elsewhere: Elsewhere) -> None:
    script = (
        "import tensorflow as tf\n"
        f"model = tf.saved_model.load({str(run / 'export')!r})\n"
        "answer = model.signatures['serving_default'](text=tf.constant(['The star.', '']))\n"
        "print(sorted(answer), answer['translation'].numpy()[1], answer['score'].numpy()[1])\n"
    )
    assert elsewhere.run(script).strip() == "['cut', 'score', 'translation'] b'' 0.0"


@pytest.mark.slow
def test_an_empty_batch(server):
    answer = server(tf.constant([], tf.string))
    assert all(value.shape[0] == 0 for value in answer.values())
    assert all(len(value) == 0 for value in search(server.functions["search"], []).values())


@pytest.mark.slow
def test_an_empty_sentence_is_answered_with_an_empty_one(server):
    answer = search(server.functions["search"], ["", " \n"], results=1)
    assert answer["translation"].tolist() == [[b""], [b""]]
    assert answer["score"].tolist() == [[0], [0]]
    assert not answer["cut"].any()


@pytest.mark.slow
def test_an_answer_does_not_depend_on_its_batch(server):
    together = search(server.functions["search"], SENTENCES)
    for row, sentence in enumerate(SENTENCES):
        alone = search(server.functions["search"], [sentence])
        for name in ("translation", "score", "cut", "log_probability"):
            assert differing({name: alone[name][0]}, {name: together[name][row]}) == []


@pytest.mark.slow
def test_the_search_is_by_the_models_own_numbers(run, server):
    """The log probability of a translation is what the model says of it under teacher forcing."""
    from zoo.data.subwords import END
    from zoo.stored_run import load_run
    from zoo.tasks.translation.task import Learned

    learned, model = load_run(run)
    assert isinstance(learned, Learned)
    answer = search(server.functions["search"], SENTENCES, width=5, results=2)
    numbers = {piece.encode(): n for n, piece in enumerate(learned.target.vocabulary, 4)}
    for row in (0, 2):
        source = tf.constant([[*learned.source(tf.constant([SENTENCES[row]]))[0].numpy()[:30], END]])
        memory, start = model.get_layer("encoder")(source, training=False)
        for rank in range(2):
            said = [numbers[token] for token in answer["tokens"][row, rank] if token]
            said += [] if answer["cut"][row, rank] else [END]
            expected = log_probability(model.get_layer("decoder"), said, start, memory, source != 0)
            assert answer["log_probability"][row, rank] == pytest.approx(expected, abs=1e-4)


@pytest.mark.slow
def test_what_was_looked_at_adds_up(server):
    answer = search(server.functions["search"], SENTENCES, results=1)
    for row in (0, 2, 3):
        written = int((answer["tokens"][row, 0] != b"").sum())
        read = int((answer["source_tokens"][row] != b"").sum()) + 1  # and the end
        weights = answer["attention"][row, 0]
        np.testing.assert_allclose(weights[:written].sum(axis=-1), 1, atol=1e-4)
        assert not weights[:, read:].any()


@pytest.mark.slow
def test_a_wider_beam_and_more_results(server):
    answer = search(server.functions["search"], SENTENCES, width=6, results=6)
    assert answer["translation"].shape == (4, 6)
    finite = np.where(np.isfinite(answer["score"]), answer["score"], -1e9)
    assert (np.diff(finite, axis=1) <= 0).all()
    one = search(server.functions["search"], SENTENCES, width=1, results=1, penalty=0.0)
    np.testing.assert_allclose(one["score"], one["log_probability"])


@pytest.mark.slow
def test_draws_follow_from_the_seed_and_the_row_alone(run, server):
    loaded = tf.saved_model.load(str(run / "export"))
    check_draws(loaded.signatures, server.functions, SENTENCES, "translation")


@pytest.mark.slow
def test_predict_draws_sentences(run, tmp_path):
    from zoo.predict import main

    out = tmp_path / "out.jsonl"
    done = call(main, run, SENTENCES[0], "--sampling", "--samples", "3", "--seed", "5", "--out", out)
    assert done.code == 0, done.err
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["sample"] for row in rows] == [1, 2, 3]
    assert len({row["translation"] for row in rows}) > 1


@pytest.mark.slow
def test_predict_translates_and_draws(run, tmp_path):
    from zoo.predict import main

    done = call(main, run, SENTENCES[0], "", "--attention", tmp_path / "map.png", "--beam", "3")
    assert done.code == 0, done.err
    assert done.out.startswith(SENTENCES[0] + "\n  → ")
    assert (tmp_path / "map.png").stat().st_size > 1000
    path = tmp_path / "in.txt"
    path.write_text("\n".join(SENTENCES[:3]))
    done = call(main, run, "--file", path, "--n-best", "2", "--beam", "4", "--out", tmp_path / "out.jsonl")
    assert done.code == 0, done.err
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [(row["text"], row["rank"]) for row in rows if row["text"]] == [
        (SENTENCES[n], rank) for n in (0, 2) for rank in (1, 2)
    ]
    assert all(set(row) == {"text", "translation", "score", "cut", "rank"} for row in rows)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--attention", "map.txt"), "--attention map.txt: the name must end in .png, .svg, .pdf"),
        (("--attention", "/nowhere/map.png"), "--attention /nowhere/map.png: there is no folder /nowhere"),
        (("--beam", "2", "--n-best", "3"), "--n-best 3: a beam of 2 has no more; give --beam"),
        (("--sampling", "--beam", "2"), "--sampling draws and does not search; leave out --beam"),
        (("--samples", "2"), "--samples 2: give --sampling too"),
        (("--score",), "--score is an option of language_model"),
    ],
)
def test_predict_tells_what_it_cannot(run, options, message):
    from zoo.predict import main

    done = call(main, run, "The star.", *options)
    assert done.code != 0
    assert message in done.err
    assert len(done.err.strip().splitlines()) == 1


@pytest.mark.slow
def test_examples_of_a_data_set_are_answered_when_they_are_given_as_a_user_gives_them(server, tmp_path):
    task = load_task("translation")
    inputs = task.input_kind.examples([{"source": one, "target": ""} for one in SENTENCES], tmp_path)
    rows = task.answer(server, inputs, AnswerOptions())
    assert [row["text"] for row in rows] == SENTENCES
