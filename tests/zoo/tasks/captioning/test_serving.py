"""A trained captioner as a SavedModel: images of any size in, captions out, and the same numbers as the live model."""

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
from tests.zoo.generation.signature_calls import check_draws, log_probability, search
from tests.zoo.running import every_cell
from tests.zoo.tasks.captioning.toy import dataset, examples, features
from zoo.predict import main as predict
from zoo.serving import Server
from zoo.tasks.base import load_task

#: It trains and exports runs; of the tasks that answer with sentences, translation does so in the quick tests.
pytestmark = pytest.mark.slow

TASK = load_task("captioning")
SMALL = (
    *("--units", "8", "--embedding", "8", "--channels", "4", "6", "--epochs", "2", "--batch-size", "16"),
    *("--examples", "40", "--valid-examples", "4", "--test-examples", "8", "--side", "32"),
    *("--learning-rate", "0.02", "--average", "0", "--engine", "loop", "--max-tokens", "20"),
    *("--decoder-layers", "1"),
)
IMAGES = np.random.default_rng(0).integers(0, 256, (4, 20, 33, 3), np.uint8)


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """A captioner that has hardly learnt: what is shown here are mechanics."""
    from zoo.run import main

    out = tmp_path_factory.mktemp("captioner") / "run"
    done = call(main, "captioning", "--cell", "gru", "--out", out, "--export", *SMALL)
    assert done.code == 0, done.err
    return out


@pytest.fixture(scope="module")
def loaded_run(run):
    from zoo.stored_run import load_run

    return load_run(run)


@pytest.fixture(scope="module")
def server(loaded_run):
    learned, model = loaded_run
    return TASK.serve(model, learned)


def test_a_finished_run_tells_all(run):
    metrics = json.loads((run / "metrics.json").read_text())
    scores = {"bleu_1", "bleu_2", "bleu_3", "bleu_4", "chrf", "cider", "exact", "true", "cut"}
    assert scores | {"perplexity", "accuracy", "probability", "loss"} == set(metrics["test"])
    assert set(metrics["baselines"]) == {"nearest training image", "one person"}
    assert metrics["baselines"]["one person"]["test"]["bleu_4"] > 0
    assert metrics["ceiling"] == {"true": 1.0}
    assert len(metrics["details"]["samples"]) == 8
    assert read_image(run / "captions.png").shape[1] > 1000
    assert read_image(run / "attention.png").shape[1] > 300
    assert "bleu" not in (run / "history.csv").read_text()  # the search runs once, at the end


def test_the_loaded_model_answers_as_the_live_one(run, server):
    loaded = tf.saved_model.load(str(run / "export"))
    given = tf.constant(IMAGES)
    assert differing(loaded.signatures["serving_default"](image=given), server(given)) == []
    assert (
        differing(search(loaded.signatures["search"], IMAGES), search(server.functions["search"], IMAGES))
        == []
    )
    assert loaded.signatures["shape"]()["shape"].numpy().tolist() == [32, 32, 3]


@every_cell()
def test_a_model_of_features_is_exported_with_every_cell(cell, tmp_path):
    from zoo import serving
    from zoo.config import RecurrentOptions
    from zoo.factory import recurrent_factory

    options = TASK.options_type(embedding=4, attention="additive", max_tokens=6, min_count=1)
    shape = (2, 4, 2)
    prepared = TASK.prepare(dataset(features(shape), features(shape, prefix="v")), options, 4)
    model = TASK.build(prepared, recurrent_factory(RecurrentOptions(cell=cell, units=3)), options)
    server = TASK.serve(model, prepared.learned)
    serving.save(server, tmp_path / "export")
    loaded = tf.saved_model.load(str(tmp_path / "export"))
    given = prepared.valid.images
    found, expected = (search(one["search"], given) for one in (loaded.signatures, server.functions))
    assert differing(found, expected) == []
    nothing = loaded.signatures["serving_default"](features=tf.zeros((0, *shape)))
    assert nothing["caption"].shape == (0,)


def test_it_answers_where_this_repository_is_not(
    run: Path, server: Server, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    np.save(tmp_path / "images.npy", IMAGES)
    script = (
        "import json, numpy as np, tensorflow as tf\n"
        f"model = tf.saved_model.load({str(run / 'export')!r})\n"
        f"images = tf.constant(np.load({str(tmp_path / 'images.npy')!r}))\n"
        "answer = model.signatures['serving_default'](image=images)\n"
        "print(json.dumps([answer['caption'].numpy().astype(str).tolist(), answer['score'].numpy().tolist()]))\n"
    )
    captions, scores = json.loads(elsewhere.run(script))
    live = server(tf.constant(IMAGES))
    assert captions == live["caption"].numpy().astype(str).tolist()
    np.testing.assert_allclose(scores, live["score"], atol=1e-5)


@pytest.mark.parametrize("shape", [(0, 20, 33, 3), (0, 0, 0, 3)])
def test_an_empty_batch(server, shape):
    images = np.zeros(shape, np.uint8)
    assert all(value.shape[0] == 0 for value in server(tf.constant(images)).values())
    assert all(len(value) == 0 for value in search(server.functions["search"], images).values())


def test_draws_follow_from_the_seed_and_the_row_alone(run, server):
    loaded = tf.saved_model.load(str(run / "export"))
    check_draws(loaded.signatures, server.functions, IMAGES, "caption")


def test_an_answer_does_not_depend_on_its_batch(server):
    together = search(server.functions["search"], IMAGES)
    for row in range(4):
        alone = search(server.functions["search"], IMAGES[row : row + 1])
        for name in ("caption", "score", "cut", "log_probability"):
            assert differing({name: alone[name][0]}, {name: together[name][row]}) == []


def test_the_search_is_by_the_models_own_numbers(loaded_run, server):
    """The log probability of a caption is what the model says of it under teacher forcing, in its own image size."""
    from zoo.data.images import Resizer
    from zoo.data.subwords import END

    learned, model = loaded_run
    answer = search(server.functions["search"], IMAGES, width=5, results=2)
    numbers = {piece.encode(): n for n, piece in enumerate(learned.tokenizer.vocabulary, 4)}
    for row in (0, 3):
        memory, start = model.get_layer("encoder")(
            Resizer(learned.shape[:2])(IMAGES[row])[None], training=False
        )
        for rank in range(2):
            said = [numbers[token] for token in answer["tokens"][row, rank] if token]
            said += [] if answer["cut"][row, rank] else [END]
            expected = log_probability(model.get_layer("decoder"), said, start, memory)
            assert answer["log_probability"][row, rank] == pytest.approx(expected, abs=1e-4)


def test_what_was_looked_at_adds_up(server):
    answer = search(server.functions["search"], IMAGES, results=1)
    for row in range(4):
        written = int((answer["tokens"][row, 0] != b"").sum())
        weights = answer["attention"][row, 0]
        assert weights.shape[1:] == (8, 8)
        np.testing.assert_allclose(weights[:written].sum(axis=(1, 2)), 1, atol=1e-4)


# ------------------------------------------------------------------------------------------ predict


@pytest.fixture
def photos(tmp_path) -> list[str]:
    paths = [tmp_path / "a.png", tmp_path / "b.png"]
    write_image(IMAGES[0], paths[0])
    write_image(examples(1)[0]["image"].read(), paths[1])
    return [str(path) for path in paths]


def test_predict_describes_images_and_draws_where_it_looked(run, server, photos, tmp_path):
    maps = tmp_path / "maps.png"
    done = call(predict, run, *photos, "--attention", maps)
    assert done.code == 0, done.err
    caption = server(tf.constant(IMAGES[:1]))["caption"].numpy()[0].decode()
    assert done.out.startswith(f"{photos[0]}\n  → {caption}  (")
    assert f"\n{photos[1]}\n  → " in done.out
    assert read_image(maps).shape[1] > 200


def test_a_file_of_images(run, photos, tmp_path):
    (tmp_path / "images.txt").write_text("a.png\n\nb.png\n")
    (tmp_path / "images.csv").write_text("file_name,other\nb.png,1\na.png,2\n")
    for name, order in (("images.txt", [0, 1]), ("images.csv", [1, 0])):
        out = tmp_path / "out.jsonl"
        done = call(predict, run, "--file", tmp_path / name, "--n-best", "2", "--out", out)
        assert done.code == 0, done.err
        rows = [json.loads(line) for line in out.read_text().splitlines()]
        assert [(row["image"], row["rank"]) for row in rows] == [
            (photos[n], rank) for n in order for rank in (1, 2)
        ]
        assert set(rows[0]) == {"image", "caption", "score", "cut", "rank"}


def told(*arguments: object) -> str:
    done = call(predict, *arguments)
    assert (done.code != 0, done.out) == (True, ""), done.err
    assert done.err.count("\n") == 1
    return done.err


def test_what_is_wrong_is_told(run, photos, tmp_path):
    (tmp_path / "text.png").write_text("no image")
    assert "none.png: there is no such image" in told(run, "none.png")
    assert "text.png: is no image that can be read" in told(run, photos[0], tmp_path / "text.png")
    assert "was trained on images and takes none of their features" in told(run, "x.npz")
    assert "the name must end in .png, .svg, .pdf" in told(run, photos[0], "--attention", "a.txt")
    assert "a.png: there is no folder" in told(run, photos[0], "--attention", tmp_path / "none" / "a.png")
    assert "--n-best 3: a beam of 2 has no more" in told(run, photos[0], "--beam", "2", "--n-best", "3")
    assert "--n-bets" in told(run, photos[0], "--n-bets", "3")
    assert "none.txt: is not a file" in told(run, "--file", tmp_path / "none.txt")


@pytest.fixture(scope="module")
def of_features(tmp_path_factory) -> Path:
    """A run on vectors: they have no parts to attend to."""
    from zoo.run import main

    folder = tmp_path_factory.mktemp("features")
    rows = features((2,), 12)
    table = np.stack([one["image"].read() for one in rows])
    np.savez(folder / "all.npz", names=[one["image"].name for one in rows], features=table)
    lines = [f"{one['image'].name},{caption}" for one in rows for caption in one["captions"]]
    (folder / "captions.csv").write_text("\n".join(["image,caption", *lines]))
    given = ("--dataset", folder / "captions.csv", "--features", folder / "all.npz")
    small = (
        *("--units", "4", "--embedding", "4", "--epochs", "1", "--valid-fraction", "0.3"),
        *("--decoder-layers", "1"),
    )
    done = call(main, "captioning", "--cell", "gru", "--out", folder / "run", *given, *small)
    assert done.code == 0, done.err
    return folder


def test_features_are_described_by_name(of_features, photos, tmp_path):
    done = call(predict, of_features / "run", of_features / "all.npz")
    assert done.code == 0, done.err
    assert not (of_features / "run/attention.png").exists(), "a vector has no parts to look at"
    assert [line for line in done.out.splitlines() if not line.startswith("  ")] == [
        f"p{n}" for n in range(12)
    ]
    np.savez(tmp_path / "wide.npz", names=["x"], features=np.zeros((1, 3)))
    run = of_features / "run"
    assert "wide.npz: x: features of shape 3, where the model's are 2" in told(run, tmp_path / "wide.npz")
    assert "was trained on features; give a .npz file" in told(run, photos[0])
    assert "this model has no attention" in told(run, of_features / "all.npz", "--attention", "a.png")


def test_examples_of_a_data_set_are_answered_when_they_are_given_as_a_user_gives_them(server, tmp_path):
    given = TASK.input_kind.examples(examples(), tmp_path)
    rows = TASK.answer(server, given, TASK.answer_options())
    assert [row["image"] for row in rows] == given
