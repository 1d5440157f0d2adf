"""Captioning with networks of keras.applications: a small one stands in their place."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from datasets.errors import UserError
from datasets.formats.images import write_image
from tests.zoo.conftest import call
from tests.zoo.tasks.captioning.toy import dataset, examples, features
from tests.zoo.tasks.small_network import put_in_its_place, small
from zoo.config import RecurrentOptions, TrainingOptions
from zoo.data.images import Resizer
from zoo.factory import recurrent_factory
from zoo.layers import applications
from zoo.tasks.captioning.learned import Learned
from zoo.tasks.captioning.model import grid_of, seen
from zoo.tasks.captioning.task import TASK, Options
from zoo.training.loop import Trainer

#: Networks of keras.applications are built, which takes seconds each.
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def in_its_place(monkeypatch):
    put_in_its_place(monkeypatch)


def prepared(data=None, **options):
    settings = {"min_count": 1, "embedding": 4, "encoder": "resnet50", "image_size": 32, **options}
    return TASK.prepare(data or dataset(examples(8), examples(4, "v")), Options(**settings), 6)


def trainer(ready, units: int = 3, **training) -> Trainer:
    recurrent = recurrent_factory(RecurrentOptions(cell="gru", units=units, engine="loop"))
    settings = TrainingOptions(average=0, **training)
    return Trainer(lambda: TASK.build(ready, recurrent, ready.learned.options), TASK.loss, settings)


def network(model: keras.Model) -> keras.Model:
    return model.get_layer("encoder").get_layer("image_encoder").network


def test_features_of_a_frozen_network_stand_in_place_of_images():
    ready = prepared(encoder_weights="imagenet")
    assert (ready.learned.shape, ready.learned.pixels) == ((32, 32, 3), True)
    assert (ready.train.images.dtype, ready.train.images.shape) == (np.float32, (8, 2, 2, 7))
    pixels = Resizer((32, 32)).table((one["image"] for one in examples(8)), 8)
    np.testing.assert_allclose(ready.train.images, ready.train.pretrained(pixels), atol=1e-5)
    assert ready.train.pixels is None
    np.testing.assert_array_equal(ready.valid.given, pixels[:4])
    assert "encoder: resnet50, frozen; its features are computed once: 2 x 2 x 7" in "\n".join(ready.notes)


@pytest.mark.parametrize("options", [{}, {"encoder_weights": "imagenet", "encoder_trainable": True}])
def test_a_network_that_is_trained_along_sees_pixels(options):
    ready = prepared(**options)
    assert ready.train.images.dtype == ready.valid.given.dtype == np.uint8
    assert "encoder: resnet50, trained along" in ready.notes


def test_images_are_as_large_as_such_a_network_needs_them():
    assert prepared(image_size=0).train.images.shape == (8, applications.SIDE, applications.SIDE, 3)
    with pytest.raises(UserError, match="--image-size 16 is too small for resnet50, the least is 32"):
        prepared(image_size=16)


def test_features_of_another_network_need_none():
    with pytest.raises(UserError, match="--encoder resnet50 needs images, and these are features"):
        prepared(dataset(features((2, 4, 2)), features((2, 4, 2), prefix="v")))


@pytest.mark.parametrize(("frozen", "attention"), [(True, "none"), (False, "general")])
def test_training_changes_a_network_unless_it_is_frozen(frozen, attention):
    ready = prepared(encoder_weights="imagenet", encoder_trainable=not frozen, attention=attention)
    training = trainer(ready)
    weights = network(training.model).get_weights()
    for given, own in zip(ready.train.pretrained.network.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(given, own)
    others = [v.numpy() for v in training.model.get_layer("decoder").trainable_variables]
    training.step(ready.train.load(ready.train.plan([0])[0]))
    changed = [
        (old != new).any() for old, new in zip(weights, network(training.model).get_weights(), strict=True)
    ]
    assert not any(changed) if frozen else all(changed)
    for old, variable in zip(others, training.model.get_layer("decoder").trainable_variables, strict=True):
        assert (variable.numpy() != old).any()


def test_random_weights_follow_from_the_seed_of_the_run():
    ready = prepared()
    kernels = [network(trainer(ready, seed=seed).model).get_weights()[0] for seed in (1, 1, 2)]
    np.testing.assert_array_equal(kernels[0], kernels[1])
    assert (kernels[0] != kernels[2]).any()


def test_pixels_and_the_features_kept_of_them_tell_the_same():
    ready = prepared(encoder_weights="imagenet")
    encoder = trainer(ready).model.get_layer("encoder")
    assert grid_of(encoder) == (2, 2)
    expected = encoder(ready.valid.images)
    found = encoder(seen(encoder, tf.constant(ready.valid.pixels)))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_a_run_goes_on_only_with_the_same_weights():
    ready = prepared(encoder_weights="imagenet")
    stored = ready.learned.to_json()
    assert stored == ready.learned.to_json()
    assert (
        stored["encoder_weights"] != prepared(encoder_weights="imagenet").learned.to_json()["encoder_weights"]
    )
    assert "encoder_weights" not in prepared().learned.to_json()


def test_the_search_and_the_pictures_see_the_images_and_their_likeness_is_that_of_features():
    rows = examples(5, true=True)  # the last one looks like the first
    ready = prepared(dataset(rows, rows), encoder_weights="imagenet", beam=1, max_tokens=6)
    model = trainer(ready).model
    found = TASK.finish(ready.learned, model, lambda: TASK.serve(model, ready.learned), ready.valid, {})
    scores = [one["score"] for one in found["captions"]]
    assert scores[0] == pytest.approx(scores[4], abs=1e-5)
    assert len({round(score, 4) for score in scores}) == 4
    assert set(TASK.pictures(ready.learned, found, ready.valid)) == {"captions.png", "attention.png"}
    assert TASK.baselines(ready)(ready.valid)["nearest training image"]["true"] == 1


def test_a_run_is_saved_exported_and_asked(tmp_path):
    from zoo.predict import main as predict
    from zoo.run import main
    from zoo.stored_run import load_run

    file, run, image = tmp_path / "its.weights.h5", tmp_path / "run", tmp_path / "a.png"
    small(False, (64, 64, 3)).save_weights(file)
    done = call(
        main, "captioning", "--cell", "gru", "--out", run, "--export", "--encoder", "resnet50",
        "--encoder-weights", file, "--image-size", "32", "--units", "4", "--embedding", "4", "--epochs", "1",
        "--examples", "16", "--valid-examples", "2", "--test-examples", "2", "--side", "32", "--engine", "loop",
        "--max-tokens", "12", "--decoder-layers", "1", "--beam", "1",
    )  # fmt: skip
    assert done.code == 0, done.err
    file.unlink()  # the run holds the network
    pixels = np.random.default_rng(0).integers(0, 256, (2, 20, 33, 3), np.uint8)
    write_image(pixels[0], image)
    learned, model = load_run(run)
    assert isinstance(learned, Learned)
    live = TASK.serve(model, learned)(tf.constant(pixels))
    loaded = tf.saved_model.load(str(run / "export")).signatures["serving_default"](image=tf.constant(pixels))
    assert (live["caption"].numpy() == loaded["caption"].numpy()).all()
    np.testing.assert_allclose(live["score"], loaded["score"], atol=1e-5)
    told = call(predict, run, image)
    assert told.code == 0, told.err
    assert f"({float(loaded['score'][0]):.3f}" in told.out
