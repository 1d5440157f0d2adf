"""Three-digit addition as text, one character at a time: "535+61" is answered with "596".

The data are those of the Keras example `addition_rnn`: 50,000 different questions of two numbers of one to three
digits, where a+b and b+a count as one question; 45,000 to train on and 5,000 to validate with. A question is filled up
with blanks to seven characters and reversed, an answer is filled up to four. Batches of 32, ten epochs.

The example's model reads the question with an LSTM of 128 units, repeats its last output four times, and writes with a
second LSTM. Here the encoder's last output is repeated in the same way, and the decoder starts from the encoder's
states, where the example's starts from zeros. The example's Adam stays at a learning rate of 0.001; here it begins at
0.004 and falls along a cosine to zero, and gradients are clipped at a global norm of 1.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.probe.probed_cells import recurrent_options
from experiments.probe.tables import Results, markdown
from zoo.runtime.progress import log, progress_bar

if TYPE_CHECKING:
    import keras
    import pandas as pd

DIGITS, QUESTIONS, VALIDATION = 3, 50_000, 5_000
CHARACTERS = " +0123456789"
ASKED, ANSWERED = 2 * DIGITS + 1, DIGITS + 1
UNITS, BATCH_SIZE, LEARNING_RATE, CLIP = 128, 32, 4e-3, 1.0
#: Validation accuracy of the example's LSTM after ten epochs.
PEER = 0.977
KEY = ("cell", "seed", "epochs", "epoch")
COLUMNS = (*KEY, "loss", "accuracy", "whole_answers", "parameters", "seconds")

Array = np.ndarray


@dataclass(frozen=True)
class Sums:
    """Questions and answers as ids of characters, `(questions, 7)` and `(questions, 4)`."""

    questions: Array
    answers: Array


def draw(seed: int, count: int = QUESTIONS) -> Sums:
    """Different questions in random order.

    A number has one to three digits, each length as likely as the others, as in the example; so short ones are common.
    """
    rng = np.random.default_rng(seed)
    pair_of_sum: dict[tuple[int, int], tuple[int, int]] = {}  # a+b and b+a are one question
    while len(pair_of_sum) < count:
        for a, b in rng.integers(0, 10 ** rng.integers(1, DIGITS + 1, (4096, 2))).tolist():
            pair_of_sum.setdefault((min(a, b), max(a, b)), (a, b))
    pairs = list(pair_of_sum.values())[:count]
    order = rng.permutation(count)
    questions = [f"{a}+{b}".ljust(ASKED)[::-1] for a, b in pairs]
    answers = [str(a + b).ljust(ANSWERED) for a, b in pairs]
    return Sums(_ids(questions)[order], _ids(answers)[order])


def _ids(texts: list[str]) -> Array:
    return np.array([[CHARACTERS.index(character) for character in text] for text in texts], np.int32)


def build(cell: str, seed: int, units: int) -> keras.Model:
    """Ids of characters `(batch, 7)` → logits `(batch, 4, 12)`."""
    import keras

    from zoo.factory import recurrent_factory

    keras.utils.set_random_seed(seed)
    recurrent = recurrent_factory(recurrent_options(cell, units), seed)
    question = keras.Input((ASKED,), dtype="int32")
    characters = keras.ops.one_hot(question, len(CHARACTERS))
    read, states = recurrent(return_sequences=False, return_state=True, name="encoder")(characters)
    repeated = keras.layers.RepeatVector(ANSWERED)(read)
    outputs = recurrent(return_sequences=True, name="decoder")(repeated, initial_state=states)
    return keras.Model(question, keras.layers.Dense(len(CHARACTERS), name="logits")(outputs))


def measure(cell: str, seed: int, epochs: int, sums: Sums | None = None) -> list[dict[str, Any]]:
    """Train, and give a row for each epoch."""
    import keras

    sums = sums or draw(seed)
    held = len(sums.questions) * VALIDATION // QUESTIONS
    train, valid = (
        Sums(sums.questions[part], sums.answers[part]) for part in (slice(held, None), slice(held))
    )
    model = build(cell, seed, UNITS)
    steps = -(-len(train.questions) // BATCH_SIZE)
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps * epochs)
    model.compile(
        keras.optimizers.Adam(rate, global_clipnorm=CLIP),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    rng, start, loss = np.random.default_rng([seed, 1]), time.monotonic(), math.nan
    rows: list[dict[str, Any]] = []
    for epoch in range(1, epochs + 1):
        model.reset_metrics()
        order = rng.permutation(len(train.questions))
        for n in progress_bar(range(steps), f"addition, {cell}, epoch {epoch}/{epochs}"):
            chosen = order[n * BATCH_SIZE : (n + 1) * BATCH_SIZE]
            loss = model.train_on_batch(train.questions[chosen], train.answers[chosen])  # mean of the epoch
        correct = model.predict(valid.questions, batch_size=500, verbose=0).argmax(axis=-1) == valid.answers
        rows.append({
            "cell": cell, "seed": seed, "epochs": epochs, "epoch": epoch, "loss": round(float(loss), 5),
            "accuracy": round(float(correct.mean()), 5),
            "whole_answers": round(float(correct.all(axis=1).mean()), 5),
            "parameters": model.count_params(), "seconds": round(time.monotonic() - start, 1),
        })  # fmt: skip
        log(
            f"addition, {cell}, seed {seed}, epoch {epoch}/{epochs}: accuracy {rows[-1]['accuracy']:.4f}, "
            f"{rows[-1]['seconds']:.0f} s"
        )
    return rows


def run(cells: tuple[str, ...], seeds: tuple[int, ...], epochs: int, out: Path) -> str:
    """Measure what is not in `out/addition.csv` yet, draw it, and give the report."""
    results = Results(out / "addition.csv", COLUMNS, KEY)
    for seed in seeds:
        for cell in cells:
            last = {"cell": cell, "seed": seed, "epochs": epochs, "epoch": epochs}
            if not results.find(last):
                results.add(measure(cell, seed, epochs))
    _draw(results.frame, out / "addition.png")
    return report(results)


def report(results: Results) -> str:
    """A Markdown table: a line for each cell and number of epochs."""
    frame = results.frame
    last = frame[frame["epoch"] == frame["epochs"]]
    lines = [
        [
            *(cell, epochs, len(group), f"{group['accuracy'].mean():.4f}"),
            f"{group['accuracy'].min():.4f} – {group['accuracy'].max():.4f}",
            *(f"{group['whole_answers'].mean():.4f}", f"{group['parameters'].iloc[0]:,}"),
            f"{group['seconds'].mean():.0f}",
        ]
        for (cell, epochs), group in last.groupby(["cell", "epochs"], sort=True)
    ]
    header = [
        *("3-digit addition", "epochs", "seeds", "validation accuracy of characters", "least – most"),
        *("of whole answers", "parameters", "seconds"),
    ]
    return f"{markdown(header, lines)}\n\nThe Keras example reaches {PEER} after ten epochs."


def _draw(frame: pd.DataFrame, path: Path) -> None:
    from matplotlib.figure import Figure

    from experiments.probe.pictures import color_of, save

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    for (cell, _, _), group in frame.groupby(["cell", "seed", "epochs"]):
        axes.plot(group["epoch"], 1 - group["accuracy"], "-o", color=color_of(cell), label=cell, alpha=0.8)
    axes.axhline(1 - PEER, color="black", linestyle="--", label="Keras example, LSTM, epoch 10")
    axes.set(
        title="3-digit addition as text", xlabel="epoch", ylabel="wrong characters (validation)", yscale="log"
    )
    axes.grid(alpha=0.3)
    handles, labels = axes.get_legend_handles_labels()
    once = dict(zip(labels, handles, strict=True))
    axes.legend(once.values(), once.keys())
    save(figure, path)
