"""Every option that is a number, of every command, takes what it can work with or refuses it in one line."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator

import pytest

import datasets
from datasets import plugins
from datasets.errors import UserError
from datasets.options import CEILINGS, Field, build, fields_of
from experiments.compare.grid import Grid
from experiments.hello.__main__ import Options as HelloOptions
from experiments.probe.__main__ import PROBES, load
from tests.conftest import RunPython
from zoo.config import RecurrentOptions, TrainingOptions
from zoo.tasks.base import load_task, task_names


def option_classes() -> dict[type, None]:
    """The options of all tasks, data sets, cells, of the trainer, and of the experiments."""
    found: dict[type, None] = dict.fromkeys([RecurrentOptions, TrainingOptions, Grid, HelloOptions])
    for task in map(load_task, task_names()):
        views = [options for _, _, options in datasets.option_groups(task.fields)]
        found |= dict.fromkeys([task.options_type, task.answer_options, *views])
    return found | dict.fromkeys(load(name).options for name in plugins.names(PROBES, "PROBE"))


def numbers() -> Iterator[tuple[type, Field]]:
    for options in option_classes():
        for field in fields_of(options):
            if field.base in (int, float):
                yield options, field


FIELDS = [pytest.param(*pair, id=f"{pair[0].__module__}-{pair[1].name}") for pair in numbers()]
#: What no number is written as, or what is too large for any.
NEVER = (
    "nan",
    "inf",
    "-inf",
    "1e300",
    "1e999",
    "9" * 400,
    "1" * 5000,
    "-" + "1" * 5000,
    "１２",
    "1_000",
    "0x10",
    "",
)
SOMETIMES = ("-1", "0", "1", str(10**30), str(2**31), "4294967296", "10000000", "1e-300", "0.5")
TOO_LARGE = (10**30, -(10**30), 10**400, 10**5000, math.nan, math.inf, 1e300)


def test_there_are_options_to_try() -> None:
    assert len(FIELDS) > 150


@pytest.mark.parametrize(("options", "field"), FIELDS)
def test_a_number_is_taken_within_a_ceiling_and_refused_in_one_line_beyond(
    options: type, field: Field
) -> None:
    for text in NEVER:
        with pytest.raises(UserError) as caught:
            field.parse(text)
        assert len(str(caught.value)) < 120
    for text in SOMETIMES:
        with contextlib.suppress(UserError):
            value = field.parse(text)
            assert value is None or abs(value) <= (field.limits[1] or CEILINGS[field.base])  # type: ignore[arg-type]
            build(options, {field.name: (value,) if field.many else value})
    for number in TOO_LARGE:  # as files and calls give them
        if abs(number) <= (field.limits[1] or 0):
            continue
        with pytest.raises(UserError) as caught:
            build(options, {field.name: (number,) if field.many else number})
        assert len(str(caught.value)) < 160


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--seed", "4294967296"], "--seed: 4294967296 is too large, the most is 4294000000"),
        (["--units", "10000000"], "--units: 10000000 is too large, the most is 65536"),
        (["--batch-size", "9" * 20], "is too large, the most is 65536"),
        (["--max-tokens", "9" * 20], "is too large, the most is 2147483647"),
        (["--epochs", "1" * 5000], "is not a whole number"),
    ],
)
def test_the_command_says_so_at_once(run_python: RunPython, arguments: list[str], told: str) -> None:
    code = (
        "import sys\nfrom zoo import run\ncode = run.main(sys.argv[1:])\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)\nsys.exit(code)"
    )
    done = run_python("-c", code, "sentiment", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert done.stderr.count("\n") == 1
    assert len(done.stderr) < 150
