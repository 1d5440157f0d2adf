from __future__ import annotations

import numpy as np
import pytest

from datasets.base import Split
from tests.zoo.generation.test_tokens import ragged, rows_of
from zoo.data.subwords import BEGIN, END
from zoo.tasks.translation.batches import PairBatches


def many(count: int, seed: int = 0) -> PairBatches:
    """Pairs whose tokens are told apart: n + 10 for pair n."""
    draw = np.random.default_rng(seed)
    sources, targets = (ragged(*[[n + 10] * draw.integers(1, 30) for n in range(count)]) for _ in range(2))
    split = Split(lambda: ({"source": f"s{n}", "target": f"t{n}"} for n in range(count)), count)
    return PairBatches.of(sources, targets, 8, split)


def test_a_batch_holds_whole_pairs_and_weights_for_their_tokens():
    batches = PairBatches.of(ragged([7, 8], [9]), ragged([4], [5, 6]), 3, Split(list, 2))
    (plan,) = batches.plan(None)
    batch = batches.load(plan)
    order = plan.which.tolist()
    assert batch.inputs["source"][:2, :3].tolist() == [[[7, 8, END], [9, END, 0]][n] for n in order]
    assert batch.inputs["target"][:2, :4].tolist() == [
        [[BEGIN, 4, END, 0], [BEGIN, 5, 6, END]][n] for n in order
    ]
    assert (batch.targets == batch.inputs["target"][:, 1:]).all()
    assert (batch.weights == (batch.targets != 0)).all()
    assert batch.weights.sum(axis=1).tolist() == [[2, 3][n] for n in order] + [0]
    assert batch.inputs["source"].shape[0] == 3


@pytest.mark.parametrize("seed", [None, [0, 0]])
def test_every_pair_is_in_one_batch(seed):
    batches = many(203)
    plans = batches.plan(seed)
    assert sorted(np.concatenate([plan.which for plan in plans]).tolist()) == list(range(203))
    assert max(len(plan.which) for plan in plans) == 8
    for plan in plans:
        assert plan.source_width >= batches.sources.lengths[plan.which].max()
        assert plan.target_width >= batches.decoded.lengths[plan.which].max()


def test_the_order_is_that_of_the_seed_and_padding_is_little():
    batches = many(400)
    first, again, other = (
        [p.which.tolist() for p in batches.plan(seed)] for seed in ([0, 1], [0, 1], [0, 2])
    )
    assert first == again
    assert first != other
    padded = sum(plan.target_width * plan.size for plan in batches.plan([0, 0]))
    assert padded < 1.5 * batches.decoded.lengths.sum()


@pytest.mark.parametrize("seed", [None, [3, 1]])
def test_outputs_come_back_in_the_order_of_the_pairs(seed):
    batches = many(50)
    plans = batches.plan(seed)
    outputs = []
    for plan in plans:
        expected = batches.load(plan).targets
        outputs.append({"token_nll": expected * 2.0, "token_correct": expected * 1.0})
    found = batches.gather(plans, outputs)
    expected = np.concatenate([row[1:] for row in rows_of(batches.decoded)])
    assert found["token_correct"].tolist() == expected.tolist()
    assert found["token_nll"].tolist() == (2 * expected).tolist()


def test_texts_are_read_when_asked_for():
    batches = many(3)
    assert batches.texts() == ["s0", "s1", "s2"]
    assert batches.references() == ["t0", "t1", "t2"]
