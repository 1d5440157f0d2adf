"""What a training step of the zoo's own trainer is spent on, beside the recurrent layer: a table of words, a call."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zoo.runtime.platform import configure, device_name
from zoo.runtime.progress import log

if TYPE_CHECKING:
    import keras
    import pandas as pd

    from zoo.tasks.base import Batch
    from zoo.tensors import Tensor
    from zoo.training.loop import Trainer

#: Steps in one call of the graph, where several are.
STEPS = 4


@dataclass(frozen=True)
class Size:
    """A model of texts: words `embedded`, a recurrent layer, the mean over the text, one logit."""

    name: str
    words: int
    embedded: int
    units: int
    batch: int
    tokens: int
    bidirectional: bool = True


SIZES = (
    Size("reviews", 20_000, 64, 64, 32, 200),
    Size("sentences", 20_000, 64, 64, 32, 12, bidirectional=False),
    Size("small", 2_000, 16, 16, 32, 20),
)


def measure(rounds: int, sizes: tuple[Size, ...] = SIZES) -> pd.DataFrame:
    """A table with a row for each size and way of training, the ways taking turns.

    Columns: size, way, wall and processor (milliseconds of a step: the median, and the median of the seconds that the
    process had a core), share (the median over the rounds of the processor time by that of `as it is`).

    Ways: `as it is`; `table as a whole` (not updated row by row, see `zoo.training.lazy_rows`); `no average` (of the
    weights); `no average, table fixed` (the table of words has no gradient and no update); `several a call` (as it is,
    but `STEPS` steps in one call).
    """
    import pandas as pd

    configure("cpu")
    rows = []
    for size in sizes:
        times = _rounds(_ways(size), rounds)
        whole = np.array(times["as it is"])
        for way, taken in times.items():
            wall, processor = np.median(taken, axis=0)
            share = float(np.median(np.array(taken)[:, 1] / whole[:, 1]))
            rows.append({"size": size.name, "way": way, "wall": wall, "processor": processor, "share": share})
            log(f"{size.name}, {way}: {wall:.2f} ms, {processor:.2f} ms of processor time")
    return pd.DataFrame(rows)


def write(times: pd.DataFrame, folder: Path) -> str:
    """Write training.csv and training.md; gives the Markdown."""
    folder.mkdir(parents=True, exist_ok=True)
    times.to_csv(folder / "training.csv", index=False, float_format="%.4g")
    lines = ["# What a training step is spent on", "", f"{device_name()}. Milliseconds of a step.", ""]
    lines += ["| size | way | wall | processor | processor time by `as it is` |", "|---|---|---|---|---|"]
    for row in times.itertuples():
        lines.append(f"| {row.size} | {row.way} | {row.wall:.2f} | {row.processor:.2f} | {row.share:.2f} |")
    text = "\n".join([*lines, ""])
    (folder / "training.md").write_text(text, encoding="utf-8")
    return text


def _rounds(
    ways: dict[str, tuple[Callable[[], object], int]], rounds: int
) -> dict[str, list[tuple[float, float]]]:
    """Wall and processor milliseconds of a step, for each way and round; the first call of each, untimed, compiles."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, (call, steps) in ways.items():
            wall, processor = time.perf_counter(), time.process_time()
            for _ in range(STEPS // steps):
                call()
            taken = (time.perf_counter() - wall, time.process_time() - processor)
            if turn:
                times[name].append((1000 * taken[0] / STEPS, 1000 * taken[1] / STEPS))
    return times


def _ways(size: Size) -> dict[str, tuple[Callable[[], object], int]]:
    """A call for each way, and how many steps it takes."""
    batch = zipf_batch(size)
    trainers = {
        "as it is": make_trainer(size),
        "table as a whole": make_trainer(size, by_row=False),
        "no average": make_trainer(size, average=0.0),
        "no average, table fixed": make_trainer(size, average=0.0, fixed=True),
    }
    single = {name: (functools.partial(trainer.step, batch), 1) for name, trainer in trainers.items()}
    return {**single, "several a call": (several_a_call(make_trainer(size), batch), STEPS)}


def zipf_batch(size: Size) -> Batch:
    """Random texts whose n-th most frequent word comes 1/n as often as the first, which is about how words come."""
    from zoo.tasks.base import Batch

    random = np.random.default_rng(0)
    share = 1 / np.arange(1, size.words)
    tokens = 1 + random.choice(size.words - 1, (size.batch, size.tokens), p=share / share.sum())
    labels = random.integers(0, 2, size.batch).astype("float32")
    return Batch({"tokens": tokens.astype("int32")}, labels, np.ones(size.batch, "float32"))


def make_trainer(size: Size, average: float = 0.998, *, fixed: bool = False, by_row: bool = True) -> Trainer:
    """The zoo's trainer with a model of this size.

    Args:
        size: of the model.
        average: see `TrainingOptions`.
        fixed: the table of words does not learn.
        by_row: whether its rows may be updated one by one.
    """
    import keras

    from zoo.cells.gru import GRUCell
    from zoo.config import TrainingOptions
    from zoo.layers.embedding import Embedding
    from zoo.layers.recurrent import Recurrent
    from zoo.training.loop import Trainer

    def model() -> keras.Model:
        tokens = keras.Input((None,), dtype="int32", name="tokens")
        layer = Embedding if by_row else keras.layers.Embedding
        vectors = layer(size.words, size.embedded, trainable=not fixed)(tokens)
        outputs = Recurrent(GRUCell(size.units), bidirectional=size.bidirectional)(vectors)
        pooled = keras.layers.GlobalAveragePooling1D()(outputs)
        return keras.Model({"tokens": tokens}, keras.layers.Dense(1)(pooled)[:, 0])

    def loss(targets: Tensor, logits: Tensor) -> Tensor:
        return keras.losses.binary_crossentropy(targets[:, None], logits[:, None], from_logits=True)

    return Trainer(model, loss, TrainingOptions(batch_size=size.batch, average=average))


def several_a_call(trainer: Trainer, batch: Batch) -> Callable[[], list[tuple[float, float]]]:
    """`STEPS` steps of the trainer in one graph, on as many batches."""
    import tensorflow as tf

    @tf.function(autograph=False)
    def steps(batches: list[tuple[dict[str, Tensor], Tensor, Tensor, Tensor]]) -> list[tuple[Tensor, Tensor]]:
        return [trainer._step_and_average(*arrays) for arrays in batches]

    def call() -> list[tuple[float, float]]:
        total = tf.constant(float(batch.weights.sum()))
        arrays = [(dict(batch.inputs), batch.targets, batch.weights)] * STEPS
        answers = steps([(*tf.nest.map_structure(tf.constant, each), total) for each in arrays])
        return [(float(loss), float(norm)) for loss, norm in answers]

    return call
