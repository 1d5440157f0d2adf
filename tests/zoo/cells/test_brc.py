from __future__ import annotations

import numpy as np
import pytest

from zoo.cells.brc import BRCCell


@pytest.mark.parametrize(("feedback", "remembers"), [(1.0, True), (-1.0, False)])
def test_above_a_feedback_of_one_a_unit_stays_on_the_side_it_was_sent_to(
    feedback: float, remembers: bool
) -> None:
    """No input for 200 steps: with two stable states the sign stays, with one the state fades."""
    cell = BRCCell(1)
    cell.build((None, 1))
    assert cell.bias is not None
    cell.kernel.assign(np.zeros((1, 3)))
    cell.recurrent_kernel.assign(np.zeros((1, 2)))
    cell.bias.assign([feedback, 0.0, 0.0])
    for start in (0.1, -0.1):
        states = [np.full((1, 1), start, "float32")]
        for _ in range(200):
            _, states = cell(np.ones((1, 1), "float32"), states)
        h = np.asarray(states[0]).item()
        assert (h * start > 0.05) if remembers else (abs(h) < 1e-6)


@pytest.mark.parametrize(("neuromodulated", "shape"), [(False, (3, 2)), (True, (3, 6))])
def test_the_gates_see_the_unit_itself_or_all(neuromodulated: bool, shape: tuple[int, ...]) -> None:
    cell = BRCCell(3, neuromodulated=neuromodulated)
    cell.build((None, 2))
    kernel = cell.recurrent_kernel.numpy()
    assert kernel.shape == shape
    if neuromodulated:
        np.testing.assert_allclose(kernel @ kernel.T, np.eye(3), atol=1e-6)
    else:
        np.testing.assert_array_equal(kernel, np.ones(shape))
