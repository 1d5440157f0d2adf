"""How good captions are: BLEU and chrF by sacreBLEU and CIDEr-D, each against all captions that people gave an image.

Captions are compared as is usual for them (Chen et al. 2015, Microsoft COCO Captions): in lower case, without
punctuation. The tokens of BLEU and CIDEr are then the words between blanks; in scripts without blanks between words
those of one of sacreBLEU's tokenisers.
"""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Sequence
from itertools import chain, zip_longest
from typing import TYPE_CHECKING

import numpy as np

from zoo.data.scripts import JOINERS, is_emoji, is_of_word
from zoo.generation.bleu import AUTO, tokenizer_of

if TYPE_CHECKING:
    from sacrebleu.metrics import BLEU, CHRF

ORDERS = 4
#: Width of CIDEr-D's penalty for captions of another length, in words.
SIGMA = 6.0
#: The tokeniser of scripts with blanks between words.
BLANKS = "none"

References = Sequence[Sequence[str]]
Vector = dict[tuple[str, ...], float]


def plain(caption: str) -> str:
    """Composed, in lower case, without punctuation, one blank between words; an apostrophe leaves no blank.

    Marks such as vowel signs stay with their letters, in any script, and joiners within words and emoji.
    """
    text = unicodedata.normalize("NFC", caption.lower().replace("'", "").replace("’", ""))
    kept = "".join(c if is_of_word(c) or is_emoji(c) else " " for c in text)
    return " ".join(word for word in kept.split() if word.strip(JOINERS))


def _in_tokens(
    captions: Sequence[str], references: References, tokenize: str
) -> tuple[list[str], list[list[str]], str]:
    """All captions and references as `plain` makes them, tokens parted by blanks; and the tokeniser's name."""
    plain_captions = [plain(caption) for caption in captions]
    plain_references = [[plain(text) for text in texts] for texts in references]
    name = tokenizer_of(tokenize, chain.from_iterable(plain_references), BLANKS)
    if name == BLANKS:
        return plain_captions, plain_references, name
    from sacrebleu.metrics import BLEU

    parted = BLEU(tokenize=name).tokenizer
    in_tokens = [[parted(text) for text in texts] for texts in plain_references]
    return [parted(caption) for caption in plain_captions], in_tokens, name


def compared(captions: Sequence[str], references: References, tokenize: str = AUTO) -> dict[str, float]:
    """BLEU-1 to BLEU-4 (Papineni et al. 2002) and chrF (Popović 2015) from 0 to 100, CIDEr-D, and `exact`, the share
    that some person wrote word by word.

    Args:
        captions: one an image.
        references: for each image the captions of people, at least one.
        tokenize: one of sacreBLEU's tokenisers; `auto` is the one that fits the script of the references.
    """
    own, theirs, _ = _in_tokens(captions, references, tokenize)
    streams = [list(stream) for stream in zip_longest(*theirs)]  # None where an image has fewer captions
    same = sum(caption in of_image for caption, of_image in zip(own, theirs, strict=True))
    return _bleu_of_orders(own, streams) | {
        "chrf": _chrf().corpus_score(own, streams).score,
        "cider": cider(own, theirs),
        "exact": same / max(len(theirs), 1),
    }


def share_true(captions: Sequence[str], true: Sequence[frozenset[str]]) -> dict[str, float]:
    """`true`: the share of captions that are among all that is right of their image; nothing where the data do not
    know all of that."""
    if not true:
        return {}
    return {"true": float(np.mean([caption in right for caption, right in zip(captions, true, strict=True)]))}


def signatures(captions: Sequence[str], references: References, tokenize: str = AUTO) -> dict[str, str]:
    """sacreBLEU's own words for how it counted (Post 2018), after what was done before."""
    own, theirs, name = _in_tokens(captions, references, tokenize)
    streams = [list(stream) for stream in zip_longest(*theirs)]
    metrics = {"bleu_4": _bleu(), "chrf": _chrf()}
    for metric in metrics.values():
        metric.corpus_score(own, streams)
    before = "in lower case and without punctuation on both sides; "
    if name != BLANKS:
        before += f"tokens of {name} parted by blanks; "
    return {name: before + metric.get_signature().format() for name, metric in metrics.items()}


def _bleu() -> BLEU:
    from sacrebleu.metrics import BLEU

    return BLEU(tokenize="none", max_ngram_order=ORDERS, force=True)


def _bleu_of_orders(captions: list[str], streams: list[list[str]]) -> dict[str, float]:
    """`bleu_1` to `bleu_4`, each by sacreBLEU from the n-grams of one count, which is what takes long."""
    bleu = _bleu()
    counted = bleu.corpus_score(captions, streams)
    return {
        f"bleu_{n}": bleu.compute_bleu(
            counted.counts[:n],
            counted.totals[:n],
            counted.sys_len,
            counted.ref_len,
            smooth_method=bleu.smooth_method,
            max_ngram_order=n,
        ).score
        for n in range(1, ORDERS + 1)
    }


def _chrf() -> CHRF:
    from sacrebleu.metrics import CHRF

    return CHRF()


# ------------------------------------------------------------------------------------------ CIDEr-D


def cider(captions: Sequence[str], references: References) -> float:
    r"""CIDEr-D (Vedantam, Zitnick and Parikh 2015, equations 2 to 5 with section 6's clipping and length penalty).

    With the TF-IDF vectors $g^n$ of n-grams (n from 1 to 4) of the caption c and of each of its m references s,

    $$\frac{10}{4 m} \sum_n \sum_s \exp\Bigl(-\frac{(l_c - l_s)^2}{2 \sigma^2}\Bigr)
    \frac{\min(g^n(c), g^n(s)) \cdot g^n(s)}{\|g^n(c)\| \|g^n(s)\|}$$

    averaged over images; document frequencies count the images whose references hold the n-gram. Words are separated by
    blanks. The n-grams of a set of one image have no weight, and the score is 0.
    """
    if not captions:
        return 0.0
    frequencies: Counter[tuple[str, ...]] = Counter()
    for of_image in references:
        frequencies.update({gram for reference in of_image for gram in _grams(reference)})
    images = math.log(len(references))
    weights = {gram: images - math.log(count) for gram, count in frequencies.items()}

    def vectors(caption: str) -> list[Vector]:
        """TF-IDF of each order; an n-gram that no reference holds counts as one that a single image has."""
        of_orders: list[Vector] = [{} for _ in range(ORDERS)]
        for gram, count in _grams(caption).items():
            of_orders[len(gram) - 1][gram] = count * weights.get(gram, images)
        return of_orders

    scores = [
        np.mean([_alike(caption, vectors(caption), reference, vectors(reference)) for reference in of_image])
        for caption, of_image in zip(captions, references, strict=True)
    ]
    return float(np.mean(scores))


def _grams(caption: str) -> Counter[tuple[str, ...]]:
    words = caption.split()
    return Counter(tuple(words[k : k + n]) for n in range(1, ORDERS + 1) for k in range(len(words) - n + 1))


def _alike(caption: str, of_caption: list[Vector], reference: str, of_reference: list[Vector]) -> float:
    """10 times the mean over the orders of the clipped cosine, made less for captions of another length."""
    total = 0.0
    for ours, theirs in zip(of_caption, of_reference, strict=True):
        norms = math.hypot(*ours.values()) * math.hypot(*theirs.values())
        if norms:
            clipped = sum(
                min(value, theirs.get(gram, 0.0)) * theirs.get(gram, 0.0) for gram, value in ours.items()
            )
            total += clipped / norms
    delta = len(caption.split()) - len(reference.split())
    return 10 * total / ORDERS * math.exp(-(delta**2) / (2 * SIGMA**2))


# ------------------------------------------------------------------------------------------ rows without a model


def nearest(train: np.ndarray, images: np.ndarray) -> np.ndarray:
    """For each image the training image that is most like it, by the cosine of their features; of equals the first.

    Args:
        train, images: `(images, …)`; pixels are taken as small pictures, features of a grid as their mean.
    """
    from sklearn.neighbors import NearestNeighbors

    if not len(images):
        return np.zeros(0, np.int64)
    index = NearestNeighbors(n_neighbors=1, metric="cosine", algorithm="brute").fit(_looks(train))
    looks = _looks(images)
    closest = [
        index.kneighbors(looks[n : n + 256], return_distance=False)[:, 0] for n in range(0, len(looks), 256)
    ]
    return np.concatenate(closest)


def _looks(images: np.ndarray) -> np.ndarray:
    """A vector an image, `(images, features)`. Pixels: at most 16 along a side, each the mean of those it stands for,
    less the picture's mean, so that the cosine does not tell only how bright it is."""
    if images.dtype != np.uint8:
        return images.astype(np.float32).reshape(len(images), -1, images.shape[-1]).mean(axis=1)
    step = [max(1, -(-side // 16)) for side in images.shape[1:3]]
    rows, columns = ([*range(0, side, n)] for side, n in zip(images.shape[1:3], step, strict=True))
    looks = np.stack([_small(image, rows, columns) for image in images])
    return looks - looks.mean(axis=1, keepdims=True)


def _small(image: np.ndarray, rows: list[int], columns: list[int]) -> np.ndarray:
    sums = np.add.reduceat(np.add.reduceat(image.astype(np.float32), rows, axis=0), columns, axis=1)
    counts = np.add.reduceat(np.add.reduceat(np.ones(image.shape[:2]), rows, axis=0), columns, axis=1)
    return (sums / counts[..., None]).ravel()
