"""The picture of the gates probe: a map of each gate and state over the tokens, and the answers after the prefixes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.probe.pictures import drawable, save

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from experiments.probe.gates_record import Record

LONGEST_TOKEN = 14
ANSWERS = "answers"


def draw(
    records: list[Record],
    tokens: list[str],
    answers: list[dict[str, Any]],
    units: int,
    title: str,
    path: Path,
) -> bool:
    """Draw it; True where the tokens stand as numbers, because no font has their letters.

    Args:
        records: gates and states of each direction.
        tokens: of the text.
        answers: after each prefix; drawn where they hold probabilities, p(class).
        units: how many units are drawn at most: those whose last state moves most, the same ones in every map.
        title: of the picture.
        path: a .png.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    families, whole = drawable(tokens)
    labels = [_short(token) if whole else str(n + 1) for n, token in enumerate(tokens)]
    shares = _shares(answers) if len(answers) == len(tokens) else {}
    columns = [(record, names) for record in records for names in _columns(record, bool(shares))]
    rows = max(len(names) for _, names in columns)
    shown = min(units, records[0].moves.shape[1])
    size = (max(4.5, 2.2 + 0.42 * len(tokens)) * len(columns), (0.8 + 0.11 * shown) * rows + 1.8)
    with rc_context({"font.family": families}):
        figure = Figure(figsize=size, layout="constrained")
        figure.suptitle(title)
        grid = figure.subplots(rows, len(columns), squeeze=False)
        for places, (record, names) in zip(grid.T, columns, strict=True):
            for axes in places[len(names) :]:
                axes.set_axis_off()
            for axes, name in zip(places, names, strict=False):
                if name == ANSWERS:
                    _draw_shares(axes, shares)
                else:
                    _draw_map(figure, axes, record, name, units)
                axes.set_xlim(-0.5, len(tokens) - 0.5)
                axes.set_xticks(range(len(tokens)), [])
            lowest = places[len(names) - 1]
            lowest.set_xticks(range(len(tokens)), labels, rotation=60 if whole else 0)
            lowest.set_xlabel("token" if whole else "number of the token (see the table)")
        save(figure, path)
    return not whole


def _columns(record: Record, with_answers: bool) -> list[list[str]]:
    """What stands in each column: gates, and beside them states and answers; one column where there are no gates."""
    states = [name for name in record.values if name in record.states]
    gates = [name for name in record.values if name not in record.states]
    rest = [*states, *([ANSWERS] if with_answers else [])]
    return [gates, rest] if gates else [rest]


def _draw_map(figure: Figure, axes: Axes, record: Record, name: str, units: int) -> None:
    """A row for each of the units that move most, a column for each token."""
    values = record.values[name]
    moving = np.sort(np.argsort(-record.moves.std(axis=0), kind="stable")[:units])
    moving = moving[moving < values.shape[1]]
    show_map(figure, axes, values[:, moving], name)
    axes.set_title(f"{name}, read {record.direction}", fontsize=10)
    axes.set_yticks([])
    axes.set_ylabel(f"{len(moving)} of {values.shape[1]}\nunits", fontsize=8)


def show_map(figure: Figure, axes: Axes, values: np.ndarray, name: str) -> None:
    """A map of `values` `(steps, units)`: of what is called a gate from 0 to 1, of anything else around 0."""
    largest = float(np.abs(values).max()) or 1.0
    is_gate = "gate" in name
    limits = {"vmin": 0, "vmax": 1} if is_gate else {"vmin": -largest, "vmax": largest}
    cmap = "viridis" if is_gate else "RdBu_r"
    image = axes.imshow(values.T, cmap=cmap, aspect="auto", interpolation="nearest", **limits)
    figure.colorbar(image, ax=axes)


def _shares(answers: list[dict[str, Any]]) -> dict[str, list[float]]:
    """Probabilities by class, where the answers have them."""
    names = [name for name in answers[0] if name.startswith("p(") and name.endswith(")")]
    return {name[2:-1]: [row[name] for row in answers] for name in names}


def _draw_shares(axes: Axes, shares: dict[str, list[float]]) -> None:
    for name, values in shares.items():
        axes.plot(values, "-o", markersize=4, label=name)
    axes.set_ylim(-0.03, 1.03)
    axes.set_title("probability after each prefix", fontsize=10)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)


def _short(token: str) -> str:
    return token if len(token) <= LONGEST_TOKEN else token[: LONGEST_TOKEN - 1] + "…"
