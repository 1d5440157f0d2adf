"""The task of signals: its features, model, baselines and answers."""

from zoo.tasks.signals.task import TASK

__all__ = ["TASK"]
