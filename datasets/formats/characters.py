"""Characters of a text as every later step sees them: composed, and such that any text file can hold them."""

from __future__ import annotations

import unicodedata

from datasets.errors import UserError


def composed(text: str) -> str:
    """The text composed (NFC), so that Hangul of any system is the same."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def encodable(place: str, text: str) -> str:
    """The text, unless it holds half of a surrogate pair, which JSON can spell and no text can hold.

    Args:
        place: the words for where it is, for the message.

    Raises:
        UserError: names the place.
    """
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise UserError(f"{place}: holds half of a character (\\ud800 to \\udfff)") from None
    return text
