"""Pictures of groups as SVG. Text and background take the colours of the page that shows them."""

from __future__ import annotations

import io
import math
import re
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from experiments.report.content import Picture
from experiments.report.groups import Group
from experiments.report.metrics import number
from experiments.report.ranks import Ranking
from experiments.report.reading import RunCollection
from zoo.cli.cells import in_order

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Stand in for the page's colours until it is known which page.
INK, PAPER = "#010203", "#fdfeff"
#: Told apart by people of every colour vision, on light and on dark (Okabe and Ito 2008).
COLOURS = ("#e69f00", "#0072b2", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#8c8c8c", "#b5a300")
#: Cells beyond the last colour have the same colours with other lines and marks.
DASHES, MARKERS = ("-", "--", ":"), ("o", "^", "s")
#: Inches for a legend of short names.
LEGEND = 1.35
#: Cells stand one below the other where there are more, or a name is longer.
MOST_SIDE_BY_SIDE, LONGEST_SIDE_BY_SIDE = 4, 12
STYLE = {
    "svg.fonttype": "none", "svg.hashsalt": "report", "font.size": 9, "text.color": INK, "axes.labelcolor": INK,
    "axes.edgecolor": INK, "xtick.color": INK, "ytick.color": INK, "axes.facecolor": PAPER,
    "figure.facecolor": PAPER, "savefig.facecolor": PAPER, "axes.spines.top": False,
    "axes.spines.right": False, "font.family": "sans-serif", "text.parse_math": False,
}  # fmt: skip


class Drawer:
    """Draws the pictures of groups.

    Args:
        collection: the runs, with their learning curves.
        cells: of the whole report, in order; each has one colour in all pictures.
    """

    def __init__(self, collection: RunCollection, cells: list[str]) -> None:
        self.histories = collection.histories
        self.colours = {cell: COLOURS[n % len(COLOURS)] for n, cell in enumerate(cells)}
        kinds = {cell: n // len(COLOURS) % len(DASHES) for n, cell in enumerate(cells)}
        self.legend_width = max(LEGEND, 0.45 + 0.07 * max(map(len, cells), default=0))
        self.dashes = {cell: DASHES[kind] for cell, kind in kinds.items()}
        self.markers = {cell: MARKERS[kind] for cell, kind in kinds.items()}

    def overview(self, all_groups: list[Group]) -> list[Picture]:
        """A panel for each group: every seed's score, by cell, and the best baseline."""
        if len(all_groups) < 2:
            return []
        cells = in_order({cell for group in all_groups for cell in group.compared})
        lying = len(cells) > MOST_SIDE_BY_SIDE or max(map(len, cells)) > LONGEST_SIDE_BY_SIDE
        figure, axes = _panels(len(all_groups), cells if lying else [])
        for axis, group in zip(axes, all_groups, strict=True):
            places = cells if lying else group.compared
            for cell in group.compared:
                place, colour, marker = places.index(cell), self.colours[cell], self.markers[cell]
                scores, mean = group.counted(cell)["score"], group.mean(cell, "score").value
                across, up = (scores, [place] * len(scores))[:: 1 if lying else -1]
                axis.scatter(across, up, s=12, alpha=0.6, color=colour, marker=marker)
                (axis.vlines if lying else axis.hlines)(mean, place - 0.3, place + 0.3, color=colour)
            baseline = group.best_baseline()
            levels = [(baseline[1].value, ":", baseline[0])] if baseline else []
            _draw_levels(axis, [*levels, (group.ceiling, "--", "ceiling")], lying)
            if not lying:
                axis.set_xticks(range(len(places)), places)
                axis.set_xlim(-0.6, len(places) - 0.4)
            better = " (less is better)" if group.less_is_better else ""
            title = [*textwrap.wrap(group.title, 38)[:2], f"{group.split} {group.metric}{better}"]
            axis.set_title("\n".join(title), fontsize=7, loc="left")
        caption = (
            "Score by cell: a dot for each seed, a bar for their mean; dotted: the best baseline; "
            "dashed: the known ceiling. Where one of both is far off, an arrow shows its value."
        )
        return [_picture(figure, "scores", caption)]

    def critical_difference(self, found: Ranking) -> list[Picture]:
        """The diagram of Demšar (2006): cells at their average ranks; a bar joins those that cannot be told apart."""
        count, cliques = len(found.cells), found.cliques()
        half = (count + 1) // 2
        figure, (axis,) = _figure(1, width=8.0, height=1.1 + 0.22 * half + 0.1 * len(cliques))
        figure.subplots_adjust(0.3, 0.04, 0.7, 0.96)
        top = 0.6 + 0.4 * len(cliques)
        for place, (cell, rank) in enumerate(zip(found.cells, found.means, strict=True)):
            left = place < half
            depth = top + (place if left else count - 1 - place) * 0.8 + 0.4
            end = 1 - 0.02 * count if left else count + 0.02 * count
            axis.plot([rank, rank, end], [0, depth, depth], color=self.colours[cell], linewidth=1.2)
            text = f"{cell}  {rank:.2f}" if left else f"{rank:.2f}  {cell}"
            axis.annotate(
                text, (end, depth), (-4 if left else 4, 0), textcoords="offset points", fontsize=8, va="center",
                ha="right" if left else "left", annotation_clip=False,
            )  # fmt: skip
        for number_of, (first, last) in enumerate(cliques):
            ends = [found.means[first] - 0.04, found.means[last] + 0.04]
            axis.plot(ends, [0.4 + 0.4 * number_of] * 2, color=INK, linewidth=3, solid_capstyle="butt")
        axis.plot([1, 1 + found.critical_difference], [-1.4, -1.4], color=INK, linewidth=1.5, marker="|")
        axis.annotate(f"CD {found.critical_difference:.2f}", (1, -1.7), fontsize=8, annotation_clip=False)
        axis.set(xlim=(1, count), ylim=(top + 0.8 * half + 0.3, -2.4), xticks=range(1, count + 1), yticks=[])
        axis.spines[["left", "bottom"]].set_visible(False)
        axis.spines["top"].set_visible(True)
        axis.spines["top"].set_position(("data", 0))
        axis.xaxis.set_ticks_position("top")
        caption = (
            f"Average ranks over {len(found.data_sets)} data sets, the best at the left. A bar joins cells whose ranks "
            f"differ by less than the critical difference (CD): they cannot be told apart at 5 %."
        )
        return [_picture(figure, "ranks", caption)]

    def best_so_far(self, scores: Mapping[str, list[float]], metric: str) -> list[Picture]:
        """The best score of a search against its trials: a line for each contestant."""
        figure, (axis,) = _figure(1, width=5.2 + self.legend_width, legend=self.legend_width)
        for cell, values in scores.items():
            trials = range(1, len(values) + 1)
            style, colour, marker = self.dashes[cell], self.colours[cell], self.markers[cell]
            axis.step(trials, values, style, color=colour, marker=marker, markersize=2.5, where="post")
        axis.locator_params(axis="x", integer=True)
        axis.set(xlabel="trials", ylabel=f"best dev {metric}")
        self._legend(axis, list(scores))
        caption = f"The best dev {metric} so far against the number of trials."
        return [_picture(figure, "best-so-far", caption)]

    def curves(self, group: Group, name: str) -> list[Picture]:
        """Dev score by epoch: a line for each seed."""
        column = f"dev_{group.metric}"
        lines = [
            (cell, self.histories[run])
            for cell in group.compared
            for run in group.of(cell)["run"]
            if column in self.histories.get(run, ())
        ]
        if not lines:
            return []
        figure, axes = _figure(1, legend=self.legend_width)
        for cell, history in lines:
            epochs = history.get("epoch") or range(1, len(history[column]) + 1)
            marker = "o" if len(history[column]) == 1 else None
            axes[0].plot(
                epochs, history[column], self.dashes[cell], color=self.colours[cell], linewidth=1, marker=marker,
                markersize=3,
            )  # fmt: skip
        axes[0].set(xlabel="epoch", ylabel=f"dev {group.metric}")
        self._legend(axes[0], group.compared)
        caption = f"{group.title}: learning curves, a line for each seed."
        return [_picture(figure, f"{name}-curves", caption)]

    def costs(self, group: Group, name: str) -> list[Picture]:
        """Score against each cost: a small dot for each seed, a large one for the mean of a cell."""
        shown = [name for name in group.costs if name in group.runs and group.runs[name].notna().any()]
        if not shown:
            return []
        figure, axes = _figure(len(shown), legend=self.legend_width)
        for axis, column in zip(axes, shown, strict=True):
            for cell in group.cells:
                runs, colour = group.of(cell), self.colours[cell]
                own = self.markers[cell]
                axis.scatter(runs[column], runs["score"], s=8, color=colour, alpha=0.6, marker=own)
                mean, score = group.mean(cell, column).value, group.mean(cell, "score").value
                if math.isfinite(mean):
                    marker = own if cell in group.compared else "x"
                    axis.scatter([mean], [score], s=60, marker=marker, color=colour)
            axis.set(xlabel=group.costs[column])
        axes[0].set(ylabel=f"{group.split} {group.metric}")
        self._legend(axes[-1], group.cells)
        caption = f"{group.title}: score against cost; large marks are means, crosses are Keras' own layers."
        return [_picture(figure, f"{name}-costs", caption)]

    def lengths(
        self,
        group: Group,
        name: str,
        columns: Mapping[str, Mapping[tuple[float, float], float]],
        metric: str,
    ) -> list[Picture]:
        """Mean score by length."""
        figure, axes = _figure(1, legend=self.legend_width)
        for cell, scores in columns.items():
            middles = [(low + high) / 2 for low, high in sorted(scores)]
            values = [scores[key] for key in sorted(scores)]
            axes[0].plot(
                middles, values, self.dashes[cell], marker=self.markers[cell], markersize=4,
                color=self.colours[cell], label=cell,
            )  # fmt: skip
        axes[0].set(xlabel="length of the sequence", ylabel=f"{group.split} {metric}")
        self._legend(axes[0], list(columns))
        return [_picture(figure, f"{name}-by-length", f"{group.title}: score by length, means over seeds.")]

    def forecast(self, row: Mapping[str, Any], name: str, title: str) -> Picture:
        """One forecast of a series: what was read, what came, the forecast, and its widest interval.

        Args:
            row: see `experiments.report.reading.RunCollection.by_series`.
            name: of the picture.
            title: of the series.
        """
        figure, (axis,) = _figure(1, width=7.5)
        steps = [row["ahead"] + n for n in range(len(row["came"]))]
        marker = "o" if len(steps) == 1 else None
        axis.plot(range(1 - len(row["read"]), 1), row["read"], color=COLOURS[6], linewidth=1, label="read")
        if row["low"]:
            axis.fill_between(
                steps, row["low"], row["high"], color=COLOURS[5], alpha=0.35, lw=0, label="interval"
            )
        axis.plot(steps, row["came"], color=INK, linewidth=1, marker=marker, markersize=3, label="came")
        axis.plot(steps, row["forecast"], color=COLOURS[1], marker=marker, markersize=3, label="forecast")
        axis.set(xlabel="steps ahead")
        axis.legend(fontsize=8, labelcolor=INK, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
        caption = f"{title}, from {row['place']}: the forecast whose error is the median one."
        return _picture(figure, name, caption)

    def _legend(self, axis: Axes, cells: list[str]) -> None:
        from matplotlib.lines import Line2D

        handles = [
            Line2D(
                [],
                [],
                color=self.colours[cell],
                linestyle=self.dashes[cell],
                marker=self.markers[cell],
                markersize=4,
                label=cell,
            )
            for cell in cells
        ]
        axis.legend(
            handles=handles,
            fontsize=8,
            labelcolor=INK,
            frameon=False,
            loc="center left",
            bbox_to_anchor=(1.0, 0.5),
        )


def _draw_levels(axis: Axes, levels: list[tuple[float, str, str]], lying: bool) -> None:
    """A line at each value. A value that is so far off that a line would squeeze the scores gets an arrow.

    Args:
        axis: with the scores.
        levels: value, style of the line, and name of each.
        lying: whether scores go from left to right, not upwards.
    """
    low, high = axis.get_xlim() if lying else axis.get_ylim()
    span = high - low
    far = {True: 0, False: 0}  # how many are above, and below
    shown = [low, high]
    for value, dashes, name in levels:
        if low - 2 * span <= value <= high + 2 * span:
            (axis.axvline if lying else axis.axhline)(value, color=INK, linewidth=0.8, linestyle=dashes)
            shown += [value - 0.05 * span, value + 0.05 * span]
        elif math.isfinite(value):
            above = value > high
            far[above] += 1
            _point(axis, f"{name} {number(value)}", above, far, lying)
    if lying:
        axis.set_xlim(min(shown), max(shown))
    else:
        room = 0.15 * (max(shown) - min(shown))
        axis.set_ylim(min(shown) - room * far[False], max(shown) + room * far[True])


def _point(axis: Axes, text: str, above: bool, far: Mapping[bool, int], lying: bool) -> None:
    """An arrow towards a value that is far off, beside those that are there; in a lying panel below the cells."""
    if lying:
        text = f"{text} →" if above else f"← {text}"
        place = (0.98 if above else 0.02, 0.02 + 0.07 * (sum(far.values()) - 1))
        side, edge = "right" if above else "left", "bottom"
    else:
        text = f"{'↑' if above else '↓'} {text}"
        place = (0.02, 1.09 - 0.1 * far[True] if above else 0.1 * far[False] - 0.08)
        side, edge = "left", "top" if above else "bottom"
    axis.annotate(text, place, xycoords="axes fraction", fontsize=6.5, ha=side, va=edge)


def _figure(
    panels: int, width: float = 0.0, height: float = 2.7, legend: float = LEGEND
) -> tuple[Figure, list[Axes]]:
    """A figure without a screen, drawn by its own canvas: nothing of pyplot's state is touched. Sizes are in inches."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        width = width or 2.3 + 2.9 * panels + (legend - LEGEND)
        figure = Figure(figsize=(width, height))
        # Margins in inches, with room for the legend; a layout engine would take most of the time.
        figure.subplots_adjust(0.95 / width, 0.5 / height, 1 - legend / width, 1 - 0.1 / height, wspace=0.12)
        FigureCanvasSVG(figure)
        axes = figure.subplots(1, panels, squeeze=False, sharey=True)[0]
        for axis in axes:
            axis.tick_params(labelsize=8)
            axis.locator_params(nbins=5)
    return figure, list(axes)


def _panels(count: int, cells: list[str]) -> tuple[Figure, list[Axes]]:
    """Small axes for so many, four in a row.

    Args:
        cells: one below the other, named at the left of each row, with room for two arrows below them; none where they
            stand side by side.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    columns = min(4, count)
    rows = math.ceil(count / columns)
    names = 0.05 * max(map(len, cells)) + 0.1 if cells else 0.5
    each = 0.13 * (len(cells) + 2) if cells else 1.35
    with mpl.rc_context(STYLE):
        width, height = names + 0.2 + (2.35 if cells else 2.3) * columns, (each + 0.8) * rows
        figure = Figure(figsize=(width, height))
        margin = (names + 0.1) / width, 0.3 / height, 1 - 0.1 / width, 1 - 0.5 / height
        figure.subplots_adjust(*margin, wspace=0.12 if cells else 0.4, hspace=0.8 / each)
        FigureCanvasSVG(figure)
        axes = list(figure.subplots(rows, columns, squeeze=False).flat)
        for place, axis in enumerate(axes[:count]):
            axis.tick_params(labelsize=7)
            axis.locator_params(axis="x" if cells else "y", nbins=5)
            if cells:
                axis.set_yticks(range(len(cells)), [] if place % columns else cells)
                axis.set_ylim(len(cells) + 1.6, -0.6)
        for axis in axes[count:]:
            axis.set_axis_off()
    return figure, axes[:count]


def _picture(figure: Figure, name: str, caption: str) -> Picture:
    import matplotlib as mpl

    with mpl.rc_context(STYLE):
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    # Ids are shared by all pictures of a page: each gets its own.
    svg = re.sub(r'(id="|url\(#|href="#)', rf"\g<1>{name}-", svg)
    return Picture(name, svg, caption)


def coloured(svg: str, ink: str, paper: str) -> str:
    """The picture in the colours of a page."""
    return svg.replace(INK, ink).replace(PAPER, paper)
