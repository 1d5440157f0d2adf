from __future__ import annotations

from typing import Unpack

import keras
import numpy as np
import pytest

from zoo.keras_types import LayerArguments
from zoo.layers.image_attention import ImageAttention

SCORES = pytest.mark.parametrize("score", ["additive", "multiplicative"])
DRAW = np.random.default_rng(0).normal
#: Two images of three parts; three questions, two of them about the second image.
PARTS, QUERY = DRAW(size=(2, 3, 5)).astype("float32"), DRAW(size=(3, 4)).astype("float32")
IMAGE = np.array([1, 0, 1])


def layer(score: str, hops: int = 1, **arguments: Unpack[LayerArguments]) -> ImageAttention:
    made = ImageAttention(6, hops, score, **arguments)
    made(PARTS, QUERY, IMAGE)
    made.set_weights([DRAW(size=weight.shape) for weight in made.weights])
    return made


def by_hand(made: ImageAttention, parts: np.ndarray, query: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The formula of the docstring, in NumPy, for one image and one question."""

    def dense(layer: keras.layers.Dense, x: np.ndarray) -> np.ndarray:
        weights = [np.asarray(weight, np.float64) for weight in layer.weights]
        return x @ weights[0] + (weights[1] if len(weights) > 1 else 0)

    state, seen, looked = dense(made.first, query), [], []
    for hop in range(made.hops):
        keys, asked = dense(made.keys[hop], parts), dense(made.queries[hop], state)
        if made.score == "additive":
            scores = dense(made.scores[hop], np.tanh(keys + asked))[:, 0]
        else:
            scores = keys @ asked / np.sqrt(6)
        weights = np.exp(scores) / (1 + np.exp(scores).sum())
        context = weights @ dense(made.values[hop], parts)
        state = state + context
        seen.append(context)
        looked.append(weights)
    return np.concatenate(seen), np.stack(looked)


@SCORES
@pytest.mark.parametrize("hops", [1, 3])
def test_it_is_the_formula_for_the_image_that_each_question_is_about(score: str, hops: int) -> None:
    made = layer(score, hops)
    seen, weights = made(PARTS, QUERY, IMAGE)
    assert seen.shape == (3, hops * 6)
    assert weights.shape == (3, hops, 3)
    for n, image in enumerate(IMAGE):
        right_seen, right_weights = by_hand(made, PARTS[image], QUERY[n])
        np.testing.assert_allclose(seen[n], right_seen, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(weights[n], right_weights, rtol=1e-4, atol=1e-6)


@SCORES
def test_weights_leave_something_for_looking_at_nothing(score: str) -> None:
    _, weights = layer(score, 2)(PARTS, QUERY, IMAGE)
    totals = np.asarray(weights).sum(axis=2)
    assert (totals > 0).all()
    assert (totals <= 1 + 1e-6).all()
    assert totals.min() < 0.9


@SCORES
def test_the_second_look_depends_on_what_the_first_one_saw(score: str) -> None:
    made = layer(score, 2)
    plain = np.asarray(made(PARTS, QUERY, IMAGE)[1])
    made.values[0].kernel.assign(made.values[0].kernel * 0)
    other = np.asarray(made(PARTS, QUERY, IMAGE)[1])
    np.testing.assert_array_equal(plain[:, 0], other[:, 0])
    assert np.abs(plain[:, 1] - other[:, 1]).max() > 1e-3


@SCORES
def test_the_order_of_the_parts_changes_nothing_but_their_places(score: str) -> None:
    made, order = layer(score, 2), [2, 0, 1]
    seen, weights = made(PARTS, QUERY, IMAGE)
    turned_seen, turned_weights = made(PARTS[:, order], QUERY, IMAGE)
    np.testing.assert_allclose(seen, turned_seen, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(np.asarray(weights)[:, :, order], turned_weights, rtol=1e-4, atol=1e-6)


@SCORES
def test_empty_batches_and_other_precisions(score: str) -> None:
    seen, weights = layer(score, 2)(PARTS[:0], QUERY[:0], IMAGE[:0])
    assert seen.shape == (0, 12)
    assert weights.shape == (0, 2, 3)
    half = layer(score, dtype="mixed_bfloat16")
    assert half(PARTS, QUERY, IMAGE)[0].dtype == "bfloat16"


@SCORES
def test_shapes_are_known_before_it_runs_and_the_configuration_comes_back(score: str) -> None:
    made = layer(score, 2)
    inputs = keras.Input((3, 5)), keras.Input((4,)), keras.Input((), dtype="int32")
    seen, weights = made(*inputs)
    assert (seen.shape, weights.shape) == ((None, 12), (None, 2, 3))
    again = ImageAttention.from_config(made.get_config())
    again(PARTS, QUERY, IMAGE)
    again.set_weights(made.get_weights())
    np.testing.assert_array_equal(again(PARTS, QUERY, IMAGE)[0], made(PARTS, QUERY, IMAGE)[0])


def test_wrong_arguments() -> None:
    with pytest.raises(ValueError, match="hops must be at least 1, not 0"):
        ImageAttention(4, 0)
    with pytest.raises(ValueError, match="additive or multiplicative, not 'dot'"):
        ImageAttention(4, 1, "dot")
