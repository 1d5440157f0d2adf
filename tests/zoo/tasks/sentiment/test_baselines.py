"""TF-IDF with logistic regression beside the model: it reads whole texts, in every script, and no order of words."""

from __future__ import annotations

import numpy as np
import pytest

from datasets.base import Dataset, Info, Split
from zoo.tasks.base import Prepared
from zoo.tasks.sentiment.baselines import fit_tfidf, name_of
from zoo.tasks.sentiment.task import TASK, Learned, Options
from zoo.tasks.sequence_batches import SequenceBatches


def split(texts: list[tuple[str, int]]) -> Split:
    examples = [{"text": text, "label": label} for text, label in texts]
    return Split(lambda: examples, len(examples))


def prepared(
    train: list[tuple[str, int]],
    test: list[tuple[str, int]],
    options: Options,
    labels: tuple[str, ...] = ("bad", "good"),
) -> Prepared[Learned, SequenceBatches]:
    info = Info(name="made up", fields=("text", "label"), labels=labels)
    return TASK.prepare(Dataset(info, split(train), split(test), split(test)), options, batch_size=4)


def accuracy(train: list[tuple[str, int]], test: list[tuple[str, int]], options: Options) -> float:
    batches = prepared(train, test, options)
    (fit,) = TASK.fitted_baselines(batches, options).values()
    tests = batches.test()
    assert tests is not None
    return fit()(tests)["accuracy"]


#: A word, or a mark, that says which class it is, among others that say nothing; in test in another order.
TEXTS = {
    "words": ([("a good film", 1), ("a bad film", 0)] * 3, [("film good a", 1), ("film bad a", 0)]),
    "pairs": ([("not good but bad", 0), ("not bad but good", 1)] * 3, [("but bad", 0), ("but good", 1)]),
    "vowel signs": ([("कि", 0), ("की", 1)] * 3, [("कि कि", 0), ("की की", 1)]),
    "Korean": ([("정말 좋다", 1), ("정말 나쁘다", 0)] * 3, [("좋다 정말", 1), ("나쁘다 정말", 0)]),
    "marks alone": ([("film !", 1), ("film ?", 0)] * 3, [("!", 1), ("?", 0)]),
    "case": ([("GOOD film", 1), ("BAD film", 0)] * 3, [("good", 1), ("bad", 0)]),
}


@pytest.mark.parametrize(
    ("name", "tokens"),
    [*((name, "words") for name in TEXTS), *((name, "characters") for name in TEXTS if name != "pairs")],
)
def test_it_learns_what_single_tokens_and_pairs_say(name: str, tokens: str) -> None:
    assert accuracy(*TEXTS[name], Options(tokens=tokens)) == 1


def test_it_does_not_see_the_order_of_pairs() -> None:
    train = [("a b a c a", 1), ("a c a b a", 0)] * 3
    batches = prepared(train, train, Options())
    scores = fit_tfidf(batches.train, 2, "words", True)(batches.train)
    assert scores["loss"] == pytest.approx(np.log(2), abs=1e-3)


def test_it_reads_what_the_model_cuts_off() -> None:
    texts = [(f"{word} film film film", label) for word, label in (("good", 1), ("bad", 0)) for _ in range(3)]
    assert accuracy(texts, texts, Options(max_tokens=2)) == 1


def test_a_class_without_training_texts_is_improbable_and_no_error() -> None:
    train = [("a good film", 2), ("a bad film", 0)] * 3
    batches = prepared(train, [("a film", 1), ("a good film", 2)], Options(), ("bad", "fair", "good"))
    scores = fit_tfidf(batches.train, 3, "words", True)(batches.valid)
    assert scores["accuracy"] == 0.5
    assert scores["loss"] == pytest.approx(-np.log(1e-9) / 2, rel=0.1)


def test_it_is_named_by_its_tokens_and_can_be_left_out() -> None:
    train = [("a good film", 1), ("a bad film", 0)] * 3
    for tokens in ("words", "characters"):
        options = Options(tokens=tokens)
        assert [*TASK.fitted_baselines(prepared(train, train, options), options)] == [name_of(tokens)]
    options = Options(tfidf=False)
    assert TASK.fitted_baselines(prepared(train, train, options), options) == {}
