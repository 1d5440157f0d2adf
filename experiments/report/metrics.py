"""How the numbers of metrics are written."""

from __future__ import annotations

import math


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
