"""Peak memory of training one layer, printed in MB. A process for each: memory once taken is rarely given back.

    python -m experiments.bench.memory lstm 32x200x128x64 fused

Counted is what training holds at its peak beyond what the process held before the layer was made. The first steps,
which compile, do not count. Linux only: the kernel keeps the peak, and forgets it on demand.
"""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

from experiments.bench.shapes import Shape
from zoo.runtime.process_memory import resident_memory

STEPS = 4
MB = 1 << 20
#: A layer that makes the framework take what it takes once, whatever the layer.
SMALL = Shape(8, 3, 4, 16)


def forget() -> None:
    """Give free memory back to the system and start the peak again."""
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")


def peak(cell: str, shape: Shape, name: str) -> float:
    """Train, and give the peak in MB."""
    from experiments.bench.contestants import Problem, make

    make(Problem.draw(cell, SMALL), name).calls["train"]()
    problem = Problem.draw(cell, shape)
    forget()
    before = resident_memory()
    train = make(problem, name).calls["train"]
    for _ in range(2):
        train()
    forget()
    for _ in range(STEPS):
        train()
    return (resident_memory(peak=True) - before) / MB


if __name__ == "__main__":
    from experiments.bench.layers import prepare

    prepare()
    print(f"{peak(sys.argv[1], Shape.parse(sys.argv[2]), sys.argv[3]):.1f}")
