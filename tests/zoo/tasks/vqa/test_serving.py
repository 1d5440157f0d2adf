"""A trained model of questions about images as a SavedModel: images of any size in, answers out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from datasets.formats.images import read_image, write_image
from tests.zoo.answers import differing
from tests.zoo.conftest import call
from tests.zoo.elsewhere import Elsewhere
from tests.zoo.running import every_cell
from tests.zoo.tasks.vqa.toy import dataset, pictures
from zoo.predict import main as predict
from zoo.serving import Server
from zoo.tasks.base import load_task

#: It trains and exports runs, as the tests of the sentiment task do, which are quick.
pytestmark = pytest.mark.slow

SMALL = (
    *("--units", "4", "--embedding", "4", "--channels", "4", "6", "--attention-units", "6", "--epochs", "1"),
    *("--examples", "20", "--valid-examples", "4", "--test-examples", "12", "--side", "32"),
)
QUESTIONS = ["Is there a red circle?", "", "Zzz \x00 다람쥐?", "what " * 90]
IMAGES = np.random.default_rng(0).integers(0, 256, (4, 20, 33, 3), np.uint8)


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    from zoo.run import main

    out = tmp_path_factory.mktemp("vqa") / "run"
    done = call(main, "vqa", "--cell", "gru", "--out", out, "--export", *SMALL)
    assert done.code == 0, done.err
    return out


@pytest.fixture(scope="module")
def server(run: Path) -> Server:
    from zoo.stored_run import load_run

    learned, model = load_run(run)
    return load_task("vqa").serve(model, learned)


def test_a_run_leaves_scores_a_contact_sheet_and_rows(run):
    metrics = json.loads((run / "metrics.json").read_text())
    assert set(metrics["baselines"]) == {
        "majority",
        "question only",
        "bag of words",
        "bag of words, no image",
    }
    assert set(metrics["details"]["kinds"]) == {"exists", "colour", "shape", "count", "side", "contrast"}
    assert {"accuracy", "macro_f1", "loss"} <= set(metrics["test"])
    assert read_image(run / "answers.png").shape[1] > 500


@every_cell()
def test_every_cell_is_exported_and_agrees_with_the_live_model(cell, tmp_path):
    from zoo import serving
    from zoo.config import RecurrentOptions
    from zoo.factory import recurrent_factory

    task = load_task("vqa")
    options = task.options_type(channels=(4, 6), attention_units=6, embedding=4)
    prepared = task.prepare(dataset(), options, 4)
    recurrent = recurrent_factory(RecurrentOptions(cell=cell, units=4))
    server = task.serve(task.build(prepared, recurrent, options), prepared.learned)
    serving.save(server, tmp_path / "export")
    loaded = tf.saved_model.load(str(tmp_path / "export"))
    given = tf.constant(IMAGES), tf.constant(QUESTIONS)
    found = loaded.signatures["serving_default"](image=given[0], question=given[1])
    assert differing(found, server(*given)) == []


def test_the_answer_is_the_models_own_for_any_size_and_batch(run: Path, server: Server) -> None:
    from zoo.data.images import Resizer
    from zoo.stored_run import load_run
    from zoo.tasks.vqa.task import Learned

    learned, model = load_run(run)
    assert isinstance(learned, Learned)
    answers = server(tf.constant(IMAGES), tf.constant(QUESTIONS))
    table = np.stack([Resizer(learned.size)(image) for image in IMAGES])
    tokens = learned.encoder(tf.constant(QUESTIONS)).numpy()
    logits = model({"tokens": tokens, "image": np.arange(4, dtype=np.int32), "images": table})["logits"]
    np.testing.assert_allclose(answers["probabilities"], tf.nn.softmax(logits), atol=1e-5)
    for n in range(4):
        alone = server(tf.constant(IMAGES[n : n + 1]), tf.constant(QUESTIONS[n : n + 1]))
        assert differing(alone, {name: value[n : n + 1] for name, value in answers.items()}) == []
    for shape in ((0, 20, 33, 3), (0, 0, 0, 3)):
        nothing = server(tf.zeros(shape, tf.uint8), tf.constant([], tf.string))
        assert nothing["answer"].shape == (0,)
        assert nothing["probabilities"].shape == (0, 22)


def test_it_answers_where_this_repository_is_not(
    run: Path, server: Server, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    np.save(tmp_path / "images.npy", IMAGES)
    code = (
        "import json, numpy as np, tensorflow as tf;"
        f"m = tf.saved_model.load({str(run / 'export')!r});"
        f"x = tf.constant(np.load({str(tmp_path / 'images.npy')!r}));"
        f"a = m.signatures['serving_default'](image=x, question=tf.constant({QUESTIONS!r}));"
        "print(json.dumps([a['answer'].numpy().astype(str).tolist(), a['probabilities'].numpy().tolist(),"
        " a['attention'].numpy().tolist(), a['score'].numpy().tolist()]))"
    )
    answer, probabilities, attention, score = json.loads(elsewhere.run(code))
    found = {
        "answer": np.array(answer, bytes),
        "probabilities": probabilities,
        "attention": attention,
        "score": score,
    }
    assert differing(found, server(tf.constant(IMAGES), tf.constant(QUESTIONS))) == []


# ------------------------------------------------------------------------------------------ predict


@pytest.fixture
def photos(tmp_path) -> list[str]:
    paths = [tmp_path / "a.png", tmp_path / "b.png"]
    write_image(IMAGES[0], paths[0])
    write_image(pictures(1)[0].read(), paths[1])
    return [str(path) for path in paths]


def test_images_and_questions_by_turns_with_a_picture_of_attention(run, photos, tmp_path):
    maps = tmp_path / "maps.png"
    done = call(predict, run, photos[0], "Is it red?", photos[1], "", "--attention", maps)
    assert done.code == 0, done.err
    assert done.out.count("\n") == 3
    assert read_image(maps).shape[1] > 100


def test_a_file_of_images_and_questions(run: Path, server: Server, photos: list[str], tmp_path: Path) -> None:
    (tmp_path / "q.csv").write_text("picture,question\na.png,Is it red?\nb.png,What is it?\na.png,\n")
    (tmp_path / "q.jsonl").write_text('{"image": "a.png", "asked": "Is it red?"}\n')
    done = call(predict, run, "--file", tmp_path / "q.csv", "--out", tmp_path / "out.jsonl")
    assert done.code == 0, done.err
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [Path(row["image"]).name for row in rows] == ["a.png", "b.png", "a.png"]
    expected = server(tf.constant(read_image(Path(photos[0]))[None]), tf.constant(["Is it red?"]))
    assert rows[0]["answer"] == expected["answer"].numpy()[0].decode()
    assert rows[0]["score"] == pytest.approx(float(expected["score"][0]), abs=1e-5)
    assert call(predict, run, "--file", tmp_path / "q.jsonl", "--column", "asked").code == 0


def told(*arguments: object) -> str:
    done = call(predict, *arguments)
    assert (done.code, done.out) == (2, ""), done.err
    assert done.err.count("\n") == 1
    return done.err


def test_what_is_wrong_is_told(run, photos, tmp_path):
    (tmp_path / "text.png").write_text("no image")
    assert "none.png: there is no such image" in told(run, "none.png", "what?")
    assert "text.png: is no image that can be read" in told(run, tmp_path / "text.png", "what?")
    assert "give an image and a question by turns" in told(run, photos[0])
    assert "the name must end in .png, .svg, .pdf" in told(run, photos[0], "?", "--attention", "a.txt")
    assert "there is no folder" in told(run, photos[0], "?", "--attention", tmp_path / "none" / "a.png")
    (tmp_path / "q.csv").write_text("image\na.png\n")
    assert "no column for the question" in told(run, "--file", tmp_path / "q.csv")


def test_examples_of_a_data_set_are_answered_when_they_are_given_as_a_user_gives_them(
    server: Server, tmp_path: Path
) -> None:
    task = load_task("vqa")
    given = task.input_kind.examples(list(dataset().valid), tmp_path)
    rows = task.answer(server, given, task.answer_options())
    assert [(row["image"], row["question"]) for row in rows] == given
