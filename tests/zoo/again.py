"""Tests of this repository, run again in a process of JAX."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

#: Words in the names of tests of variants of a cell.
VARIANTS = (
    "activation",
    "projection",
    "peephole",
    "coupled",
    "layer_norm",
    "zoneout",
    "exponential",
    "neuromodulated",
)
#: Whether variants, and cells that are like others, are among the tests that are run again.
COMMON_AND_ALL = pytest.mark.parametrize(
    "everything",
    [
        pytest.param(False, id="common", marks=pytest.mark.slow),
        pytest.param(True, id="all", marks=[pytest.mark.slow, pytest.mark.exhaustive]),
    ],
)


def on_jax(
    run_python: Callable[..., Any], names: Iterable[str], everything: bool, *paths: str
) -> tuple[Any, dict[str, int]]:
    """The finished process, and how many tests of each name passed in it.

    Args:
        run_python: the fixture.
        names: parts of tests' names, as `pytest -k` takes them.
        everything: see `COMMON_AND_ALL`.
        paths: where they are.
    """
    common = "" if everything else "".join(f" and not {word}" for word in VARIANTS)
    done = run_python(
        *(
            "-m",
            "pytest",
            "-n",
            "0",
            "-m",
            "" if everything else "not exhaustive",
            "-rA",
            "-p",
            "no:cacheprovider",
        ),
        # Keras' variables do not know NumPy's newest argument yet.
        *("-W", "ignore:__array__ implementation:DeprecationWarning"),
        *("-k", " or ".join(f"({name}{common})" for name in names)),
        *paths,
        env={"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
        timeout=900,
    )
    passed = [line for line in done.stdout.splitlines() if line.startswith("PASSED")]
    counts = {}
    for name in names:
        wanted = [part for part in name.split(" and ") if not part.startswith("not ")]
        counts[name] = sum(all(part in line for part in wanted) for line in passed)
    return done, counts
