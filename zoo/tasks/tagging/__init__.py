"""The tagging task: its batches, model, metrics and answers."""

from zoo.tasks.tagging.task import TASK

__all__ = ["TASK"]
