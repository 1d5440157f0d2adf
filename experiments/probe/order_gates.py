"""The gates of cells that have learned to say in which order two marks came.

Each cell learns the temporal order problem (docs/probes/memory.md), as in the memory probe, until it solves it or has
read --sequences. Then its gates are looked at while it reads: over one sequence as a picture, and over many as means at
the steps that bring a mark and at all others.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from datasets.options import option
from experiments.probe import memory, problems
from experiments.probe.base import Probe
from experiments.probe.gates_record import Record
from experiments.probe.order_gates_record import Looked
from experiments.probe.probed_cells import CELLS_HELP, check_cells
from experiments.probe.tables import markdown, write_text
from zoo.runtime.progress import log
from zoo.runtime.rundir import make_folder, write_atomically

if TYPE_CHECKING:
    import pandas as pd

    from experiments.probe.learner import Learner

#: Sequences of the means.
MANY = 200
#: Symbols of the problem from this one on are marks.
FIRST_MARK = 6
SYMBOLS = "abcdEBXY"


@dataclass(frozen=True)
class Options:
    """What to look at."""

    cells: tuple[str, ...] = option(
        ("lstm", "lstm(chrono=50)", "gru", "min_gru", "slstm"), CELLS_HELP, metavar="CELL"
    )
    length: int = option(50, "T, steps of a sequence", minimum=10)
    units: int = option(16, "units of the cell; the picture has a row for each", minimum=1)
    sequences: int = option(30_000, "sequences until a cell has failed", minimum=memory.RECENT)
    learning_rate: float = option(0.01, "of Adam", minimum=0.0)
    batch_size: int = option(20, "sequences per step", minimum=1)
    clip: float = option(1.0, "largest global norm of the gradient; 0 clips nothing", minimum=0.0)
    seed: int = option(0, "of weights and sequences", minimum=0)


def check(options: Options) -> None:
    """Refuse what cannot be run, before anything slow is imported.

    Raises:
        UserError: for a cell that does not exist.
    """
    check_cells(options.cells)


def run(options: Options, out: Path) -> str:
    """Train, look, draw, and give the report.

    Args:
        options: which cells, and how they learn.
        out: folder of `order_gates.csv`, `order_gates.md` and `order_gates.png`.
    """
    from experiments.probe.order_gates_picture import draw

    looked = []
    for cell in options.cells:
        looked.append(look(options, cell))
        log(f"{cell}: {_outcome(looked[-1].outcome)}")
    make_folder(out)
    frame = table(looked)
    write_atomically(out / "order_gates.csv", lambda file: frame.to_csv(file, index=False))
    draw(looked, out / "order_gates.png")
    text = report(options, looked)
    write_text(out / "order_gates.md", f"Synthetic data (temporal order).\n\n{text}\n")
    return text


def look(options: Options, cell: str) -> Looked:
    """Train a cell, and look at its gates."""
    trial: memory.Trial = {
        "problem": "order", "length": options.length, "cell": cell, "start": "cell", "units": options.units,
        "learning_rate": options.learning_rate, "batch_size": options.batch_size, "clip": options.clip,
        "seed": options.seed,
    }  # fmt: skip
    learner, outcome, _ = memory.train(trial, options.sequences)
    batch = learner.problem.draw(np.random.default_rng([options.seed, 1]), MANY)
    symbols = np.where(batch.mask, batch.inputs.argmax(axis=-1), -1)
    gates, states = _values(learner, batch)
    first = batch.mask[0]
    values = {name: value[0][first] for name, value in {**gates, **states}.items()}
    at_mark = symbols >= FIRST_MARK
    elsewhere = batch.mask & ~at_mark
    means = {
        name: (float(gate[at_mark].mean()), float(gate[elsewhere].mean())) for name, gate in gates.items()
    }
    tokens = [SYMBOLS[symbol] for symbol in symbols[0][first]]
    return Looked(cell, outcome, Record("forward", values, tuple(states)), tokens, means)


def _values(
    learner: Learner, batch: problems.Sequences
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """What a cell calls gates, and its first two states, by name, `(batch, time, units)` each."""
    import keras

    from experiments.probe.tracing import gates_of, state_names, traced

    inputs, mask, _ = learner.tensors(batch)
    with traced(learner.layer, only_last=False) as traces:
        learner.answers(inputs, mask)
    (trace,) = traces
    steps = [keras.tree.flatten(states) for states in trace.states]
    states = {
        f"state {name}": np.stack([np.array(step[number]) for step in steps], axis=1)
        for number, name in enumerate(state_names(trace.cell)[:2])
    }
    return {name: gate for name, gate in gates_of(trace).items() if "gate" in name}, states


def table(looked: list[Looked]) -> pd.DataFrame:
    """The means of all gates, a row for each."""
    import pandas as pd

    rows = [
        {
            "cell": seen.cell, "solved": seen.outcome.solved, "sequences": seen.outcome.sequences, "gate": gate,
            "at_marks": round(at_marks, 4), "elsewhere": round(elsewhere, 4),
        }
        for seen in looked
        for gate, (at_marks, elsewhere) in seen.means.items()
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["cell", "solved", "sequences", "gate", "at_marks", "elsewhere"])


def report(options: Options, looked: list[Looked]) -> str:
    """A Markdown table of the means."""
    rows = [
        [seen.cell, _outcome(seen.outcome), gate, f"{at_marks:.2f}", f"{elsewhere:.2f}"]
        for seen in looked
        for gate, (at_marks, elsewhere) in seen.means.items()
    ]
    header = ["cell", "learned", "gate", "mean at the two marks", "mean at all other steps"]
    return (
        f"T = {options.length}, {options.units} units, seed {options.seed}; means over {MANY} new sequences and all "
        f"units:\n\n{markdown(header, rows)}"
    )


def _outcome(outcome: memory.Outcome) -> str:
    return f"solved after {outcome.sequences:,}" if outcome.solved else f"not in {outcome.sequences:,}"


PROBE = Probe(Options, check, run)
