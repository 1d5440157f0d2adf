"""Time the contestants of the benchmark of layers, round by round."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from operator import methodcaller
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from experiments.bench.shapes import Shape
from zoo.runtime.cores import cores
from zoo.runtime.platform import configure, device_name
from zoo.runtime.progress import log

if TYPE_CHECKING:
    import pandas as pd

    from experiments.bench.contestants import Call, Contestant
    from zoo.tensors import Tensor

MODES = ("forward", "train")
#: Largest difference of outputs and of the inputs' gradient, as a share of the largest number. A GPU rounds the
#: factors of its matrix products to fewer digits.
AGREEMENT = {"cpu": 1e-4, "gpu": 2e-2}
#: Seconds to wait after a contestant whose threads keep spinning.
REST = 0.03

Times = dict[tuple[str, str], list[float]]


def prepare() -> None:
    """Settings to be made before the first import of Keras."""
    # Keras' layers are at their best with oneDNN, which the zoo's commands leave off for the sake of equal bits.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    if os.environ.get("KERAS_BACKEND") == "jax":
        configure("cpu")  # TensorFlow is not in the race; it would take a GPU's memory
        os.environ.pop("CUDA_VISIBLE_DEVICES", None)
    else:
        os.environ.setdefault("JAX_PLATFORMS", "cpu")
        configure("auto")


def measure(
    cells: Iterable[str], shapes: Iterable[Shape], engines: Iterable[str], rounds: int, memory: bool
) -> pd.DataFrame:
    """A table with a row for each cell, shape, mode and contestant.

    Columns: cell, batch, steps, features, units, mode, contestant; median, low and high (the quartiles) and first (the
    first call, which compiles) in milliseconds; how many times as fast as Keras and torch it is, and which fraction of
    the matrix products' speed it has (NaN where one is missing); peak in MB (NaN where it was not measured).

    Raises:
        RuntimeError: if two contestants do not agree.
    """
    import pandas as pd

    prepare()
    problems = [(cell, shape) for cell in cells for shape in shapes]
    rows = [row for cell, shape in problems for row in _rows(cell, shape, engines, rounds)]
    table = pd.DataFrame(rows)
    table["peak"] = np.nan
    if memory and on_cpu():
        weighed = ["keras", *engines, *({"torch"} & set(table["contestant"]))]
        peaks = _peaks([(cell, shape, name) for cell, shape in problems for name in weighed])
        for (cell, shape, name), peak in peaks.items():
            same = (table["cell"] == cell) & (table["contestant"] == name) & (table["mode"] == "train")
            for column, size in shape.sizes().items():
                same &= table[column] == size
            table.loc[same, "peak"] = peak
    return table


def _rows(cell: str, shape: Shape, engines: Iterable[str], rounds: int) -> list[dict[str, object]]:
    """The rows of one cell and shape."""
    import keras

    from experiments.bench.contestants import Problem, contestants

    keras.backend.clear_session()
    field = contestants(Problem.draw(cell, shape), engines)
    first = {(c.name, mode): milliseconds(c.calls[mode]) for c in field for mode in MODES}
    check(field, AGREEMENT["cpu" if on_cpu() else "gpu"])
    times = time_rounds(field, rounds)
    log(f"{cell} {shape}: " + ", ".join(f"{c.name} {np.median(times[c.name, 'train']):.1f}" for c in field))
    return [
        {
            **{"cell": cell, **shape.sizes(), "mode": mode, "contestant": name},
            **dict(zip(("low", "median", "high"), np.percentile(taken, [25, 50, 75]), strict=True)),
            "first": first[name, mode],
            "times_keras": ratio(times, "keras", name, mode),
            "times_torch": ratio(times, "torch", name, mode),
            "of_floor": ratio(times, "products", name, mode),
        }
        for (name, mode), taken in times.items()
    ]


def ratio(times: Times, above: str, below: str, mode: str) -> float:
    """The median of the ratios within a round; NaN where nobody of the first name took part."""
    if (above, mode) not in times:
        return float("nan")
    return float(np.median(np.divide(times[above, mode], times[below, mode])))


def time_rounds(field: list[Contestant], rounds: int) -> Times:
    """Milliseconds of every contestant in every round; each is called once before, to warm up the caches."""
    times: Times = {(c.name, mode): [] for mode in MODES for c in field}
    for _ in range(rounds):
        for contestant in field:
            for mode in MODES:
                contestant.calls[mode]()
                times[contestant.name, mode].append(milliseconds(contestant.calls[mode]))
            if contestant.restless:
                time.sleep(REST)
    return times


def milliseconds(call: Call) -> float:
    """What one call takes."""
    start = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - start)


def check(field: list[Contestant], tolerance: float) -> None:
    """Compare outputs and the inputs' gradient of all contestants with the first one's.

    Raises:
        RuntimeError: if they differ by more than rounding.
    """
    compared = [contestant for contestant in field if contestant.name != "products"]
    expected = [_array(value) for value in compared[0].calls["train"]()[:2]]
    for contestant in compared[1:]:
        got = contestant.calls["train"]()[:2]
        for name, value, right in zip(("outputs", "gradients"), got, expected, strict=True):
            off = np.abs(_array(value) - right).max() / np.abs(right).max()
            if not off < tolerance:
                raise RuntimeError(f"{contestant.name}: its {name} differ from Keras' by {off:.1e}")


def _array(value: Tensor) -> np.ndarray:
    """NumPy reads tensors of any framework; those of torch only from the memory of the processor."""
    return np.asarray(methodcaller("cpu")(value) if type(value).__module__ == "torch" else value)


# ------------------------------------------------------------------------------------ peak memory


def _peaks(wanted: list[tuple[str, Shape, str]]) -> dict[tuple[str, Shape, str], float]:
    """Peak memory of each, as many at a time as there are cores."""
    log(f"peak memory of {len(wanted)} trainings, each in a process of its own")
    with ThreadPoolExecutor(cores()) as pool:
        return dict(zip(wanted, pool.map(lambda trained: peak(*trained), wanted), strict=True))


def peak(cell: str, shape: Shape, contestant: str) -> float:
    """Peak memory of training in MB, beyond what the process held before the layer was made."""
    command = [sys.executable, "-m", "experiments.bench.memory", cell, str(shape), contestant]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[1:])} ended with {done.returncode}: {done.stderr[-2000:]}")
    return float(done.stdout)


# ------------------------------------------------------------------------------------ where this runs


def on_cpu() -> bool:
    """Whether Keras computes on a CPU."""
    import keras

    if keras.backend.backend() == "jax":
        import jax

        return bool(jax.default_backend() == "cpu")
    return device_name().startswith("CPU")


def surroundings() -> dict[str, str]:
    """Device, processor, backend and versions."""
    import keras

    found = {"device": device_name(), "backend": keras.backend.backend()}
    if found["backend"] == "jax" and not on_cpu():
        import jax

        found["device"] = jax.devices()[0].device_kind
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    found["processor"] = next((x.split(": ", 1)[1] for x in lines if x.startswith("model name")), "unknown")
    for package in ("tensorflow", "keras", "torch", "jax", "numpy"):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "absent"
    return found
