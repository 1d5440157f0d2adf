"""Two small runs that the probes look into."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.zoo.conftest import call, toy_rows, write_tsv
from zoo.run import main

TINY = ("--units", "5", "--embedding", "4", "--epochs", "1", "--average", "0")


@pytest.fixture(scope="session")
def sentiment_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a vanilla cell whose last output alone is read."""
    folder = tmp_path_factory.mktemp("sentiment")
    data = write_tsv(folder / "toy.tsv", toy_rows(80))
    options = ("--cell", "vanilla", "--pooling", "last", "--out", folder / "run")
    done = call(main, "sentiment", "--dataset", data, *options, *TINY)
    assert done.code == 0, done.err
    return folder / "run"


@pytest.fixture(scope="session")
def tagging_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of an LSTM in both directions and two layers, with another recurrent layer that reads the characters."""
    out = tmp_path_factory.mktemp("tagging") / "run"
    options = ("--cell", "lstm", "--bidirectional", "--layers", "2", "--character-units", "3")
    sizes = ("--examples", "60", "--valid-examples", "20", "--test-examples", "20")
    done = call(main, "tagging", *options, *sizes, "--out", out, *TINY)
    assert done.code == 0, done.err
    return out
