"""The report's last words: how its numbers came about, and on what they were measured."""

from __future__ import annotations

from collections import Counter

import pandas as pd

from experiments.report.content import Section


def how_measured(frame: pd.DataFrame) -> Section:
    """The section on it, of the table of all runs."""
    sentences = [
        "Each run is a process of its own, or gives the same numbers as one. Runs of the same seed see the same "
        "batches in the same order, whatever the cell: the order follows from seed and epoch alone. The test split is "
        "read once, after training; the weights are those of the epoch with the best dev score, or the lowest "
        "loss on train where `choose` says so.",
        "Intervals are over seeds: they cover initial weights, order of the data and dropout, not the choice of the "
        "test examples. Differences are taken seed by seed; their p values are of paired t tests, corrected for the "
        "pairs of the same group (Holm). A difference is clear where the corrected p is below 0.05 and the percentile "
        "bootstrap interval (2,000 resamples) excludes zero; the intervals are of each pair alone. "
        "Seeds needed: of a paired t test with power 0.8 at the "
        "level of 0.05 divided by the number of pairs; the deviation in it is itself estimated from few seeds.",
        "Latency is of one raw input at a time through the functions of the exported model, after warming up; "
        "seconds and latency depend on what else the machine did meanwhile. Peak memory is that of the whole process, "
        "with the data. Total seconds of a run that was stopped and went on are those since its last start.",
    ]
    for column, what in (
        ("device", "Devices"), ("threads", "Cores of a run"), ("versions.tensorflow", "TensorFlow"),
        ("versions.keras", "Keras"), ("python", "Python"), ("git.commit", "Commits"),
        ("git.dirty", "With changes that are not committed"),
        ("forked", "Forked from a process that had imported TensorFlow, whose share of peak memory is not in theirs"),
        ("follows", "Used what a run of another seed had compiled, so that their seconds are without that"),
    ):  # fmt: skip
        if column in frame and frame[column].notna().any():
            counts = Counter(
                str(value)[:12] if column == "git.commit" else _plain(value) for value in frame[column]
            )
            listed = ", ".join(f"{value} ({count:,} runs)" for value, count in counts.most_common(8))
            sentences.append(f"{what}: {listed}.")
    return Section("How this was measured", sentences=sentences)


def _plain(value: object) -> str:
    return f"{value:.0f}" if isinstance(value, float) and value == value else str(value)
