from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.bench import training as bench_training
from experiments.bench.training import Size
from zoo.training.loop import Trainer

TINY = Size("tiny", words=9, embedded=3, units=2, batch=4, tokens=5)


def weights(trainer: Trainer) -> list[np.ndarray]:
    return [np.array(variable.numpy()) for variable in trainer.variables]


@pytest.mark.slow
def test_several_steps_in_a_call_are_the_steps_one_by_one() -> None:
    """To the last bit, so that what is compared is the call alone."""
    batch = bench_training.zipf_batch(TINY)
    single, several = bench_training.make_trainer(TINY), bench_training.make_trainer(TINY)
    before = weights(several)
    expected = [single.step(batch) for _ in range(bench_training.STEPS)]
    assert bench_training.several_a_call(several, batch)() == expected
    for one, other in zip(weights(single), weights(several), strict=True):
        np.testing.assert_array_equal(one, other)
    assert any((new != old).any() for new, old in zip(weights(several), before, strict=True))


def test_a_fixed_table_does_not_learn() -> None:
    one = bench_training.make_trainer(TINY, fixed=True)
    (table,) = [v for v in one.model.variables if "embedding" in v.path]
    before, kernels = table.numpy(), [v.numpy() for v in one.model.trainable_variables]
    one.step(bench_training.zipf_batch(TINY))
    np.testing.assert_array_equal(table.numpy(), before)
    assert all((v.numpy() != k).any() for v, k in zip(one.model.trainable_variables, kernels, strict=True))


@pytest.mark.slow
def test_the_table_of_times(tmp_path: Path) -> None:
    found = bench_training.measure(2, (TINY,))
    assert list(found["way"]) == [
        "as it is",
        "table as a whole",
        "no average",
        "no average, table fixed",
        "several a call",
    ]
    assert found["share"][0] == 1
    assert (found[["wall", "processor"]] > 0).all(axis=None)
    text = bench_training.write(found, tmp_path)
    assert len(pd.read_csv(tmp_path / "training.csv")) == text.count("| tiny |") == 5
