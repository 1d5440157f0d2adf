from __future__ import annotations

from typing import Unpack

import keras
import numpy as np
import pytest

from zoo.keras_types import LayerArguments
from zoo.layers.attention import SCORINGS, Attention

DRAW = np.random.default_rng(0).normal
QUERIES, MEMORY = DRAW(size=(2, 3, 4)).astype("float32"), DRAW(size=(2, 5, 4)).astype("float32")
MASK = np.array([[True, True, False, True, False], [False] * 5])


def layer(scoring: str, units: int | None = None, **arguments: Unpack[LayerArguments]) -> Attention:
    made = Attention(scoring, units, **arguments)
    made(QUERIES, MEMORY)
    made.set_weights([DRAW(size=w.shape) for w in made.weights])
    return made


def by_hand(made: Attention, queries: np.ndarray, memory: np.ndarray) -> np.ndarray:
    """The score of one query and one place, written out."""
    weights = {w.path.split("/")[-2] + "/" + w.name: np.asarray(w) for w in made.weights}
    if made.scoring == "dot":
        return queries @ memory / len(queries) ** 0.5
    if made.scoring == "general":
        return queries @ (memory @ weights["key_map/kernel"]) / len(queries) ** 0.5
    hidden = queries @ weights["query_map/kernel"] + memory @ weights["key_map/kernel"]
    return np.tanh(hidden + weights["key_map/bias"]) @ weights["score_map/kernel"][:, 0]


@pytest.mark.parametrize("scoring", SCORINGS)
def test_the_context_is_the_weighted_mean_by_the_formula(scoring: str) -> None:
    made = layer(scoring, units=6 if scoring == "additive" else None)
    context, weights = made(QUERIES, MEMORY, mask=MASK)
    for time in range(3):
        scores = np.array([by_hand(made, QUERIES[0, time], MEMORY[0, place]) for place in range(5)])
        shares = np.where(MASK[0], np.exp(scores), 0)
        shares /= shares.sum()
        np.testing.assert_allclose(weights[0, time], shares, rtol=1e-4, atol=1e-7)
        np.testing.assert_allclose(context[0, time], shares @ MEMORY[0], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("scoring", SCORINGS)
def test_where_all_is_masked_there_is_no_context(scoring: str) -> None:
    context, weights = layer(scoring)(QUERIES, MEMORY, mask=MASK)
    assert not np.asarray(context[1]).any()
    assert not np.asarray(weights[1]).any()


@pytest.mark.parametrize("scoring", SCORINGS)
def test_padding_changes_nothing(scoring: str) -> None:
    made = layer(scoring)
    padded = np.pad(MEMORY, ((0, 0), (0, 3), (0, 0)), constant_values=9)
    found = made(QUERIES, padded, mask=np.pad(np.ones((2, 5), bool), ((0, 0), (0, 3))))
    expected = made(QUERIES, MEMORY)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-5, atol=1e-6)
    assert not np.asarray(found[1])[..., 5:].any()


@pytest.mark.parametrize("scoring", SCORINGS)
def test_keys_computed_before_give_the_same(scoring: str) -> None:
    made = layer(scoring)
    found, expected = (
        made(QUERIES, MEMORY, mask=MASK, keys=made.keys(MEMORY)),
        made(QUERIES, MEMORY, mask=MASK),
    )
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-6)


@pytest.mark.parametrize("policy", ["float16", "float64"])
def test_other_floats(policy: str) -> None:
    made = Attention("general", dtype=policy)
    context, weights = made(QUERIES.astype(policy), MEMORY.astype(policy), mask=MASK)
    assert np.isfinite(np.asarray(context)).all()
    np.testing.assert_allclose(np.asarray(weights[0]).sum(-1), 1, atol=1e-2 if policy == "float16" else 1e-9)
    assert not np.asarray(weights[1]).any()


def test_what_cannot_be_scored_is_refused() -> None:
    with pytest.raises(ValueError, match="scoring must be one of additive, dot, general, not 'luong'"):
        Attention("luong")
    with pytest.raises(ValueError, match="dot scores need queries and memory of one size, not 4 and 3"):
        Attention("dot")(QUERIES, MEMORY[..., :3])


def test_it_comes_back_from_its_configuration() -> None:
    made = layer("additive", units=7)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(made))
    assert (again.scoring, again.units) == ("additive", 7)
