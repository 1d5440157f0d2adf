"""What every cell promises on every engine: a sequence read in pieces is the sequence read at once.

Whether the pieces are single steps or longer, with the states handed on, and with NaN in the padding: outputs, final
states and every gradient are the same. That further padding changes nothing is in `test_padding.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import keras
import numpy as np

from tests.zoo import parity
from tests.zoo.layers.test_padding import padded
from tests.zoo.running import WIDEST, Answers, make_cell, make_layer, randomise, results, runs
from zoo.layers.recurrent import Recurrent
from zoo.tensors import Inputs, Mask, StackedStates


class InPieces:
    """A layer that reads a sequence in pieces, and takes up each with the states that the one before left.

    Args:
        layer: the layer.
        lengths: steps of each piece; together those of the sequence.
    """

    def __init__(self, layer: Recurrent, lengths: Sequence[int]) -> None:
        self.layer, self.lengths = layer, lengths
        self.cells, self.compute_dtype = layer.cells, layer.compute_dtype
        self.trainable_variables = layer.trainable_variables

    def __call__(
        self, inputs: Inputs, mask: Mask | None, initial_state: StackedStates, training: bool
    ) -> Answers:
        outputs, states, start = [], initial_state, 0
        for end in np.cumsum(self.lengths):
            piece = None if mask is None else mask[:, start:end]
            output, states = self.layer(
                inputs[:, start:end], mask=piece, initial_state=states, training=training
            )
            outputs.append(output)
            start = int(end)
        return keras.ops.concatenate(outputs, axis=1), states


@runs(parity.KINDS, quick="")
def test_pieces_are_the_whole(kind: parity.Kind, engine: str) -> None:
    case = parity.Case(kind, 2, False, True, "ragged")
    layer, problem = make_layer(case, engine), parity.drawn_problem(case)
    randomise(layer)
    assert problem.mask is not None
    problem.inputs = np.where(problem.mask[..., None], problem.inputs, np.nan)
    expected = results(layer, problem)
    assert all(np.isfinite(value).all() for value in expected.values())
    for lengths in ([1] * parity.TIME, [1, parity.TIME - 1]):
        in_pieces = cast(Recurrent, InPieces(layer, lengths))
        parity.assert_equal(results(in_pieces, problem), expected, 1e-12)


@runs([kind for kind in parity.KINDS if kind.product], dropout=0.3, recurrent_dropout=0.3)
def test_padding_arrives_nowhere_in_training(kind: parity.Kind, engine: str) -> None:
    """With every dropout, both of which are products with what is masked, and zoneout where the cell has it."""
    cell = make_cell(kind, dropout=0.3, recurrent_dropout=0.3, seed=1, dtype=WIDEST)
    layer = Recurrent(
        cell, bidirectional=True, weight_dropout=0.3, return_state=True, engine=engine, dtype=WIDEST
    )
    layer.build((None, None, parity.FEATURES))
    randomise(layer)
    problem = padded(parity.drawn_problem(parity.Case(kind, 1, True, True, "ragged")))
    assert problem.mask is not None
    got = results(layer, problem, training=True)
    assert all(np.isfinite(value).all() for value in got.values())
    assert not got["outputs"][~problem.mask].any()
    assert not got["d inputs"][~problem.mask].any()
