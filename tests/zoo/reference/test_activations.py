from __future__ import annotations

import numpy as np
import pytest

from zoo.reference.activations import ACTIVATIONS, activation, sigmoid


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_derivatives_are_those_of_finite_differences(name: str) -> None:
    value, derivative = activation(name)
    a = np.array([-3.0, -0.4, -0.01, 0.02, 0.7, 2.5])
    step = 1e-6
    numeric = (value(a + step) - value(a - step)) / (2 * step)
    np.testing.assert_allclose(derivative(value(a)), numeric, atol=1e-9)


def test_values() -> None:
    a = np.array([-1.0, 0.0, 2.0])
    np.testing.assert_allclose(activation("tanh").value(a), np.tanh(a))
    np.testing.assert_allclose(activation("sigmoid").value(a), 1 / (1 + np.exp(-a)), rtol=1e-14)
    np.testing.assert_array_equal(activation("relu").value(a), [0.0, 0.0, 2.0])
    np.testing.assert_array_equal(activation("linear").value(a), a)


def test_sigmoid_does_not_overflow() -> None:
    np.testing.assert_array_equal(sigmoid(np.array([-1e4, 1e4])), [0.0, 1.0])


def test_unknown_activation_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'tahn' is unknown: take one of linear, relu, sigmoid, tanh"):
        activation("tahn")
