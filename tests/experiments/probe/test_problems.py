from __future__ import annotations

import numpy as np
import pytest

from datasets.errors import UserError
from experiments.probe import problems
from experiments.probe.problems import (
    Adding,
    Copying,
    Counting,
    Echo,
    Problem,
    Sequences,
    TemporalOrder,
    errors,
    make,
)


def draw(problem: Problem, size: int = 400, seed: int = 0) -> Sequences:
    return problem.draw(np.random.default_rng(seed), size)


def test_adding_adds_what_is_marked() -> None:
    inputs, mask, targets = draw(Adding(40))
    for numbers, marks, present, target in zip(inputs[..., 0], inputs[..., 1], mask, targets, strict=True):
        length = present.sum()
        assert 40 <= length <= 44
        assert present[:length].all()
        assert marks[0] == marks[length - 1] == -1
        marked = np.flatnonzero(marks == 1)
        assert len(marked) in (1, 2)  # one, if the very first step was picked
        assert marked[-1] < 20
        assert marked[0] < 10 or len(marked) == 1
        assert target == pytest.approx(0.5 + numbers[marked].sum() / 4, abs=1e-6)
        assert (inputs[0][~mask[0]] == 0).all()
    assert targets.var() == pytest.approx(Adding(40).chance, rel=0.2)


def test_the_order_of_two_marks_is_the_class() -> None:
    inputs, mask, targets = draw(TemporalOrder(100))
    symbols = np.where(mask, inputs.argmax(axis=-1), -1)
    lengths = mask.sum(axis=1)
    assert lengths.min() >= 100
    assert lengths.max() <= 110
    for row, length, target in zip(symbols, lengths, targets, strict=True):
        first, second = np.flatnonzero(row >= 6)
        assert 10 <= first <= 20
        assert 50 <= second <= 60
        assert target == 2 * (row[first] - 6) + (row[second] - 6)
        assert (row[0], row[length - 1]) == (4, 5)
    assert set(targets) == {0, 1, 2, 3}


def test_what_is_copied_stands_at_the_start() -> None:
    problem = Copying(7)
    inputs, mask, targets = draw(problem)
    symbols = inputs.argmax(axis=-1)
    assert mask.all()
    assert symbols.shape[1] == problem.steps == 7 + 2 * problem.answers
    assert (symbols[:, : problem.answers] == targets).all()
    assert (symbols[:, -problem.answers :] == 8).all()
    assert (symbols[:, -problem.answers - 1] == 9).all()


@pytest.mark.parametrize("length", [10, 40])
def test_one_of_two_symbols_comes_once_or_twice_more(length: int) -> None:
    problem = Counting(length)
    inputs, mask, targets = draw(problem)
    counts = inputs.sum(axis=1)
    assert (inputs.sum(axis=-1) == mask).all()
    assert mask.shape[1] == problem.steps
    more = counts[:, 1] - counts[:, 0]
    assert set(more) == {-2, -1, 1, 2}
    assert ((more > 0) == targets).all()
    assert counts[:, :2].min(axis=1).min() == length // 8
    assert counts[:, :2].min(axis=1).max() == length // 4
    assert targets.mean() == pytest.approx(0.5, abs=0.1)


def test_only_the_difference_tells_which_symbol_came_more_often() -> None:
    inputs, mask, targets = draw(Counting(20), size=4000)
    for seen in (mask.sum(axis=1), inputs[..., 2].sum(axis=1), inputs[..., :2].sum(axis=(1, 2))):
        assert abs(np.corrcoef(seen, targets)[0, 1]) < 0.05


def test_an_echo_comes_so_many_steps_later() -> None:
    problem = Echo(12, lag=5)
    inputs, _, targets = draw(problem)
    assert targets.shape[1] == problem.answers == 7
    assert (inputs.argmax(axis=-1)[:, :7] == targets).all()


@pytest.mark.parametrize("problem", [Adding(20), TemporalOrder(20), Copying(20), Counting(20), Echo(20)])
def test_a_seed_gives_the_same_sequences(problem: Problem) -> None:
    for first, second in zip(draw(problem), draw(problem), strict=True):
        assert np.array_equal(first, second)
    assert not np.array_equal(draw(problem).inputs, draw(problem, seed=1).inputs)


def test_a_number_is_right_within_four_hundredths() -> None:
    squared, wrong = errors(Adding(20), np.array([[0.5], [0.5], [np.nan]]), np.array([0.539, 0.541, 0.5]))
    assert wrong.tolist() == [False, True, True]
    assert squared[:2] == pytest.approx([0.039**2, 0.041**2])


def test_a_class_is_right_if_every_probability_is_near() -> None:
    sure, unsure = np.log([0.75, 0.15, 0.05, 0.05]), np.log([0.65, 0.25, 0.05, 0.05])
    squared, wrong = errors(TemporalOrder(20), np.stack([sure, unsure, sure]), np.array([0, 0, 1]))
    assert wrong.tolist() == [False, True, True]
    assert squared[0] == pytest.approx(0.25**2 + 0.15**2 + 2 * 0.05**2)


def test_a_copy_is_right_if_all_symbols_are() -> None:
    answers = np.eye(8)[[[1, 2, 3], [1, 2, 4]]]
    _, wrong = errors(Copying(20), answers, np.array([[1, 2, 3], [1, 2, 3]]))
    assert wrong.tolist() == [False, True]


def test_a_problem_that_is_too_short_is_refused() -> None:
    with pytest.raises(UserError, match="--lengths 9: adding needs 10 steps or more"):
        make("adding", 9)
    assert make("copying", 1).steps == 7
    assert list(problems.PROBLEMS) == ["adding", "order", "copying", "counting"]
