"""The parts of the language model: tokens, streams, the model, rows beside it, sampling, what it answers."""

from zoo.tasks.language_model.task import TASK

__all__ = ["TASK"]
