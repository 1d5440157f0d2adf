from __future__ import annotations

import pytest

from datasets.errors import UserError
from datasets.tfds_adapters.reading import find_feature

USUAL = frozenset({"text", "sentence"})


def find(wanted: str | None, *known: str) -> str:
    return find_feature("some/set", "text", wanted, known, USUAL, "string feature", "has no text")


def test_a_feature_is_the_named_one_the_only_one_or_the_only_usual_one() -> None:
    assert find("source", "source", "sentence") == "source"
    assert find(None, "source") == "source"
    assert find(None, "source", "Sentence") == "Sentence"


@pytest.mark.parametrize(
    ("wanted", "known", "said"),
    [
        (
            "sorce",
            ("source", "sentence"),
            "--text-feature sorce: 'some/set' has no such string feature; it has 'sentence', 'source'; "
            "did you mean source?",
        ),
        ("a", (), "--text-feature a: 'some/set' has no such string feature; it has none"),
        (None, (), "'some/set': has no text"),
        (
            None,
            ("text", "sentence"),
            "'some/set': several features may be the text: 'sentence', 'text'; name one with --text-feature",
        ),
        (
            None,
            ("a", "b"),
            "'some/set': several features may be the text: 'a', 'b'; name one with --text-feature",
        ),
    ],
)
def test_what_cannot_be_the_feature_is_told(wanted: str | None, known: tuple[str, ...], said: str) -> None:
    with pytest.raises(UserError) as caught:
        find(wanted, *known)
    assert str(caught.value) == said
