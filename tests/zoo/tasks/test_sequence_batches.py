from __future__ import annotations

import numpy as np
import pytest

from zoo.data.ragged import Ragged
from zoo.tasks.sequence_batches import SequenceBatches

LENGTHS = [3, 0, 20, 1, 9, 2, 5]


def sequences(lengths: list[int]) -> Ragged:
    return Ragged.of(np.full(n, 2 + k, np.int32) for k, n in enumerate(lengths))


@pytest.fixture
def batches() -> SequenceBatches:
    """Seven sequences: sequence n is made of the number n + 2 and has the target n + 10."""
    return SequenceBatches.of(sequences(LENGTHS), np.arange(10, 17), 4)


@pytest.fixture
def vectors() -> SequenceBatches:
    """The same with pairs of n + 2 and 0 in place of n + 2, and pairs as targets."""
    values = sequences(LENGTHS).values[:, None] * np.array([1.0, 0.0], np.float32)
    targets = np.arange(10, 17)[:, None] + np.zeros((1, 2))
    return SequenceBatches.of(Ragged(values, sequences(LENGTHS).offsets), targets, 4)


@pytest.mark.parametrize("seed", [None, [0, 0], [0, 1]])
def test_every_example_comes_once_with_its_target_and_the_rest_has_no_weight(
    batches: SequenceBatches, seed: list[int] | None
) -> None:
    tokens_of = {}
    for planned in batches.plan(seed):
        batch = batches.load(planned)
        assert batch.inputs["tokens"].shape == (4, planned.width)
        assert batch.targets.shape == batch.weights.shape == (4,)
        for tokens, target, weight in zip(batch.inputs["tokens"], batch.targets, batch.weights, strict=True):
            if weight:
                assert target not in tokens_of
                tokens_of[target] = tokens[tokens > 0].tolist()
            else:
                assert not tokens.any()
    assert tokens_of == {10 + n: [2 + n] * length for n, length in enumerate(LENGTHS)}


@pytest.mark.parametrize("seed", [None, [0, 1]])
def test_vectors_come_with_a_mask(vectors: SequenceBatches, seed: list[int] | None) -> None:
    targets = []
    for planned in vectors.plan(seed):
        batch = vectors.load(planned)
        assert batch.inputs["vectors"].shape == (4, planned.width, 2)
        assert batch.inputs["vectors"].dtype == np.float32
        assert batch.inputs["mask"].shape == (4, planned.width)
        assert batch.targets.shape == (4, 2)
        np.testing.assert_array_equal(batch.inputs["vectors"][..., 0] > 0, batch.inputs["mask"])
        for mask, target, weight in zip(batch.inputs["mask"], batch.targets, batch.weights, strict=True):
            assert mask.sum() == (LENGTHS[int(target[0]) - 10] if weight else 0)
            targets += [target[0]] if weight else []
    assert sorted(targets) == list(range(10, 17))


def test_outputs_are_gathered_in_the_order_of_the_examples(batches: SequenceBatches) -> None:
    plans = batches.plan(None)
    outputs = [batches.load(planned).targets[:, None] * 2.0 for planned in plans]
    assert batches.gather(plans, outputs).tolist() == [[2.0 * n] for n in range(10, 17)]


def test_few_widths_are_used() -> None:
    many = SequenceBatches.of(sequences(list(range(200))), np.zeros(200, int), 4)
    # of 6 quantiles those that save a quarter of the padding
    assert many.widths.tolist() == [40, 72, 136, 200]
    assert {planned.width for planned in many.plan([0])} == set(many.widths.tolist())


def test_a_longer_sequence_than_in_training_gets_a_width_of_its_own(batches: SequenceBatches) -> None:
    longer = SequenceBatches.of(sequences([3, 41]), np.zeros(2, int), 4, batches.widths)
    assert longer.widths.tolist() == [*batches.widths, 48]
    shorter = SequenceBatches.of(sequences([3]), np.zeros(1, int), 4, batches.widths)
    assert shorter.widths.tolist() == batches.widths.tolist()
