"""How a training ended, in a sentence for people: whether more epochs may help."""

from __future__ import annotations

from zoo.config import TrainingOptions
from zoo.training.checkpoint import Progress
from zoo.training.loop import TRAIN_LOSS


def ending(progress: Progress, options: TrainingOptions, metric: str) -> str:
    """Why there was no further epoch.

    Args:
        progress: of a training that is finished.
        options: of which `epochs` and `patience` end it.
        metric: the one that decides; of the dev split, unless it is that of train.
    """
    if progress.waited >= options.patience:
        of_dev = "" if metric == TRAIN_LOSS[0] else "dev "
        return f"no better {of_dev}{metric} for {options.patience} epochs (--patience)"
    if metric == TRAIN_LOSS[0] and progress.best_epoch == progress.epoch:
        return "the loss on train was lowest in the last allowed epoch (--epochs)"
    if progress.best_epoch == progress.epoch:
        return "the best epoch was the last allowed one; more --epochs may help"
    return f"all {options.epochs} epochs are done (--epochs)"
