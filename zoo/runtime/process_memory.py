"""Memory of this process."""

from __future__ import annotations

import contextlib
import os
import resource
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")


def resident_memory(peak: bool = False) -> int:
    """Resident memory of this process in bytes: now, or at its peak.

    Only Linux tells the present value; elsewhere the peak, of `getrusage`, is given for both. On Linux `getrusage` is
    not asked, because its peak includes memory of the parent process.
    """
    if not STATUS.exists():
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    name = "VmHWM:" if peak else "VmRSS:"
    lines = STATUS.read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) * 1024


def machine_memory() -> int | None:
    """Bytes of memory that this machine, or the control group of this process, has; None where it is not told."""
    amounts = []
    with contextlib.suppress(OSError, ValueError):
        amounts.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    with contextlib.suppress(OSError, ValueError):
        amounts.append(int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
    return min(amounts, default=None)
