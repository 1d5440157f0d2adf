"""Small run directories that the probes look into. Their models have learned nothing: no test needs that."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.experiments.probe import own_cell
from tests.experiments.untrained import untrained_run
from tests.zoo.conftest import toy_rows, write_tsv


@pytest.fixture(scope="session")
def toy_reviews(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file of short texts with labels."""
    return str(write_tsv(tmp_path_factory.mktemp("toy") / "toy.tsv", toy_rows(80)))


@pytest.fixture(scope="session")
def sentiment_run(tmp_path_factory: pytest.TempPathFactory, toy_reviews: str) -> Path:
    """Of a vanilla cell whose last output alone is read."""
    folder = tmp_path_factory.mktemp("sentiment") / "run"
    options = ("--cell", "vanilla", "--pooling", "last", "--dataset", toy_reviews)
    return untrained_run(folder, "sentiment", *options)


@pytest.fixture(scope="session")
def own_cell_run(tmp_path_factory: pytest.TempPathFactory, toy_reviews: str) -> Path:
    """Of a cell that the zoo does not know."""
    folder = tmp_path_factory.mktemp("own") / "run"
    return untrained_run(folder, "sentiment", "--cell", own_cell.NAME, "--dataset", toy_reviews)


@pytest.fixture(scope="session")
def tagging_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of an LSTM in both directions and two layers, with another recurrent layer that reads the characters."""
    folder = tmp_path_factory.mktemp("tagging") / "run"
    options = ("--cell", "lstm", "--bidirectional", "--layers", "2", "--character-units", "3")
    sizes = ("--examples", "60", "--valid-examples", "20", "--test-examples", "20")
    return untrained_run(folder, "tagging", *options, *sizes)
