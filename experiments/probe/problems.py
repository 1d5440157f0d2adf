"""Synthetic sequence problems in which something has to be remembered over a known number of steps.

    adding    two marked numbers, to be added at the end       Hochreiter and Schmidhuber 1997, experiment 4
    order     in which order two marks came, told at the end   Hochreiter and Schmidhuber 1997, experiment 6a
    copying   symbols, to be repeated after a long blank       after Arjovsky, Shah and Bengio 2016
    counting  which of two symbols came more often             after Weiss, Goldberg and Yahav 2018
    echo      at each step the symbol of some steps ago        for truncated back-propagation

New sequences are drawn for every batch: there is no training set to learn by heart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np

from datasets.errors import UserError

Array = np.ndarray


class Sequences(NamedTuple):
    """A batch.

    Attributes:
        inputs: `(batch, time, features)`, zero in the padding.
        mask: `(batch, time)` bool; padding stands on the right.
        targets: numbers `(batch,)`, classes `(batch,)`, or classes of the last steps `(batch, answers)`.
    """

    inputs: Array
    mask: Array
    targets: Array


class Problem(Protocol):
    """A way to draw sequences, and what counts as an answer.

    Attributes:
        features, outputs: sizes of an input and of an answer.
        answers: how many of the last steps are answered; 0: the sequence as a whole.
        numbers: whether the target is a number (squared error) or a class (cross-entropy).
        faults: how many of the 2,000 most recent sequences may be wrong when the problem counts as solved.
        error: the mean error below which it counts as solved.
        chance: loss of the best answer that knows nothing of the sequence.
        steps: length of the longest sequence.
    """

    features: ClassVar[int]
    outputs: ClassVar[int]
    numbers: ClassVar[bool]
    faults: ClassVar[int]
    error: ClassVar[float]

    @property
    def answers(self) -> int: ...

    @property
    def chance(self) -> float: ...

    @property
    def steps(self) -> int: ...

    def draw(self, rng: np.random.Generator, size: int) -> Sequences:
        """New sequences."""
        ...


@dataclass(frozen=True)
class Adding:
    """The sum of two marked numbers.

    Each step brings a number from [-1, 1] and a mark: 1 for two of the steps, -1 for the first and the last, else 0.
    The target is 0.5 + (X1 + X2) / 4. The first mark is among the first ten steps, the second in the first half; if
    the very first step is picked, its mark stays -1 and its number counts as 0. Lengths are uniform in
    [T, T + T / 10].

    A sequence is right if the error is below 0.04.
    """

    length: int

    features: ClassVar[int] = 2
    outputs: ClassVar[int] = 1
    answers: ClassVar[int] = 0
    numbers: ClassVar[bool] = True
    faults: ClassVar[int] = 0
    error: ClassVar[float] = 0.01

    @property
    def chance(self) -> float:
        """The variance of the target: (1/3 + 1/3) / 16."""
        return 1 / 24

    @property
    def steps(self) -> int:
        """See `Problem`."""
        return self.length + self.length // 10

    def draw(self, rng: np.random.Generator, size: int) -> Sequences:
        """See `Problem`."""
        rows = np.arange(size)
        lengths, mask = _lengths(rng, size, self.length, self.steps)
        values = rng.uniform(-1, 1, (size, self.steps))
        first = rng.integers(0, min(10, self.length // 2 - 1), size)
        second = rng.integers(0, self.length // 2 - 2, size)
        second += second >= first  # any of the first half but the first
        marks = np.zeros((size, self.steps))
        marks[rows, first] = marks[rows, second] = 1
        marks[:, 0] = marks[rows, lengths - 1] = -1
        counted = np.where(np.arange(self.steps) == 0, 0, values)
        targets = 0.5 + (counted[rows, first] + counted[rows, second]) / 4
        inputs = np.stack([values, marks], axis=-1) * mask[:, :, None]
        return Sequences(inputs.astype(np.float32), mask, targets.astype(np.float32))


@dataclass(frozen=True)
class TemporalOrder:
    """Two of the symbols are X or Y; which came first and which second makes four classes.

    A sequence begins with E, ends with B, and is filled with a, b, c, d. For T = 100, as published, its length is
    uniform in 100 … 110, the first of the two comes at steps 10 … 20, the second at 50 … 60; other T in proportion.

    A sequence is right if each of the four outputs is less than 0.3 away from its target.
    """

    length: int

    features: ClassVar[int] = 8  # a b c d E B X Y
    outputs: ClassVar[int] = 4
    answers: ClassVar[int] = 0
    numbers: ClassVar[bool] = False
    faults: ClassVar[int] = 0
    error: ClassVar[float] = 0.1

    @property
    def chance(self) -> float:
        """Four classes."""
        return float(np.log(4))

    @property
    def steps(self) -> int:
        """See `Problem`."""
        return self.length + self.length // 10

    def draw(self, rng: np.random.Generator, size: int) -> Sequences:
        """See `Problem`."""
        rows, tenth = np.arange(size), self.length // 10
        lengths, mask = _lengths(rng, size, self.length, self.steps)
        symbols = rng.integers(0, 4, (size, self.steps))
        symbols[:, 0] = 4
        symbols[rows, lengths - 1] = 5
        marks = rng.integers(0, 2, (size, 2))
        for n in range(2):
            places = (1 + 4 * n) * tenth + rng.integers(0, tenth + 1, size)
            symbols[rows, places] = 6 + marks[:, n]
        inputs = np.eye(8, dtype=np.float32)[symbols] * mask[:, :, None]
        return Sequences(inputs, mask, 2 * marks[:, 0] + marks[:, 1])


@dataclass(frozen=True)
class Copying:
    """Three symbols out of eight; blanks, the last of T being a sign; then the symbols are repeated, over blanks.

    In the paper there are ten symbols; with three a CPU is enough. A sequence is right if all symbols are. The paper
    states no number of sequences; here the problem counts as solved when 99 % of the 2,000 most recent are right.
    """

    length: int

    features: ClassVar[int] = 10  # eight symbols, the blank and the sign
    outputs: ClassVar[int] = 8
    answers: ClassVar[int] = 3
    numbers: ClassVar[bool] = False
    faults: ClassVar[int] = 20
    error: ClassVar[float] = 0.1

    @property
    def chance(self) -> float:
        """Eight symbols."""
        return float(np.log(self.outputs))

    @property
    def steps(self) -> int:
        """See `Problem`."""
        return self.length + 2 * self.answers

    def draw(self, rng: np.random.Generator, size: int) -> Sequences:
        """See `Problem`."""
        symbols = np.full((size, self.steps), self.outputs)
        targets = rng.integers(0, self.outputs, (size, self.answers))
        symbols[:, : self.answers] = targets
        symbols[:, self.answers + self.length - 1] = self.outputs + 1
        inputs = np.eye(self.features, dtype=np.float32)[symbols]
        return Sequences(inputs, np.ones(symbols.shape, bool), targets)


@dataclass(frozen=True)
class Counting:
    """Which of two symbols came more often: by one or by two, wherever they stand.

    Both come T / 8 to T / 4 times, and one of them once or twice more; a third symbol, which counts for nothing, fills
    the sequence. All stand in any order, and lengths are uniform in [T, T + T / 10], so that only the difference tells.

    After Weiss, Goldberg and Yahav 2018, "On the practical computational power of finite precision RNNs for language
    recognition": an LSTM can count, for a unit of its memory can grow by one at each step; a GRU cannot for ever, for
    its state stays between -1 and 1. Their languages are a^n b^n (Gers and Schmidhuber 2001) and a^n b^n c^n. In these
    a network sees by how long the second half takes whether it is as long as the first; here it has to keep the count
    through steps that bring nothing.

    A sequence is right if both outputs are less than 0.3 away from their targets. No paper states a number of
    sequences; here the problem counts as solved when 99 % of the 2,000 most recent are right.
    """

    length: int

    features: ClassVar[int] = 3  # the two that are counted, and the one that fills
    outputs: ClassVar[int] = 2
    answers: ClassVar[int] = 0
    numbers: ClassVar[bool] = False
    faults: ClassVar[int] = 20
    error: ClassVar[float] = 0.1

    @property
    def chance(self) -> float:
        """Two classes."""
        return float(np.log(2))

    @property
    def steps(self) -> int:
        """See `Problem`."""
        return self.length + self.length // 10

    def draw(self, rng: np.random.Generator, size: int) -> Sequences:
        """See `Problem`."""
        _, mask = _lengths(rng, size, self.length, self.steps)
        more = rng.integers(0, 2, size)
        both = rng.integers(self.length // 8, self.length // 4 + 1, size)
        counts = both[:, None] + np.eye(2, dtype=int)[more] * rng.integers(1, 3, size)[:, None]
        places = np.where(mask, rng.random(mask.shape), 2).argsort(axis=1).argsort(axis=1)
        symbols = (places[:, :, None] >= counts.cumsum(axis=1)[:, None]).sum(axis=-1)
        inputs = np.eye(self.features, dtype=np.float32)[symbols] * mask[:, :, None]
        return Sequences(inputs, mask, more)


@dataclass(frozen=True)
class Echo:
    """One of four symbols a step; the target is the symbol of `lag` steps ago, from step `lag` on."""

    length: int
    lag: int = 8

    features: ClassVar[int] = 4
    outputs: ClassVar[int] = 4
    numbers: ClassVar[bool] = False
    faults: ClassVar[int] = 20
    error: ClassVar[float] = 0.1

    @property
    def answers(self) -> int:
        """All steps that have one `lag` steps before."""
        return self.length - self.lag

    @property
    def chance(self) -> float:
        """Four symbols."""
        return float(np.log(4))

    @property
    def steps(self) -> int:
        """See `Problem`."""
        return self.length

    def draw(self, rng: np.random.Generator, size: int) -> Sequences:
        """See `Problem`."""
        symbols = rng.integers(0, self.features, (size, self.length))
        inputs = np.eye(self.features, dtype=np.float32)[symbols]
        return Sequences(inputs, np.ones(symbols.shape, bool), symbols[:, : -self.lag])


#: Those of `experiments.probe memory`, by name.
PROBLEMS: dict[str, Any] = {
    "adding": Adding,
    "order": TemporalOrder,
    "copying": Copying,
    "counting": Counting,
}


def make(name: str, length: int) -> Problem:
    """A problem of the memory probe.

    Raises:
        UserError: if it makes no sense at that length.
    """
    least = {"copying": 1}.get(name, 10)
    if length < least:
        raise UserError(f"--lengths {length}: {name} needs {least} steps or more")
    return PROBLEMS[name](length)


def _lengths(rng: np.random.Generator, size: int, shortest: int, longest: int) -> tuple[Array, Array]:
    """Uniform lengths `(size,)`, and their mask `(size, longest)`."""
    lengths = rng.integers(shortest, longest + 1, size)
    return lengths, np.arange(longest) < lengths[:, None]


def errors(problem: Problem, answers: Array, targets: Array) -> tuple[Array, Array]:
    """How wrong the answers to a batch are, by the criterion of the problem's paper.

    Args:
        answers: numbers `(batch, 1)` or logits `(batch, classes)` or `(batch, answers, classes)`.
        targets: see `Sequences`.

    Returns:
        For each sequence its error (squared; for classes summed over the probabilities, the mean of the answers), and
        whether it is wrong.
    """
    if problem.numbers:
        distance = np.abs(answers[:, 0] - targets)
        return distance**2, ~(distance < 0.04)
    shares = np.exp(answers - answers.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    distance = np.abs(shares - np.eye(answers.shape[-1])[targets])
    squared = (distance**2).sum(axis=-1)
    if problem.answers:
        return squared.mean(axis=1), (answers.argmax(axis=-1) != targets).any(axis=1)
    return squared, ~(distance < 0.3).all(axis=-1)
