"""How much of the last step's gradient arrives at each step before it.

Without --run, cells learn the temporal order problem (docs/probes/memory.md), with their recurrent weights multiplied
by each of --scales at the start. Measured is the norm of the gradient of the loss by the state so many steps before the
last, before training and after it; and what clipping does to plain gradient descent. With --run, the same for the model
of a run directory, on sequences of its dev split.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datasets.errors import UserError
from datasets.options import option
from experiments.probe import problems
from experiments.probe.base import Probe
from experiments.probe.probed_cells import CELLS_HELP, check_cells, recurrent_options
from experiments.probe.tables import Results, alike, markdown, spread, table_by_lag, write_text
from zoo.cli.cells import published_cells
from zoo.config_file import OwnCode, read_config
from zoo.runtime.progress import log, progress_bar
from zoo.runtime.rundir import RunDirectory

if TYPE_CHECKING:
    import pandas as pd

    from experiments.probe.learner import Learner

KEY = ("cell", "scale", "length", "units", "steps", "clip", "seed", "when")
COLUMNS = (*KEY, "lag", "norm", "lower", "upper", "difference")
CLIP_KEY = ("cell", "scale", "length", "units", "steps", "learning_rate", "seed", "clip")
CLIP_COLUMNS = (*CLIP_KEY, "step", "loss", "norm")
SEQUENCES, TRAINING_RATE = 32, 3e-3
#: In the report's table: heading and column of what was measured.
SHOWN_KEY = {
    "T": "length", "units": "units", "steps of training": "steps", "clip": "clip", "seed": "seed", "cell": "cell",
    "scale": "scale", "when": "when",
}  # fmt: skip


@dataclass(frozen=True)
class Options(OwnCode):
    """What to look at."""

    run: str | None = option(
        None, "a finished run directory; of the other options it takes --layer and --examples", metavar="RUN"
    )
    layer: str | None = option(None, "which recurrent layer of the run, by name")
    examples: int = option(32, "sequences of the run's dev split", minimum=1)
    cells: tuple[str, ...] = option(published_cells(), CELLS_HELP, metavar="CELL")
    scales: tuple[float, ...] = option(
        (0.5, 1.0, 2.0), "factors of the recurrent weights, which start orthogonal", minimum=0.0
    )
    length: int = option(50, "T, steps of a sequence", minimum=10)
    units: int = option(32, "units of the cell", minimum=1)
    steps: int = option(400, "of training, with 32 sequences each", minimum=1)
    plain_rate: float = option(0.5, "learning rate of the gradient descent that is clipped or not", minimum=0)
    clip: float = option(1.0, "largest norm where it is clipped", minimum=1e-9)
    seed: int = option(0, "of weights and sequences", minimum=0)


#: What `--full` stands for, where an option is not given.
FULL = {"scales": (0.5, 0.8, 1.0, 1.2, 1.5, 2.0), "length": 100, "steps": 1500}


def check(options: Options) -> None:
    """Refuse what cannot be run, before anything slow is imported.

    Raises:
        UserError: for a cell or a run that does not exist.
    """
    check_cells(options.cells)
    if options.run is not None:
        read_config(RunDirectory.open(options.run), options)


def run(options: Options, out: Path) -> str:
    """Measure, draw, and give the report."""
    if options.run is not None:
        from experiments.probe import gradients_of_run

        return gradients_of_run.run(options.run, options, options.layer, options.examples, out)
    from experiments.probe import gradients_picture

    results = Results(out / "gradients.csv", COLUMNS, KEY)
    for cell in options.cells:  # a cell that cannot be scaled is refused before anything is trained
        make_learner(options, cell, max(options.scales), learning_rate=TRAINING_RATE, clip=options.clip)
    for cell, scale in itertools.product(options.cells, options.scales):
        if not results.find(_key(options, cell, scale, "trained")):
            results.add(measure(options, cell, scale))
            log(f"{cell}, scale {scale}: gradients before and after {options.steps} steps")
    clipping = Results(out / "clipping.csv", CLIP_COLUMNS, CLIP_KEY)
    for cell, clip in itertools.product(options.cells, (0.0, options.clip)):
        key = _clip_key(options, cell, max(options.scales), clip)
        if not clipping.find(key):
            clipping.add(descend(options, cell, clip))
            log(f"{cell}, clip {clip}: gradient descent")
    settings = {name: getattr(options, name) for name in ("length", "units", "steps", "seed")}
    drawn = alike(results.frame, settings | {"clip": options.clip})
    gradients_picture.draw(drawn, out / "gradients.png")
    settings |= {"learning_rate": options.plain_rate, "scale": max(options.scales)}
    drawn = alike(clipping.frame, settings)
    gradients_picture.draw_clipping(drawn[drawn["clip"].isin([0, options.clip])], out / "clipping.png")
    text = report(results.frame, clipping.frame)
    write_text(out / "gradients.md", f"Synthetic data (temporal order).\n\n{text}\n")
    return text


def _key(options: Options, cell: str, scale: float, when: str) -> dict[str, Any]:
    return {**_common(options, cell, scale), "clip": options.clip, "when": when}


def _clip_key(options: Options, cell: str, scale: float, clip: float) -> dict[str, Any]:
    return {**_common(options, cell, scale), "learning_rate": options.plain_rate, "clip": clip}


def _common(options: Options, cell: str, scale: float) -> dict[str, Any]:
    settings = {name: getattr(options, name) for name in ("length", "units", "steps", "seed")}
    return {"cell": cell, "scale": scale, **settings}


def make_learner(
    options: Options, cell: str, scale: float, *, learning_rate: float, clip: float, plain: bool = False
) -> Learner:
    """A model in float64, its recurrent weights multiplied by `scale`; for the other arguments see `Learner`."""
    from experiments.probe.learner import Learner
    from zoo.factory import recurrent_factory

    factory = recurrent_factory(recurrent_options(cell, options.units), options.seed)
    learner = Learner(
        problems.make("order", options.length), factory, learning_rate=learning_rate, clip=clip, seed=options.seed,
        dtype="float64", plain=plain,
    )  # fmt: skip
    for layer_cell in learner.layer.cells[-1]:
        kernel = getattr(layer_cell, "recurrent_kernel", None)
        if kernel is None and scale != 1:
            raise UserError(f"--scales {scale:g}: {cell} has no recurrent_kernel to be scaled; leave it at 1")
        if kernel is not None:
            kernel.assign(kernel * scale)
    return learner


def measure(options: Options, cell: str, scale: float) -> list[dict[str, Any]]:
    """The rows of one cell and scale at the start and after training.

    Those of the start also say how far the norms are from those of the reference, where it has the cell.
    """
    learner = make_learner(options, cell, scale, learning_rate=TRAINING_RATE, clip=options.clip)
    batch = learner.problem.draw(np.random.default_rng([options.seed, 1]), SEQUENCES)
    rng = np.random.default_rng([options.seed, 2])
    rows: list[dict[str, Any]] = []
    for when in ("start", "trained"):
        if when == "trained":
            for _ in progress_bar(range(options.steps), f"{cell}, scale {scale}"):
                learner.step(learner.problem.draw(rng, SEQUENCES))
        norms = norms_of(learner, batch)
        difference = difference_to_reference(cell, learner, batch, norms) if when == "start" else None
        rows += [
            {**_key(options, cell, scale, when), "lag": lag, **spread(column), "difference": difference}
            for lag, column in enumerate(norms.T)
            if np.isfinite(column).sum() > SEQUENCES / 2
        ]
    return rows


def norms_of(learner: Learner, batch: problems.Sequences) -> np.ndarray:
    """Norms `(batch, lags)` of the gradient of each sequence's loss by its earlier states."""
    import tensorflow as tf

    from experiments.probe.tracing import norms_by_lag, traced

    inputs, mask, targets = learner.tensors(batch)
    with traced(learner.layer) as traces, tf.GradientTape() as tape:
        loss = tf.reduce_sum(learner.losses(learner.answers(inputs, mask), targets))
    return norms_by_lag(tape, loss, traces[0])


def difference_to_reference(
    cell: str, learner: Learner, batch: problems.Sequences, norms: np.ndarray
) -> float | None:
    """The largest relative difference between these norms and those of `zoo.reference`; None where it has no such cell.

    The state of each step is made the initial state of a run over the rest.
    """
    from zoo import reference

    if cell not in reference.CELLS:
        return None
    kind, layer_cell = reference.CELLS[cell](), learner.layer.cells[0][0]
    if kind.state_names[0] != "h":  # the output is none of the states, of which the last is read here
        return None
    weights = {weight.name: weight.numpy() for weight in layer_cell.trainable_variables}
    kernel, bias = (weight.numpy() for weight in learner.head.weights)
    worst = 0.0
    for row, length in enumerate(batch.mask.sum(axis=1)):
        inputs = batch.inputs[row : row + 1, :length]
        last = reference.forward(kind, weights, inputs).final_states[0]
        logits = last @ kernel + bias
        d_logits = reference.softmax(logits) - np.eye(learner.problem.outputs)[batch.targets[row]]
        for lag in {1, length // 3, length - 1}:
            states = reference.forward(kind, weights, inputs[:, :-lag]).final_states
            rest = reference.forward(kind, weights, inputs[:, -lag:], initial_states=states)
            d_final = [d_logits @ kernel.T, *[np.zeros_like(state) for state in states[1:]]]
            d_states = reference.backward(kind, rest, d_final_states=d_final).initial_states
            norm = np.sqrt(sum(np.square(gradient).sum() for gradient in d_states))
            worst = max(worst, abs(norms[row, lag] - norm) / max(norm, 1e-300))
    return worst


def descend(options: Options, cell: str, clip: float) -> list[dict[str, object]]:
    """Plain gradient descent at the largest scale: a row for each step, until the loss is no finite number.

    Args:
        options: of the probe.
        cell: of the model.
        clip: largest norm of the gradient; 0 clips nothing.
    """
    scale = max(options.scales)
    learner = make_learner(options, cell, scale, learning_rate=options.plain_rate, clip=clip, plain=True)
    key = _clip_key(options, cell, scale, clip)
    rng = np.random.default_rng([options.seed, 3])
    rows: list[dict[str, object]] = []
    for step in progress_bar(range(options.steps), f"{cell}, clip {clip}"):
        _, loss, norm = learner.step(learner.problem.draw(rng, SEQUENCES))
        rows.append({**key, "step": step, "loss": float(f"{loss:.5g}"), "norm": float(f"{norm:.5g}")})
        if not np.isfinite([loss, norm]).all():
            break
    return rows


def report(frame: pd.DataFrame, clipping: pd.DataFrame) -> str:
    """Two Markdown tables."""
    text = (
        "Norm of the gradient by the state of so many steps before the last, as a share of that by the last state "
        "(median of the sequences), and the factor that it gains or loses a step on average:\n\n"
    )
    text += table_by_lag(frame, SHOWN_KEY)
    lines = []
    settings = ["length", "units", "seed", "cell", "scale", "learning_rate", "clip"]
    for values, group in clipping.groupby(settings, sort=False):
        tail = group["loss"].tail(50)
        lines.append([
            *values, len(group), f"{group['norm'].median():.2g}", f"{group['norm'].max():.2g}",
            f"{group['loss'].max():.3g}", f"{tail.mean():.3f}",
        ])  # fmt: skip
    header = [
        "T", "units", "seed", "cell", "scale", "learning rate", "clip", "steps", "median norm", "largest norm",
        "highest loss", "loss, mean of the last 50",
    ]  # fmt: skip
    text += "\n\nPlain gradient descent; the norm is that of all weights' gradient before clipping:\n\n"
    text += markdown(header, lines) + f"\n\nChance is a loss of {np.log(4):.3f}."
    if frame["difference"].notna().any():
        worst = frame["difference"].astype(float).max()
        text += f"\n\nFrom the NumPy reference, before training: largest relative difference {worst:.0e}."
    return text


PROBE = Probe(Options, check, run, full=FULL)
