from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.formats.spans import (
    are_iob,
    are_spans,
    common_forms,
    from_brackets,
    recognise,
    unknown_scheme,
)


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
    scheme = recognise({"B-A": 1, "I-A": 1, "O": 1})
    assert scheme is not None
    assert scheme.to_iob2(iob1.split()) == tuple(iob2.split())


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


#: Kind, first word, behind the last word.
Span = tuple[str, int, int]


def places(size: int, first: str, inner: str, last: str, single: str) -> list[str]:
    """The letters of a span of so many words."""
    return [single] if size == 1 else [first, *[inner] * (size - 2), last]


def write(
    words: int, spans: list[Span], letters: tuple[str, str, str, str], form: str, outside: str
) -> list[str]:
    """Spans by hand: a letter and the kind for each word, as `form` puts them together."""
    tags = [outside] * words
    for kind, start, stop in spans:
        for place, letter in enumerate(places(stop - start, *letters)):
            tags[start + place] = form.format(letter, kind)
    return tags


def bracketed(words: int, spans: list[Span]) -> list[str]:
    """Spans by hand, in brackets."""
    tags = ["*"] * words
    for kind, start, stop in spans:
        tags[start] = f"({kind}{tags[start]}"
        tags[stop - 1] += ")"
    return tags


def read(common: list[str]) -> list[Span]:
    """The spans of a sentence in the common form, which is well formed."""
    found: list[Span] = []
    for place, tag in enumerate(common):
        if tag[0] in "BS":
            found.append((tag[2:], place, place + 1))
        elif tag != "O":
            kind, start, stop = found[-1]
            assert (kind, stop) == (tag[2:], place)
            found[-1] = (kind, start, place + 1)
    return found


@st.composite
def sentences(draw: st.DrawFn) -> tuple[int, list[Span]]:
    """The number of words, and spans, of which some touch and some are one word."""
    gaps_and_sizes = draw(
        st.lists(
            st.tuples(st.sampled_from([0, 0, 1, 2]), st.integers(1, 4), st.sampled_from(["PER", "LOC", "I", "X-Y"])),
            min_size=1, max_size=6,
        )
    )  # fmt: skip
    spans, place = [], 0
    for gap, size, kind in gaps_and_sizes:
        place += gap
        spans.append((kind, place, place + size))
        place += size
    return place + draw(st.integers(0, 2)), spans


EVERY_LETTER = [("X", 0, 1), ("X", 1, 3), ("X", 3, 6)]  # so that a file shows its scheme
SCHEMES = {
    "IOB2 (BIO)": ("B", "I", "I", "B"),
    "IOBES (BIOES)": ("B", "I", "E", "S"),
    "BILOU": ("B", "I", "L", "U"),
    "BMEWO": ("B", "M", "E", "W"),
    "BMES": ("B", "M", "E", "S"),
}
FORMS = [
    ("{0}-{1}", "O"), ("{1}-{0}", "O"), ("{1}_{0}", "-"), ("{0}_{1}", "O"), ("{0}:{1}", "_"), ("{0}/{1}", "O"),
    ("{1}/{0}", "O"), ("{0}\u2013{1}", "O\u2013O"), ("{0}\u2014{1}", "O"), ("{0}.{1}", "O-O"), ("{0}{1}", "O"),
]  # fmt: skip


@pytest.mark.parametrize("name", SCHEMES)
@pytest.mark.parametrize(("form", "outside"), FORMS)
def test_every_scheme_gives_the_spans_that_were_written(name: str, form: str, outside: str) -> None:
    @settings(max_examples=20)
    @given(sentences())
    def check(sentence: tuple[int, list[Span]]) -> None:
        tags = write(*sentence, SCHEMES[name], form, outside)
        shown = write(6, EVERY_LETTER, SCHEMES[name], form, outside)
        scheme = recognise(Counter([*tags, *shown, outside]))
        assert scheme is not None
        assert scheme.name == name
        assert read([scheme.common(tag) for tag in tags]) == sentence[1]

    check()


@given(sentences())
def test_brackets_give_the_spans_that_were_written(sentence: tuple[int, list[Span]]) -> None:
    changed = from_brackets(bracketed(*sentence))
    assert changed is not None
    assert read(list(changed)) == sentence[1]


@pytest.mark.parametrize(
    ("form", "in_lower_case"), [("{0}-{1}", False), ("{0}-{1}", True), ("{1}-{0}", False), ("{1}_{0}", False)]
)
def test_iob1_becomes_iob2_in_any_style(form: str, in_lower_case: bool) -> None:
    @settings(max_examples=20)
    @given(sentences())
    def check(sentence: tuple[int, list[Span]]) -> None:
        iob2 = write(*sentence, SCHEMES["IOB2 (BIO)"], form, "O")
        touching = {
            start
            for kind, start, _ in sentence[1]
            if any(stop == start and kind == its for its, _, stop in sentence[1])
        }
        starts = {start: kind for kind, start, _ in sentence[1]}
        iob1 = [
            form.format("I", starts[place]) if place in starts and place not in touching else tag
            for place, tag in enumerate(iob2)
        ]
        case: Callable[[str], str] = str.lower if in_lower_case else str
        scheme = recognise(Counter(map(case, [*iob1, form.format("I", "PER")])))
        assert scheme is not None
        assert scheme.to_iob2([*map(case, iob1)]) == tuple(map(case, iob2))

    check()


@pytest.mark.parametrize(
    ("counts", "name"),
    [
        ({"O": 9, "I-PER": 3}, "IO"),
        ({"O": 9, "I-PER": 3, "E-PER": 3}, "IOE"),
        ({"B": 2, "I": 2, "O": 5}, "IOB2 (BIO)"),
        ({"B": 2, "M": 2, "E": 2, "S": 5}, "BMES"),
        ({"O": 9, "PER": 3, "LOC": 1}, "plain tags"),
        ({"O": 9, "BPER": 3, "IPER": 1, "BLOC": 1}, "IOB2 (BIO)"),
        ({"O": 1, "BPER": 3, "IPER": 3}, "IOB2 (BIO)"),
        ({"O-O": 1, "B/PER": 3, "I/PER": 3}, "IOB2 (BIO)"),
        ({"O": 9, "BRAND": 3, "ITEM": 1, "SIZE": 1}, "plain tags"),
        ({"O": 9, "LOC": 3, "BOOK": 1, "EVENT": 1}, "plain tags"),
        ({"O": 9, "BEGIN-PER": 3, "INSIDE-PER": 1}, "IOB2 (BIO)"),
        ({"O": 900, "B-PER": 200, "I-PER": 100, "PER": 2}, "IOB2 (BIO)"),
        ({"O": 3, "PER": 3, "LOC": 3}, None),
        ({"N": 3, "V": 3, "O": 1}, None),
        ({"_": 9, "Number=Sing": 3}, None),
        ({"O": 9, "B-PER": 2, "I-PER": 1, "PER": 2}, None),
    ],
)
def test_schemes_are_told_by_how_often_their_tags_are_there(counts: dict[str, int], name: str | None) -> None:
    scheme = recognise(counts)
    assert (scheme and scheme.name) == name


def test_the_common_form_is_its_own() -> None:
    common = ("B-PER", "E-PER", "S-LOC", "O")
    assert common_forms(("B-PER", "L-PER", "U-LOC", "O")) == common
    assert common_forms(common) == common


@pytest.mark.parametrize(
    ("tags", "suspects"),
    [
        ("O X-PER Y-PER", "X-PER, Y-PER"),
        ("O O O 1-PER 2-PER LOC", "1-PER, 2-PER, LOC"),
        ("O O O PER.1 PER.2", "PER.1, PER.2"),
        ("O O O <PER> PER>", "<PER>, PER>"),
        ("O O O B-PER|B-LOC I-PER|I-LOC", "B-PER|B-LOC, I-PER|I-LOC"),
        ("O O O PER LOC cell_type cell_line", None),
        ("O B-PER I-PER PER", "PER"),
        ("* (A* (B* *))", "(A*, (B*"),
        ("O O O B~PER I~PER", "B~PER, I~PER"),
        ("B~PER I~PER", "B~PER, I~PER"),
        ("B-PER I-PER X", "X"),
        ("NOUN VERB ADJ", None),
        ("BE IN UH IE", None),
        ("_ NOUN VERB", None),
    ],
)
def test_tags_that_only_seem_to_write_spans_are_suspect(tags: str, suspects: str | None) -> None:
    assert unknown_scheme(Counter(tags.split())) == suspects


@pytest.mark.parametrize("tags", ["(A* (B* *))", "*)", "(A* *", "NOUN", "(A* O B-A"])
def test_what_are_no_brackets_around_spans(tags: str) -> None:
    assert from_brackets(tags.split()) is None
