"""What truncated back-propagation through time costs and saves.

At each step the model is to say which symbol it read --lag steps ago. A sequence is cut into chunks of k steps. The
state goes on from chunk to chunk, its gradient does not. For each k the probe measures how far the gradient is from the
full one, seconds and peak memory of one gradient, and how well the cell learns. The weights stay the same within a
sequence, so that all k make the same number of updates.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from datasets import plugins
from datasets.errors import UserError
from datasets.options import option
from experiments.probe.base import Probe
from experiments.probe.problems import Echo
from experiments.probe.tables import Results, alike, markdown, write_text
from zoo.config import RecurrentOptions
from zoo.runtime.progress import log, progress_bar

if TYPE_CHECKING:
    import pandas as pd

    from experiments.probe.learner import Learner
    from zoo.factory import RecurrentFactory


class Trial(TypedDict):
    """What is trained: one cell with chunks of k steps, from one seed."""

    cell: str
    k: int
    length: int
    lag: int
    units: int
    steps: int
    seed: int


class Cost(TypedDict):
    """The gradient whose seconds and memory are measured."""

    cell: str
    k: int
    length: int
    units: int
    batch_size: int


KEY, COST_KEY = tuple(Trial.__annotations__), tuple(Cost.__annotations__)
COLUMNS = (*KEY, "when", "cosine", "distance", "norm", "accuracy")
COST_COLUMNS = (*COST_KEY, "seconds", "megabytes")
SEQUENCES, TRAINING_RATE, CLIP = 32, 0.01, 1.0
#: Sequences for the bias of the gradient, and for the accuracy.
COMPARED, TESTED = 32, 512


@dataclass(frozen=True)
class Options:
    """What to measure."""

    cell: str = option("gru", "a cell of the zoo or package.module:Class", metavar="CELL")
    length: int = option(64, "T, steps of a sequence", minimum=4)
    lag: int = option(8, "how many steps ago the symbol was that is asked for", minimum=1)
    chunks: tuple[int, ...] = option(
        (), "k, steps of a chunk (default: 1, 2, 4, … and T)", minimum=1, metavar="K"
    )
    units: int = option(32, "units of the cell", minimum=1)
    steps: int = option(500, "of training, with 32 sequences each", minimum=1)
    seeds: tuple[int, ...] = option((0, 1, 2), "of weights and sequences", minimum=0)
    cost_length: int = option(1024, "T of the sequences by which seconds and memory are measured", minimum=4)
    cost_units: int = option(128, "units of the cell for these", minimum=1)
    cost_batch: int = option(64, "sequences at a time for these", minimum=1)
    cost: bool = option(True, "measure seconds and memory, each in a process of its own")


#: What `--full` stands for, where an option is not given.
FULL = {"steps": 2000, "seeds": (0, 1, 2, 3, 4), "length": 128, "lag": 16}


def check(options: Options) -> None:
    """Refuse what cannot be run, before anything slow is imported.

    Raises:
        UserError: for a cell that does not exist, or numbers that do not fit together.
    """
    plugins.check("zoo.cells", options.cell, "CELL")
    if options.lag >= options.length:
        raise UserError(f"--lag {options.lag} must be below --length {options.length}")
    for k in options.chunks:
        if k > options.length:
            raise UserError(f"--chunks {k}: a chunk cannot be longer than --length {options.length}")


def sizes(length: int, chosen: tuple[int, ...]) -> list[int]:
    """The chunk lengths: those chosen, or the powers of two below `length`, and `length` itself."""
    powers = [2**n for n in range(length.bit_length()) if 2**n < length]
    return sorted({*(chosen or powers), length})


def run(options: Options, out: Path) -> str:
    """Measure what is not in the tables yet, draw it, and give the report."""
    from experiments.probe.truncation_picture import draw

    results = Results(out / "truncation.csv", COLUMNS, KEY)
    for seed, k in itertools.product(options.seeds, sizes(options.length, options.chunks)):
        trial: Trial = {
            "cell": options.cell, "k": k, "length": options.length, "lag": options.lag, "units": options.units,
            "steps": options.steps, "seed": seed,
        }  # fmt: skip
        if not results.find(trial):
            results.add(measure(trial))
            log(f"{options.cell}, k = {k}, seed {seed}: accuracy {results.rows[-1]['accuracy']:.3f}")
    costs = Results(out / "cost.csv", COST_COLUMNS, COST_KEY)
    of_costs = {
        "cell": options.cell, "length": options.cost_length, "units": options.cost_units,
        "batch_size": options.cost_batch,
    }  # fmt: skip
    for cost in _costs(options) if options.cost else []:
        if not costs.find(cost):
            costs.add([{**cost, **measure_cost(cost)}])
            log(f"{options.cell}, k = {cost['k']}: {costs.rows[-1]['megabytes']:.0f} MB")
    settings = {name: getattr(options, name) for name in ("cell", "length", "lag", "units", "steps")}
    draw(alike(results.frame, settings), alike(costs.frame, of_costs), out / "truncation.png")
    text = report(results.frame, costs.frame)
    write_text(out / "truncation.md", f"Synthetic data (echo).\n\n{text}\n")
    return text


def _costs(options: Options) -> list[Cost]:
    """The gradients to measure. Below 8 steps a chunk, all that one pays is the overhead of a call for each chunk."""
    return [
        {
            "cell": options.cell, "k": k, "length": options.cost_length, "units": options.cost_units,
            "batch_size": options.cost_batch,
        }
        for k in sizes(options.cost_length, ())
        if k >= 8
    ]  # fmt: skip


def measure(trial: Trial) -> list[dict[str, object]]:
    """Two rows for one k and seed: bias of the gradient and accuracy at the start, and after training with this k."""
    from experiments.probe.truncated import Truncated, accuracy
    from zoo.factory import recurrent_factory

    problem = Echo(trial["length"], trial["lag"])
    factory = recurrent_factory(RecurrentOptions(cell=trial["cell"], units=trial["units"]), trial["seed"])
    learner = make_learner(problem, factory, trial["seed"])
    truncated = Truncated(learner, trial["k"])
    full = Truncated(learner, trial["length"])
    compared = problem.draw(np.random.default_rng([trial["seed"], 1]), COMPARED)
    tested = problem.draw(np.random.default_rng([trial["seed"], 2]), TESTED)
    rng = np.random.default_rng([trial["seed"], 3])
    rows: list[dict[str, object]] = []
    for when in ("start", "trained"):
        if when == "trained":
            for _ in progress_bar(range(trial["steps"]), f"k = {trial['k']}, seed {trial['seed']}"):
                truncated.step(problem.draw(rng, SEQUENCES))
        of_gradient = bias(truncated.gradients(compared), full.gradients(compared))
        rows.append({**trial, "when": when, **of_gradient, "accuracy": accuracy(learner, tested)})
    return rows


def make_learner(problem: Echo, factory: RecurrentFactory, seed: int) -> Learner:
    """A model in float64, for differences of gradients."""

    from experiments.probe.learner import Learner

    return Learner(problem, factory, learning_rate=TRAINING_RATE, clip=CLIP, seed=seed, dtype="float64")


def bias(gradient: list[np.ndarray], full: list[np.ndarray]) -> dict[str, float]:
    """How far a gradient is from the full one, all weights taken as one vector.

    Returns:
        `cosine` of the angle between them; `distance`, the norm of their difference as a share of the full one's norm;
        `norm`, that of the gradient as a share of the full one's.
    """
    vector, full_vector = (np.concatenate([part.ravel() for part in parts]) for parts in (gradient, full))
    full_norm = np.linalg.norm(full_vector)
    cosine = vector @ full_vector / max(np.linalg.norm(vector) * full_norm, 1e-300)
    return {
        "cosine": float(f"{cosine:.6g}"),
        "distance": float(f"{np.linalg.norm(vector - full_vector) / full_norm:.6g}"),
        "norm": float(f"{np.linalg.norm(vector) / full_norm:.6g}"),
    }


def measure_cost(cost: Cost) -> dict[str, float]:
    """Seconds and megabytes of one gradient, in a process of its own: memory once taken is rarely given back.

    Raises:
        UserError: if that process fails.
    """
    arguments = [str(value) for value in cost.values()]
    command = [sys.executable, "-m", "experiments.probe.truncated", *arguments]
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["it was killed"])[-1]
        raise UserError(f"the cost of k = {cost['k']} could not be measured: {reason}", 1)
    seconds, megabytes = done.stdout.split()[-2:]
    return {"seconds": float(seconds), "megabytes": float(megabytes)}


def report(frame: pd.DataFrame, costs: pd.DataFrame) -> str:
    """Two Markdown tables."""
    lines = []
    for values, group in frame.groupby(["cell", "units", "length", "lag", "steps", "k"], sort=True):
        start, trained = (group[group["when"] == when] for when in ("start", "trained"))
        lines.append([
            *values, len(start), f"{start['cosine'].mean():.3f}", f"{start['distance'].mean():.3f}",
            f"{trained['cosine'].mean():.3f}", f"{trained['distance'].mean():.3f}",
            f"{trained['accuracy'].mean():.3f}", f"{trained['accuracy'].min():.3f} – {trained['accuracy'].max():.3f}",
        ])  # fmt: skip
    header = [
        *("cell", "units", "T", "lag", "steps of training", "k", "seeds", "cosine at the start", "distance"),
        *("cosine after training with k", "distance", "accuracy", "least – most"),
    ]
    text = "The truncated gradient beside the full one, and what is learned with it (chance is 0.25):\n\n"
    text += markdown(header, lines)
    if len(costs):
        lines = [
            [
                row.cell,
                row.length,
                row.units,
                row.batch_size,
                row.k,
                f"{row.seconds:.3f}",
                f"{row.megabytes:.0f}",
            ]
            for row in costs.sort_values(["cell", "length", "k"]).itertuples()
        ]
        header = ["cell", "T", "units", "sequences", "k", "seconds of a gradient", "MB at its peak"]
        text += f"\n\n{markdown(header, lines)}"
    return text


PROBE = Probe(Options, check, run, full=FULL)
