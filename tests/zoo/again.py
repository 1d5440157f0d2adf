"""Tests of this repository, run again in a process of JAX."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def on_jax(run_python: Callable[..., Any], again: Mapping[str, int], *paths: str) -> None:
    """Run some tests and see that they pass, and that they are as many as is thought.

    Args:
        run_python: the fixture.
        again: part of a test's name, as `pytest -k` takes it, and how many such tests there are at least.
        paths: where they are.
    """
    done = run_python(
        *("-m", "pytest", "-n", "0", "-rA", "-p", "no:cacheprovider"),
        # Keras' variables do not know NumPy's newest argument yet.
        *("-W", "ignore:__array__ implementation:DeprecationWarning"),
        *("-k", " or ".join(f"({part})" for part in again)),
        *paths,
        env={"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
        timeout=900,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    passed = [line for line in done.stdout.splitlines() if line.startswith("PASSED")]
    for names, at_least in again.items():
        wanted = [part for part in names.split(" and ") if not part.startswith("not ")]
        found = [line for line in passed if all(part in line for part in wanted)]
        assert len(found) >= at_least, names
