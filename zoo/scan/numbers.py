"""Real and complex numbers alike, as lists of one or two tensors: (real,) or (real, imaginary)."""

from __future__ import annotations

from zoo.tensors import Tensor


def times(a: list[Tensor], b: list[Tensor]) -> list[Tensor]:
    """The product, element by element."""
    if len(a) == 1:
        return [a[0] * b[0]]
    (a_real, a_imaginary), (b_real, b_imaginary) = a, b
    return [a_real * b_real - a_imaginary * b_imaginary, a_real * b_imaginary + a_imaginary * b_real]


def plus(a: list[Tensor], b: list[Tensor]) -> list[Tensor]:
    """The sum."""
    return [left + right for left, right in zip(a, b, strict=True)]


def conjugate(a: list[Tensor]) -> list[Tensor]:
    """The complex conjugate; a real number itself."""
    return a if len(a) == 1 else [a[0], -a[1]]


def constant(a: list[Tensor]) -> bool:
    """Whether a is the same at each step of each sequence: `(units,)`."""
    return len(a[0].shape) == 1
