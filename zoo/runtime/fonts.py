"""Which installed fonts have the letters of a text."""

from __future__ import annotations

from collections.abc import Iterable

from zoo.runtime.figures import installed_fonts


def characters_of(path: str) -> set[int]:
    """Code points that a font file has glyphs for; none if it cannot be read."""
    from matplotlib.font_manager import get_font

    try:
        return set(get_font(path).get_charmap())
    except (OSError, RuntimeError, ValueError):
        return set()


def choose_fonts(letters: Iterable[str]) -> tuple[list[str], dict[str, str]]:
    """Fonts for the letters, and a label for each letter: itself, or its code where no installed font has it.

    Returns:
        Families for matplotlib, which takes for each letter the first family that has it; and the label of each letter.
    """
    letters = list(letters)
    missing = {letter for letter in letters if letter.isprintable() and not letter.isspace()}
    labels = {letter: f"U+{ord(letter):04X}" for letter in letters}
    labels |= {" ": "␣"} if " " in labels else {}
    families: list[str] = []
    for family, path in installed_fonts():
        if not missing and families:
            break
        characters = characters_of(path)
        covered = {letter for letter in missing if ord(letter) in characters}
        if covered or not families:
            families.append(family)
        labels |= {letter: letter for letter in covered}
        missing -= covered
    return families, labels
