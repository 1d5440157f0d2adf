"""The sentiment task: its batches, model, metrics and answers."""

from zoo.tasks.sentiment.task import TASK

__all__ = ["TASK"]
