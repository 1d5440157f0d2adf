"""Sentences in batches: special tokens around them, widths to pad them to, and the model's outputs token by token."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from zoo.data.ragged import Ragged, bucket_widths, widened

#: With so many sentences or more, widths are finer: each is a shape to compile, which many batches repay.
MANY = 10_000


def gather_tokens(
    lengths: np.ndarray, which: list[np.ndarray], widths: list[int], outputs: list[dict[str, np.ndarray]]
) -> dict[str, np.ndarray]:
    """`token_nll` and `token_correct` of every token, of all sentences in order, `(tokens,)`.

    Args:
        lengths: `(sentences,)`, target tokens of each.
        which: the sentences of each batch.
        widths: time steps of each batch.
        outputs: of the model for each batch, `(rows, steps)` by name, at least a row a sentence.
    """
    ends = np.cumsum(lengths)
    count = ends[-1] if len(ends) else 0
    gathered = {name: np.zeros(count, np.float64) for name in ("token_nll", "token_correct")}
    for rows, width, output in zip(which, widths, outputs, strict=True):
        steps = np.arange(width)
        inside = steps < lengths[rows][:, None]
        places = ((ends - lengths)[rows][:, None] + steps)[inside]
        for name, values in gathered.items():
            values[places] = output[name][: len(rows)][inside]
    return gathered


def with_special_tokens(sentences: Ragged, before: list[int], after: list[int]) -> Ragged:
    """Each sentence with the tokens `before` in front of it and the tokens `after` behind it."""
    count = len(sentences)
    lengths = sentences.lengths + len(before) + len(after)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    values = np.zeros(offsets[-1], np.int32)
    inner = np.arange(len(sentences.values)) + np.repeat(
        offsets[:-1] + len(before) - sentences.offsets[:-1], sentences.lengths
    )
    values[inner] = sentences.values
    for n, token in enumerate(before):
        values[offsets[:-1] + n] = token
    for n, token in enumerate(after):
        values[offsets[1:] - len(after) + n] = token
    return Ragged(values, offsets if count else np.zeros(1, np.int64))


def sentence_widths(lengths: np.ndarray, known: np.ndarray | None = None) -> np.ndarray:
    """Rising widths to pad sentences of these lengths to.

    Args:
        lengths: `(sentences,)`.
        known: widths of another split, which are used again; a larger one is added where a sentence needs it.
    """
    if known is not None:
        return widened(known, lengths)
    if len(lengths) >= MANY:
        return bucket_widths(lengths, 16, multiple=2, least=4, largest_ratio=0.9)
    return bucket_widths(lengths, 4, multiple=4, least=4, largest_ratio=0.6)


def slices(order: np.ndarray, size: int) -> Iterator[np.ndarray]:
    """Consecutive parts of this size; the last one has what is left."""
    for start in range(0, len(order), size):
        yield order[start : start + size]
