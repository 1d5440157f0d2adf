"""How many sequences a cell needs until it can remember over a given number of steps.

Each batch is answered before it is learned from. A problem counts as solved when of the 2,000 most recent sequences
no more were wrong, and their mean error was no larger, than its paper asks for (`experiments.probe.problems`).
"""

from __future__ import annotations

import itertools
import shlex
import sys
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypedDict

import numpy as np

from datasets.options import option
from experiments.probe import memory_overview, memory_picture, problems
from experiments.probe.base import Probe
from experiments.probe.probed_cells import CELLS_HELP, check_cells, class_of, recurrent_options
from experiments.probe.problems import Problem
from experiments.probe.tables import Results, alike, markdown, write_text
from zoo.cli.cells import published_cells
from zoo.runtime.progress import log, progress_bar

if TYPE_CHECKING:
    from experiments.probe.learner import Learner
    from zoo.layers.recurrent import Recurrent

#: So many of the most recent sequences must be right; also how many published sequences the criterion is for.
RECENT = 2_000
#: New sequences that a solved problem is tried on, as in the paper.
TESTED = 2_560
#: Sequences of an LSTM until it was solved, where a paper says so: Hochreiter and Schmidhuber 1997.
PUBLISHED = {("adding", 100): 74_000, ("adding", 500): 209_000, ("order", 100): 31_390}


class Trial(TypedDict):
    """What is measured: one cell on one problem, from one seed."""

    problem: str
    length: int
    cell: str
    start: str
    units: int
    learning_rate: float
    batch_size: int
    clip: float
    seed: int


class Measured(Trial):
    """A row of `memory.csv`.

    Attributes:
        budget: sequences that the cell was given at most; `sequences`: how many it read.
        error, wrong: of the last 2,000 sequences the mean error, and how many were wrong.
        tested_wrong: how many of 2,560 new sequences were wrong; -1 where the problem was not solved.
    """

    budget: int
    solved: bool
    sequences: int
    error: float
    wrong: int
    tested_wrong: int
    parameters: int
    seconds: float


KEY, COLUMNS = tuple(Trial.__annotations__), tuple(Measured.__annotations__)


@dataclass(frozen=True)
class Options:
    """What to try."""

    problems: tuple[str, ...] = option(
        ("adding", "order", "copying", "counting"),
        "which problems; addition is 3-digit addition as text, for which only cells, seeds and epochs count",
        choices=("adding", "order", "copying", "counting", "addition"),
    )
    lengths: tuple[int, ...] = option((20, 100), "T, steps to remember over, not of addition", minimum=1)
    cells: tuple[str, ...] = option(published_cells(), CELLS_HELP, metavar="CELL")
    seeds: tuple[int, ...] = option((0, 1, 2), "of weights and sequences", minimum=0)
    start: tuple[str, ...] = option(
        ("chrono",),
        "first biases: as the cell has them, or gates that remember for up to T steps (chrono)",
        choices=("cell", "chrono"),
    )
    sequences: int = option(50_000, "sequences until a cell has failed", minimum=RECENT)
    units: int = option(32, "units of the cell", minimum=1)
    learning_rate: float = option(0.01, "of Adam", minimum=0.0)
    batch_size: int = option(20, "sequences per step", minimum=1)
    clip: float = option(1.0, "largest global norm of the gradient; 0 clips nothing", minimum=0.0)
    epochs: int = option(10, "of addition", minimum=1)


#: What `--full` stands for, where an option is not given.
FULL = {
    "problems": ("adding", "order", "copying", "counting", "addition"),
    "lengths": (20, 50, 100, 200),
    "start": ("chrono", "cell"),
}


def check(options: Options) -> None:
    """Refuse what cannot be run, before anything slow is imported.

    Raises:
        UserError: for a cell that does not exist, or a length that is too short for a problem.
    """
    check_cells(options.cells)
    for trial in _trials(options):
        problems.make(trial["problem"], trial["length"])


def run(options: Options, out: Path) -> str:
    """Measure what is not in `out/memory.csv` yet, draw it, and give the report.

    Raises:
        UserError: if files cannot be read or written.
    """
    results = Results(out / "memory.csv", COLUMNS, KEY)
    for trial in map(_with_start, _trials(options)):
        if not _is_known(results, trial, options.sequences):
            row = measure(trial, options.sequences)
            results.add([row])
            log(_message(row))
    sections = []
    settings = {name: getattr(options, name) for name in ("units", "learning_rate", "batch_size", "clip")}
    drawn = alike(results.frame, settings)
    if drawn["cell"].nunique() >= memory_overview.MANY:
        memory_overview.draw(drawn, out / "memory.png")
        sections.append(f"Median sequences until solved:\n\n{memory_overview.table(drawn)}")
    elif len(drawn):
        memory_picture.draw(drawn, PUBLISHED, out / "memory.png")
    if results.rows:
        sections.append(report(results))
    if "addition" in options.problems:
        from experiments.probe import addition

        sections.append(addition.run(options.cells, options.seeds, options.epochs, out))
    text = "\n\n".join(sections)
    command = shlex.join(["python", "-m", "experiments.probe", *sys.argv[1:]])
    write_text(out / "memory.md", f"Last filled by `{command}`. Synthetic data.\n\n{text}\n")
    return text


def _trials(options: Options) -> Iterator[Trial]:
    """What the options ask for, the quick trials first."""
    names = [name for name in options.problems if name in problems.PROBLEMS]
    for length, seed, start, name, cell in itertools.product(
        sorted(options.lengths), options.seeds, options.start, names, options.cells
    ):
        yield {
            "problem": name, "length": length, "cell": cell, "start": start, "units": options.units,
            "learning_rate": options.learning_rate, "batch_size": options.batch_size, "clip": options.clip,
            "seed": seed,
        }  # fmt: skip


def _with_start(trial: Trial) -> Trial:
    """The trial. Of a cell without a gate that keeps its state the start is `any`: it starts in one way only."""
    return trial if signs_of_gates(class_of(trial["cell"])) else {**trial, "start": "any"}


def signs_of_gates(cell: object) -> dict[str, int]:
    """The gates of a cell, or its class, that decide how long a state is kept: 1 where they keep, -1 where they write.

    Empty of a cell that does not say where such gates stand (`zoo.cells.base.Cell`).
    """
    order = getattr(cell, "gate_order", None) or ""
    signs = {"keeping_gates": 1, "writing_gates": -1}
    return {gate: sign for name, sign in signs.items() for gate in getattr(cell, name, "") if gate in order}


def _is_known(results: Results, trial: Trial, budget: int) -> bool:
    """A row counts if it was solved, or was given as many sequences as now, or more."""
    rows = results.find(trial)
    return bool(rows) and bool(rows[0]["solved"] or rows[0]["budget"] >= budget)


def measure(trial: Trial, budget: int) -> Measured:
    """Train one cell on one problem until it is solved, or `budget` sequences are used up."""
    start = time.monotonic()
    learner, outcome, rng = train(trial, budget)
    problem = learner.problem
    tested_wrong = -1
    if outcome.solved:
        batch = problem.draw(rng, TESTED)
        tested_wrong = int(problems.errors(problem, learner.predict(batch), batch.targets)[1].sum())
    return {
        **trial,
        "budget": budget,
        "solved": outcome.solved,
        "sequences": outcome.sequences,
        "error": float(f"{outcome.error:.4g}"),
        "wrong": outcome.wrong,
        "tested_wrong": tested_wrong,
        "parameters": sum(int(np.prod(variable.shape)) for variable in learner.variables),
        "seconds": round(time.monotonic() - start, 1),
    }


def train(trial: Trial, budget: int) -> tuple[Learner, Outcome, np.random.Generator]:
    """The training of `measure`: the model, how it ended, and where further sequences come from."""
    from experiments.probe.learner import Learner
    from zoo.factory import recurrent_factory

    problem = problems.make(trial["problem"], trial["length"])
    factory = recurrent_factory(recurrent_options(trial["cell"], trial["units"]), trial["seed"])
    learner = Learner(
        problem, factory, learning_rate=trial["learning_rate"], clip=trial["clip"], seed=trial["seed"]
    )
    rng = np.random.default_rng([trial["seed"], trial["length"]])
    if trial["start"] == "chrono":
        open_gates(learner.layer, problem.steps, rng)
    title = f"{trial['problem']} {trial['length']}, {trial['cell']}, seed {trial['seed']}"
    return learner, learn(learner, problem, rng, trial["batch_size"], budget, title), rng


class Outcome(NamedTuple):
    """How a training ended.

    Attributes:
        solved: whether it met the criterion.
        sequences: how many it read.
        error, wrong: of the last 2,000 sequences the mean error, and how many were wrong.
    """

    solved: bool
    sequences: int
    error: float
    wrong: int


def learn(
    learner: Learner, problem: Problem, rng: np.random.Generator, batch_size: int, budget: int, title: str
) -> Outcome:
    """Train until the problem is solved, or `budget` sequences are used up.

    Args:
        learner: a model that has learned nothing.
        problem: what to learn.
        rng: draws the sequences.
        batch_size: sequences of a step.
        budget: the most sequences.
        title: of the progress bar.
    """
    recent_errors: deque[float] = deque(maxlen=RECENT)
    recent_faults: deque[bool] = deque(maxlen=RECENT)
    sequences, solved = 0, False
    for _ in progress_bar(range(-(-budget // batch_size)), title):
        batch = problem.draw(rng, batch_size)
        answers, _, _ = learner.step(batch)
        errors, wrong = problems.errors(problem, answers, batch.targets)
        recent_errors.extend(errors.tolist())
        recent_faults.extend(wrong.tolist())
        sequences += batch_size
        if is_solved(problem, recent_errors, recent_faults):
            solved = True
            break
    return Outcome(solved, sequences, float(np.mean(recent_errors)), sum(recent_faults))


def is_solved(problem: Problem, recent_errors: deque[float], recent_faults: deque[bool]) -> bool:
    """The criterion; false until there are 2,000 sequences."""
    full = len(recent_faults) == RECENT
    return full and sum(recent_faults) <= problem.faults and float(np.mean(recent_errors)) < problem.error


def open_gates(layer: Recurrent, steps: int, rng: np.random.Generator) -> None:
    """First biases that let a gated cell remember for as long as it may have to.

    Tallec and Ollivier 2018, "Can recurrent neural networks warp time?": a forget gate of 1 - 1/n keeps a state for
    about n steps, so its bias is log(n - 1), with n spread evenly over 2 … `steps`; an LSTM's input gate starts with
    the negative. A cell that has no such gate stays as it is.
    """
    for cell in itertools.chain.from_iterable(layer.cells):
        signs = signs_of_gates(cell)
        if not signs or cell.bias is None:
            continue
        order = cell.gate_order
        bias = cell.bias.numpy()
        rows = bias if bias.ndim == 1 else bias[0]
        times = np.log(rng.uniform(1, max(2, steps - 1), cell.units))
        for gate, sign in signs.items():
            place = order.index(gate)
            rows[place * cell.units : (place + 1) * cell.units] = sign * times
        cell.bias.assign(bias)


def _message(row: Measured) -> str:
    outcome = f"solved after {row['sequences']:,}" if row["solved"] else f"not in {row['sequences']:,}"
    start = "" if row["start"] == "any" else f" ({row['start']})"
    return (
        f"{row['problem']} T = {row['length']}, {row['cell']}{start}, seed {row['seed']}: {outcome} sequences, "
        f"{row['seconds']:.0f} s"
    )


def report(results: Results) -> str:
    """A Markdown table: one line for each problem, length, cell and start."""
    same = ["problem", "length", "cell", "start", "units", "learning_rate", "batch_size", "clip"]
    header = [
        *("problem", "T", "cell", "start", "units", "solved", "sequences until solved (least – most)"),
        *("published, LSTM", f"wrong of {TESTED:,} new", "parameters", "seconds"),
    ]
    lines = []
    for values, group in results.frame.groupby(same, sort=True):
        problem, length, cell, start, units, *_ = values
        solved = group[group["solved"]]
        counts, faults = solved["sequences"], solved["tested_wrong"]
        spread = f"{counts.min():,} – {counts.max():,}" if len(solved) else f"> {group['budget'].max():,}"
        published = PUBLISHED.get((problem, length))
        lines.append([
            problem, length, cell, start, units, f"{len(solved)} of {len(group)}", spread,
            f"{published:,}" if published else "–", f"{faults.min()} – {faults.max()}" if len(solved) else "–",
            f"{group['parameters'].iloc[0]:,}", f"{group['seconds'].mean():.0f}",
        ])  # fmt: skip
    return markdown(header, lines)


PROBE = Probe(Options, check, run, full=FULL)
