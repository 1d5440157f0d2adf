from __future__ import annotations

import numpy as np
import pytest

from zoo.data.ragged import Ragged
from zoo.tasks.sentiment.batches import SequenceBatches


def sequences(lengths: list[int]) -> Ragged:
    return Ragged.concatenate((np.full(n, 2 + k, np.int32), np.array([n])) for k, n in enumerate(lengths))


@pytest.fixture
def batches() -> SequenceBatches:
    """Seven sequences: sequence n is made of the number n + 2 and has the target n + 10."""
    return SequenceBatches.of(sequences([3, 0, 20, 1, 9, 2, 5]), np.arange(10, 17), 4)


@pytest.mark.parametrize("seed", [None, [0, 0], [0, 1]])
def test_every_example_comes_once_with_its_target_and_the_rest_has_no_weight(batches, seed):
    seen = {}
    for planned in batches.plan(seed):
        batch = batches.load(planned)
        assert batch.inputs["tokens"].shape == (4, planned.width)
        assert batch.targets.shape == batch.weights.shape == (4,)
        for tokens, target, weight in zip(batch.inputs["tokens"], batch.targets, batch.weights, strict=True):
            if weight:
                assert target not in seen
                seen[target] = tokens[tokens > 0].tolist()
            else:
                assert not tokens.any()
    assert seen == {10 + n: [2 + n] * length for n, length in enumerate([3, 0, 20, 1, 9, 2, 5])}


def test_outputs_are_gathered_in_the_order_of_the_examples(batches):
    plans = batches.plan(None)
    outputs = [batches.load(planned).targets[:, None] * 2.0 for planned in plans]
    assert batches.gather(plans, outputs).tolist() == [[2.0 * n] for n in range(10, 17)]


def test_few_widths_are_used(batches):
    many = SequenceBatches.of(sequences(list(range(200))), np.zeros(200, int), 4)
    assert many.widths.tolist() == [
        40,
        72,
        136,
        200,
    ]  # of 6 quantiles those that save a quarter of the padding
    assert {planned.width for planned in many.plan([0])} == set(many.widths.tolist())


def test_a_longer_sequence_than_in_training_gets_a_width_of_its_own(batches):
    longer = SequenceBatches.of(sequences([3, 41]), np.zeros(2, int), 4, batches.widths)
    assert longer.widths.tolist() == [*batches.widths, 48]
    shorter = SequenceBatches.of(sequences([3]), np.zeros(1, int), 4, batches.widths)
    assert shorter.widths.tolist() == batches.widths.tolist()
