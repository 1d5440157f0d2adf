from __future__ import annotations

import optuna
import pytest

from datasets.errors import UserError
from experiments.compare.contestants import contestant
from experiments.tune.space import Dimension, dimension, space, with_options


@pytest.mark.parametrize(
    ("text", "expected", "wide"),
    [
        ("learning_rate=1e-4..1e-2", Dimension("learning_rate", low=1e-4, high=1e-2), True),
        ("dropout=0..0.6", Dimension("dropout", low=0.0, high=0.6), False),
        ("units=32,64,32", Dimension("units", ("32", "64")), False),
        ("layers=1..3", Dimension("layers", low=1, high=3, whole=True), False),
        ("weight-dropout=0..1", Dimension("weight_dropout", low=0, high=1), False),
        ("cell=a", Dimension("cell", ("a",)), False),
    ],
)
def test_what_is_searched(text: str, expected: Dimension, wide: bool) -> None:
    assert dimension(text) == expected
    assert expected.wide == wide


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ((), "say what is searched"),
        (("units",), "write OPTION=LOW..HIGH"),
        (("units=3..1",), "3..1 is no range"),
        (("units=a..b",), "a..b is no range"),
        (("units=1,2", "units=3,4"), "units is given twice"),
    ],
)
def test_what_is_no_space_is_told(texts: tuple[str, ...], told: str) -> None:
    with pytest.raises(UserError, match=told):
        space(texts)


def test_values_are_written_as_they_are_run() -> None:
    trial = optuna.create_study().ask(fixed_distributions={})
    text = dimension("learning_rate=1e-4..1e-2").suggest(trial)
    assert float(text) == float(f"{float(text):.3g}")
    assert 1e-4 <= float(text) <= 1e-2
    assert dimension("layers=1..3").suggest(trial) in ("1", "2", "3")
    assert dimension("units=32,64").suggest(trial) in ("32", "64")


def test_a_contestant_gets_further_options_and_keeps_its_own() -> None:
    base = contestant("gru(reset_after=false, sentiment.embedding=3, layers=2)")
    text = with_options(base, {"units": "8", "tagging.embedding": "5"})
    assert text == "gru(reset_after=false, layers=2, sentiment.embedding=3, tagging.embedding=5, units=8)"
    with pytest.raises(UserError, match=r"gru.* has a value of its own"):
        with_options(base, {"layers": "3"})


def test_ends_are_those_of_numbers() -> None:
    values, few, names, whole = space(["units=16,8,32", "embedding=8", "precision=a,b", "layers=1..3"])
    assert [values.at_an_end(value) for value in ("8", "16", "32")] == [True, False, True]
    assert not few.at_an_end("8")
    assert not names.at_an_end("a")
    assert [whole.at_an_end(value) for value in (1, 2, 3)] == [True, False, True]
    rates, shares = space(["learning_rate=1e-4..1e-2", "dropout=0..0.5"])
    tried = [rates.at_an_end(value) for value in (1e-4, 1.2e-4, 2e-4, 8e-3, 0.009971937)]
    assert tried == [True, True, False, True, True]
    assert [shares.at_an_end(value) for value in (0.0, 0.02, 0.03, 0.47, 0.48)] == [
        True,
        True,
        False,
        False,
        True,
    ]
