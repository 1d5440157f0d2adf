"""Which weights of a run stand where in a model that begins with them."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from zoo.cells.gru import GRUCell
from zoo.data.token_layers import TokenLayers, Tokens
from zoo.layers.recurrent import Recurrent
from zoo.start.weights import Donor, _shared_rows, _take_cells


def part(kind: str, *vocabulary: str, backward: bool = False) -> TokenLayers:
    return TokenLayers("text", "embedding", "recurrent", Tokens(kind, False, vocabulary), backward=backward)


def test_of_several_spellings_the_most_frequent_counts() -> None:
    taken, given = _shared_rows(part("words", " the", " of", "the"), part("plain-words", "the", "of"))
    assert list(zip(taken, given, strict=True)) == [(1, 1), (2, 2), (3, 3)]
    taken, given = _shared_rows(part("words", " the", "the"), part("words", "the", " The"))
    assert list(zip(taken, given, strict=True)) == [(1, 1), (2, 3), (3, 3)]


def layers(bidirectional: bool) -> Recurrent:
    """Two layers with random weights."""
    keras.utils.set_random_seed(int(bidirectional))
    layer = Recurrent(
        GRUCell(4), layers=2, bidirectional=bidirectional, return_sequences=True, name="recurrent"
    )
    layer(np.zeros((1, 2, 3), np.float32))
    return layer


@pytest.mark.parametrize("backward", [False, True])
def test_a_second_layer_reads_the_outputs_of_its_own_direction(backward: bool) -> None:
    source, target = layers(False), layers(True)
    inputs = keras.Input((None, 3))
    of_donor = part("words", backward=backward)
    donor = Donor(Path("run"), "language_model", keras.Model(inputs, source(inputs)), (of_donor,))
    new = target.cells[1][backward].kernel.numpy()
    told = _take_cells(target, donor, of_donor, [int(backward)])
    assert "2 of 2 layers" in told
    kernel, other = target.cells[1][backward].kernel.numpy(), target.cells[1][not backward].kernel.numpy()
    own, rest = (slice(4, 8), slice(0, 4)) if backward else (slice(0, 4), slice(4, 8))
    np.testing.assert_array_equal(kernel[own], source.cells[1][0].kernel.numpy())
    np.testing.assert_array_equal(kernel[rest], new[rest])
    assert not np.isin(source.cells[1][0].kernel.numpy(), other).any()
