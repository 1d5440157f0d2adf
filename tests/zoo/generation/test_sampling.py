from __future__ import annotations

import numpy as np
import pytest

from zoo.generation.sampling import draw

SHARES = np.array([[0.1, 0.4, 0.2, 0.3], [0.7, 0.1, 0.1, 0.1]], np.float32)


def drawn(
    row: int = 0,
    count: int = 1000,
    *,
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
    shares: np.ndarray = SHARES,
) -> np.ndarray:
    """How often each class is drawn over evenly spaced chances."""
    scores = np.tile(np.log(shares[row] + 1e-30), (count, 1))
    chances = ((np.arange(count) + 0.5) / count).astype("float32")[:, None]
    found = draw(scores, chances, np.float32(temperature), top_k, np.float32(top_p))
    return np.bincount(found, minlength=shares.shape[1]) / count


def test_classes_come_as_often_as_their_probability_says() -> None:
    for row in (0, 1):
        np.testing.assert_allclose(drawn(row, 200), SHARES[row], atol=0.006)


def test_temperature_sharpens_and_flattens() -> None:
    sharp = SHARES[0] ** 2 / (SHARES[0] ** 2).sum()
    np.testing.assert_allclose(drawn(count=200, temperature=0.5), sharp, atol=0.006)
    np.testing.assert_allclose(drawn(count=200, temperature=1e4), [0.25] * 4, atol=0.006)


def test_no_temperature_is_the_most_likely_class() -> None:
    assert drawn(count=20, temperature=0.0, top_k=3).tolist() == [0, 1, 0, 0]


def test_top_k_leaves_the_most_likely() -> None:
    np.testing.assert_allclose(drawn(count=200, top_k=2), [0, 4 / 7, 0, 3 / 7], atol=0.006)
    assert drawn(count=20, top_k=1).tolist() == [0, 1, 0, 0]
    np.testing.assert_allclose(drawn(count=200, top_k=99), SHARES[0], atol=0.006)


@pytest.mark.parametrize(
    ("top_p", "kept"), [(0.0, [1]), (0.39, [1]), (0.5, [1, 3]), (0.75, [1, 3, 2]), (1.0, [0, 1, 2, 3])]
)
def test_top_p_leaves_the_fewest_that_reach_it(top_p: float, kept: list[int]) -> None:
    found = drawn(count=100, top_p=top_p)
    assert set(np.flatnonzero(found)) == set(kept)


def test_top_p_counts_within_top_k() -> None:
    found = drawn(count=100, top_k=2, top_p=0.55)  # 4/7 of what is left is enough
    assert set(np.flatnonzero(found)) == {1}


def test_what_cannot_be_is_never_drawn_whatever_the_chance() -> None:
    barred = np.array([[0.0, 1.0, 0.0]], np.float32)
    scores = np.where(barred > 0, 0.0, -np.inf).astype(np.float32)
    for chance in (0.0, 0.5, np.nextafter(np.float32(1), np.float32(0))):
        for temperature in (0.0, 1.0, 100.0):
            assert draw(scores, chance, np.float32(temperature), 0, np.float32(1)).numpy().tolist() == [1]


def test_a_row_does_not_depend_on_the_others_and_there_may_be_none() -> None:
    one = draw(np.log(SHARES[:1]), 0.6, 1.0, 0, 1.0).numpy()
    both = draw(np.log(SHARES), 0.6, 1.0, 0, 1.0).numpy()
    assert one[0] == both[0]
    assert draw(np.zeros((0, 4), np.float32), 0.6, 1.0, 0, 1.0).shape == (0,)
