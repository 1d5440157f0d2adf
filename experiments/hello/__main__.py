"""The smallest recurrent network that shows what recurrence is for: it learns to spell, in NumPy alone.

A vanilla recurrent layer with tanh and a softmax on top read windows of T letters and say at each letter
which one comes next. Its gradients are derived by hand (zoo/reference), and TensorFlow's are the same.

Takes a second, and ten more for the check against TensorFlow. Expect a loss below 0.1 and every letter right.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datasets.errors import UserError
from datasets.options import option
from experiments.hello.exercise import Array, Exercise, lowest_loss, make_exercise
from experiments.hello.network import CELL, Weights, first_weights, output_logits, recurrent, spell, train
from experiments.hello.tensorflow_check import compare_with_tensorflow
from zoo.cli.flags import Parser, add_options, collect, main_guard
from zoo.reference import forward, softmax

EXAMPLES = """\
examples:
  python -m experiments.hello
  python -m experiments.hello --text 안녕하세요 --hidden 4 --picture runs/annyeong.png
  python -m experiments.hello --learning-rate 1 --steps 50 --seed 3 --no-tensorflow
"""
SHOWN_WINDOWS = 3


@dataclass(frozen=True)
class Options:
    """What can be set on the command line."""

    text: str = option("hello", "the text to learn, in any script", metavar="TEXT")
    length: int = option(3, "T, letters in a window", minimum=1)
    hidden: int = option(3, "d, hidden units", minimum=1, maximum=512)
    steps: int = option(300, "steps of gradient descent", minimum=0, maximum=100_000)
    learning_rate: float = option(0.2, "how far to go against the gradient in a step", minimum=0.0)
    seed: int = option(0, "of the first weights", minimum=0)
    picture: str = option("runs/hello.png", "where to save the picture, a .png", metavar="PATH")
    tensorflow: bool = option(True, "compare the gradients with TensorFlow's")


def shown(letters: str) -> str:
    """A text for a line of output: a space becomes ␣, what cannot be printed its code."""
    return "".join("␣" if letter == " " else _printable(letter) for letter in letters)


def _printable(letter: str) -> str:
    return letter if letter.isprintable() else f"<U+{ord(letter):04X}>"


def windows(ids: Array, task: Exercise) -> list[str]:
    """The first rows of `ids` `(windows, T)` as text."""
    return [shown("".join(task.letters[letter_id] for letter_id in row)) for row in ids[:SHOWN_WINDOWS]]


def print_exercise(task: Exercise, options: Options) -> None:
    """Say what is to be learned, and what can be."""
    count, length = task.inputs.shape
    k, letters = len(task.letters), " ".join(map(shown, task.letters))
    print(f"“{shown(task.text)}”: {k = } letters ({letters}), d = {options.hidden} hidden units")
    print(f"{count} window{'s' * (count > 1)} of T = {length}, and the letters that come next:")
    for inputs, targets in zip(windows(task.inputs, task), windows(task.targets, task), strict=True):
        print(f"  {inputs} → {targets}")
    if count > SHOWN_WINDOWS:
        print(f"  and {count - SHOWN_WINDOWS} more")
    print("Lowest loss that can be reached:")
    print(f"  {lowest_loss(task, memory=False):.4f} by a model that sees the present letter only")
    print(f"  {lowest_loss(task, memory=True):.4f} by one that remembers the window up to it\n")


def is_reported(step: int, steps: int) -> bool:
    """Steps 0, 1, 2, 5, 10, 20, 50, …, and the last."""
    return step == steps or step == 0 or str(step).rstrip("0") in ("1", "2", "5")


def checked_picture(path: str) -> Path:
    """The picture's path, refused before any work is done."""
    picture = Path(path)
    if picture.suffix.lower() != ".png":
        raise UserError(f"--picture {path} must end in .png")
    if picture.is_dir():
        raise UserError(f"--picture {path} is a folder; name a file in it")
    try:
        picture.parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise UserError(f"--picture {path} cannot be written: {problem.strerror}") from None
    return picture


def draw_picture(weights: Weights, task: Exercise, losses: list[float], path: Path) -> None:
    """Save the picture and print where it is.

    Raises:
        UserError: with exit code 1, if it cannot be written.
    """
    from experiments.hello.picture import draw

    tape = forward(CELL, recurrent(weights), task.one_hot)
    logits = output_logits(weights, tape.outputs)
    without_memory = lowest_loss(task, memory=False)
    try:
        codes = draw(task, losses, softmax(logits), tape.outputs, without_memory, path)
    except OSError as problem:
        raise UserError(f"--picture {path} cannot be written: {problem.strerror or problem}", 1) from problem
    print(f"Picture: {path}")
    if codes:
        meanings = ", ".join(f"{code} is {shown(letter)}" for letter, code in codes.items())
        print(f"  Drawn as codes, for want of a font that has them: {meanings}")


@main_guard
def main(argv: list[str] | None = None) -> None:
    """Parse, train, print, draw, compare."""
    parser = Parser(prog="python -m experiments.hello", description=__doc__, epilog=EXAMPLES)
    add_options(parser, Options, "options")
    options = collect(parser.parse_args(argv), Options)
    task = make_exercise(options.text, options.length)
    picture = checked_picture(options.picture)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal without Hangul shows codes

    print_exercise(task, options)
    losses: list[float] = []

    def each_step(step: int, loss: float, logits: Array) -> None:
        losses.append(loss)
        if is_reported(step, options.steps):
            guesses = logits.argmax(axis=-1)
            correct = f"{np.sum(guesses == task.targets)} of {guesses.size}"
            print(f"{step:>7,}{loss:>10.4f}{correct:>11s}   {' '.join(windows(guesses, task))}")

    print(f"{'step':>7s}{'loss':>10s}{'correct':>11s}   predicts")
    untrained = first_weights(len(task.letters), options.hidden, options.seed)
    trained = train(untrained, task, options.steps, options.learning_rate, each_step)
    print(f"\nAlone from “{shown(task.text[0])}” it writes: {shown(spell(trained, task))}")

    draw_picture(trained, task, losses, picture)
    if options.tensorflow:
        compare_with_tensorflow({"before training": untrained, "after training": trained}, task)


if __name__ == "__main__":
    sys.exit(main())
