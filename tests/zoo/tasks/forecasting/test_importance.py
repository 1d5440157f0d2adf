from __future__ import annotations

import numpy as np
import pytest

from tests.zoo.tasks.forecasting.examples import model, prepared, series
from zoo.tasks.forecasting.importance import (
    Changed,
    blocks,
    column_parts,
    occluded,
    of_another,
    some_of,
    step_parts,
)
from zoo.training.evaluation import Predictor


@pytest.mark.parametrize(
    ("window", "most", "expected"),
    [
        (6, 3, [(4, 6), (2, 4), (0, 2)]),
        (7, 3, [(4, 7), (1, 4), (0, 1)]),
        (2, 12, [(1, 2), (0, 1)]),
        (5, 1, [(0, 5)]),
    ],
)
def test_blocks_are_counted_from_the_end(window: int, most: int, expected: list[tuple[int, int]]) -> None:
    assert blocks(window, most) == expected


def test_hidden_steps_are_on_the_line_between_their_neighbours() -> None:
    values = np.array([[1.0, 9.0, 9.0, 4.0, 7.0]])[..., None]
    assert occluded(values, 1, 3)[0, :, 0].tolist() == [1, 2, 3, 4, 7]
    assert occluded(values, 3, 5)[0, :, 0].tolist() == [1, 9, 9, 9, 9]  # as the step before
    assert occluded(values, 0, 2)[0, :, 0].tolist() == [9, 9, 9, 4, 7]  # as the step after
    assert occluded(values, 0, 5)[0, :, 0].tolist() == [6, 6, 6, 6, 6]  # their mean
    assert values[0, 1, 0] == 9


def test_another_course_keeps_level_and_mean_move() -> None:
    values, others = np.array([[100.0, 104.0, 102.0]]), np.array([[0.0, 1.0, 0.5], [7.0, 7.0, 7.0]])
    np.testing.assert_allclose(of_another(values, others[:1]), [[100, 104, 102]])
    np.testing.assert_allclose(of_another(values, -2 * others[:1]), [[104, 100, 102]])
    np.testing.assert_allclose(of_another(values, others[1:]), [[102, 102, 102]])  # one that never moves


def ready():
    one = series(90, past=2, future=1)
    return prepared(one, series(90, name="b", seed=1, past=2, future=1))


def test_each_part_changes_what_it_is_called_and_nothing_else() -> None:
    of = ready()
    windows = some_of(of.valid, 20)
    order = np.random.default_rng(0).permutation(len(windows))
    which = np.arange(8)
    whole, other = windows.inputs(which), windows.inputs(order[which])
    parts = {(part.kind, part.name): part for part in column_parts(windows, of.learned, order)}
    assert list(parts) == [
        ("variable", "u"), ("variable", "v"), ("past covariate", "p"), ("past covariate", "q"),
        ("future covariate", "f"), ("calendar", "day"), ("calendar", "week"), ("calendar", "year"),
    ]  # fmt: skip
    changed = {
        (name, n)
        for name, values in parts["calendar", "week"].change(dict(whole), which).items()
        for n in range(values.shape[-1])
        if not np.array_equal(values[..., n], whole[name][..., n])
    }
    assert changed == {(name, n) for name in ("future_before", "future") for n in (3, 4)}
    of_past = parts["past covariate", "q"].change(dict(whole), which)
    np.testing.assert_array_equal(of_past["past"][..., 1], other["past"][..., 1])
    np.testing.assert_array_equal(of_past["past"][..., 0], whole["past"][..., 0])
    of_variable = parts["variable", "v"].change(dict(whole), which)["values"]
    np.testing.assert_array_equal(of_variable[..., 0], whole["values"][..., 0])
    np.testing.assert_allclose(of_variable[:, -1], whole["values"][:, -1])
    assert np.abs(of_variable[:, :-1, 1] - whole["values"][:, :-1, 1]).mean() > 0.5


def test_categories_of_a_covariate_are_exchanged_together() -> None:
    from zoo.tasks.forecasting.importance import _grouped

    assert _grouped(("event=none", "price", "event=sale")) == {"event": [0, 2], "price": [1]}


def test_nothing_taken_away_is_the_forecast_itself() -> None:
    """Also where the last batch is not full."""
    of = ready()
    windows = some_of(of.valid, 19)
    assert len(windows) == 19
    predictor = Predictor(model(of))
    whole = predictor(windows)
    for part in column_parts(windows, of.learned, np.arange(len(windows))):
        np.testing.assert_allclose(predictor(Changed(windows, part.change)), whole, rtol=1e-5)


def test_hidden_steps_change_forecasts() -> None:
    of = ready()
    windows = some_of(of.valid, 16)
    predictor = Predictor(model(of))
    whole = predictor(windows)
    for part in step_parts(windows.specification.window, 3):
        assert np.abs(predictor(Changed(windows, part.change)) - whole).max() > 1e-3, part.name
