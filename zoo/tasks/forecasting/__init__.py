"""What the forecasting task is made of: windows, layers, models, rows without a model, metrics, pictures."""

from zoo.tasks.forecasting.task import TASK

__all__ = ["TASK"]
