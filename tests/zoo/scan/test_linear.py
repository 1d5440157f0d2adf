"""The linear scan beside its closed form in NumPy, values and gradients, on each backend."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import keras
import numpy as np
import pytest

from tests.zoo.running import TOLERANCES, WIDEST
from zoo.scan.linear import complex_linear_scan, linear_scan
from zoo.tensors import Tensor

BATCH, TIME, UNITS = 3, 7, 4
GAPS = np.array([[1, 1, 1, 1, 1, 1, 1], [0, 1, 0, 0, 1, 1, 0], [0, 0, 0, 0, 0, 0, 0]], bool)
MASKS = {"full": None, "gaps": GAPS}
Arrays: TypeAlias = list[np.ndarray]


def closed_form(arrays: Arrays, mask: np.ndarray | None) -> np.ndarray:
    """h_t as the sum of all that was put in, each times the product of what came after; no recurrence."""
    a, b, h0 = arrays
    a = np.broadcast_to(a, b.shape)
    if mask is not None:
        a, b = np.where(mask[..., None], a, 1), np.where(mask[..., None], b, 0)
    put_in = np.concatenate([h0[:, None], b], axis=1)
    return np.stack(
        [
            sum(put_in[:, s] * np.prod(a[:, s:t], axis=1) for s in range(t + 1))
            for t in range(1, b.shape[1] + 1)
        ],
        axis=1,
    )


def draw(constant: bool, is_complex: bool = False) -> Arrays:
    random = np.random.default_rng(3)

    def normal(*shape: int) -> np.ndarray:
        real = random.normal(size=shape)
        return real + 1j * random.normal(size=shape) if is_complex else real

    a = normal(UNITS) if constant else normal(BATCH, TIME, UNITS)
    return [a, normal(BATCH, TIME, UNITS), normal(BATCH, UNITS)]


def differentiated(
    function: Callable[..., Tensor], arrays: Arrays, factor: np.ndarray
) -> tuple[np.ndarray, Arrays]:
    """What the function gives, and the gradients of its sum times the factor."""
    tensors = [keras.ops.convert_to_tensor(array, dtype=WIDEST) for array in arrays]
    if keras.backend.backend() == "jax":
        import jax

        answer, pull = jax.vjp(function, *tensors)
        return np.asarray(answer), [np.asarray(gradient) for gradient in pull(factor.astype(WIDEST))]
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(tensors)
        answer = function(*tensors)
        loss = tf.reduce_sum(answer * factor)
    return np.asarray(answer), [gradient.numpy() for gradient in tape.gradient(loss, tensors)]


@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS.keys())
def test_values_and_gradients(mask: np.ndarray | None, constant: bool) -> None:
    arrays = draw(constant)
    factor = np.random.default_rng(4).normal(size=(BATCH, TIME, UNITS))
    got, gradients = differentiated(lambda a, b, h0: linear_scan(a, b, h0, mask), arrays, factor)
    np.testing.assert_allclose(got, closed_form(arrays, mask), rtol=TOLERANCES[WIDEST])
    for array, gradient in zip(arrays, gradients, strict=True):
        expected = numeric_gradient(lambda: float((closed_form(arrays, mask) * factor).sum()), array)
        np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-4)


def numeric_gradient(function: Callable[[], float], array: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """By central differences, `array` changed in place."""
    gradient = np.zeros_like(array)
    for index in np.ndindex(*array.shape):
        value = array[index]
        sides = []
        for moved in (value + step, value - step):
            array[index] = moved
            sides.append(function())
        array[index] = value
        gradient[index] = (sides[0] - sides[1]) / (2 * step)
    return gradient


@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS.keys())
def test_complex_values_and_gradients(mask: np.ndarray | None, constant: bool) -> None:
    """Beside NumPy's complex numbers."""
    whole = draw(constant, is_complex=True)
    arrays = [part for array in whole for part in (array.real.copy(), array.imag.copy())]
    factor = np.random.default_rng(4).normal(size=(BATCH, TIME, 2 * UNITS))

    def scan(*parts: Tensor) -> Tensor:
        a, b, h0 = (list(parts[n : n + 2]) for n in (0, 2, 4))
        return keras.ops.concatenate(complex_linear_scan(a, b, h0, mask), axis=-1)

    def loss() -> float:
        a, b, h0 = (arrays[n] + 1j * arrays[n + 1] for n in (0, 2, 4))
        h = closed_form([a, b, h0], mask)
        return float((np.concatenate([h.real, h.imag], axis=-1) * factor).sum())

    got, gradients = differentiated(scan, arrays, factor)
    h = closed_form(whole, mask)
    np.testing.assert_allclose(got, np.concatenate([h.real, h.imag], axis=-1), rtol=1e-4)
    for array, gradient in zip(arrays, gradients, strict=True):
        np.testing.assert_allclose(gradient, numeric_gradient(loss, array), rtol=1e-4, atol=1e-4)


def test_nothing_gets_out_of_masked_steps() -> None:
    """NaN in a and b where masked, and weight on the states there: the same numbers, and no gradient there."""
    arrays = draw(False)
    factor = np.random.default_rng(4).normal(size=(BATCH, TIME, UNITS))
    spoilt = [np.where(GAPS[..., None], array, np.nan) for array in arrays[:2]] + arrays[2:]
    got, gradients = differentiated(lambda a, b, h0: linear_scan(a, b, h0, GAPS), spoilt, factor)
    expected, right = differentiated(lambda a, b, h0: linear_scan(a, b, h0, GAPS), arrays, factor)
    np.testing.assert_array_equal(got, expected)
    for gradient, same in zip(gradients, right, strict=True):
        np.testing.assert_array_equal(gradient, same)
    assert not gradients[0][~GAPS].any()
    assert not gradients[1][~GAPS].any()


def test_ten_thousand_steps_lose_nothing() -> None:
    """Factors from 0 to 1, whose products are far below the smallest float: division by them would end in NaN."""
    random = np.random.default_rng(0)
    a = random.uniform(size=(2, 10_000, UNITS)) ** np.array([0.0001, 0.1, 1, 20])
    b, h = random.normal(size=a.shape), np.ones((2, UNITS))
    narrow = [array.astype("float32") for array in (a, b, h)]
    states = np.asarray(linear_scan(*[keras.ops.convert_to_tensor(array) for array in narrow]))
    for t in range(a.shape[1]):
        h = narrow[0][:, t].astype(float) * h + narrow[1][:, t]
        np.testing.assert_allclose(states[:, t], h, rtol=1e-3, atol=1e-3)


def test_an_empty_batch() -> None:
    empty = keras.ops.zeros((0, TIME, UNITS))
    assert tuple(linear_scan(empty, empty, keras.ops.zeros((0, UNITS))).shape) == (0, TIME, UNITS)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="graphs of TensorFlow")
@pytest.mark.parametrize("portable", [False, True])
def test_a_graph_for_any_batch_and_any_time(portable: bool) -> None:
    """One graph for all sizes; a portable one holds no compiled part."""
    import contextlib

    import tensorflow as tf

    from zoo.portable import portable_graphs

    sizes = tf.TensorSpec((None, None, UNITS), "float64"), tf.TensorSpec((None, UNITS), "float64")

    @tf.function(input_signature=[sizes[0], sizes[0], sizes[1], tf.TensorSpec((None, None), "bool")])
    def graph(
        a: tf.Tensor, b: tf.Tensor, h0: tf.Tensor, mask: tf.Tensor
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        with tf.GradientTape() as tape:
            tape.watch([a, b, h0])
            h = linear_scan(a, b, h0, mask)
        return h, tape.gradient(h, [a, b, h0])

    with portable_graphs() if portable else contextlib.nullcontext():
        concrete = graph.get_concrete_function()
    compiled = [
        name for name in concrete.graph.as_graph_def().library.function if "_XlaMustCompile" in name.attr
    ]
    assert bool(compiled) is not portable
    arrays = draw(False)
    for mask in (GAPS, GAPS[:2, :5]):
        batch, time = mask.shape
        a, b, h0 = arrays[0][:batch, :time], arrays[1][:batch, :time], arrays[2][:batch]
        h, gradients = concrete(*[tf.constant(array) for array in (a, b, h0, mask)])
        np.testing.assert_allclose(h, closed_form([a, b, h0], mask), rtol=1e-12)
        _, right = differentiated(
            lambda a, b, h0, mask=mask: linear_scan(a, b, h0, mask), [a, b, h0], np.ones(h.shape)
        )
        for gradient, same in zip(gradients, right, strict=True):
            np.testing.assert_allclose(gradient, same, rtol=1e-12)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="JAX knows every shape")
def test_a_graph_knows_its_sizes_however_many_others_there_were() -> None:
    """What reads the states of an encoder may be wider than the encoder: both use the one compiled loop."""
    import tensorflow as tf

    def sizes_of(units: int) -> list[list[int | None]]:
        sizes: list[list[int | None]] = []

        @tf.function
        def graph(a: tf.Tensor, b: tf.Tensor, h0: tf.Tensor) -> None:
            h = linear_scan(a, b, h0)
            sizes.extend(tensor.shape.as_list() for tensor in (h, *tf.gradients(h, [a, b, h0])))

        sequences, state = tf.TensorSpec((BATCH, None, units)), tf.TensorSpec((BATCH, units))
        graph.get_concrete_function(sequences, sequences, state)
        return sizes

    for units in (4, 6, 8):
        assert sizes_of(units) == [*([BATCH, None, units],) * 3, [BATCH, units]]
