"""What truncated back-propagation through time costs and saves.

At each step the symbol of --lag steps ago is to be told. A sequence is cut into chunks of k steps; the state goes on
from chunk to chunk, its gradient does not. For each k: how far the gradient is from the full one, seconds and peak
memory of one gradient, and how well the cell learns. The weights stay the same within a sequence, so that all k make
the same number of updates.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    from experiments.probe.learner import Learner

KEY = ("cell", "k", "length", "lag", "units", "steps", "seed")
COLUMNS = (*KEY, "when", "cosine", "distance", "norm", "accuracy")
COST_KEY = ("cell", "k", "length", "units", "batch_size")
COST_COLUMNS = (*COST_KEY, "seconds", "megabytes")
SEQUENCES, TRAINING_RATE, CLIP = 32, 0.01, 1.0
#: Sequences for the bias of the gradient, and for the accuracy.
COMPARED, TESTED = 32, 512


@dataclass(frozen=True)
class Options:
    """What to measure."""

    cell: str = option("gru", "a cell of the zoo or package.module:Class", metavar="CELL")
    length: int = option(64, "T, steps of a sequence", minimum=4)
    lag: int = option(8, "how many steps ago the symbol was that is to be told", minimum=1)
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


def sizes(length: int, given: tuple[int, ...]) -> list[int]:
    """The chunk lengths: those given, or the powers of two below `length`, and `length` itself."""
    powers = [2**n for n in range(length.bit_length()) if 2**n < length]
    return sorted({*(given or powers), length})


def run(options: Options, out: Path) -> str:
    """Measure what is not in the tables yet, draw it, and give the report."""
    from experiments.probe.truncation_picture import draw

    results = Results(out / "truncation.csv", COLUMNS, KEY)
    for seed in options.seeds:
        for k in sizes(options.length, options.chunks):
            values = (options.cell, k, options.length, options.lag, options.units, options.steps, seed)
            wanted = dict(zip(KEY, values, strict=True))
            if not results.find(wanted):
                results.add(measure(wanted))
                log(f"{options.cell}, k = {k}, seed {seed}: accuracy {results.rows[-1]['accuracy']:.3f}")
    costs = Results(out / "cost.csv", COST_COLUMNS, COST_KEY)
    asked: dict[str, Any] = {"cell": options.cell, "length": options.cost_length, "units": options.cost_units}
    asked["batch_size"] = options.cost_batch
    for k in sizes(options.cost_length, ()) if options.cost else []:
        if k < 8:  # all that one pays there is the overhead of a call for each chunk
            continue
        wanted = {**asked, "k": k}
        if not costs.find(wanted):
            costs.add([{**wanted, **measured_apart(wanted)}])
            log(f"{options.cell}, k = {k}: {costs.rows[-1]['megabytes']:.0f} MB")
    settings = {name: getattr(options, name) for name in ("cell", "length", "lag", "units", "steps")}
    draw(alike(results.frame, settings), alike(costs.frame, asked), out / "truncation.png")
    text = report(results.frame, costs.frame)
    write_text(out / "truncation.md", f"Synthetic data (echo).\n\n{text}\n")
    return text


def measure(wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """Two rows for one k and seed: bias of the gradient and accuracy at the start, and after training with this k."""
    from experiments.probe.truncated import Truncated, accuracy
    from zoo.factory import recurrent_factory

    problem = Echo(wanted["length"], wanted["lag"])
    factory = recurrent_factory(RecurrentOptions(cell=wanted["cell"], units=wanted["units"]), wanted["seed"])
    learner = make_learner(problem, factory, wanted["seed"])
    truncated = Truncated(learner, wanted["k"])
    full = Truncated(learner, wanted["length"])
    compared = problem.draw(np.random.default_rng([wanted["seed"], 1]), COMPARED)
    tested = problem.draw(np.random.default_rng([wanted["seed"], 2]), TESTED)
    rng, rows = np.random.default_rng([wanted["seed"], 3]), []
    for when in ("start", "trained"):
        if when == "trained":
            for _ in progress_bar(range(wanted["steps"]), f"k = {wanted['k']}, seed {wanted['seed']}"):
                truncated.step(problem.draw(rng, SEQUENCES))
        found = bias(truncated.gradients(compared), full.gradients(compared))
        rows.append({**wanted, "when": when, **found, "accuracy": accuracy(learner, tested)})
    return rows


def make_learner(problem: Echo, factory: Any, seed: int) -> Learner:
    """A model in float64, for differences of gradients."""
    from experiments.probe.learner import Learner

    return Learner(problem, factory, learning_rate=TRAINING_RATE, clip=CLIP, seed=seed, dtype="float64")


def bias(found: list[np.ndarray], full: list[np.ndarray]) -> dict[str, float]:
    """How far one gradient is from another, all weights taken as one vector.

    Returns:
        `cosine` of the angle between them; `distance`, the norm of their difference as a share of the full one's;
        `norm`, that of the first as a share of the full one's.
    """
    one, other = (np.concatenate([part.ravel() for part in parts]) for parts in (found, full))
    whole = np.linalg.norm(other)
    cosine = one @ other / max(np.linalg.norm(one) * whole, 1e-300)
    return {
        "cosine": float(f"{cosine:.6g}"),
        "distance": float(f"{np.linalg.norm(one - other) / whole:.6g}"),
        "norm": float(f"{np.linalg.norm(one) / whole:.6g}"),
    }


def measured_apart(wanted: dict[str, Any]) -> dict[str, float]:
    """Seconds and megabytes of one gradient, in a process of its own: memory once taken is rarely given back.

    Raises:
        UserError: if that process fails.
    """
    arguments = [str(wanted[name]) for name in COST_KEY]
    command = [sys.executable, "-m", "experiments.probe.truncated", *arguments]
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["it was killed"])[-1]
        raise UserError(f"the cost of k = {wanted['k']} could not be measured: {reason}", 1)
    seconds, megabytes = done.stdout.split()[-2:]
    return {"seconds": float(seconds), "megabytes": float(megabytes)}


def report(frame: Any, costs: Any) -> str:
    """Two Markdown tables."""
    lines = []
    for found, group in frame.groupby(["cell", "units", "length", "lag", "steps", "k"], sort=True):
        start, trained = (group[group["when"] == when] for when in ("start", "trained"))
        lines.append([
            *found, len(start), f"{start['cosine'].mean():.3f}", f"{start['distance'].mean():.3f}",
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
