"""What a trained model answers outside this repository: functions of raw input, saved as a TensorFlow SavedModel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

import keras
import tensorflow as tf

from datasets.errors import UserError
from zoo.cli.flags import disk_is_full
from zoo.portable import portable_graphs
from zoo.runtime.rundir import write_atomically


class Server(tf.Module):
    """Holds everything its functions need: the model's variables, vocabulary tables, scaling.

    Args:
        model: a Keras model.
        parts: further trackable objects, such as a `TextEncoder`.
        functions: `tf.function`s with an input signature, by signature name; `serving_default` is the main one.
    """

    def __init__(
        self,
        model: keras.Model,
        parts: Iterable[tf.Module],
        functions: Mapping[str, tf.types.experimental.PolymorphicFunction],
    ):
        super().__init__(name="server")
        self.model_variables = [variable.value for variable in model.variables]
        self.parts = list(parts)
        # In a mapping that TensorFlow does not look into: to save functions, it would trace each of them again.
        self.functions = MappingProxyType(dict(functions))
        # Traced now, once: what answers here and what is saved is the same graph, and needs no compiler.
        with portable_graphs():
            self.graphs = {name: function.get_concrete_function() for name, function in functions.items()}

    def __call__(self, *arguments: tf.Tensor, **named: tf.Tensor) -> dict[str, tf.Tensor]:
        """The answer of `serving_default`."""
        return self.functions["serving_default"](*arguments, **named)


def constant_function(name: str, value: tf.Tensor) -> tf.types.experimental.PolymorphicFunction:
    """A function of an exported model that takes nothing and always gives this value, by its name."""

    @tf.function(autograph=False, input_signature=[])
    def function() -> dict[str, tf.Tensor]:
        return {name: tf.identity(value)}

    return function


def save(server: Server, folder: Path) -> None:
    """Write a SavedModel whole or not at all; a SavedModel that stands there already is replaced.

    Raises:
        UserError: if the folder exists and holds something else.
    """
    check_folder(folder)
    folder = folder.absolute()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(
            folder, lambda aside: tf.saved_model.save(server, str(aside), signatures=server.graphs)
        )
    except (OSError, tf.errors.OpError) as problem:
        if disk_is_full(problem):
            raise
        reason = getattr(problem, "strerror", None) or getattr(problem, "message", problem)
        raise UserError(f"cannot write {folder}: {reason}", 1) from None


def check_folder(folder: Path) -> None:
    """Refuse a folder whose content is not ours to replace.

    Raises:
        UserError: if it is a file, or holds something else than a SavedModel.
    """
    if folder.is_file():
        raise UserError(f"{folder} is a file; choose another folder")
    if folder.exists() and any(folder.iterdir()) and not (folder / "saved_model.pb").exists():
        raise UserError(f"{folder} exists and is no SavedModel; choose another folder")
