"""Inputs of every kind for the served functions of small models, one of each task."""

from __future__ import annotations

import subprocess
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from datasets.errors import UserError
from experiments.fuzz.mutations import TEXTS
from experiments.fuzz.workers import Answer, Try
from zoo.runtime.rundir import RunDirectory
from zoo.tasks.base import task_names

if TYPE_CHECKING:
    import tensorflow as tf

#: Options of models that train in seconds, by task.
SMALL = {
    "forecasting": ("--hours", "600", "--stations", "1", "--window", "12", "--horizon", "4"),
    "language_model": ("--stories", "40", "--valid-stories", "10", "--test-stories", "10"),
}
FEW = ("--examples", "60", "--valid-examples", "20", "--test-examples", "20")
LONGEST_MESSAGE = 4000
#: A whole number alone says how much is to be done, but for these; no machine answers who asks for billions.
NO_COUNTS = ("seed",)
MOST = 50
NUMBERS = (0.0, 1.0, -1.0, 0.5, 1e6, -1e6, 1e38, 1e-38, float("nan"), float("inf"))


@dataclass(frozen=True)
class Attempt:
    """Tries cases on models that are trained first, once, in processes of their own.

    Attributes:
        seed: of the cases.
        keep: folder of the models, and of inputs that were answered wrongly.
        tasks: whose models are tried.
    """

    seed: int
    keep: Path
    tasks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Train what is not there yet."""
        for task in self.tasks or task_names():
            run = RunDirectory(self.keep / task)
            if not run.metrics_path.exists():
                size = ("--units", "8", "--epochs", "1", "--device", "cpu", "--export")
                new = [task, *SMALL.get(task, FEW), *size, "--out", str(run.path)]
                arguments = ["--resume", str(run.path)] if run.config_path.exists() else new
                subprocess.run(
                    [sys.executable, "-m", "zoo.run", *arguments], check=True, stdout=subprocess.DEVNULL
                )

    def __call__(self) -> Try:
        """What tries one case, for a worker: it loads the models."""
        from zoo.runtime.platform import configure

        configure("cpu")
        import tensorflow as tf

        tasks = self.tasks or tuple(task_names())
        loaded = {task: tf.saved_model.load(str(self.keep / task / "export")) for task in tasks}
        functions = {
            f"{task}.{name}": function
            for task, model in loaded.items()
            for name, function in model.signatures.items()
        }
        names = sorted(functions)

        def attempt(number: int) -> Answer:
            random = Random(f"{self.seed}-{number}")
            name = random.choice(names)
            answer = _ask(number, name, functions[name], random)
            if answer.is_fault:
                folder = self.keep / f"{self.seed}-{number}"
                folder.mkdir(exist_ok=True)
                (folder / "case.txt").write_text(
                    f"{name}\n{answer.details}\n", encoding="utf-8", errors="replace"
                )
            return answer

        attempt(0)  # what is compiled at the first call is not counted as a case
        self._keep_alive(loaded)
        return attempt

    def _keep_alive(self, loaded: dict[str, Any]) -> None:
        """A loaded model's functions need the model."""
        object.__setattr__(self, "_loaded", loaded)


def _ask(number: int, name: str, function: Callable[..., dict[str, tf.Tensor]], random: Random) -> Answer:
    """Call a function on random arguments: it answers numbers, or TensorFlow says that an argument is wrong."""
    import numpy as np
    import tensorflow as tf

    arguments = {
        argument: _argument(spec, argument, random)
        for argument, spec in function.structured_input_signature[1].items()  # type: ignore[attr-defined]
    }
    rows = {len(value) for value in arguments.values() if value.ndim}
    try:
        answers = function(**{key: tf.constant(value) for key, value in arguments.items()})
    except (UserError, tf.errors.InvalidArgumentError, ValueError, TypeError) as problem:
        return Answer(number, name, "refused", str(problem)[:200])
    except Exception as problem:
        place = traceback.extract_tb(problem.__traceback__)[-1]
        said = f"{type(problem).__name__}: {str(problem)[:200]} ({place.filename}, line {place.lineno})"
        return Answer(number, name, "fault", f"{said} for {_shown(arguments)}")
    finite = all(np.isfinite(value).all() for value in arguments.values() if value.dtype.kind == "f")
    for key, value in answers.items():
        if rows and value.shape.rank and len(rows) == 1 and value.shape[0] not in (*rows, 1):
            return Answer(
                number, name, "silent", f"{rows} rows became {value.shape} {key}: {_shown(arguments)}"
            )
        if finite and value.dtype.is_floating and np.isnan(value.numpy()).any():
            return Answer(number, name, "silent", f"{key} is not a number for {_shown(arguments)}")
    return Answer(number, name, "read")


def _argument(spec: tf.TensorSpec, name: str, random: Random) -> Any:  # noqa: ANN401  (an array of any type)
    """An array that fits, or rarely does not fit, what a function takes."""
    import numpy as np

    shape = [random.choice((1, 1, 2, 3, 7)) if size is None else size for size in spec.shape]
    if shape and random.random() < 0.05:
        shape[random.randrange(len(shape))] = random.choice((0, 1, 5))
    if random.random() < 0.02:
        shape = [*shape, 1]
    if spec.dtype.name == "string":
        return np.array([_text(random) for _ in range(int(np.prod(shape)))], object).reshape(shape)
    values = [_number(spec, name, random) for _ in range(int(np.prod(shape)))]
    return np.array(values, spec.dtype.as_numpy_dtype).reshape(shape)


def _number(spec: tf.TensorSpec, name: str, random: Random) -> float:
    """A number of the type that a function takes; of small ones where it says how much is to be done."""
    if spec.dtype.is_bool:
        return random.random() < 0.8
    if spec.dtype.is_integer:
        is_count = spec.shape.rank == 0 and name not in NO_COUNTS
        most = MOST if is_count else min(2**31 - 1, spec.dtype.max)
        return random.choice((0, 1, 2, 3, random.randint(max(-3, spec.dtype.min), most)))
    rare = NUMBERS if random.random() < 0.1 else NUMBERS[:6]
    return random.choice((*rare, random.gauss(0, 3)))


def _text(random: Random) -> bytes:
    """A text of any characters, of no UTF-8, very long, or one that has broken readers."""
    way = random.random()
    if way < 0.3:
        return random.choice(TEXTS).encode("utf-8", "surrogatepass")
    if way < 0.4:
        return random.randbytes(random.randint(0, 30))
    if way < 0.42:
        return ("a film " * random.randint(1, 3000)).encode()
    letters = (
        random.choice((0x20, 0x7F, 0x3FF, 0xD7A3, 0xFFFF, 0x10FFFF)) for _ in range(random.randint(0, 60))
    )
    return "".join(chr(random.randint(0, most)) for most in letters).encode("utf-8", "surrogatepass")


def _shown(arguments: dict[str, Any]) -> str:
    return str({name: repr(value)[:150] for name, value in arguments.items()})[:LONGEST_MESSAGE]
