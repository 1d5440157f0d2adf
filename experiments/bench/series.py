"""How long a table of many series takes until training can begin, and how long the rows beside the model take."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import datasets
from zoo.data.digest import digests
from zoo.runtime.platform import configure, device_name
from zoo.runtime.progress import log
from zoo.tasks.base import load_task

if TYPE_CHECKING:
    import pandas as pd

WINDOW, HORIZON = 30, 7


def measure(series: int, steps: int) -> pd.DataFrame:
    """A table with a row for each part of the way, in its order: wall and processor seconds.

    The table that is read is long, `unique_id,ds,y`: daily random walks at levels of their own.
    """
    import pandas as pd

    configure("cpu")
    task = load_task("forecasting")
    options = task.options_type(window=WINDOW, horizon=HORIZON)
    rows: list[dict[str, object]] = []

    @contextmanager
    def timed(part: str) -> Iterator[None]:
        wall, processor = time.perf_counter(), time.process_time()
        yield
        taken = time.perf_counter() - wall, time.process_time() - processor
        rows.append({"part": part, "wall": taken[0], "processor": taken[1]})
        log(f"{part}: {taken[0]:.1f} s, {taken[1]:.1f} s of processor time")

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.csv"
        write_table(path, series, steps)
        with timed("read"):
            dataset = datasets.load(str(path), task.fields)
    with timed("digest"):
        digests(dataset)
    with timed("prepare"):
        prepared = task.prepare(dataset, options, 64)
        prepared.train.load(prepared.train.plan([0])[0])
    score: Callable[[object], object] = task.baselines(prepared)
    with timed("rows of dev, fitted"):
        score(prepared.valid)
    with timed("rows of test"):
        score(prepared.test())
    return pd.DataFrame(rows)


def write_table(path: Path, series: int, steps: int) -> None:
    """A long table of daily random walks."""
    random = np.random.default_rng(0)
    days = (np.datetime64("2020-01-01") + np.arange(steps)).astype(str)
    with path.open("w", encoding="utf-8") as file:
        file.write("unique_id,ds,y\n")
        for number in range(series):
            values = random.uniform(10, 1000) + np.cumsum(random.normal(size=steps))
            file.writelines(f"S{number},{day},{value:.2f}\n" for day, value in zip(days, values, strict=True))


def write(times: pd.DataFrame, series: int, steps: int, folder: Path) -> str:
    """Write series.csv and series.md; gives the Markdown."""
    folder.mkdir(parents=True, exist_ok=True)
    times.to_csv(folder / "series.csv", index=False, float_format="%.4g")
    lines = [f"# A table of {series:,} series of {steps:,} steps", "", f"{device_name()}. Seconds.", ""]
    lines += ["| part | wall | processor | processor µs a row of the table |", "|---|---|---|---|"]
    for row in times.itertuples():
        share = 1e6 * row.processor / (series * steps)
        lines.append(f"| {row.part} | {row.wall:.1f} | {row.processor:.1f} | {share:.1f} |")
    text = "\n".join([*lines, ""])
    (folder / "series.md").write_text(text, encoding="utf-8")
    return text
