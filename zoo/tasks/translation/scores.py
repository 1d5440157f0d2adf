"""How good translations are: BLEU and chrF by sacreBLEU, beside the teacher-forced metrics."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo.data.scripts import words
from zoo.generation.bleu import AUTO, tokenizer_of

if TYPE_CHECKING:
    from sacrebleu.metrics import BLEU, CHRF


def compared(translations: list[str], references: list[str], tokenize: str = AUTO) -> dict[str, float]:
    """BLEU (Papineni et al. 2002) and chrF (Popović 2015) from 0 to 100, and the share that is exactly right.

    `tokenize` is one of sacreBLEU's tokenisers; `auto` the one that fits the script of the references.
    """
    same = sum(
        translation == reference for translation, reference in zip(translations, references, strict=True)
    )
    scores = {
        name: metric.corpus_score(translations, [references]).score
        for name, metric in _metrics(references, tokenize).items()
    }
    return {**scores, "exact": same / max(len(references), 1)}


def signatures(translations: list[str], references: list[str], tokenize: str = AUTO) -> dict[str, str]:
    """sacreBLEU's own words for how it counted (Post 2018); with them scores can be compared."""
    signatures_by_metric = {}
    for name, metric in _metrics(references, tokenize).items():
        metric.corpus_score(translations, [references])
        signatures_by_metric[name] = metric.get_signature().format()
    return signatures_by_metric


def _metrics(references: list[str], tokenize: str) -> dict[str, BLEU | CHRF]:
    from sacrebleu.metrics import BLEU, CHRF

    return {"bleu": BLEU(tokenize=tokenizer_of(tokenize, references), force=True), "chrf": CHRF()}


def most_similar(train: Iterable[Any], sources: list[str]) -> list[str]:
    """For each source the target of the training pair whose source is most like it.

    Likeness is the cosine of TF-IDF vectors of words and of pairs of words; of equals the first in train counts. Of
    scripts without blanks between words characters count.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.neighbors import NearestNeighbors

    known, targets = [], []
    for example in train:
        known.append(example["source"])
        targets.append(example["target"])
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), tokenizer=words, token_pattern=None, sublinear_tf=True)
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
