"""Cells that are linear in their state: all steps at once, beside the same cell in compiled loops and the LSTM."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from experiments.bench.layers import AGREEMENT, MODES, Times, check, milliseconds, prepare, time_rounds
from experiments.bench.shapes import Shape
from zoo.runtime.progress import log

if TYPE_CHECKING:
    import pandas as pd

    from experiments.bench.contestants import Contestant
    from zoo.cells.base import Cell

SHAPES = (
    Shape(16, 1000, 64, 64),
    Shape(8, 1000, 128, 128),
    Shape(4, 10_000, 64, 64),
    Shape(1, 10_000, 128, 128),
)
#: For a first look.
QUICK = (Shape(16, 200, 64, 64),)
#: In place of an engine: Keras' scan of logarithmic depth, and no scan at all.
DOUBLING, PRODUCTS = "doubling", "products"
#: A cell, and the engine that runs it; the first is what the others are measured by.
WAYS = (
    ("lstm", "fused"),
    ("min_gru", "parallel"),
    ("min_gru", "hoisted"),
    ("min_gru", DOUBLING),
    ("lru", "parallel"),
    ("lru", "hoisted"),
    ("lru", PRODUCTS),
)

LEGEND = """\
Milliseconds: median (quartiles). `× lstm`: how many times as fast as the fused LSTM of as many units,
median (quartiles) of the ratios within a round. `first`: its first call, which compiles, in seconds.
`products`: without the recurrence, the least that any scan could take."""


def measure(shapes: tuple[Shape, ...], rounds: int) -> pd.DataFrame:
    """A table with a row for each shape, mode and contestant; contestants of one cell are compared first.

    Columns: batch, steps, features, units, mode, cell, engine; median, low and high (the quartiles) and first (the
    first call, which compiles) in milliseconds; times_lstm with its quartiles: how many times as fast as the LSTM of as
    many units, over the ratios within a round. `doubling` is no engine of ours but Keras' `associative_scan`;
    `products` leaves out the recurrence, so that what is left is the least that any scan could take.

    Raises:
        RuntimeError: if two contestants of one cell do not agree.
    """
    import pandas as pd

    prepare()
    return pd.DataFrame([row for shape in shapes for row in _rows(shape, rounds)])


def _rows(shape: Shape, rounds: int) -> list[dict[str, object]]:
    import keras

    keras.backend.clear_session()
    field = {way: _contestant(*way, shape) for way in WAYS}
    first = {(c.name, mode): milliseconds(c.calls[mode]) for c in field.values() for mode in MODES}
    for cell in {cell for cell, _ in WAYS}:
        same = [contestant for way, contestant in field.items() if way[0] == cell and way[1] != PRODUCTS]
        check(same, AGREEMENT["cpu"])
    times = time_rounds(list(field.values()), rounds)
    rows = [
        {
            **{**shape.sizes(), "mode": mode, "cell": way[0], "engine": way[1]},
            **_quartiles("", times[contestant.name, mode]),
            "first": first[contestant.name, mode],
            **_quartiles("times_lstm", _ratios(times, field[WAYS[0]].name, contestant.name, mode)),
        }
        for way, contestant in field.items()
        for mode in MODES
    ]
    log(
        f"{shape}: "
        + ", ".join(f"{r['cell']} {r['engine']} {r['median']:.1f}" for r in rows if r["mode"] == "train")
    )
    return rows


def _quartiles(name: str, numbers: list[float]) -> dict[str, float]:
    low, median, high = (float(value) for value in np.percentile(numbers, [25, 50, 75]))
    if not name:
        return {"low": low, "median": median, "high": high}
    return {f"{name}_low": low, name: median, f"{name}_high": high}


def _ratios(times: Times, above: str, below: str, mode: str) -> list[float]:
    """Of each round."""
    return [over / under for over, under in zip(times[above, mode], times[below, mode], strict=True)]


def _contestant(cell: str, engine: str, shape: Shape) -> Contestant:
    import keras

    from experiments.bench.contestants import Problem, of_layer
    from zoo.layers.recurrent import Recurrent

    problem = Problem.draw(cell, shape)
    special = {DOUBLING: _by_doubling, PRODUCTS: _without_a_scan}
    if engine in special:
        keras.utils.set_random_seed(0)  # the weights of `Problem.layer`
        layer = Recurrent(special[engine]()(shape.units), engine="parallel")
        layer.build(problem.inputs.shape)
    else:
        layer = problem.layer(engine)
    return of_layer(f"{cell} {engine}", problem, layer)


def _by_doubling() -> type[Cell]:
    """The minimal GRU whose scan is that of Keras, of logarithmic depth."""
    import keras

    from zoo.cells.min_gru import MinGRUCell
    from zoo.tensors import Mask, Outputs, Projected, States, Tensor

    def joined(left: tuple[Tensor, Tensor], right: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        return left[0] * right[0], left[1] * right[0] + right[1]

    class Doubling(MinGRUCell):
        def scan(self, projected: Projected, mask: Mask | None, states: States) -> tuple[Outputs, States]:
            del mask, states  # there is none, and they are zero
            _, h = keras.ops.associative_scan(joined, self.coefficients(self.input_gates(projected)), axis=1)
            return h, [h[:, -1]]

    return Doubling


def _without_a_scan() -> type[Cell]:
    """The linear recurrent unit that takes what enters its state for the state."""
    import keras

    from zoo.cells.lru import LRUCell
    from zoo.tensors import Mask, Outputs, Projected, States

    class Products(LRUCell):
        def scan(self, projected: Projected, mask: Mask | None, states: States) -> tuple[Outputs, States]:
            del mask, states
            *entered, passed = keras.ops.split(projected, 3, axis=-1)
            return self._read_out(entered, passed), [part[:, -1] for part in entered]

    return Products


def write(times: pd.DataFrame, surroundings: dict[str, str], note: str, folder: Path) -> str:
    """Write scan.csv and scan.md; gives the Markdown.

    Args:
        times: what `measure` gave.
        surroundings: device and versions by name.
        note: what else the machine did meanwhile; may be empty.
        folder: made where it is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    times.to_csv(folder / "scan.csv", index=False, float_format="%.4g")
    head = ", ".join(f"{name} {value}" for name, value in surroundings.items())
    lines = ["# Linear recurrences, all steps at once", "", f"{head}. float32. {note}".rstrip(), ""]
    lines += [LEGEND, "", "| batch × steps × features × units | mode | cell | engine | ms | × lstm | first |"]
    lines.append("|" + "---|" * 7)
    for row in times.itertuples():
        shape = f"{row.batch} × {row.steps} × {row.features} × {row.units}"
        taken = f"{row.median:.1f} ({row.low:.1f} to {row.high:.1f})"
        ratio = f"{row.times_lstm:.2f} ({row.times_lstm_low:.2f} to {row.times_lstm_high:.2f})"
        lines.append(
            f"| {shape} | {row.mode} | {row.cell} | {row.engine} | {taken} | {ratio} | {row.first / 1000:.1f} |"
        )
    text = "\n".join([*lines, ""])
    (folder / "scan.md").write_text(text, encoding="utf-8")
    return text
