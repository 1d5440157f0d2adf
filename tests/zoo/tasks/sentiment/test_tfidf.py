"""TF-IDF with logistic regression: it reads whole texts, in every script, and knows neighbours, but no other order."""

from __future__ import annotations

import numpy as np
import pytest

from datasets.base import Dataset, Info, Split
from zoo.data.ragged import Ragged
from zoo.tasks.base import Metrics, Prepared
from zoo.tasks.sentiment import tfidf
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


def metrics(
    train: list[tuple[str, int]],
    test: list[tuple[str, int]],
    options: Options,
    labels: tuple[str, ...] = ("bad", "good"),
) -> Metrics:
    """Of the row beside the model, on the test split."""
    batches = prepared(train, test, options, labels)
    (fit,) = TASK.fitted_baselines(batches, options).values()
    tests = batches.test()
    assert tests is not None
    return fit()(tests)


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
    assert metrics(*TEXTS[name], Options(tokens=tokens))["accuracy"] == 1


def test_it_does_not_see_the_order_of_pairs() -> None:
    train = [("a b a c a", 1), ("a c a b a", 0)] * 3
    assert metrics(train, train, Options())["loss"] == pytest.approx(np.log(2), abs=1e-3)


def test_it_reads_what_the_model_cuts_off() -> None:
    texts = [(f"{word} film film film", label) for word, label in (("good", 1), ("bad", 0)) for _ in range(3)]
    assert metrics(texts, texts, Options(max_tokens=2))["accuracy"] == 1


def test_a_class_without_training_texts_is_improbable_and_no_error() -> None:
    train = [("a good film", 2), ("a bad film", 0)] * 3
    scores = metrics(train, [("a film", 1), ("a good film", 2)], Options(), ("bad", "fair", "good"))
    assert scores["accuracy"] == 0.5
    assert scores["loss"] == pytest.approx(-np.log(1e-9) / 2, rel=0.1)


def test_it_is_named_by_its_tokens_and_can_be_left_out() -> None:
    train = [("a good film", 1), ("a bad film", 0)] * 3
    for tokens in ("words", "characters"):
        options = Options(tokens=tokens)
        assert [*TASK.fitted_baselines(prepared(train, train, options), options)] == [tfidf.KINDS[tokens].row]
    options = Options(tfidf=False)
    assert TASK.fitted_baselines(prepared(train, train, options), options) == {}


@pytest.mark.parametrize(
    ("text", "kind"), [("a good film", "words"), ("좋은 영화", "characters"), ("好看的电影", "characters")]
)
def test_beside_sub_words_the_script_decides_what_is_counted(text: str, kind: str) -> None:
    train = [(text, 1), (f"{text} {text}", 0)] * 3
    options = Options(tokens="subwords")
    ready = prepared(train, train, options)
    assert tfidf.counted_in(ready.learned.encoder) == kind
    assert [*TASK.fitted_baselines(ready, options)] == [tfidf.KINDS[kind].row]


def test_the_fit_is_that_of_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    monkeypatch.setattr(tfidf, "MANY_TEXTS", 5)
    rng = np.random.default_rng(0)
    words = np.array([*"abcdefgh"])
    train = [(" ".join(rng.choice(words, 6)), n % 3) for n in range(40)]
    vectorizer = TfidfVectorizer(
        tokenizer=str.split, token_pattern=None, ngram_range=(1, 2), min_df=2, sublinear_tf=True
    )
    pipeline = make_pipeline(vectorizer, LogisticRegression(C=tfidf.INVERSE_PENALTY, max_iter=1000))
    texts, labels = zip(*train, strict=True)
    expected = pipeline.fit(texts, labels).predict_proba(texts)
    ngrams = tfidf.ngrams_of(split(train), "words", True)
    fitted = tfidf.fit(ngrams, np.array(labels), 3)
    logits = fitted.logits(ngrams)
    ours = np.exp(logits - np.log(np.exp(logits).sum(1, keepdims=True)))
    np.testing.assert_allclose(ours, expected, atol=1e-3)
    assert len(fitted.ngrams) == len(vectorizer.vocabulary_) < len(np.unique(ngrams.values))


def test_of_too_many_ngrams_those_of_most_texts_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tfidf, "MOST_FEATURES", 1)
    train = [("good good good rare", 1), ("film", 0), ("film", 0)]
    ngrams = tfidf.ngrams_of(split(train), "words", True)
    assert tfidf.fit(ngrams, np.array([1, 0, 0]), 2).ngrams == ngrams.take(np.array([1])).values


def test_of_very_many_texts_some_are_fitted_and_none_of_a_class_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tfidf, "MOST_TEXTS", 10)
    train = [("good", 1)] * 50 + [("bad", 0)] * 50
    ngrams = tfidf.ngrams_of(split(train), "words", True)
    fitted = tfidf.fit(ngrams, np.array([label for _, label in train]), 2)
    assert fitted.logits(ngrams).argmax(1).tolist() == [1] * 50 + [0] * 50
    rare = np.arange(100) == 5  # not among ten texts as far from each other as they can be
    assert tfidf.fit(ngrams, rare.astype(int), 2).logits(ngrams).shape == (100, 2)


def test_a_text_without_known_ngrams_has_the_bias_alone() -> None:
    fitted = tfidf.fit(tfidf.ngrams_of(split(TEXTS["words"][0]), "words", True), np.array([1, 0] * 3), 2)
    none = Ragged.of([np.zeros(0, np.int64), np.array([12345])])
    np.testing.assert_array_equal(fitted.logits(none), [fitted.bias, fitted.bias])


def test_where_no_ngram_comes_twice_all_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tfidf, "MANY_TEXTS", 2)
    ngrams = tfidf.ngrams_of(split([("a", 1), ("b", 0), ("c", 0)]), "words", True)
    assert len(tfidf.fit(ngrams, np.array([1, 0, 0]), 2).ngrams) == 3
