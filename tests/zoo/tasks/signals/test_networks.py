"""Moving pictures that a network of keras.applications reads: a small one stands in its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from datasets.errors import UserError
from datasets.formats.images import write_image
from tests.zoo.conftest import call
from tests.zoo.tasks.signals.toy import built, dataset, prepared
from tests.zoo.tasks.small_network import put_in_its_place, small
from zoo.data.images import resize
from zoo.predict import main as predict
from zoo.run import main as run
from zoo.stored_types import check
from zoo.tasks.base import Prepared
from zoo.tasks.signals.networks import in_model
from zoo.tasks.signals.options import Options
from zoo.tasks.signals.task import TASK


@pytest.fixture(autouse=True)
def in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    put_in_its_place(monkeypatch)


ENCODER: Any = {"encoder": "resnet50", "encoder_weights": "imagenet", "image_size": 32}


def ready_made(**options: Any) -> Prepared[Any, Any]:
    return prepared("frames", **{**ENCODER, **options})


def frames_of(number: int) -> tf.Tensor:
    """Of a training movie, `(1, time, 12, 16, 3)`."""
    return tf.constant(list(dataset("frames").train)[number]["signal"].read(10.0)[None])


def test_each_frame_is_a_vector_of_means_and_maxima() -> None:
    ready = ready_made()
    assert ready.train.sequences.values.shape[1:] == (10,)
    assert ready.learned.size == (32, 32)
    assert "steps of 10, made by resnet50, which is not trained, 0 MB in memory" in ready.notes[0]
    images = resize(frames_of(1)[0], (32, 32))
    grid = ready.train.network.encoder(images).numpy()[..., :5]
    expected = np.concatenate([grid.mean(axis=(1, 2)), grid.max(axis=(1, 2))], axis=-1)
    first, last = ready.train.sequences.offsets[1:3]
    np.testing.assert_allclose(ready.train.sequences.values[first:last], expected, atol=1e-5)


@pytest.mark.parametrize("bidirectional", [True, False])
def test_frames_are_answered_as_their_vectors_are(bidirectional: bool) -> None:
    ready = ready_made(stride=1)
    model = built(ready, bidirectional=bidirectional, stride=1)
    batch = ready.train.sequences.pad(np.array([1]), 4)
    logits = model({"vectors": batch, "mask": np.ones((1, 4), bool)})
    server = TASK.serve(model, ready.learned)
    frames = frames_of(1)
    found = server(frames, tf.constant([4]))["probabilities"]
    np.testing.assert_allclose(found, keras.ops.softmax(logits), atol=1e-5)
    if not bidirectional:
        states = server.functions["init_state"](tf.constant(1))
        for piece in (frames[:, :1], frames[:, 1:]):
            answer = server.functions["step"](piece, *states.values())
            states = {name: answer[name] for name in states}
        np.testing.assert_allclose(answer["probabilities"], found, atol=1e-5)


def test_the_network_is_not_trained_and_each_model_has_its_own() -> None:
    ready = ready_made()
    models = [built(ready) for _ in range(2)]
    given = ready.train.network.encoder.network.get_weights()
    for model in models:
        for one, other in zip(given, in_model(model).encoder.network.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)
    assert not in_model(models[0]).trainable_variables
    assert in_model(models[0]).encoder.network is not in_model(models[1]).encoder.network


def test_a_run_goes_on_only_with_the_same_weights(tmp_path: Path) -> None:
    ready, other = (ready_made(cache=str(tmp_path)) for _ in range(2))
    stored = json.loads(json.dumps(ready.learned.to_json()))
    check(TASK.restore(stored, Options()), stored)
    assert stored["encoder_weights"] != other.learned.to_json()["encoder_weights"]
    assert len(list(tmp_path.glob("*.features"))) == 4  # of each network train and dev
    assert "encoder_weights" not in prepared("frames").learned.to_json()


@pytest.mark.parametrize(
    ("kind", "options", "problem"),
    [
        (
            "frames",
            {"encoder_weights": "none"},
            "--encoder resnet50 is not trained here and would keep random",
        ),
        ("frames", {"encoder_weights": "no.weights.h5"}, r"no\.weights\.h5: no such file"),
        ("frames", {"encoder": "small"}, "leave out --encoder-weights"),
        ("frames", {"image_size": 8}, "--image-size 8 is too small for resnet50"),
        ("sound", {}, "--encoder resnet50 needs moving pictures, and these are sound"),
    ],
)
def test_what_does_not_go_together_is_refused(kind: str, options: Any, problem: str) -> None:
    with pytest.raises(UserError, match=problem):
        prepared(kind, **{**ENCODER, **options})


@pytest.mark.slow
def test_a_run_is_saved_and_asked_without_the_file_of_weights(tmp_path: Path) -> None:
    file, out = tmp_path / "its.weights.h5", tmp_path / "run"
    small(False, (64, 64, 3)).save_weights(file)
    done = call(
        run, "signals", "--kind", "frames", "--out", out, "--export", "--encoder", "resnet50",
        "--encoder-weights", file, "--image-size", "32", "--units", "4", "--filters", "6", "--epochs", "1",
        "--least-steps", "1", "--no-dtw", "--engine", "loop",
        "--examples", "16", "--valid-examples", "8", "--test-examples", "8",
    )  # fmt: skip
    assert done.code == 0, done.err
    file.unlink()  # the run holds the network
    movie = tmp_path / "movie"
    movie.mkdir()
    for n in range(5):
        write_image(np.full((20, 30, 3), 40 * n, np.uint8), movie / f"{n}.png")
    answered = call(predict, out, movie)
    assert answered.code == 0, answered.err
    assert "clockwise" in answered.out
