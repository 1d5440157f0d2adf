"""Runs that are stopped."""

from __future__ import annotations

import os

import pytest

from zoo import pipeline


def stop_in_training_of_baselines(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """This process sends itself a signal when its model is trained and the baselines are not."""
    baseline_metrics = pipeline.baseline_metrics

    def stopped(*arguments: object) -> object:
        os.kill(os.getpid(), number)
        return baseline_metrics(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "baseline_metrics", stopped)
