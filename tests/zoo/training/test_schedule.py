from __future__ import annotations

import itertools

import pytest

from zoo.config import TrainingOptions
from zoo.training.schedule import learning_rate


def rates(**options) -> list[float]:
    """Of two epochs with five steps each."""
    settings = TrainingOptions(learning_rate=0.8, epochs=2, **options)
    return [learning_rate(settings, step / 5, step) for step in range(10)]


def test_without_either_it_stays_as_it_is():
    assert rates() == [0.8] * 10


def test_linear_decay_ends_at_zero():
    assert rates(decay="linear") == pytest.approx([0.8 * (1 - step / 10) for step in range(10)])


def test_cosine_decay_is_slow_at_both_ends_and_half_in_the_middle():
    found = rates(decay="cosine")
    falls = [before - after for before, after in itertools.pairwise(found)]
    assert found[0] == 0.8
    assert found[5] == pytest.approx(0.4)
    assert min(falls) > 0
    assert falls[0] == min(falls)
    assert max(falls) in falls[4:6]


def test_warm_up_rises_over_its_steps_and_ends():
    assert rates(warm_up=4) == pytest.approx([0.2, 0.4, 0.6] + [0.8] * 7)


@pytest.mark.parametrize("precision", ["float32", "mixed_float16"])
def test_every_step_has_its_learning_rate(monkeypatch, precision):
    from tests.zoo.training import toy_training
    from zoo.training.loop import Trainer

    step, seen = Trainer.step, []

    def watched(self, batch):
        seen.append(float(self.optimizer.learning_rate))
        return step(self, batch)

    monkeypatch.setattr(Trainer, "step", watched)
    one = toy_training.trainer(decay="linear", warm_up=2, learning_rate=0.1, epochs=2, precision=precision)
    toy_training.run(one)
    assert len(seen) == 6
    assert seen == pytest.approx([learning_rate(one.options, n / 3, n) for n in range(6)])
    assert seen[0] == pytest.approx(0.05)
    assert seen[-1] == pytest.approx(0.1 / 6)


def test_without_a_schedule_the_optimiser_is_left_alone():
    from tests.zoo.training import toy_training

    one = toy_training.trainer(learning_rate=0.1, epochs=2)
    toy_training.run(one)
    assert float(one.optimizer.learning_rate) == pytest.approx(0.1)
