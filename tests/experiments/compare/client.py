"""A comparison of stand-ins in a process of its own: `python -m … OUT SEEDS [ADDRESS]`."""

from __future__ import annotations

import sys
from pathlib import Path

from experiments.compare import cluster
from experiments.compare.grid import Grid, Run, runs
from experiments.compare.runner import Setting, do_all
from zoo.cli.flags import main_guard

STAND_IN = "tests.experiments.compare.stand_in"


def planned(seeds: int) -> list[Run]:
    """Three cells and so many seeds."""
    return runs(Grid(tasks=("sentiment",), seeds=tuple(range(seeds)), keras_seeds=0))


@main_guard
def main(argv: list[str]) -> None:
    """The runs, on two workers of this machine or on the cluster at the address."""
    out, seeds = Path(argv[0]), int(argv[1])
    client = cluster.remote_client(argv[2]) if len(argv) > 2 else cluster.local_client(2)
    with client as connected:
        tally = do_all(connected, planned(seeds), Setting(out, len(argv) > 2, 1, STAND_IN, None))
    print(
        f"finished {tally.finished}, found {tally.finished_before}, failed {len(tally.failed)}, stopped {tally.stopped}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
