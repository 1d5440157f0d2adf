from __future__ import annotations

import os

import pytest

from zoo.runtime.cores import cores


def test_cores_are_those_that_this_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: {1, 4, 5}, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 16)
    assert cores() == 3


@pytest.mark.parametrize(("counted", "expected"), [(16, 16), (None, 1)])
def test_where_the_platform_does_not_say_they_are_those_of_the_machine(
    monkeypatch: pytest.MonkeyPatch, counted: int | None, expected: int
) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: counted)
    assert cores() == expected
