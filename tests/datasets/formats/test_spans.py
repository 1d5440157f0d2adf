from __future__ import annotations

import pytest

from datasets.formats.spans import are_iob, are_spans, to_iob2


@pytest.mark.parametrize(
    ("iob1", "iob2"),
    [
        ("I-A I-A O", "B-A I-A O"),
        ("I-A B-A I-A", "B-A B-A I-A"),
        ("I-A I-B", "B-A B-B"),
        ("O I-A-B I-A-B", "O B-A-B I-A-B"),
        ("B-A I-A O B-B", "B-A I-A O B-B"),
        ("", ""),
    ],
)
def test_an_inner_tag_that_begins_a_span_becomes_a_beginning(iob1: str, iob2: str) -> None:
    assert to_iob2(iob1.split()) == tuple(iob2.split())


@pytest.mark.parametrize(
    ("tags", "iob", "spans"),
    [
        ({"O", "B-A", "I-A"}, True, True),
        ({"O", "I-A"}, True, True),
        ({"O", "B-A", "E-A", "S-B"}, False, True),
        ({"NOUN", "O"}, False, False),
        ({"O"}, False, False),
        ({"B-", "O"}, False, False),
        (set(), False, False),
    ],
)
def test_schemes_are_told_by_their_tags(tags: set[str], iob: bool, spans: bool) -> None:
    assert are_iob(tags) is iob
    assert are_spans(tags) is spans
