from __future__ import annotations

import pytest

from tests.zoo.training.toy_training import run, trainer
from zoo.training.ending import ending
from zoo.training.loop import TRAIN_LOSS


@pytest.mark.parametrize(
    ("scores", "told"),
    [
        ((0.5, 0.4, 0.3), "no better dev score for 2 epochs (--patience)"),
        ((0.1, 0.2, 0.3, 0.4), "the best epoch was the last allowed one; more --epochs may help"),
        ((0.1, 0.2, 0.4, 0.3), "all 4 epochs are done (--epochs)"),
        ((0.1, 0.4, 0.3, 0.2), "no better dev score for 2 epochs (--patience)"),
    ],
)
def test_why_there_was_no_further_epoch(scores, told):
    one = trainer(epochs=4, patience=2)
    progress, _ = run(one, scores)
    assert ending(progress, one.options, "score") == told


@pytest.mark.parametrize(
    ("scores", "told"),
    [
        ((0.5, 0.4, 0.3), "no better loss on train for 2 epochs (--patience)"),
        ((0.1, 0.2, 0.3, 0.4), "the loss on train was lowest in the last allowed epoch (--epochs)"),
    ],
)
def test_the_loss_that_decides_is_called_that_of_train(scores, told):
    one = trainer(epochs=4, patience=2)
    progress, _ = run(one, scores)
    assert ending(progress, one.options, TRAIN_LOSS[0]) == told
