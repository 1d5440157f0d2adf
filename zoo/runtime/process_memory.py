"""Memory of this process."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")


def resident_memory(peak: bool = False) -> int:
    """Resident memory of this process in bytes: now, or at its peak.

    Linux alone tells both. Elsewhere the peak is that of `getrusage`, which is given for both; on Linux that one
    counts what the parent process held when it started this one.
    """
    if not STATUS.exists():
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    name = "VmHWM:" if peak else "VmRSS:"
    lines = STATUS.read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) * 1024
