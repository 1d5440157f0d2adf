"""States and gates over the tokens of a text, and the answer after each of its prefixes.

A cell that names its gates shows them, any other cell its states alone. The answers after the prefixes are those of
`zoo.predict`: the model reads each prefix from its beginning, as if nothing came after.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from datasets.errors import UserError
from datasets.options import option
from experiments.probe.base import Probe
from experiments.probe.gates_record import Record
from experiments.probe.tables import markdown, write_text
from zoo.config_file import OwnModel, read_config
from zoo.runtime.rundir import RunDirectory, make_folder, write_atomically
from zoo.tasks.base import load_task

if TYPE_CHECKING:
    import keras

    from experiments.probe.tracing import Trace
    from zoo.serving import Server


@dataclass(frozen=True)
class Options(OwnModel):
    """What to look at."""

    run: str = option("", "a finished run of a task that reads text", flag=False)
    text: str = option("", "one input", flag=False)
    layer: str | None = option(None, "which recurrent layer, by name")
    units: int = option(16, "units to draw: those that move most", minimum=1)


def check(options: Options) -> None:
    """Refuse what cannot be run, before anything slow is imported.

    Raises:
        UserError: if there is no such run, its task reads no text, or the text is empty.
    """
    config = read_config(RunDirectory.open(options.run), options)
    kind = load_task(config.task).input_kind
    if kind.prefixes is None:
        raise UserError(
            f"{options.run} is a run of {config.task}, which reads {kind.name}; gates are shown over a text"
        )
    if not options.text.strip():
        raise UserError("the text is empty; give one word or more")
    kind.parse([options.text])


def run(options: Options, out: Path) -> str:
    """Look, draw, and give the report.

    Args:
        options: the run, the text, and what to look at.
        out: folder of `gates.csv`, `gates.md`, `prefixes.csv` and `gates.png`.
    """
    from experiments.probe.gates_picture import draw
    from zoo.stored_run import load_run

    config, text = read_config(RunDirectory.open(options.run), options), options.text
    task = load_task(config.task)
    (raw,) = task.input_kind.parse([text])
    learned, model = load_run(Path(options.run), options)
    server = task.serve(model, learned)
    records = look(server, model, options.layer, raw)
    steps = len(next(iter(records[0].values.values())))
    encoder = getattr(learned, "encoder", None)
    tokens = tokens_of(encoder, raw, steps)
    from_end = getattr(encoder, "truncation_side", "right") == "left"
    prefixes = task.input_kind.prefixes
    assert prefixes is not None  # see `check`
    answers = task.answer(server, prefixes(raw, tokens, from_end), task.answer_options())
    make_folder(out)
    _write_values(records, tokens, out / "gates.csv")
    _write_answers(answers, out / "prefixes.csv")
    title = f"{config.task}, {config.recurrent.cell}"
    by_number = draw(records, tokens, answers, options.units, title, out / "gates.png")
    report = _report(records, tokens, answers, title)
    if by_number:
        report += "\n\nNo installed font has these letters, so the picture shows the tokens by number."
    write_text(out / "gates.md", report + "\n")
    return report


def look(server: Server, model: keras.Model, layer_name: str | None, raw: object) -> list[Record]:
    """Gates and states of the top cells of a layer while the model answers a raw input."""
    import tensorflow as tf

    from experiments.probe.tracing import find_layer, traced

    layer = find_layer(model, layer_name)
    before = tf.config.functions_run_eagerly()
    # So that the answer is worked out in Python, not in its saved graph.
    tf.config.run_functions_eagerly(True)
    try:
        with traced(layer, only_last=False) as traces:
            server(tf.constant([raw]))
    finally:
        tf.config.run_functions_eagerly(before)
    if not traces:
        raise UserError(
            f"the layer {layer.name} is not used in the answer to a text; name another with --layer"
        )
    longest = max(len(trace.inputs) for trace in traces)
    return [_record(trace) for trace in traces if len(trace.inputs) == longest][: layer.directions]


def _record(trace: Trace) -> Record:
    """The trace of the first sequence, in the order of the text, without padding."""
    import keras

    from experiments.probe.tracing import gates_of, state_names

    values = {name: gate[0] for name, gate in gates_of(trace).items()}
    names = tuple(f"state {name}" for name in state_names(trace.cell))
    for number, name in enumerate(names):
        states = [keras.tree.flatten(states)[number] for states in trace.states]
        values[name] = np.stack([np.array(state)[0].reshape(-1) for state in states])
    present = trace.present[0]
    ordered = {name: value[present][:: -1 if trace.reverse else 1] for name, value in values.items()}
    return Record("backward" if trace.reverse else "forward", ordered, names)


@runtime_checkable
class ReadsTokens(Protocol):
    """An encoder that can say which tokens of a raw input it encodes, as `zoo.data.tokenizer.TextEncoder` does."""

    def tokens_read(self, text: str, /) -> list[str]:
        """The tokens of a raw input."""


def tokens_of(encoder: object, raw: object, steps: int) -> list[str]:
    """The tokens that the layer read: those of the task's encoder, or numbers where it does not say them.

    Args:
        encoder: what the task restored; it may be anything.
        raw: the input.
        steps: how many tokens there must be.
    """
    tokens = encoder.tokens_read(raw) if isinstance(encoder, ReadsTokens) and isinstance(raw, str) else []
    return tokens if len(tokens) == steps else [f"step {n + 1}" for n in range(steps)]


def _write_values(records: list[Record], tokens: list[str], path: Path) -> None:
    import pandas as pd

    frame = pd.DataFrame(
        {
            "direction": record.direction,
            "position": n + 1,
            "token": token,
            "name": name,
            "unit": unit,
            "value": round(float(value), 6),
        }
        for record in records
        for name, values in record.values.items()
        for n, token in enumerate(tokens)
        for unit, value in enumerate(values[n])
    )
    write_atomically(path, lambda file: frame.to_csv(file, index=False))


def _write_answers(answers: list[dict[str, Any]], path: Path) -> None:
    import pandas as pd

    frame = pd.DataFrame(answers)
    write_atomically(path, lambda file: frame.to_csv(file, index=False))


def _report(records: list[Record], tokens: list[str], answers: list[dict[str, Any]], title: str) -> str:
    """Two Markdown tables: the answers, and the mean of each gate and the size of each state at each token."""
    header = list(answers[0])
    rows = [[n + 1, *(_shown(row.get(name)) for name in header)] for n, row in enumerate(answers)]
    text = f"{title}. The answer after each prefix:\n\n{markdown(['', *header], rows)}"
    for record in records:
        names = list(record.values)
        rows = [
            [n + 1, token, *(f"{_summary(name, record.values[name][n]):.3f}" for name in names)]
            for n, token in enumerate(tokens)
        ]
        text += f"\n\nRead {record.direction}: means of the gates, root mean squares of candidates and states:\n\n"
        text += markdown(["", "token", *names], rows)
    return text


def _summary(name: str, values: np.ndarray) -> float:
    return float(values.mean() if "gate" in name else np.sqrt(np.square(values).mean()))


def _shown(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


PROBE = Probe(Options, check, run, positional={"run": "RUN", "text": "TEXT"})
