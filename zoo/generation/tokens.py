"""Sentences in tokens, in batches: what is put around them, how wide they are padded, what comes back a token."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from zoo.data.ragged import Ragged, bucket_widths, widened

#: Sentences from which on widths are finer: each is a shape to compile, which many batches repay.
MANY = 10_000


def of_tokens(
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
    found = {
        name: np.zeros(ends[-1] if len(ends) else 0, np.float64) for name in ("token_nll", "token_correct")
    }
    for rows, width, output in zip(which, widths, outputs, strict=True):
        steps = np.arange(width)
        inside = steps < lengths[rows][:, None]
        places = ((ends - lengths)[rows][:, None] + steps)[inside]
        for name, values in found.items():
            values[places] = output[name][: len(rows)][inside]
    return found


def surrounded(sentences: Ragged, before: list[int], after: list[int]) -> Ragged:
    """Each sentence with some tokens before and after it."""
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


def taken(sentences: Ragged, which: np.ndarray) -> Ragged:
    """The sentences with these numbers."""
    lengths = sentences.lengths[which]
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    places = np.arange(offsets[-1]) + np.repeat(sentences.offsets[which] - offsets[:-1], lengths)
    return Ragged(sentences.values[places], offsets)


def widths_of(lengths: np.ndarray, known: np.ndarray | None = None) -> np.ndarray:
    """Rising widths that hold sentences of these lengths; `known` ones, with one more where a sentence needs it."""
    if known is not None:
        return widened(known, lengths)
    if len(lengths) >= MANY:
        return bucket_widths(lengths, 16, multiple=2, least=4, largest_ratio=0.9)
    return bucket_widths(lengths, 4, multiple=4, least=4, largest_ratio=0.6)


def parts(order: np.ndarray, size: int) -> Iterator[np.ndarray]:
    """Parts of this size, the last one as large as what is left."""
    for start in range(0, len(order), size):
        yield order[start : start + size]
