"""What is searched: `learning_rate=1e-4..1e-2`, `units=32,64,128`, `layers=1..3`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from datasets.errors import UserError
from experiments.compare.contestants import Contestant, contestant

if TYPE_CHECKING:
    import optuna

#: A range of numbers whose ends are in this proportion or a greater one is searched by their logarithms.
WIDE = 100.0
#: Digits of a number that is tried: what stands in a command is what was run.
DIGITS = 3
#: So near to an end of a range, as a share of its length, is at the end.
NEAR = 0.05


@dataclass(frozen=True)
class Dimension:
    """One option and the values that are tried.

    Attributes:
        name: of the option, as a contestant has it.
        values: texts of which one is taken; empty for a range.
        low, high: ends of a range.
        whole: whether only whole numbers of the range are taken.
    """

    name: str
    values: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 0.0
    whole: bool = False

    @property
    def wide(self) -> bool:
        """Whether the range is searched by its logarithms."""
        return not self.whole and self.low > 0 and self.high / self.low >= WIDE

    @property
    def ends(self) -> tuple[str, str]:
        """Two values, to see whether runs take them."""
        if self.values:
            return self.values[0], self.values[-1]
        return _text(self.low, self.whole), _text(self.high, self.whole)

    def at_an_end(self, value: str | float) -> bool:
        """Whether a number is at the least or the largest one that was tried, so that one beyond may be better; of a
        range that is within `NEAR` of its length."""
        if not self.values and not self.whole:
            low, high, here = map(math.log if self.wide else float, (self.low, self.high, float(value)))
            return min(here - low, high - here) <= NEAR * (high - low)
        try:
            tried = [float(one) for one in self.values or self.ends]
        except ValueError:
            return False
        return len(tried) > 1 and float(value) in (min(tried), max(tried))

    def suggest(self, trial: optuna.Trial) -> str:
        """The value that the search tries in a trial."""
        if self.values:
            return str(trial.suggest_categorical(self.name, self.values))
        if self.whole:
            return str(trial.suggest_int(self.name, int(self.low), int(self.high)))
        return _text(trial.suggest_float(self.name, self.low, self.high, log=self.wide), False)


def _text(value: float, whole: bool) -> str:
    return str(int(value)) if whole else f"{value:.{DIGITS}g}"


def dimension(text: str) -> Dimension:
    """What an argument of `--space` stands for.

    Raises:
        UserError: if it is none.
    """
    name, equals, values = text.partition("=")
    if not equals or not name or not values:
        raise UserError(f"--space {text}: write OPTION=LOW..HIGH or OPTION=VALUE,VALUE")
    name = name.replace("-", "_")
    if ".." not in values:
        return Dimension(name, tuple(dict.fromkeys(filter(None, values.split(",")))))
    low_text, _, high_text = values.partition("..")
    try:
        low, high = float(low_text), float(high_text)
    except ValueError:
        low = high = math.nan
    if not low < high or not math.isfinite(high - low):
        raise UserError(f"--space {text}: {values} is no range; write LOW..HIGH with LOW below HIGH")
    whole = all(part.strip().isdigit() for part in (low_text, high_text)) and high - low >= 2
    return Dimension(name, low=low, high=high, whole=whole)


def space(texts: Sequence[str]) -> list[Dimension]:
    """All that is searched.

    Raises:
        UserError: if nothing is, or an option is given twice.
    """
    if not texts:
        raise UserError("--space: say what is searched, such as --space learning_rate=1e-4..1e-2 units=32,64")
    found = [dimension(text) for text in texts]
    names = [one.name for one in found]
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"--space: {name} is given twice")
    return found


def with_options(base: Contestant, options: dict[str, str]) -> str:
    """The contestant with more options of its own.

    Raises:
        UserError: if it has one of them already.
    """
    cell = base.cell
    own = [
        *base.cell_options,
        *(f"{task}.{name}={value}".lstrip(".") for task, name, value in base.run_options),
    ]
    taken = {text.partition("=")[0] for text in own} & set(options)
    if taken:
        raise UserError(f"--space {taken.pop()}: {base.name} has a value of its own; leave one out")
    texts = ", ".join([*own, *(f"{name}={value}" for name, value in options.items())])
    return contestant(f"{cell}({texts})").name
