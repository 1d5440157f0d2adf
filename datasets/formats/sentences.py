"""Sentences in words, with a tag for each word or without: what they are, and what JSON must hold to be one."""

from __future__ import annotations

from collections.abc import Sequence

from datasets.errors import UserError
from datasets.formats.characters import composed, encodable

#: How files of tagged sentences are read, by suffix. `.txt` and `.tsv` hold columns, as those of shared tasks often do.
FORMATS = {
    ".conllu": "conllu", ".jsonl": "json", ".ndjson": "json",
    ".conll": "columns", ".iob": "columns", ".iob2": "columns", ".bio": "columns", ".bioes": "columns",
    ".tsv": "columns", ".txt": "columns", ".tags": "columns",
    ".train": "columns", ".testa": "columns", ".testb": "columns", ".dev": "columns", ".test": "columns",
}  # fmt: skip
#: The line that a sentence begins on, its words, and a tag for each word.
TaggedSentence = tuple[int, tuple[str, ...], tuple[str, ...]]


def token_list(place: str, value: object) -> tuple[str, ...]:
    """The words of a sentence out of JSON, composed (NFC).

    Raises:
        UserError: it is not a list of texts; names the place.
    """
    if not isinstance(value, list) or not all(isinstance(token, str) for token in value):
        raise UserError(f"{place}: the words are not a list of strings")
    return tuple(composed(encodable(place, token)) for token in value)


def check_tags(place: str, tokens: Sequence[str], tags: Sequence[str]) -> None:
    """Refuse a sentence with more or fewer tags than words, and an empty word or tag.

    Raises:
        UserError: names the place.
    """
    if len(tokens) != len(tags):
        raise UserError(f"{place}: {len(tokens)} words and {len(tags)} tags; each word needs one tag")
    for token, tag in zip(tokens, tags, strict=True):
        if not token:
            raise UserError(f"{place}: a word is empty")
        if not tag:
            raise UserError(f"{place}: the word '{token[:40]}' has no tag")
