"""The smallest recurrent network that shows what recurrence is for: it learns to spell, in NumPy alone.

A vanilla recurrent layer with tanh and a softmax on top read windows of T letters and say at each letter
which one comes next. Its gradients are derived by hand (zoo/reference), and TensorFlow's are the same.

Takes a second, and ten more for the check against TensorFlow. Expect a loss below 0.1 and every letter right.
"""

from __future__ import annotations

import math
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from datasets.errors import UserError
from zoo.cli.flags import Parser, add_options, collect, main_guard, option
from zoo.reference import Vanilla, backward, cross_entropy, forward, linear, linear_backward, softmax

EXAMPLES = """\
examples:
  python -m experiments.hello
  python -m experiments.hello --text 안녕하세요 --hidden 4 --picture runs/annyeong.png
  python -m experiments.hello --learning-rate 1 --steps 50 --seed 3 --no-tensorflow
"""
CELL = Vanilla(activation="tanh")
LONGEST_TEXT = 200
SHOWN_WINDOWS = 3
ALLOWED_DIFFERENCE = 1e-10

Array = np.ndarray
Weights = dict[str, Array]


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


# ---- from a text to arrays


@dataclass(frozen=True)
class Exercise:
    """Windows of a text.

    Attributes:
        text: the text, its letters composed (NFC): 한 is one letter, however it was typed.
        letters: the k different letters, in the order in which they first occur.
        inputs: `(windows, T)`, numbers of letters.
        targets: `(windows, T)`, for each input letter the number of the letter that comes next.
    """

    text: str
    letters: list[str]
    inputs: Array
    targets: Array

    @property
    def one_hot(self) -> Array:
        """The inputs as the network sees them, `(windows, T, k)`."""
        return np.eye(len(self.letters))[self.inputs]


def exercise(text: str, length: int) -> Exercise:
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
    numbers = np.array([letters.index(letter) for letter in text])
    windows = np.lib.stride_tricks.sliding_window_view(numbers, length)
    return Exercise(text, letters, windows[:-1], windows[1:])


def lowest_loss(task: Exercise, memory: bool) -> float:
    """The least loss that a model can reach which sees the present letter only, or the whole window up to it.

    Where the same view is followed by different letters, the best answer is their frequencies, and the loss
    their entropy in nats.
    """
    seen: Counter[Any] = Counter()
    seen_with_next: Counter[Any] = Counter()
    for row, row_targets in zip(task.inputs.tolist(), task.targets.tolist(), strict=True):
        for t, target in enumerate(row_targets):
            view = tuple(row[: t + 1]) if memory else row[t]
            seen[view] += 1
            seen_with_next[view, target] += 1
    nats = sum(count * math.log(seen[view] / count) for (view, _), count in seen_with_next.items())
    return nats / task.targets.size


# ---- the network


def first_weights(letters: int, hidden: int, seed: int) -> Weights:
    """Random weights with standard deviation 1/sqrt(hidden), zero biases."""
    rng = np.random.default_rng(seed)
    scale = hidden**-0.5
    return {
        "kernel": rng.normal(0, scale, (letters, hidden)),
        "recurrent_kernel": rng.normal(0, scale, (hidden, hidden)),
        "bias": np.zeros(hidden),
        "output_kernel": rng.normal(0, scale, (hidden, letters)),
        "output_bias": np.zeros(letters),
    }


def recurrent(weights: Weights) -> Weights:
    """The weights of the recurrent layer: all but those of the output layer."""
    return {name: weight for name, weight in weights.items() if not name.startswith("output_")}


def loss_and_gradients(weights: Weights, task: Exercise) -> tuple[float, Weights, Array]:
    """One pass forward and one back.

    Returns:
        The loss (cross-entropy averaged over the length and the windows), its gradient with respect to each
        weight, and the logits `(windows, T, k)`.
    """
    tape = forward(CELL, recurrent(weights), task.one_hot)
    logits = linear(weights["output_kernel"], weights["output_bias"], tape.outputs)
    loss, d_logits = cross_entropy(logits, task.targets)

    d_kernel, d_bias, d_outputs = linear_backward(weights["output_kernel"], tape.outputs, d_logits)
    gradients = backward(CELL, tape, d_outputs).weights
    return loss, {**gradients, "output_kernel": d_kernel, "output_bias": d_bias}, logits


def train(
    weights: Weights,
    task: Exercise,
    steps: int,
    learning_rate: float,
    each_step: Callable[[int, float, Array], None],
) -> Weights:
    """Plain gradient descent: every weight goes a little against its gradient, `steps` times.

    `each_step(step, loss, logits)` is called before each step and once after the last.

    Raises:
        UserError: with exit code 1, if the numbers leave the range of float64.
    """
    for step in range(steps + 1):
        try:
            with np.errstate(over="raise", invalid="raise"):
                loss, gradients, logits = loss_and_gradients(weights, task)
                each_step(step, loss, logits)
                if step < steps:
                    weights = {
                        name: weight - learning_rate * gradients[name] for name, weight in weights.items()
                    }
        except FloatingPointError:
            raise UserError(
                f"the weights overflowed at step {step}; make --learning-rate smaller", 1
            ) from None
    return weights


def spell(weights: Weights, task: Exercise) -> str:
    """What the network writes alone: it reads the first letter, and then each letter that it predicted."""
    number, states = 0, None
    written = [number]
    while len(written) < len(task.text):
        tape = forward(CELL, recurrent(weights), np.eye(len(task.letters))[[[number]]], initial_states=states)
        states = tape.final_states
        number = int(linear(weights["output_kernel"], weights["output_bias"], tape.outputs).argmax())
        written.append(number)
    return "".join(task.letters[number] for number in written)


# ---- the same network in TensorFlow


def tensorflow_gradients(weights: Weights, task: Exercise) -> Weights:
    """The gradients that TensorFlow finds by itself in float64, from the forward pass alone."""
    import tensorflow as tf

    variables = {name: tf.Variable(weight, dtype=tf.float64) for name, weight in weights.items()}
    inputs = tf.constant(task.one_hot)
    with tf.GradientTape() as tape:
        h = tf.zeros((inputs.shape[0], weights["bias"].size), tf.float64)
        step_losses = []
        for t in range(inputs.shape[1]):
            product = inputs[:, t] @ variables["kernel"] + h @ variables["recurrent_kernel"]
            h = tf.tanh(product + variables["bias"])
            logits = h @ variables["output_kernel"] + variables["output_bias"]
            step_losses.append(tf.nn.sparse_softmax_cross_entropy_with_logits(task.targets[:, t], logits))
        loss = tf.reduce_mean(tf.stack(step_losses))
    names = list(variables)
    found = tape.gradient(loss, [variables[name] for name in names])
    return {name: gradient.numpy() for name, gradient in zip(names, found, strict=True)}


def compare_with_tensorflow(stages: dict[str, Weights], task: Exercise) -> None:
    """Print the largest difference between our gradients and TensorFlow's, for each weight and stage.

    Raises:
        UserError: with exit code 1, if one is above 1e-10, or TensorFlow is not installed.
    """
    print("\nGradients derived by hand against TensorFlow's GradientTape, in float64: largest difference")
    try:
        from zoo.runtime.platform import configure

        configure("cpu")
    except ModuleNotFoundError:
        raise UserError(
            "TensorFlow is not installed; leave the comparison out with --no-tensorflow", 1
        ) from None
    print(f"  {'weight':17s}{'shape':10s}" + "".join(f"{stage:>18s}" for stage in stages))
    ours = {stage: loss_and_gradients(weights, task)[1] for stage, weights in stages.items()}
    theirs = {stage: tensorflow_gradients(weights, task) for stage, weights in stages.items()}
    all_differences: list[float] = []
    for name, weight in next(iter(stages.values())).items():
        differences = [float(np.abs(ours[stage][name] - theirs[stage][name]).max()) for stage in stages]
        all_differences += differences
        shape = " × ".join(map(str, weight.shape))
        print(f"  {name:17s}{shape:10s}" + "".join(f"{difference:18.1e}" for difference in differences))
    if not all(difference <= ALLOWED_DIFFERENCE for difference in all_differences):  # true of NaN too
        worst = np.max(all_differences)
        raise UserError(f"the gradients differ by {worst:.1e}, more than {ALLOWED_DIFFERENCE:.0e}", 1)
    print(f"  They are equal: no difference is above {ALLOWED_DIFFERENCE:.0e}.")


# ---- the command


def shown(letters: str) -> str:
    """A text for a line of output: a space becomes ␣, what cannot be printed its code."""
    marks = {" ": "␣"}
    return "".join(marks.get(one, one if one.isprintable() else f"<U+{ord(one):04X}>") for one in letters)


def windows(numbers: Array, task: Exercise) -> list[str]:
    """The rows of `numbers` `(windows, T)` as text."""
    return [shown("".join(task.letters[number] for number in row)) for row in numbers[:SHOWN_WINDOWS]]


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
    logits = linear(weights["output_kernel"], weights["output_bias"], tape.outputs)
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
    task = exercise(options.text, options.length)
    picture = checked_picture(options.picture)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal without Hangul shows codes

    print_exercise(task, options)
    losses = []

    def each_step(step: int, loss: float, logits: Array) -> None:
        losses.append(loss)
        if is_reported(step, options.steps):
            guesses = logits.argmax(axis=-1)
            right = f"{np.sum(guesses == task.targets)} of {guesses.size}"
            print(f"{step:>7,}{loss:>10.4f}{right:>11s}   {' '.join(windows(guesses, task))}")

    print(f"{'step':>7s}{'loss':>10s}{'right':>11s}   predicts")
    untrained = first_weights(len(task.letters), options.hidden, options.seed)
    trained = train(untrained, task, options.steps, options.learning_rate, each_step)
    print(f"\nAlone from “{shown(task.text[0])}” it writes: {shown(spell(trained, task))}")

    draw_picture(trained, task, losses, picture)
    if options.tensorflow:
        compare_with_tensorflow({"before training": untrained, "after training": trained}, task)


if __name__ == "__main__":
    sys.exit(main())
