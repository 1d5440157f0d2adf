"""Which way a metric is better, by its name; and how its numbers are written."""

from __future__ import annotations

import math
import re

#: Words of names of metrics of which less is better.
LESS = {
    *("loss", "error", "mae", "mse", "rmse", "mase", "smape", "mape", "rse", "crps", "pinball", "nll", "wer", "cer"),
    *("ter", "perplexity", "ppl", "bits", "nats", "entropy", "cut", "brier", "rmsle", "distance", "hamming"),
}  # fmt: skip
#: And more.
MORE = {
    *("accuracy", "f1", "precision", "recall", "auc", "bleu", "chrf", "rouge", "meteor", "cider", "coverage"),
    *("correlation", "corr", "exact", "r2", "spice", "match", "true"),
}


def words(metric: str) -> set[str]:
    """The words of a metric's name."""
    return set(re.findall(r"[a-z]+[0-9]?", metric.casefold()))


def less_is_better(metric: str) -> bool:
    """True for errors and losses; what is not known counts as a score."""
    return bool(words(metric) & LESS)


def number(value: float | None) -> str:
    """A number as it is shown: with four digits after the point, or, where it is far from 1, four in all."""
    if value is None or not math.isfinite(value):
        return "–"
    if value == 0 or 0.1 <= abs(value) < 9.99995:
        return f"{value:.4f}"
    if abs(value) >= 999.95:
        return f"{value:,.0f}"
    return f"{value:#.4g}"


def signed(value: float) -> str:
    """A difference, with its sign."""
    if not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    text = number(abs(value))
    if abs(value) < 0.1:
        text = f"{abs(value):.4f}" if abs(value) >= 1e-3 else f"{abs(value):.2g}"
    return ("+" if value > 0 else "−") + text


def share(value: float) -> str:
    """A probability: `0.031`, `< 0.001`."""
    if not math.isfinite(value):
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
