from __future__ import annotations

import numpy as np
import pytest

from datasets.errors import UserError
from datasets.formats.number_cells import MISSING, is_number, numbers_of


def test_cells_become_numbers_and_signs_of_missing_values_nan() -> None:
    assert numbers_of("here", ["1", " -2.5e3 ", 4, 0.5]).tolist() == [1, -2500, 4, 0.5]
    found = numbers_of("here", [*MISSING, "NaN", None, "1"])
    assert np.isnan(found[:-1]).all()
    assert found.dtype == np.float32
    assert found[-1] == 1


@pytest.mark.parametrize("cell", ["x", "1,5", "inf", "-inf", "1e39", "--1", True])
def test_what_is_no_finite_number_is_named(cell: object) -> None:
    with pytest.raises(UserError, match=r"^a\.csv line 3: '[^']+' is not a (finite )?number") as caught:
        numbers_of("a.csv line 3", ["1", cell])
    assert str(cell)[:40] in str(caught.value)


def test_what_counts_as_a_number() -> None:
    assert all(map(is_number, ["1", "?", "", "1e3"]))
    assert not any(map(is_number, ["x", "1 2"]))
