"""Further seeds for the pairs of cells that are not clear yet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from experiments.compare.grid import Run
from experiments.report.groups import groups
from experiments.report.reading import read
from experiments.report.sequential import wanted
from zoo.runtime.progress import log


def further_runs(out: Path, planned: Sequence[Run]) -> list[Run]:
    """The runs that the next look of the open pairs needs, seed by seed; none where all is decided.

    Args:
        out: folder of the comparison, with its plan.
        planned: the runs that there are already. Those of them that failed are not run again.
    """
    known, more = {run.name: run for run in planned}, dict[str, Run]()
    for group in groups(read(out)):
        if group.rule is None:
            continue
        seeds_of_cells = wanted(list(group.decisions.values()), group.rule[0])
        for cell, seeds in seeds_of_cells.items():
            like = next((known[name] for name in group.of(cell)["run"] if name in known), None)
            for run in map(like.with_seed, seeds) if like else ():
                if run.name not in known:
                    more.setdefault(run.name, run)
    if more:
        log(f"not all pairs are clear: {len(more)} runs of further seeds")
    return sorted(more.values(), key=lambda run: run.seed)
