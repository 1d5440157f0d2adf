"""Small data and small runs that the tests of the commands, the pipeline and the exports share."""

from __future__ import annotations

import contextlib
import io
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.zoo.elsewhere import Elsewhere

GOOD, BAD = ("good", "fine", "great", "lovely", "좋다"), ("bad", "poor", "awful", "dull", "나쁘다")
FILLING = ("the", "film", "was", "a", "very", "long", "story", "with", "people", "and", "music")
#: Of a model that trains in a second or two.
SMALL = ("--units", "4", "--embedding", "4", "--epochs", "1", "--least-steps", "1")


@dataclass(frozen=True)
class Answered:
    """What a command answered."""

    code: int
    out: str
    err: str


def call(main: Callable[[list[str]], int], *arguments: object) -> Answered:
    """A command in this process."""
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        code = main([str(argument) for argument in arguments])
    return Answered(code, out.getvalue(), err.getvalue())


def toy_rows(size: int, seed: int = 0, longest: int = 7) -> list[tuple[str, str]]:
    """Texts whose label is told by one word, and their labels; each text is another.

    Up to 8 words a text is padded to one width, so that a model of it is compiled once; beyond, to two or more.
    """
    draw = random.Random(seed)
    rows = []
    for number in range(size):
        words = [draw.choice(FILLING) for _ in range(draw.randint(1, longest - 2))]
        words.insert(draw.randrange(len(words) + 1), draw.choice((BAD, GOOD)[number % 2]))
        rows.append((f"{' '.join(words)} {number}", ("neg", "pos")[number % 2]))
    return rows


def write_tsv(path: Path, rows: list[tuple[str, str]]) -> Path:
    """A table with the columns text and label."""
    path.write_text("text\tlabel\n" + "".join(f"{text}\t{label}\n" for text, label in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """120 labelled texts that a model can learn in seconds."""
    return write_tsv(tmp_path_factory.mktemp("toy") / "toy.tsv", toy_rows(120))


@pytest.fixture(scope="session")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    """A process with TensorFlow and without this repository."""
    process = Elsewhere(tmp_path_factory.mktemp("elsewhere"))
    yield process
    process.close()


@pytest.fixture(scope="session")
def trained(toy: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run directory of a finished run that has learnt `toy`; only to be read."""
    from zoo.run import main

    out = tmp_path_factory.mktemp("trained") / "run"
    learn = ("--epochs", "6", "--learning-rate", "0.03", "--average", "0.5", "--patience", "6")
    options = ("--units", "8", "--embedding", "8", "--batch-size", "16", *learn)
    done = call(main, "sentiment", "--dataset", toy, "--out", out, *options)
    assert done.code == 0, done.err
    return out
