"""The memory of this process, and not that of the one which started it."""

from __future__ import annotations

import subprocess
import sys

import numpy as np

from zoo.runtime.process_memory import machine_memory, resident_memory

CHILD = "from zoo.runtime.process_memory import resident_memory\nprint(resident_memory(), resident_memory(peak=True))"


def test_the_peak_remembers_what_is_gone() -> None:
    before = resident_memory()
    block = np.ones(64 << 20, np.uint8)
    assert resident_memory() > before + (60 << 20)
    del block
    assert resident_memory(peak=True) >= before + (60 << 20)


def test_a_child_does_not_count_what_its_parent_held() -> None:
    block = np.ones(256 << 20, np.uint8)
    done = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True, check=True)
    now, peak = map(int, done.stdout.split())
    assert len(block) > peak >= now > 1 << 20


def test_a_machine_has_more_memory_than_a_process_uses() -> None:
    memory = machine_memory()
    assert memory is not None
    assert memory > resident_memory()
