from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from tests.zoo.tasks.forecasting.examples import model, prepared, series
from zoo.tasks.forecasting.calibration import (
    FEWEST_OF_ALL,
    HALF_LIFE,
    CalibratedQuantiles,
    Calibration,
    calibrate,
    mean_moves,
    with_calibration,
)
from zoo.tasks.forecasting.few_errors import widening
from zoo.tasks.forecasting.losses import levels
from zoo.tasks.forecasting.task import TASK

#: Independent values of each step: more than there are, so that nothing is made wider than the formula.
MANY = np.array([1e9])
WIDTHS = np.array([-4.0, -1.0, 0.0, 2.0, 3.0])


def drawn(
    count: int, steps: int = 3, variables: int = 2, scale: float = 1.0, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Quantiles of five levels that are wrong in width, what came, and what was read."""
    draw = np.random.default_rng(seed).normal
    middle = draw(size=(count, steps, variables))
    growth = 1 + np.arange(steps)[:, None]
    targets = middle + scale * growth * draw(size=middle.shape)
    values = np.cumsum(draw(size=(count, 6, variables)), axis=1)
    return middle[..., None] + 0.1 * growth[..., None] * WIDTHS, targets, values


def moves(values: np.ndarray) -> np.ndarray:
    return np.abs(np.diff(values, axis=1)).mean(axis=1) if values.shape[1] > 1 else 0 * values[:, 0]


def calibrated(quantiles: np.ndarray, values: np.ndarray, found: Calibration) -> np.ndarray:
    layer = CalibratedQuantiles(quantiles.shape[1:])
    layer.assign(found)
    return layer(quantiles, values).numpy()


def all_alike(
    quantiles: np.ndarray, targets: np.ndarray, moved: np.ndarray, independent: np.ndarray
) -> Calibration | None:
    """What forecasts say that all are of the same age."""
    return calibrate(quantiles, targets, moved, independent, np.zeros(len(quantiles)))


def shares_below(quantiles: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """`(steps, levels)` how often the truth is below each quantile."""
    return (targets[..., None] <= quantiles).mean(axis=(0, 2))


def test_each_quantile_has_its_share_of_what_was_not_seen() -> None:
    quantiles, targets, values = drawn(4000)
    found = all_alike(quantiles, targets, moves(values), MANY)
    assert found is not None
    later, truth, read = drawn(4000, seed=1)
    moved = calibrated(later, read, found)
    assert abs(shares_below(later, truth) - levels(5)).max() > 0.1
    np.testing.assert_allclose(shares_below(moved, truth), np.tile(levels(5), (3, 1)), atol=0.03)
    np.testing.assert_array_equal(moved[..., 2], later[..., 2])
    assert (np.diff(moved, axis=-1) >= 0).all()


def test_the_layer_is_the_formula() -> None:
    quantiles, _, values = drawn(50)
    draw = np.random.default_rng(3)
    found = Calibration(draw.uniform(0, 3, quantiles.shape[1:]), draw.uniform(0.2, 2, quantiles.shape[1:3]))
    ratio = moves(values)[:, None] / (quantiles[..., -1] - quantiles[..., 0]) / found.usual
    factor = np.sqrt(np.clip(ratio, 0.25, 4.0))[..., None] * found.factors
    middle = quantiles[..., 2:3]
    expected = np.sort(middle + factor * (quantiles - middle), axis=-1)
    np.testing.assert_allclose(calibrated(quantiles, values, found), expected)


def test_scale_and_level_of_the_data_do_not_matter() -> None:
    quantiles, targets, values = drawn(400)
    one = all_alike(quantiles, targets, moves(values), MANY)
    other = all_alike(1e6 + 50 * quantiles, 1e6 + 50 * targets, 50 * moves(values), MANY)
    assert one is not None
    assert other is not None
    np.testing.assert_allclose(other.factors, one.factors, rtol=1e-6)
    np.testing.assert_allclose(other.usual, one.usual, rtol=1e-6)


def test_a_restless_window_has_wider_intervals() -> None:
    quantiles, targets, values = drawn(400)
    found = all_alike(quantiles, targets, moves(values), MANY)
    assert found is not None
    calm, wild = (calibrated(quantiles, size * values, found) for size in (1.0, 2.0))
    ratio = (wild[..., -1] - wild[..., 0]) / (calm[..., -1] - calm[..., 0])
    assert np.median(ratio) == pytest.approx(np.sqrt(2))
    assert ratio.max() <= 2.0001


def test_few_values_are_shared_by_steps_and_then_by_variables() -> None:
    quantiles, targets, values = drawn(60, steps=4)
    found = all_alike(quantiles, targets, moves(values), MANY)
    assert found is not None
    assert (np.ptp(found.factors, axis=0) == 0).all(), "240 values of a variable, 60 of a step"
    assert np.ptp(found.factors, axis=1).max() > 0
    known = np.where(np.arange(2) == 0, targets, np.nan)
    alone = all_alike(quantiles, known, moves(values), MANY)
    assert alone is not None
    np.testing.assert_array_equal(alone.factors[:, 0], found.factors[:, 0])
    np.testing.assert_array_equal(alone.factors[:, 1], alone.factors[:, 0])
    in_all = all_alike(quantiles[:10], targets[:10], moves(values[:10]), MANY)
    assert in_all is not None
    assert (np.ptp(in_all.factors, axis=(0, 1)) == 0).all(), "80 values in all"
    assert all_alike(quantiles[:2], targets[:2], moves(values[:2]), MANY) is None, FEWEST_OF_ALL


def test_few_independent_values_ask_for_more_and_never_for_less() -> None:
    quantiles, targets, values = drawn(400)
    many = all_alike(quantiles, targets, moves(values), MANY)
    few = all_alike(quantiles, targets, moves(values), np.array([20.0, 10.0, 5.0]))
    assert many is not None
    assert few is not None
    wider = few.factors / many.factors
    assert (np.diff(wider[:, 0, 0]) > 0.01).all()
    np.testing.assert_allclose(wider[1, 0, 0], widening(np.array([10.0]), 1 / 6)[0])
    np.testing.assert_allclose(wider[:, 0, 0], wider[:, 0, 4])
    middle = quantiles[..., 2:3]
    too_wide = all_alike(
        middle + 100 * (quantiles - middle), targets, moves(values), np.array([20.0, 10.0, 5.0])
    )
    assert too_wide is not None
    np.testing.assert_array_equal(too_wide.factors, np.ones_like(too_wide.factors))


def test_what_came_last_counts_most() -> None:
    quantiles, targets, values = drawn(4000)
    middle, ages = quantiles[..., 2], np.linspace(1, 0, len(quantiles))
    later = (ages < 0.25)[:, None, None]
    wilder = middle + np.where(later, 3.0, 1.0) * (targets - middle)
    read = np.ones_like(values).cumsum(axis=1)  # all as restless as each other
    found = calibrate(quantiles, wilder, moves(read), MANY, ages)
    even = all_alike(quantiles, wilder, moves(read), MANY)
    assert found is not None
    assert even is not None
    assert (found.factors[..., [0, 1, 3, 4]] > 1.05 * even.factors[..., [0, 1, 3, 4]]).all()
    below = (quantiles[:, 0, 0, 2] - wilder[:, 0, 0]) / (quantiles[:, 0, 0, 2] - quantiles[:, 0, 0, 0])
    weights = 0.5 ** (ages / HALF_LIFE)
    weighed = [weights[below <= factor].sum() for factor in np.sort(below)]
    least = np.sort(below)[np.searchsorted(weighed, 5 / 6 * (weights.sum() + 1))]
    assert found.factors[0, 0, 0] == pytest.approx(least, rel=1e-6)


def test_of_few_independent_values_the_first_count_as_the_last() -> None:
    quantiles, targets, values = drawn(400)
    few = np.array([20.0, 10.0, 5.0])
    found = calibrate(quantiles, targets, moves(values), few, np.linspace(1, 0, 400))
    even = all_alike(quantiles, targets, moves(values), few)
    assert found is not None
    assert even is not None
    np.testing.assert_array_equal(found.factors, even.factors)


def test_weights_leave_fewer_independent_values() -> None:
    quantiles, targets, values = drawn(400)
    ages, hundred = np.linspace(1, 0, 400), np.full(3, 100.0)
    weighed, many = (calibrate(quantiles, targets, moves(values), n, ages) for n in (hundred, MANY))
    assert weighed is not None
    assert many is not None
    weights = 0.5 ** (ages / HALF_LIFE)
    left = 100 * weights.sum() ** 2 / (400 * (weights**2).sum())
    assert 80 < left < 90
    np.testing.assert_allclose(
        weighed.factors[..., 0] / many.factors[..., 0], widening(np.array([left]), 1 / 6)[0]
    )


def test_of_intervals_without_width_and_windows_without_differences() -> None:
    quantiles, targets, values = drawn(200)
    flat = np.repeat(quantiles[..., 2:3], 5, axis=-1)
    found = all_alike(flat, targets, moves(values), MANY)
    assert found is not None
    np.testing.assert_array_equal(calibrated(flat, values, found), flat)
    for read in (0 * values, values[:, :1]):
        found = all_alike(quantiles, targets, moves(read), MANY)
        assert found is not None
        moved = calibrated(quantiles, read, found)
        assert np.isfinite(moved).all()
        np.testing.assert_allclose(
            ((moved[..., 0] <= targets) & (targets <= moved[..., -1])).mean(), 2 / 3, atol=0.03
        )


def test_a_calibrated_model_is_saved_with_its_numbers(tmp_path: Path) -> None:
    of = prepared(series(200), quantiles=5)
    plain = model(of)
    inputs = of.valid.inputs(np.arange(7))
    shape = tuple(plain(inputs)["forecast"].shape[1:])
    found = Calibration(np.full(shape, 1.7), np.full(shape[:-1], 0.5))
    changed = with_calibration(plain, found)
    expected = calibrated(plain(inputs)["forecast"].numpy(), inputs["values"], found)
    np.testing.assert_allclose(changed(inputs)["forecast"], expected)
    assert set(changed(inputs)) == set(plain(inputs))
    changed.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras", compile=False)
    np.testing.assert_array_equal(again(inputs)["forecast"], changed(inputs)["forecast"])


@pytest.mark.parametrize(
    ("options", "changes"), [({}, True), ({"calibrate": False}, False), ({"quantiles": 1}, False)]
)
def test_the_task_calibrates_unless_it_is_told_not_to(options: dict, changes: bool) -> None:
    of = prepared(series(800), **{"quantiles": 5, **options})
    plain = model(of)

    def predictions() -> np.ndarray:
        return np.concatenate(
            [plain(of.valid.load(one).inputs)["forecast"][: len(one)] for one in of.valid.plan(None)]
        )

    changed = TASK.calibrated(of.learned, plain, of.valid, predictions)
    assert (changed is not plain) == changes
    if changes:
        inputs = of.valid.inputs(np.arange(len(of.valid)))
        before, after = (
            TASK.score(of.learned, one(inputs)["forecast"].numpy(), of.valid)["coverage"]
            for one in (plain, changed)
        )
        assert abs(after - 2 / 3) < abs(before - 2 / 3) - 0.1


def test_a_dev_split_of_few_values_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    of = prepared(series(35, variables=1), quantiles=5)
    plain = model(of)
    values = np.zeros((len(of.valid), 4, 1, 5))
    assert TASK.calibrated(of.learned, plain, of.valid, lambda: values) is plain
    assert "intervals are not calibrated: dev has not 20 values" in capsys.readouterr().err


@pytest.mark.parametrize("window", [1, 6])
def test_moves_of_all_windows_are_those_that_the_model_sees(window: int) -> None:
    of = prepared(series(80), window=window)
    seen = mean_moves(of.valid.inputs(np.arange(len(of.valid)))["values"])
    np.testing.assert_allclose(of.valid.mean_moves(), seen)


def test_quantiles_on_the_side_where_nothing_comes_fall_on_the_median() -> None:
    quantiles, targets, values = drawn(400)
    found = all_alike(quantiles, np.abs(targets) + quantiles.max(), moves(values), MANY)
    assert found is not None
    assert (found.factors[..., :2] == 0).all()
    moved = calibrated(quantiles, values, found)
    np.testing.assert_array_equal(moved[..., :2], np.repeat(quantiles[..., 2:3], 2, axis=-1))
