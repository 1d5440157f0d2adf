"""What a model's forecasts rest on: how much worse they are where a part of the input is taken away.

Occlusion. Some steps of every window are replaced by the straight line between the steps beside them, or by the step
before where they are the last: what a window looks like to somebody who did not measure then.

Permutation (Breiman 2001). A variable, a covariate or a cycle of the calendar is that of another window of the same
split, drawn at random; forecasts of other variables keep theirs. Of a variable the course is exchanged and not the
level: its distances from its last value, in units of the window's mean move. With the level the forecast would be far
off for no other reason than that the series has moved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from zoo.tasks.base import Batch
from zoo.tasks.forecasting.calendar import WAVES
from zoo.tasks.forecasting.windows import Windows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zoo.tasks.forecasting.learned import Learned

Arrays = dict[str, np.ndarray]
#: Of a batch's inputs, and the numbers of its windows, what the model is given instead.
Change = Callable[[Arrays, np.ndarray], Arrays]


class Part(NamedTuple):
    """A part of the input.

    Attributes:
        kind: `steps`, `variable`, `past covariate`, `future covariate` or `calendar`.
        name: of the part.
        change: takes it away.
    """

    kind: str
    name: str
    change: Change


@dataclass(frozen=True)
class Changed:
    """Windows of which a part is taken away. See `zoo.tasks.base.Batches`."""

    windows: Windows
    change: Change

    def plan(self, seed: Sequence[int] | None) -> list[np.ndarray]:
        """That of the windows."""
        return self.windows.plan(seed)

    def load(self, planned: np.ndarray) -> Batch:
        """One planned batch."""
        batch = self.windows.load(planned)
        full = np.pad(planned, (0, self.windows.batch_size - len(planned)), mode="edge")
        return replace(batch, inputs=self.change(dict(batch.inputs), full))

    def gather(self, plans: list[np.ndarray], outputs: list[Mapping[str, np.ndarray]]) -> np.ndarray:
        """That of the windows."""
        return self.windows.gather(plans, outputs)


def some_of(windows: Windows, most: int) -> Windows:
    """At most so many windows, from all over the split."""
    which = np.unique(np.linspace(0, len(windows) - 1, min(most, len(windows))).astype(int))
    return windows.only(which)


def blocks(window: int, most: int) -> list[tuple[int, int]]:
    """The steps of a window in at most so many blocks of one length, the last one first: `(first, stop)` of each."""
    size = -(-window // most)
    return [(max(stop - size, 0), stop) for stop in range(window, 0, -size)]


def occluded(values: np.ndarray, first: int, stop: int) -> np.ndarray:
    """Windows `(rows, window, variables)` with a straight line in place of some steps."""
    beside = [values[:, n] for n in (first - 1, stop) if 0 <= n < values.shape[1]] or [values.mean(axis=1)]
    before, after = beside[0], beside[-1]
    shares = (np.arange(1, stop - first + 1) / (stop - first + 1))[:, None]
    changed = values.copy()
    changed[:, first:stop] = before[:, None] * (1 - shares) + after[:, None] * shares
    return changed


def of_another(values: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The course of other windows at the level and with the mean move of these, all `(rows, window)`."""
    move, of_others = (np.abs(np.diff(one, axis=1)).mean(axis=1, keepdims=True) for one in (values, others))
    scale = np.divide(move, of_others, out=np.zeros_like(move), where=of_others > 0)
    return values[:, -1:] + (others - others[:, -1:]) * scale


def step_parts(window: int, most: int) -> Iterator[Part]:
    """The steps of the window, block by block; `5` is the fifth step before the first forecast."""
    for first, stop in blocks(window, most):

        def change(inputs: Arrays, which: np.ndarray, first: int = first, stop: int = stop) -> Arrays:
            del which
            return {**inputs, "values": occluded(inputs["values"], first, stop)}

        newest, oldest = window - stop + 1, window - first
        yield Part("steps", f"{newest}" if newest == oldest else f"{newest} to {oldest}", change)


def column_parts(windows: Windows, learned: Learned, order: np.ndarray) -> Iterator[Part]:
    """The variables, covariates and cycles of the calendar, exchanged for those of other windows.

    Args:
        order: for each window the number of the other one.
    """
    if windows.specification.window > 1:
        for n, name in enumerate(learned.variables):
            yield Part("variable", name, _exchange_course(windows, order, n))
    for name, columns in _grouped(learned.past).items():
        yield Part("past covariate", name, _exchange(windows, order, ("past",), columns))
    ahead = ("future_before", "future")
    for name, columns in _grouped(learned.future).items():
        yield Part("future covariate", name, _exchange(windows, order, ahead, columns))
    for n, cycle in enumerate(learned.specification.cycles):
        first = len(learned.future) + WAVES * n
        yield Part("calendar", cycle, _exchange(windows, order, ahead, [*range(first, first + WAVES)]))


def _grouped(names: Sequence[str]) -> dict[str, list[int]]:
    """The columns of each covariate: a category has one a value, `event=sale`."""
    columns: dict[str, list[int]] = {}
    for n, name in enumerate(names):
        columns.setdefault(name.partition("=")[0], []).append(n)
    return columns


def _exchange_course(windows: Windows, order: np.ndarray, variable: int) -> Change:
    def change(inputs: Arrays, which: np.ndarray) -> Arrays:
        values = inputs["values"].copy()
        others = windows.raw(order[which], -windows.specification.window, 0)
        values[:, :, variable] = of_another(values[:, :, variable], others[:, :, variable])
        return {**inputs, "values": values}

    return change


def _exchange(windows: Windows, order: np.ndarray, kinds: tuple[str, ...], columns: list[int]) -> Change:
    def change(inputs: Arrays, which: np.ndarray) -> Arrays:
        others = windows.inputs(order[which])
        changed = {kind: inputs[kind].copy() for kind in kinds}
        for kind, values in changed.items():
            values[..., columns] = others[kind][..., columns]
        return {**inputs, **changed}

    return change
