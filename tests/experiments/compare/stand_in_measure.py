"""Stands in for `experiments.compare.measure` where it is not what is tested: made-up costs. `python -m … RUN`"""

from __future__ import annotations

import sys
from pathlib import Path

from experiments.report.records import COSTS, Costs

if __name__ == "__main__":
    costs = Costs(
        latency_p50_ms=1.0, latency_p95_ms=2.0, answers=3, artifact_bytes=4_000_000, model_bytes=5_000_000
    )
    costs.write(Path(sys.argv[1]) / COSTS)
