"""What the name of a metric tells: which way it is better, and of which fold it is."""

from __future__ import annotations

import re

#: Words of names of metrics of which less is better.
LESS = {
    *("loss", "error", "mae", "mse", "rmse", "mase", "smape", "mape", "rse", "crps", "pinball", "nll", "wer", "cer"),
    *("ter", "perplexity", "ppl", "bits", "nats", "entropy", "cut", "brier", "rmsle", "distance", "hamming"),
    *("wape", "owa", "msis", "width"),
}  # fmt: skip
#: And more.
MORE = {
    *("accuracy", "f1", "precision", "recall", "auc", "bleu", "chrf", "rouge", "meteor", "cider", "coverage"),
    *("correlation", "corr", "exact", "r2", "spice", "match", "true", "probability", "direction"),
}


def words(metric: str) -> set[str]:
    """The words of a metric's name."""
    return set(re.findall(r"[a-z]+[0-9]?", metric.casefold()))


def less_is_better(metric: str) -> bool:
    """True for errors and losses; what is not known counts as a score."""
    return bool(words(metric) & LESS)


def of_fold(metric: str, fold: int) -> str:
    """The name of a metric of one fold of a split, which is counted from 0."""
    return f"{metric}_fold_{fold + 1}"


def fold_of(name: str, metric: str) -> int | None:
    """Of which fold this is the metric, counted from 1; None where it is no such name."""
    found = re.fullmatch(rf"{re.escape(metric)}_fold_(\d+)", name)
    return int(found[1]) if found else None
