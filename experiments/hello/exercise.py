"""From a text to the arrays of the exercise: windows of letters, and the letter that comes next at each step."""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from dataclasses import dataclass

import numpy as np

from datasets.errors import UserError

LONGEST_TEXT = 200

Array = np.ndarray


@dataclass(frozen=True)
class Exercise:
    """Windows of a text.

    Attributes:
        text: the text, its letters composed (NFC): 한 is one letter, however it was typed.
        letters: the k different letters, in the order in which they first occur.
        inputs: `(windows, T)`, ids of letters: their places in `letters`.
        targets: `(windows, T)`, for each input letter the id of the letter that comes next.
    """

    text: str
    letters: list[str]
    inputs: Array
    targets: Array

    @property
    def one_hot(self) -> Array:
        """The inputs as the network sees them, `(windows, T, k)`."""
        return np.eye(len(self.letters))[self.inputs]


def make_exercise(text: str, length: int) -> Exercise:
    """Cut a text of n letters into its n - T windows of T letters with a next one.

    "hello" with T = 3 gives hel → ell and ell → llo.

    Raises:
        UserError: if the text is too short, too long, has one letter only or is not valid Unicode.
    """
    text = unicodedata.normalize("NFC", text)
    if any(unicodedata.category(letter) == "Cs" for letter in text):
        raise UserError(f"--text {text!a} is not valid Unicode; type it in UTF-8")
    if len(text) > LONGEST_TEXT:
        raise UserError(
            f"--text has {len(text):,} letters; at most {LONGEST_TEXT} make an exercise, shorten it"
        )
    if len(set(text)) < 2:
        raise UserError(
            f"--text {text!r} leaves nothing to predict; give one with two different letters or more"
        )
    if len(text) <= length:
        raise UserError(
            f"--length {length} needs a text of {length + 1} letters or more, {text!r} has {len(text)}; "
            "make --length smaller or --text longer"
        )
    letters = list(dict.fromkeys(text))
    ids = np.array([letters.index(letter) for letter in text])
    windows = np.lib.stride_tricks.sliding_window_view(ids, length)
    return Exercise(text, letters, windows[:-1], windows[1:])


def lowest_loss(task: Exercise, memory: bool) -> float:
    """The lowest loss that any model can reach on the exercise, in nats per letter.

    Where what a model sees is followed by different letters, it can at best predict their frequencies. Its loss is then
    the entropy of the next letter given what it sees.

    Args:
        task: the exercise.
        memory: whether the model sees the whole window up to the present letter, or the present letter only.
    """
    contexts: Counter[tuple[int, ...]] = Counter()
    contexts_with_target: Counter[tuple[tuple[int, ...], int]] = Counter()
    for window, window_targets in zip(task.inputs.tolist(), task.targets.tolist(), strict=True):
        for t, target in enumerate(window_targets):
            context = tuple(window[: t + 1]) if memory else (window[t],)
            contexts[context] += 1
            contexts_with_target[context, target] += 1
    nats = sum(
        count * math.log(contexts[context] / count) for (context, _), count in contexts_with_target.items()
    )
    return nats / task.targets.size
