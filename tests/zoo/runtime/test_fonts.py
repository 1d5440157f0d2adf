from __future__ import annotations

from pathlib import Path

import pytest

from zoo.runtime import fonts


@pytest.fixture
def dejavu() -> tuple[str, str]:
    return next(font for font in fonts.installed_fonts() if font[0] == "DejaVu Sans")


def test_a_font_that_has_the_letters_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"DejaVu.ttf": set(map(ord, "ab␣\xa0")), "Latin.ttf": {ord("a")}, "Hangul.ttf": {ord("한")}}
    installed = [("DejaVu Sans", "DejaVu.ttf"), ("Latin", "Latin.ttf"), ("Hangul", "Hangul.ttf")]
    monkeypatch.setattr(fonts, "installed_fonts", lambda: installed)
    monkeypatch.setattr(fonts, "characters_of", known.__getitem__)
    families, labels = fonts.choose_fonts(["a", "한", " ", "글", "\n", "\xa0"])
    assert families == ["DejaVu Sans", "Hangul"]
    # A hard space has a glyph in most fonts, with nothing in it.
    codes = {"글": "U+AE00", "\n": "U+000A", "\xa0": "U+00A0"}
    assert labels == {"a": "a", "한": "한", " ": "␣", **codes}


def test_no_more_fonts_are_opened_than_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "installed_fonts", lambda: [("DejaVu Sans", "1"), ("Other", "2")])
    monkeypatch.setattr(fonts, "characters_of", {"1": {ord("a")}}.__getitem__)
    assert fonts.choose_fonts(["a"]) == (["DejaVu Sans"], {"a": "a"})


def test_characters_of_a_font(dejavu: tuple[str, str], tmp_path: Path) -> None:
    assert ord("a") in fonts.characters_of(dejavu[1])
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    assert fonts.characters_of(str(broken)) == set()
