"""The parts of the captioning task: batches of captions, the model, scores, pictures, what it answers."""

from zoo.tasks.captioning.task import TASK

__all__ = ["TASK"]
