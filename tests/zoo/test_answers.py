"""The comparison that the tests of exports rest on tells every difference."""

from __future__ import annotations

import numpy as np
import pytest

from tests.zoo.answers import differing

ONE = {"text": np.array([b"a", b""]), "score": np.array([0.5, -np.inf]), "cut": np.array([True, False])}


def test_the_same_answers_do_not_differ():
    assert differing(ONE, {**ONE, "score": ONE["score"] + 1e-6}) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("text", np.array([b"a", b"b"])),
        ("score", np.array([0.5001, -np.inf])),
        ("score", np.array([0.5, np.nan])),
        ("score", np.array([0.5])),
        ("cut", np.array([True, True])),
        ("other", np.array([1])),
    ],
)
def test_a_difference_is_named(name, value):
    assert differing(ONE, {**ONE, name: value}) == [name]
    assert differing({**ONE, name: value}, ONE) == [name]


def test_an_output_that_is_missing_is_named():
    assert differing({"text": ONE["text"]}, ONE) == ["cut", "score"]
