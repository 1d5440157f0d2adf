from __future__ import annotations

import numpy as np

from zoo.data.ragged import Ragged
from zoo.data.subwords import BEGIN, END
from zoo.generation.tokens import MANY, sentence_widths, with_special_tokens


def ragged(*rows: list[int]) -> Ragged:
    return Ragged.concatenate([(np.array(row, np.int32), np.array([len(row)])) for row in rows])


def rows_of(sentences: Ragged) -> list[list[int]]:
    return [
        sentences.values[a:b].tolist() for a, b in zip(sentences.offsets, sentences.offsets[1:], strict=False)
    ]


def test_sentences_get_a_begin_and_an_end() -> None:
    assert rows_of(with_special_tokens(ragged([5], [], [6, 7]), [BEGIN], [END])) == [
        [BEGIN, 5, END],
        [BEGIN, END],
        [BEGIN, 6, 7, END],
    ]
    assert rows_of(with_special_tokens(ragged(), [BEGIN], [END])) == []


def test_some_of_the_sentences() -> None:
    assert rows_of(ragged([1], [2, 3], [], [4]).take(np.array([1, 2, 3]))) == [[2, 3], [], [4]]


def test_widths_rise_and_hold_all() -> None:
    draw = np.random.default_rng(0)
    for count in (0, 1, 100, MANY):
        lengths = draw.integers(1, 80, count)
        widths = sentence_widths(lengths)
        assert (np.diff(widths) > 0).all()
        assert widths[-1] >= lengths.max(initial=1)
    assert len(sentence_widths(draw.integers(1, 80, MANY))) > len(sentence_widths(draw.integers(1, 80, 100)))
    assert sentence_widths(np.array([90]), np.array([8, 16])).tolist() == [8, 16, 96]
    assert sentence_widths(np.array([9]), np.array([8, 16])).tolist() == [8, 16]
