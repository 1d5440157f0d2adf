"""What the characters of any script are to tokenisers and scores: parts of a word or not; scripts without blanks."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from itertools import islice

#: Zero-width non-joiner and joiner: they shape letters and emoji, and stand inside words.
JOINERS = "\u200c\u200d"
#: How the names of characters begin whose scripts put no blanks between words.
HAN = ("CJK", "IDEOGRAPHIC", "BOPOMOFO")
KANA = ("HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HALFWIDTH KATAKANA")
OTHERS = ("THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN")
#: Share of the letters of texts from which on they count as written in such a script.
ENOUGH = 0.25
#: Texts that are looked at to tell the script.
LOOKED_AT = 1000


@lru_cache(maxsize=1 << 16)
def is_of_word(character: str) -> bool:
    """Whether a character is a letter, a mark such as a vowel sign, a digit or a joiner."""
    return unicodedata.category(character)[0] in "LMN" or character in JOINERS


@lru_cache(maxsize=1 << 16)
def is_emoji(character: str) -> bool:
    """Whether a character is a picture, or tells the skin colour of one."""
    return unicodedata.category(character) == "So" or "\U0001f3fb" <= character <= "\U0001f3ff"


@lru_cache(maxsize=1 << 16)
def _script(character: str) -> str:
    """`han`, `kana` or `other` for a letter or mark of a script without blanks between words; `` for any other."""
    if unicodedata.category(character)[0] not in "LM":
        return ""
    name = unicodedata.name(character, "")
    for script, beginnings in (("han", HAN), ("kana", KANA), ("other", OTHERS)):
        if name.startswith(beginnings):
            return script
    return ""


def unspaced_script(texts: Iterable[str]) -> str | None:
    """The script without blanks between words that texts are written in: `han`, `kana` (Japanese) or `other`.

    None where less than a quarter of the letters of the first texts are of such a script.
    """
    letters = (
        character
        for text in islice(texts, LOOKED_AT)
        for character in text
        if unicodedata.category(character)[0] == "L"
    )
    counts = Counter(map(_script, letters))
    unspaced = counts.total() - counts[""]
    if not unspaced or unspaced < ENOUGH * counts.total():
        return None
    if counts["other"] > unspaced / 2:
        return "other"
    return "kana" if counts["kana"] > unspaced / 20 else "han"


def in_hangul(texts: Iterable[str]) -> bool:
    """Whether a quarter or more of the letters of the first texts are Hangul."""
    letters = [
        unicodedata.name(character, "").startswith("HANGUL")
        for text in islice(texts, LOOKED_AT)
        for character in text
        if unicodedata.category(character)[0] == "L"
    ]
    return bool(letters) and sum(letters) >= ENOUGH * len(letters)


def separated(text: str) -> list[str]:
    """The words of a text: what blanks part, and each character of a script without blanks, with the marks on it."""
    parts = []
    before = ""
    for character in text:
        if unicodedata.category(character)[0] != "M":
            script = _script(character)
            parts.append(" " if script or before else "")
            before = script
        parts.append(character)
    return "".join(parts).split()


def words(text: str) -> list[str]:
    """Runs of letters, marks, digits and underscores; of a script without blanks each character."""
    return separated("".join(c if is_of_word(c) or c == "_" else " " for c in text))
