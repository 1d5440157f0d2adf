"""The parts of the translation task: batches of pairs, the model, scores, pictures, what it answers."""

from zoo.tasks.translation.task import TASK

__all__ = ["TASK"]
