"""Runs that are stopped."""

from __future__ import annotations

import os

import pytest

from zoo import pipeline

#: `zoo.run` that kills itself at the n-th training batch; what follows n is its command line.
KILLED = """
import os, signal, sys
from zoo.runtime.platform import configure
configure("cpu")
from zoo import run
from zoo.training.loop import Trainer
number = int(sys.argv.pop(1))
step, count = Trainer.step, 0
def counted(self, batch):
    global count
    count += 1
    if count == number:
        os.kill(os.getpid(), signal.SIGKILL)
    return step(self, batch)
Trainer.step = counted
sys.exit(run.main(sys.argv[1:]))
"""


def stop_in_training_of_baselines(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """This process sends itself a signal when its model is trained and the baselines are not."""
    baseline_metrics = pipeline.baseline_metrics

    def stopped(*arguments: object) -> object:
        os.kill(os.getpid(), number)
        return baseline_metrics(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "baseline_metrics", stopped)
