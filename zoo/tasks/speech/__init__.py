"""The task of speech: its tokens, model, search, scores and answers."""

from zoo.tasks.speech.task import TASK

__all__ = ["TASK"]
