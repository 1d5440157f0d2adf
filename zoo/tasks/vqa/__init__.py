"""Visual question answering: images and questions as batches, the model, its rows, pictures and answers."""

from zoo.tasks.vqa.task import TASK

__all__ = ["TASK"]
