from __future__ import annotations

import pytest

from datasets.errors import UserError
from datasets.formats.sentences import check_tags, token_list


@pytest.mark.parametrize(
    ("tokens", "tags", "message"),
    [
        (("a",), (), "p: 1 words and 0 tags"),
        (("a", ""), ("A", "A"), "p: a word is empty"),
        (("a", "b"), ("A", ""), "p: the word 'b' has no tag"),
    ],
)
def test_each_word_needs_a_tag(tokens: tuple[str, ...], tags: tuple[str, ...], message: str) -> None:
    with pytest.raises(UserError, match=message):
        check_tags("p", tokens, tags)
    check_tags("p", ("a",), ("A",))


def test_words_are_composed() -> None:
    assert token_list("p", ["e\u0301", "a"]) == ("é", "a")


@pytest.mark.parametrize("value", ["a b", ["a", 1], None, {"a": 1}])
def test_a_list_of_words_is_needed(value: object) -> None:
    with pytest.raises(UserError, match="p: the words are not a list of strings"):
        token_list("p", value)


def test_half_a_character_is_refused() -> None:
    with pytest.raises(UserError, match="half of a character"):
        token_list("p", ["\ud800"])
