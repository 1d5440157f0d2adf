"""Padding changes nothing: five more columns, even of NaN, give the same numbers to the last digits."""

from __future__ import annotations

import keras
import numpy as np

from tests.zoo import parity
from tests.zoo.running import WIDEST, make_layer, randomise, results, runs
from zoo.cells.gru import GRUCell
from zoo.layers.recurrent import Recurrent

MORE = 5


@runs(parity.KINDS)
def test_outputs_states_and_gradients(kind: parity.Kind, engine: str) -> None:
    case = parity.Case(kind, 1, True, True, "ragged")
    layer, problem = make_layer(case, engine), parity.drawn_problem(case)
    randomise(layer)
    expected, got = results(layer, problem), results(layer, padded(problem))
    for name in ("outputs", "d inputs"):
        assert not got[name][:, parity.TIME :].any()
        got[name] = got[name][:, : parity.TIME]
    parity.assert_equal(got, expected, 1e-13)


def padded(problem: parity.Problem) -> parity.Problem:
    """The same with NaN for inputs in all its padding and in `MORE` further columns; `outputs_factor` puts
    weight on the outputs there too."""
    noise = np.random.default_rng(9).normal(scale=10, size=(parity.BATCH, MORE, 2 * parity.UNITS))

    def longer(array: np.ndarray) -> np.ndarray:
        return np.concatenate([array, noise[..., : array.shape[-1]]], axis=1)

    assert problem.mask is not None
    mask = np.concatenate([problem.mask, np.zeros((parity.BATCH, MORE), bool)], axis=1)
    factors = longer(problem.outputs_factor)
    inputs = np.where(mask[..., None], longer(problem.inputs), np.nan)
    return parity.Problem(inputs, mask, problem.states, factors, problem.states_factors)


@runs(parity.KINDS)
def test_the_last_output_is_that_of_the_last_word(kind: parity.Kind, engine: str) -> None:
    """Forward that of the last column that counts, backward that of the first; zero for an empty row."""
    case = parity.Case(kind, 1, True, True, "ragged")
    whole = make_layer(case, engine)
    randomise(whole)
    last = Recurrent.from_config({**whole.get_config(), "return_sequences": False})
    last.build((None, None, parity.FEATURES))
    last.set_weights(whole.get_weights())
    problem = padded(parity.drawn_problem(case))
    inputs, states = keras.tree.map_structure(
        lambda array: keras.ops.convert_to_tensor(array, dtype=WIDEST), (problem.inputs, problem.states)
    )
    outputs, final = last(inputs, mask=problem.mask, initial_state=states)
    sequences, same_final = whole(inputs, mask=problem.mask, initial_state=states)
    width = parity.output_size(kind)
    for row, length in enumerate(parity.LENGTHS["ragged"]):
        if length:
            forward, backward = sequences[row, length - 1], sequences[row, 0]
            expected = [*forward[:width], *backward[width:]]
        else:
            expected = [0.0] * (2 * width)
        np.testing.assert_allclose(outputs[row], expected, rtol=1e-12)
    for got, same in zip(keras.tree.flatten(final), keras.tree.flatten(same_final), strict=True):
        np.testing.assert_allclose(got, same, rtol=1e-12)


def test_a_model_s_loss_and_its_training() -> None:
    """From token ids with 0 for padding, through `mask_zero`, to the loss and the weights after a
    step."""
    tokens = np.array([[3, 1, 2, 4], [2, 2, 0, 0], [1, 0, 0, 0]])
    longer = np.concatenate([tokens, np.zeros((3, MORE), int)], axis=1)
    inputs = keras.Input((None,), dtype="int32")
    embedded = keras.layers.Embedding(5, 3, mask_zero=True)(inputs)
    outputs = keras.layers.Dense(2)(Recurrent(GRUCell(4), layers=2, bidirectional=True)(embedded))
    model = keras.Model(inputs, outputs)
    # The sum over the columns that count: a mean over all columns would not be the same for more of them.
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum")
    model.compile(keras.optimizers.SGD(0.1), loss, run_eagerly=True)
    start = model.get_weights()
    losses, weights = [], []
    for ids in (tokens, longer):
        model.set_weights(start)
        losses.append(model.train_on_batch(ids, ids % 2))
        weights.append(model.get_weights())
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-6)
    for short, long, before in zip(*weights, start, strict=True):
        assert (short != before).any()
        np.testing.assert_allclose(long, short, atol=1e-6)
