from __future__ import annotations

import unicodedata

import pytest

from datasets.errors import UserError
from datasets.formats.characters import composed, encodable


def test_characters_are_composed() -> None:
    assert composed(unicodedata.normalize("NFD", "한글")) == "한글"
    assert composed("e\u0301") == "é"
    assert composed("plain") == "plain"


def test_half_a_character_is_refused() -> None:
    assert encodable("p", "글 😀") == "글 😀"
    with pytest.raises(UserError, match=r"^p: holds half of a character"):
        encodable("p", "a\ud800")
