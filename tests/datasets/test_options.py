from __future__ import annotations

from dataclasses import dataclass

import pytest

from datasets.errors import UserError
from datasets.options import (
    build,
    check_fractions,
    check_range,
    check_sizes,
    fields_of,
    flag,
    option,
    require,
)


@dataclass(frozen=True)
class Options:
    count: int = option(1, "how many")
    share: float = option(0.5, "how much")
    name: str = option("a", "which", ("a", "b"))
    loud: bool = option(False, "whether")
    other: str | None = option(None, "or none")
    several: tuple[str, ...] = option((), "which ones")


def test_values_of_every_kind() -> None:
    values = {"count": 2, "share": 1, "name": "b", "loud": True, "other": "x", "several": ("p", "q")}
    assert vars(build(Options, values)) == values
    assert build(Options, {"other": None}) == Options()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("count", "2", "--count: '2' is not a whole number"),
        ("count", True, "--count: True is not a whole number"),
        ("count", 2.0, "--count: 2.0 is not a whole number"),
        ("count", None, "--count: None is not a whole number"),
        ("share", "x", "--share: 'x' is not a number"),
        ("share", False, "--share: False is not a number"),
        ("name", "c", "--name: unknown name 'c'; choose one of: a, b"),
        ("loud", 1, "--loud: 1 is not true or false"),
        ("other", 3, "--other: 3 is not a text"),
        ("several", ("p", 1), "--several: 1 is not a text"),
    ],
)
def test_wrong_values(name: str, value: object, said: str) -> None:
    with pytest.raises(UserError) as caught:
        build(Options, {name: value})
    assert str(caught.value) == said


def test_flag() -> None:
    assert flag("text_column") == "--text-column"


def test_require() -> None:
    require(True, "share", 2, "never said")
    with pytest.raises(UserError, match=r"^--some-share 2: must be less$"):
        require(False, "some_share", 2, "must be less")


@pytest.mark.parametrize(("valid", "test"), [(0.1, 0), (0.5, 0.49), (0.01, 0.98)])
def test_fractions_that_leave_some_of_train(valid: float, test: float) -> None:
    check_fractions(valid, test)


@pytest.mark.parametrize(
    ("valid", "test", "told"),
    [
        (0, 0.1, "--valid-fraction 0: must be between 0 and 1"),
        (1, 0, "--valid-fraction 1: must be between 0 and 1"),
        (float("nan"), 0, "--valid-fraction nan: must be between 0 and 1"),
        (0.1, -0.1, "--test-fraction -0.1: must be from 0 to below 1"),
        (0.5, 0.5, "--test-fraction 0.5: with --valid-fraction leaves nothing to train on"),
    ],
)
def test_fractions_that_leave_nothing_are_refused(valid: float, test: float, told: str) -> None:
    with pytest.raises(UserError) as refused:
        check_fractions(valid, test)
    assert str(refused.value) == told


def test_numbers_outside_of_a_range_are_refused() -> None:
    @dataclass(frozen=True)
    class Numbers:
        noise: float = 0.5
        distance: int | None = None

    check_range(Numbers(), ["noise", "distance"], 0, 0.5)
    with pytest.raises(UserError, match=r"^--noise 0\.5: must be from 0 to 0\.4$"):
        check_range(Numbers(), ["noise"], 0, 0.4)
    with pytest.raises(UserError, match=r"^--distance 0: must be from 1 to 3$"):
        check_range(Numbers(distance=0), ["distance"], 1, 3)
    with pytest.raises(UserError, match=r"^--noise nan: must be"):
        check_range(Numbers(noise=float("nan")), ["noise"], 0, 1)


def test_sizes_below_the_least_are_refused() -> None:
    @dataclass(frozen=True)
    class Sizes:
        examples: int = 1
        stories: int = 0

    check_sizes(Sizes(), ["examples"], 1)
    with pytest.raises(UserError, match=r"^--examples 1: at least 2 are needed$"):
        check_sizes(Sizes(), ["examples", "stories"], 2)
    with pytest.raises(UserError, match=r"^--stories 0: at least 1 is needed$"):
        check_sizes(Sizes(), ["examples", "stories"], 1)


def test_options_of_a_subclass_come_before_those_of_its_bases() -> None:
    @dataclass(frozen=True)
    class General:
        encoding: str = option("utf-8", "of the file")
        share: float = option(0.1, "of the rows")

    @dataclass(frozen=True)
    class Special(General):
        column: str | None = option(None, "with the text")
        share: float = option(0.2, "of the texts")

    fields = {field.name: field.default for field in fields_of(Special)}
    assert list(fields.items()) == [("column", None), ("share", 0.2), ("encoding", "utf-8")]
