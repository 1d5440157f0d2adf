from __future__ import annotations

import numpy as np
import pytest

from zoo.tasks.language_model.baselines import STRENGTHS, Counts
from zoo.tasks.language_model.tokens import Text


def text(ids) -> Text:
    return Text(np.array(ids, np.int32), len(ids))


TRAIN = text([2, 3, 2, 3, 2, 2])


def test_frequencies_are_smoothed_as_the_formulas_say():
    counts = Counts(TRAIN, TRAIN, classes=4)
    counts.__dict__.update(alpha=0.5, kappa=2.0)
    single = {2: 4.5 / 8, 3: 2.5 / 8, 4: 0.5 / 8, 1: 0.5 / 8}
    dev = text([3, 2, 2, 4, 1])
    np.testing.assert_allclose(counts.unigram(dev), [-np.log(single[n]) for n in dev.ids])
    expected = [
        single[3],
        (2 + 2 * single[2]) / (2 + 2),  # 3 was followed by 2 both times
        (1 + 2 * single[2]) / (3 + 2),  # 2 by 3 twice and by 2 once; the last 2 by nothing
        (0 + 2 * single[4]) / (3 + 2),
        single[1],  # 4 never came
    ]
    np.testing.assert_allclose(counts.bigram(dev), -np.log(expected))


def test_probabilities_of_all_tokens_add_up_to_one():
    counts = Counts(TRAIN, text([3, 4]), classes=4)
    after = [np.exp(-counts.bigram(text([2, n]))[1]) for n in range(1, 5)]
    alone = [np.exp(-counts.unigram(text([n]))[0]) for n in range(1, 5)]
    assert sum(after) == pytest.approx(1)
    assert sum(alone) == pytest.approx(1)


def test_the_strengths_are_the_best_on_dev():
    dev = text([2, 3, 2, 3, 4, 2])
    counts = Counts(TRAIN, dev, classes=4)
    assert counts._unigram(dev, counts.alpha).mean() == min(counts._unigram(dev, a).mean() for a in STRENGTHS)
    assert counts._bigram(dev, counts.kappa).mean() == min(counts._bigram(dev, k).mean() for k in STRENGTHS)
    assert counts.alpha < Counts(TRAIN, text([4, 4, 4, 1]), classes=4).alpha


def test_a_text_of_one_token_has_no_pairs():
    counts = Counts(text([2]), text([2]), classes=2)
    assert np.isfinite(counts.bigram(text([2, 1]))).all()
    assert len(counts.bigram(text([1]))) == 1
