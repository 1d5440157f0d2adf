"""How good translations are: BLEU and chrF by sacreBLEU, beside the teacher-forced metrics."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np


def compared(translations: list[str], references: list[str]) -> dict[str, float]:
    """BLEU (Papineni et al. 2002) and chrF (Popović 2015) from 0 to 100, and the share that is exactly right."""
    from sacrebleu.metrics import BLEU, CHRF

    same = sum(
        translation == reference for translation, reference in zip(translations, references, strict=True)
    )
    return {
        "bleu": BLEU().corpus_score(translations, [references]).score,
        "chrf": CHRF().corpus_score(translations, [references]).score,
        "exact": same / max(len(references), 1),
    }


def signatures(translations: list[str], references: list[str]) -> dict[str, str]:
    """sacreBLEU's own words for how it counted (Post 2018); with them scores can be compared."""
    from sacrebleu.metrics import BLEU, CHRF

    signatures_by_metric = {}
    for name, metric in (("bleu", BLEU()), ("chrf", CHRF())):
        metric.corpus_score(translations, [references])
        signatures_by_metric[name] = metric.get_signature().format()
    return signatures_by_metric


def most_similar(train: Iterable[Any], sources: list[str]) -> list[str]:
    """For each source the target of the training pair whose source is most like it.

    Likeness is the cosine of TF-IDF vectors of words and of pairs of words; of equals the first in train counts.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.neighbors import NearestNeighbors

    known, targets = [], []
    for example in train:
        known.append(example["source"])
        targets.append(example["target"])
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"(?u)\w+", sublinear_tf=True)
    try:
        vectors = vectorizer.fit_transform(known)
    except ValueError:  # no source has a word
        return [targets[0]] * len(sources)
    index = NearestNeighbors(n_neighbors=1, metric="cosine", algorithm="brute").fit(vectors)
    nearest = [
        index.kneighbors(vectorizer.transform(sources[n : n + 256]), return_distance=False)[:, 0]
        for n in range(0, len(sources), 256)
    ]
    return [targets[n] for n in np.concatenate(nearest)] if nearest else []
