"""What type checkers see of a tensor is what the tensors of the backends have."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from zoo.tensors import Tensor, last_axis

#: The members of the protocol are what its own text defines.
MEMBERS = {
    name for name, value in vars(Tensor).items() if getattr(value, "__module__", "") == Tensor.__module__
}


@pytest.mark.parametrize(
    "tensor",
    [np.ones((2, 3)), keras.ops.ones((2, 3)), keras.KerasTensor((2, 3)), keras.Variable(np.ones((2, 3)))],
    ids=["NumPy's", "the backend's", "symbolic", "a variable"],
)
def test_tensors_have_what_their_type_says(tensor: Tensor) -> None:
    assert {"__getitem__", "__add__", "__rsub__", "__lt__"} <= MEMBERS
    assert [name for name in ("shape", "dtype", *sorted(MEMBERS)) if not hasattr(tensor, name)] == []
    assert tuple(tensor.shape) == (2, 3)


def test_the_last_axis_must_be_known() -> None:
    assert last_axis((None, 3)) == 3
    with pytest.raises(ValueError, match=r"must be known, not \(2, None\)"):
        last_axis((2, None))
