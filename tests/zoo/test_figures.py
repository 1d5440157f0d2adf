"""Figures become whole files, with letters of any script and without warnings (which are errors here)."""

from __future__ import annotations

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from zoo import figures
from zoo.figures import save


def titled(text: str) -> Figure:
    figure = Figure(figsize=(2, 1))
    figure.text(0, 0.5, text)
    return figure


@pytest.mark.parametrize("name", ["a.png", "a.svg", "a.PDF"])
def test_letters_that_no_font_has_are_no_warning(tmp_path, name):
    save(titled("안녕 שלום 你好"), tmp_path / name)
    starts = {"a.png": b"\x89PNG", "a.svg": b"<?xml", "a.PDF": b"%PDF"}
    assert (tmp_path / name).read_bytes().startswith(starts[name])


def test_texts_that_stood_before_and_texts_of_the_axes_take_a_font_of_many_letters(tmp_path, monkeypatch):
    monkeypatch.setattr(
        figures, "FONTS", ("Not Installed", "STIXGeneral")
    )  # the second comes with matplotlib
    figure = titled("안녕")
    axes = figure.subplots()
    axes.set_title("안녕")
    axes.imshow([[0]])
    save(figure, tmp_path / "a.png")
    texts = figure.findobj(Text)
    assert len(texts) > len(figure.texts) + 3
    assert {tuple(text.get_fontfamily()) for text in texts} == {("DejaVu Sans", "STIXGeneral")}


def test_what_stood_there_stays_where_drawing_fails(tmp_path):
    path = tmp_path / "a.png"
    path.write_text("before")
    with pytest.raises(ValueError, match=r"ParseSyntaxException|Expected"):
        save(titled(r"$\frac{$"), path)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]
