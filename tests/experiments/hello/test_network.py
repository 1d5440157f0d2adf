from __future__ import annotations

import numpy as np
import pytest

from datasets.errors import UserError
from experiments.hello.exercise import lowest_loss, make_exercise
from experiments.hello.network import first_weights, loss_and_gradients, spell, train
from tests.experiments.hello.training import ignore, trained


def test_gradients_are_those_of_finite_differences() -> None:
    task = make_exercise("hello", 3)
    weights = first_weights(4, 3, seed=1)
    _, gradients, _ = loss_and_gradients(weights, task)
    assert set(gradients) == set(weights)
    for name, weight in weights.items():
        for index in np.ndindex(*weight.shape):
            value, losses = weight[index], []
            for step in (1e-5, -1e-5):
                weight[index] = value + step
                losses.append(loss_and_gradients(weights, task)[0])
            weight[index] = value
            assert gradients[name][index] == pytest.approx((losses[0] - losses[1]) / 2e-5, abs=1e-9), name


def test_one_step_goes_against_the_gradient() -> None:
    task = make_exercise("hello", 3)
    weights = first_weights(4, 3, seed=0)
    _, gradients, _ = loss_and_gradients(weights, task)
    after = train(weights, task, 1, 0.5, ignore)
    for name in weights:
        np.testing.assert_allclose(after[name], weights[name] - 0.5 * gradients[name], rtol=1e-15)


@pytest.mark.parametrize("seed", range(3))
def test_it_learns_what_no_model_without_memory_can(seed: int) -> None:
    task, weights = trained(seed=seed)
    loss, _, logits = loss_and_gradients(weights, task)
    assert loss < lowest_loss(task, memory=False) / 3
    np.testing.assert_array_equal(logits.argmax(axis=-1), task.targets)
    assert spell(weights, task) == "hello"


def test_spelling_feeds_on_its_own_letters() -> None:
    # Biases alone decide: whatever comes, the answer is the last letter.
    task = make_exercise("hello", 3)
    weights = {name: np.zeros_like(weight) for name, weight in first_weights(4, 3, 0).items()}
    weights["output_bias"][3] = 1.0
    assert spell(weights, task) == "hoooo"


def test_a_seed_gives_the_same_weights() -> None:
    first, second, other = (first_weights(4, 3, seed) for seed in (7, 7, 8))
    np.testing.assert_array_equal(first["kernel"], second["kernel"])
    assert not np.allclose(first["kernel"], other["kernel"])


def test_overflow_is_told_in_one_line() -> None:
    task = make_exercise("hello", 3)
    with pytest.raises(UserError, match="overflowed at step 2; make --learning-rate smaller") as caught:
        train(first_weights(4, 3, 0), task, 10, 1e308, ignore)
    assert caught.value.exit_code == 1
