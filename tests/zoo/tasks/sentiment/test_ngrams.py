from __future__ import annotations

import pytest

from zoo.tasks.sentiment.ngrams import ENOUGH_TEXTS, ngram_buckets


@pytest.mark.parametrize(("tokens", "buckets"), [(0, 1024), (1025, 2048), (4096, 4096), (10**7, 65536)])
def test_more_tokens_have_more_ngrams(tokens: int, buckets: int) -> None:
    assert ngram_buckets(2, 1, tokens) == buckets


def test_of_few_texts_only_ngrams_that_are_asked_for_have_vectors() -> None:
    assert ngram_buckets(0, ENOUGH_TEXTS, 1025) == ngram_buckets(3, 1, 1025) == 2048
    assert ngram_buckets(0, ENOUGH_TEXTS - 1, 1025) == ngram_buckets(1, ENOUGH_TEXTS, 1025) == 0
