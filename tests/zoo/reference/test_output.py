from __future__ import annotations

import math

import numpy as np
import pytest

from tests.zoo.reference.running import NumericGradient
from zoo.reference import cross_entropy, linear, linear_backward, softmax

MASK = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [0, 0, 0, 0]], dtype=bool)


def logits_and_targets() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2)
    return rng.normal(size=(3, 4, 5)), rng.integers(0, 5, size=(3, 4))


def test_loss_is_averaged_over_the_length_and_then_over_the_sequences() -> None:
    logits, targets = logits_and_targets()

    def step_loss(row: int, t: int) -> float:
        return math.log(sum(math.exp(a) for a in logits[row, t])) - logits[row, t, targets[row, t]]

    first = sum(step_loss(0, t) for t in range(4)) / 4
    second = sum(step_loss(1, t) for t in range(2)) / 2
    loss, _ = cross_entropy(logits, targets, MASK)
    assert loss == pytest.approx((first + second) / 2, rel=1e-13)


@pytest.mark.parametrize("mask", [None, MASK], ids=["no mask", "padding"])
def test_gradient_is_that_of_finite_differences(
    mask: np.ndarray | None, numeric_gradient: NumericGradient
) -> None:
    logits, targets = logits_and_targets()
    _, d_logits = cross_entropy(logits, targets, mask)
    numeric = numeric_gradient(lambda: cross_entropy(logits, targets, mask)[0], logits)
    np.testing.assert_allclose(d_logits, numeric, atol=1e-9)


def test_what_is_masked_does_not_matter() -> None:
    logits, targets = logits_and_targets()
    other_logits = np.where(MASK[:, :, None], logits, 9.0)
    other_targets = np.where(MASK, targets, 99)
    loss, d_logits = cross_entropy(logits, targets, MASK)
    other_loss, other_d_logits = cross_entropy(other_logits, other_targets, MASK)
    assert loss == other_loss
    np.testing.assert_array_equal(d_logits, other_d_logits)


def test_nothing_to_learn_from_is_a_loss_of_zero() -> None:
    logits, targets = logits_and_targets()
    loss, d_logits = cross_entropy(logits, targets, np.zeros_like(MASK))
    assert loss == 0.0
    np.testing.assert_array_equal(d_logits, 0.0)


def test_large_logits_do_not_overflow() -> None:
    logits = np.array([[[1e4, 0.0], [-1e4, 0.0]]])
    loss, d_logits = cross_entropy(logits, np.array([[0, 0]]))
    assert loss == pytest.approx(5e3)
    np.testing.assert_array_equal(d_logits, [[[0.0, 0.0], [-0.5, 0.5]]])
    np.testing.assert_array_equal(softmax(logits), [[[1.0, 0.0], [0.0, 1.0]]])


def test_softmax() -> None:
    np.testing.assert_allclose(softmax(np.log([[1.0, 2.0, 5.0]])), [[0.125, 0.25, 0.625]], rtol=1e-14)


def test_linear_gradients_are_those_of_finite_differences(numeric_gradient: NumericGradient) -> None:
    rng = np.random.default_rng(4)
    kernel, bias, hidden = rng.normal(size=(2, 3)), rng.normal(size=3), rng.normal(size=(2, 4, 2))
    d_logits = rng.normal(size=(2, 4, 3))

    def loss() -> float:
        return np.sum(d_logits * linear(kernel, bias, hidden))

    for given, array in zip(linear_backward(kernel, hidden, d_logits), (kernel, bias, hidden), strict=True):
        np.testing.assert_allclose(given, numeric_gradient(loss, array), atol=1e-8)
