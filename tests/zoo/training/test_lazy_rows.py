from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.zoo.training.toy_training import same, squares, trainer, weights
from zoo.layers.embedding import Embedding
from zoo.tasks.base import Batch
from zoo.training import lazy_rows
from zoo.training.loop import Trainer
from zoo.training.schedule import learning_rate

ROWS = 60
EVERY_STEP, RARE = 4, 30  # rows below the one come in every batch, those from the other on hardly ever


def texts(layer=Embedding, reads: int = 1):
    tokens = keras.Input((None,), dtype="int32", name="x")
    embedding = layer(ROWS, 3, embeddings_initializer=keras.initializers.RandomNormal(seed=2))
    parts = [embedding(tokens if n == 0 else tokens[:, ::-1] // 2) for n in range(reads)]
    pooled = keras.layers.GlobalAveragePooling1D()(sum(parts[1:], parts[0]) ** 2)
    output = keras.layers.Dense(1, name="dense", kernel_initializer=keras.initializers.GlorotUniform(seed=1))
    return keras.Model({"x": tokens}, output(pooled))


def gradients_without_feedback(reads: int = 1):
    """With `products`: nothing here makes a rounding of one step larger in the next."""
    tokens = keras.Input((None,), dtype="int32", name="x")
    embedding = Embedding(ROWS, 3, embeddings_initializer=keras.initializers.RandomNormal(seed=2))
    parts = [embedding(tokens if n == 0 else tokens[:, ::-1] // 2) for n in range(reads)]
    constant = keras.layers.Dense(1)(0 * keras.ops.sum(parts[0], axis=1))
    return keras.Model({"x": tokens}, keras.ops.sum(sum(parts[1:], parts[0]), axis=1) + constant)


def products(targets, predictions):
    return tf.reduce_sum(predictions, axis=-1) * tf.cast(targets, predictions.dtype)


def batch(step: int) -> Batch:
    """Some rows in every batch, some now and then, some once, one never."""
    draw = np.random.default_rng(step)
    tokens = draw.integers(0, RARE if step % 25 else ROWS - 1, (4, 6))
    tokens[:, 0] = draw.integers(0, EVERY_STEP, 4)
    return Batch({"x": tokens.astype("int32")}, draw.normal(size=4).astype("float32"), np.ones(4, np.float32))


def make(lazy: bool, build=texts, loss=squares, **options) -> Trainer:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lazy_rows, "LEAST_ROWS", 0 if lazy else ROWS + 1)
        settings = {"average": 0.99, "clip": 0.05, "learning_rate": 0.01, "epochs": 4, **options}
        one = trainer(build, loss, **settings)
    assert bool(one.tables) is lazy
    return one


def train(one: Trainer, steps: range) -> list[tuple[float, float]]:
    told = []
    for step in steps:
        one.optimizer.learning_rate = learning_rate(one.options, step / 150, step)
        told.append(one.step(batch(step)))
    return told


@pytest.fixture
def policy(request):
    keras.mixed_precision.set_global_policy(request.param)
    yield request.param
    keras.mixed_precision.set_global_policy("float32")


def same_to_1e6(one: Trainer, other: Trainer) -> bool:
    return all(np.abs(a - b).max() < 1e-6 for a, b in zip(weights(one), weights(other), strict=True))


@pytest.mark.parametrize(
    ("policy", "build", "loss", "reads", "average", "steps"),
    [
        ("float64", texts, squares, 1, 0.99, 400),
        ("float64", texts, squares, 2, 0.0, 60),
        ("float32", gradients_without_feedback, products, 2, 0.99, 400),
    ],
    indirect=["policy"],
)
def test_the_numbers_are_those_of_the_dense_update(policy, build, loss, reads, average, steps):
    """Over more steps than a row may miss, with warm-up, decay and clipping."""
    options = {"precision": policy, "average": average, "warm_up": 40, "decay": "cosine"}
    dense, lazy = (make(kind, lambda: build(reads=reads), loss, **options) for kind in (False, True))
    before = weights(dense)
    told = [train(one, range(steps)) for one in (dense, lazy)]
    np.testing.assert_allclose(told[1], told[0], rtol=1e-4, atol=1e-6)
    assert max(norm for _, norm in told[0]) > dense.options.clip
    with dense.averaged(), lazy.averaged():
        assert same_to_1e6(dense, lazy)
    assert same_to_1e6(dense, lazy)
    assert np.abs(weights(dense)[0] - before[0]).max() > 0.01


def test_mixed_precision_learns_the_rows_in_float32():
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        one = make(True, precision="mixed_bfloat16")
        assert all(np.isfinite(train(one, range(3))).ravel())
        assert one.model.layers[1].embeddings.dtype == "float32"
    finally:
        keras.mixed_precision.set_global_policy("float32")


def test_a_step_writes_the_rows_that_it_reads_and_no_other():
    one = make(True)
    train(one, range(20))
    before, tokens = weights(one)[0], batch(20).inputs["x"]
    train(one, range(20, 21))
    changed = (weights(one)[0] != before).any(axis=1)
    assert set(np.flatnonzero(changed)) == set(tokens.ravel())


def test_a_resumed_run_ends_like_an_unbroken_one(tmp_path):
    """The checkpoint is written where rows still miss steps, and writing it changes nothing."""
    from zoo.training import checkpoint

    whole, broken, resumed = make(True), make(True), make(True)
    expected = train(whole, range(12))
    train(broken, range(7))
    checkpoint.save(tmp_path / "state.npz", checkpoint.Progress(), broken.variables, None)
    checkpoint.load(tmp_path / "state.npz", resumed.variables)
    assert train(resumed, range(7, 12)) == expected[7:]
    for one in (whole, resumed):
        one._bring_tables_up_to_date()
    assert same(*([v.numpy() for v in one.variables] for one in (whole, resumed)))


def test_the_checkpoint_of_an_update_as_a_whole_is_refused(tmp_path):
    from datasets.errors import UserError
    from zoo.training import checkpoint

    checkpoint.save(tmp_path / "state.npz", checkpoint.Progress(), make(False).variables, None)
    with pytest.raises(UserError, match="another model, or an earlier version wrote it; start the run again"):
        checkpoint.load(tmp_path / "state.npz", make(True).variables)


@pytest.mark.parametrize(
    "layer",
    [
        keras.layers.Embedding,
        lambda *size, **options: Embedding(*size, **options, embeddings_regularizer="l2"),
        lambda *size, **options: Embedding(*size, **options, embeddings_constraint="non_neg"),
        lambda *size, **options: Embedding(*size, **options, trainable=False),
    ],
)
def test_other_tables_are_updated_as_a_whole(layer, monkeypatch):
    monkeypatch.setattr(lazy_rows, "LEAST_ROWS", 0)
    assert trainer(lambda: texts(layer)).tables == []


def test_with_loss_scaling_tables_are_updated_as_a_whole(monkeypatch):
    monkeypatch.setattr(lazy_rows, "LEAST_ROWS", 0)
    scaling = keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam())
    assert lazy_rows.lazy_tables(texts(), scaling) == []


def test_a_table_alone_is_updated_as_a_whole(monkeypatch):
    monkeypatch.setattr(lazy_rows, "LEAST_ROWS", 0)
    tokens = keras.Input((None,), dtype="int32", name="x")
    alone = keras.Model({"x": tokens}, keras.ops.sum(Embedding(ROWS, 1)(tokens), axis=1))
    assert lazy_rows.lazy_tables(alone, keras.optimizers.Adam()) == []


def test_a_table_without_a_part_in_the_loss():
    def build():
        tokens = keras.Input((None,), dtype="int32", name="x")
        unused = Embedding(ROWS, 3)(tokens)
        pooled = keras.layers.GlobalAveragePooling1D()(keras.ops.stop_gradient(unused))
        return keras.Model({"x": tokens}, keras.layers.Dense(1)(pooled))

    one = make(True, build)
    before = weights(one)
    train(one, range(2))
    assert same(weights(one)[:1], before[:1])
    assert not same(weights(one)[1:2], before[1:2])


def test_the_layer_reads_its_table_itself_outside_of_a_step():
    layer = Embedding(5, 2)
    ids = np.array([[1, 4]])
    expected = layer(ids).numpy()
    with layer.read_by(lambda ids: tf.zeros((*ids.shape, 2))):
        assert not layer(ids).numpy().any()
    np.testing.assert_array_equal(layer(ids), expected)
    np.testing.assert_array_equal(layer.embeddings.numpy()[ids], expected)
