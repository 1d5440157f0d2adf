"""What is each cell's own among those that are linear in their state; what all promise is in the other tests."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from tests.zoo import running
from tests.zoo.running import WIDEST, randomise
from zoo.cells.base import Cell
from zoo.cells.elementwise import ElementwiseCell
from zoo.cells.lru import LRUCell
from zoo.cells.min_lstm import MinLSTMCell
from zoo.cells.qrnn import QRNNCell
from zoo.cells.rg_lru import RGLRUCell
from zoo.layers.recurrent import Recurrent

MASK = np.array([[1, 1, 1, 1, 1], [0, 1, 0, 1, 0], [0, 0, 0, 0, 0]], bool)


def built(cell: Cell) -> Cell:
    keras.utils.set_random_seed(1)
    cell.build((None, 3))
    return cell


@pytest.mark.parametrize("name", ["min_gru", "min_lstm", "rg_lru", "lru", "qrnn"])
def test_it_runs_at_once_and_has_no_recurrent_product(name: str) -> None:
    cell = running.cell_class(name)(4)
    assert isinstance(cell, ElementwiseCell)
    assert Recurrent(cell).engine_choice.engine == "parallel"
    with pytest.raises(ValueError, match="no recurrent product"):
        running.cell_class(name)(4, recurrent_dropout=0.5)


@pytest.mark.parametrize("cell_class", [MinLSTMCell, RGLRUCell])
@pytest.mark.parametrize("size", [-1e4, 1e4])
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="a tape of TensorFlow")
def test_gates_that_are_shut_to_the_last_digit_have_a_gradient(cell_class: type[Cell], size: float) -> None:
    """f = i = 0 is no quotient, and the root of 1 - a² has no slope at a = 1."""
    import tensorflow as tf

    cell = built(cell_class(4))
    projected = tf.fill((1, 3, cell.gates * 4), tf.constant(size, "float32"))
    with tf.GradientTape() as tape:
        tape.watch(projected)
        outputs, _ = cell.scan(projected, None, [tf.ones((1, 4))])
    for values in (outputs, tape.gradient(outputs, projected)):
        assert np.isfinite(values).all()


def test_the_shares_of_a_min_lstm_add_up_to_one() -> None:
    projected = np.random.default_rng(0).normal(scale=50, size=(5, 12)).astype("float32")
    f, i, _ = MinLSTMCell(4).input_gates(keras.ops.convert_to_tensor(projected)).values()
    np.testing.assert_allclose(np.asarray(f) + np.asarray(i), np.ones((5, 4)), rtol=1e-6)


def test_an_rg_lru_keeps_most_of_its_state_at_first() -> None:
    cell = built(RGLRUCell(500))
    kept = (1 / (1 + np.exp(-cell.decay.numpy()))) ** 8
    assert 0.9 <= kept.min() < 0.91
    assert 0.99 < kept.max() <= 0.9991
    np.testing.assert_array_equal(built(RGLRUCell(500)).decay.numpy(), cell.decay.numpy())


def test_an_lru_starts_on_its_ring() -> None:
    cell = built(LRUCell(500, least_radius=0.4, largest_radius=0.9, largest_angle=0.5))
    decay, angle, scale = (np.exp(weight.numpy()) for weight in (cell.decay, cell.angle, cell.scale))
    radius = np.exp(-decay)
    assert 0.4 <= radius.min() < 0.45
    assert 0.88 < radius.max() <= 0.9001
    assert 0 < angle.min() < 0.05
    assert 0.45 < angle.max() <= 0.5
    np.testing.assert_allclose(scale, np.sqrt(1 - radius**2), rtol=1e-4)


def test_an_lru_is_a_sum_of_turned_inputs() -> None:
    """y_t = Re(sum over s of C λ^(t-s) B x_s) + D x_t, in NumPy's complex numbers."""
    layer = Recurrent(LRUCell(4, dtype=WIDEST), dtype=WIDEST)
    layer.build((None, None, 3))
    randomise(layer)
    kernel, bias, decay, angle, scale, output = layer.get_weights()
    x = np.random.default_rng(0).normal(size=(2, 6, 3))
    entered = x @ kernel + bias
    b = np.exp(scale) * (entered[..., :4] + 1j * entered[..., 4:8])
    factor = np.exp(-np.exp(decay) + 1j * np.exp(angle))
    for t in range(6):
        state = sum(factor ** (t - s) * b[:, s] for s in range(t + 1))
        expected = (state @ (output[:4] - 1j * output[4:])).real + entered[:, t, 8:]
        np.testing.assert_allclose(layer(x)[:, t], expected, rtol=1e-4 if WIDEST == "float32" else 1e-12)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"least_radius": 0.9, "largest_radius": 0.5}, r"least first, not 0.9, 0.5"),
        ({"largest_radius": 1.5}, r"must be 0 to 1"),
        ({"largest_angle": 0.0}, r"largest_angle must be above 0, not 0.0"),
    ],
)
def test_a_ring_that_is_none_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LRUCell(4, **wrong)


@pytest.mark.parametrize("engine", ["parallel", "loop"])
@pytest.mark.parametrize("mask", [None, MASK], ids=["full", "gaps"])
def test_a_window_of_two_is_one_of_one_on_pairs_of_inputs(mask: np.ndarray | None, engine: str) -> None:
    """The step before is the last one that counts; before the first there is nothing."""
    inputs = np.random.default_rng(0).normal(size=(3, 5, 2)).astype("float32")
    pairs = np.concatenate([inputs, np.zeros_like(inputs)], axis=-1)
    for row in range(3):
        before = np.zeros(2)
        for t in range(5):
            pairs[row, t, 2:] = before
            if mask is None or mask[row, t]:
                before = inputs[row, t]
    two = Recurrent(QRNNCell(4), engine=engine)
    one = Recurrent(QRNNCell(4, window=1), engine=engine)
    two.build((None, None, 2))
    one.build((None, None, 4))
    randomise(two)
    kernel, bias = two.get_weights()
    one.set_weights([np.concatenate([kernel[:, :12], kernel[:, 12:]]), bias])
    np.testing.assert_allclose(two(inputs, mask=mask), one(pairs, mask=mask), atol=1e-6)


@pytest.mark.parametrize("window", [0, 3, 1.5])
def test_another_window_is_refused(window: int) -> None:
    with pytest.raises(ValueError, match=f"window must be 1 or 2, not {window}"):
        QRNNCell(4, window=window)
