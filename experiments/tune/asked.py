"""What a search is asked to do."""

from __future__ import annotations

from dataclasses import dataclass

from datasets.options import option
from experiments.compare.grid import MATCHES, Grid
from zoo.cli.cells import published_cells


@dataclass(frozen=True)
class Asked:
    """A search; its fields are flags of `experiments.tune`."""

    task: str = option("", "the task", flag=False)
    cells: tuple[str, ...] = option(
        published_cells(), "contestants, as in experiments.compare", metavar="CELL"
    )
    space: tuple[str, ...] = option(
        (),
        "what is searched: a range (by logarithms where its ends are 100 times apart or more), or values; of options "
        "of runs, of one task (tagging.embedding=16,32), or of the cells' constructors",
        metavar="OPTION=LOW..HIGH",
    )
    trials: int = option(30, "trials of each contestant", minimum=1)
    seed: int = option(0, "of the search and of all its trials", minimum=0)
    dataset: str = option("microworld", "the data set, as in zoo.run", metavar="DATA")
    vary: tuple[str, ...] = option((), "options that all runs share, one value each", metavar="OPTION=VALUE")
    match: str = option(
        "units",
        "what is equal for all contestants before anything is searched; parameters looks for each one's units",
        choices=MATCHES,
    )
    final_seeds: int = option(5, "fresh seeds of the comparison at the end; 0: none", minimum=0)

    def grid(self, cells: tuple[str, ...], seeds: tuple[int, ...]) -> Grid:
        """Runs of these contestants with what all share."""
        return Grid((self.task,), cells, (self.dataset,), seeds, vary=self.vary, keras_seeds=0)
