from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from experiments.hello import picture
from experiments.hello.network import CELL, recurrent
from tests.experiments.hello.training import trained
from zoo.reference import forward
from zoo.runtime import fonts


def test_letters_that_no_font_has_are_drawn_as_codes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (dejavu,) = [font for font in fonts.installed_fonts() if font[0] == "DejaVu Sans"]
    monkeypatch.setattr(fonts, "installed_fonts", lambda: [dejavu])
    task, weights = trained("안녕하a ", length=2, steps=1)
    tape = forward(CELL, recurrent(weights), task.one_hot)
    probabilities = np.full((*task.targets.shape, len(task.letters)), 0.2)
    codes = picture.draw(task, [1.0, 0.5], probabilities, tape.outputs, 0.1, tmp_path / "a.png")
    assert codes == {"안": "U+C548", "녕": "U+B155", "하": "U+D558"}


def test_the_chosen_fonts_are_those_of_the_picture(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    task, weights = trained(steps=1)
    tape = forward(CELL, recurrent(weights), task.one_hot)
    pictures = []
    for family in ("DejaVu Sans", "DejaVu Serif"):
        monkeypatch.setattr(
            picture,
            "choose_fonts",
            lambda _, family=family: ([family], {letter: letter for letter in "helo"}),
        )
        picture.draw(task, [1.0], np.full((2, 3, 4), 0.25), tape.outputs, 0.1, tmp_path / "a.png")
        pictures.append((tmp_path / "a.png").read_bytes())
    assert pictures[0] != pictures[1]
