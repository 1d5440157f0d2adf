from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from datasets.errors import UserError
from tests.zoo.tasks.signals.toy import KINDS, MAKERS, served
from zoo.tasks.signals.options import AnswerOptions
from zoo.tasks.signals.picture import Course, draw, ends_of
from zoo.tasks.signals.task import TASK


@pytest.mark.parametrize(("steps", "expected"), [(1, [1]), (3, [1, 2, 3])])
def test_short_signals_are_answered_after_each_step(steps: int, expected: list[int]) -> None:
    assert ends_of(steps).tolist() == expected


def test_long_signals_are_answered_after_even_parts() -> None:
    ends = ends_of(10_000)
    assert len(ends) == 48
    assert ends[-1] == 10_000
    assert np.ptp(np.diff(ends)) <= 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_of_answers_is_written(kind: str, tmp_path: Path) -> None:
    _, _, server = served(kind)
    path = tmp_path / "a.png"
    rows = TASK.answer(server, [MAKERS[kind](n) for n in range(2)], AnswerOptions(picture=str(path)))
    assert len(rows) == 2
    assert path.read_bytes().startswith(b"\x89PNG")


def test_the_curves_are_the_answers_to_each_part_and_the_answer_comes_first() -> None:
    probabilities = np.array([[0.7, 0.2, 0.1], [0.2, 0.3, 0.5]])
    course = Course("a", "numbers", np.zeros((4, 2)), np.array([2, 4]), probabilities)
    figure = draw([course], ("x", "y", "z"))
    above, below = figure.axes
    assert [line.get_label() for line in below.lines] == ["z", "y", "x"]
    assert np.asarray(below.lines[0].get_xydata()).tolist() == [[2, 0.1], [4, 0.5]]
    assert len(above.lines) == 2


def test_a_name_that_is_no_picture_is_refused() -> None:
    with pytest.raises(UserError, match=r"the name must end in \.png"):
        AnswerOptions(picture="a.txt")
