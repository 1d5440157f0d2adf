from __future__ import annotations

import math
import unicodedata

import numpy as np
import pytest

from datasets.errors import UserError
from experiments.hello import __main__ as command
from experiments.hello.exercise import lowest_loss, make_exercise
from tests.experiments.hello.training import DEFAULTS


def test_the_sizes_are_those_of_the_lecture() -> None:
    task = make_exercise(DEFAULTS.text, DEFAULTS.length)
    assert task.letters == ["h", "e", "l", "o"]
    assert (DEFAULTS.hidden, DEFAULTS.length) == (3, 3)
    assert task.one_hot.shape == (2, 3, 4)


def test_windows_and_the_letters_that_come_next() -> None:
    task = make_exercise("hello", 3)
    assert command.windows(task.inputs, task) == ["hel", "ell"]
    assert command.windows(task.targets, task) == ["ell", "llo"]
    np.testing.assert_array_equal(task.one_hot.argmax(axis=-1), task.inputs)
    assert set(task.one_hot.ravel()) == {0.0, 1.0}


def test_a_syllable_is_one_letter_however_it_was_typed() -> None:
    task = make_exercise(unicodedata.normalize("NFD", "안녕하세요"), 3)
    assert task.letters == list("안녕하세요")


@pytest.mark.parametrize(
    ("text", "length", "message"),
    [
        ("", 3, "nothing to predict"),
        ("aaaa", 3, "two different letters or more"),
        ("hello", 5, "--length 5 needs a text of 6 letters or more, 'hello' has 5"),
        ("ab" * 101, 3, "--text has 202 letters; at most 200"),
        ("ab\udcff", 1, "not valid Unicode"),
    ],
)
def test_a_text_that_makes_no_exercise_is_refused(text: str, length: int, message: str) -> None:
    with pytest.raises(UserError, match=message):
        make_exercise(text, length)


def test_a_text_that_is_just_long_enough() -> None:
    assert make_exercise("ab", 1).inputs.tolist() == [[0]]


def test_lowest_loss() -> None:
    # After the three l of hel|ell comes l, l, o: half of the six letters have the entropy of (2/3, 1/3).
    entropy = 2 / 3 * math.log(3 / 2) + 1 / 3 * math.log(3)
    task = make_exercise("hello", 3)
    assert lowest_loss(task, memory=False) == pytest.approx(entropy / 2)
    assert lowest_loss(task, memory=True) == 0.0
    # In windows of one letter there is nothing to remember: after b comes c, or d.
    assert lowest_loss(make_exercise("abcbd", 1), memory=True) == pytest.approx(math.log(2) / 2)
