"""Figures become whole files, with letters of any script and without warnings (which are errors here)."""

from __future__ import annotations

import errno

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from datasets.errors import UserError
from zoo import figures
from zoo.figures import asked_for, save, veil


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


@pytest.mark.parametrize(
    ("name", "told"),
    [("a.gif", "the name must end in .png, .svg, .pdf"), ("none/a.png", "there is no folder none")],
)
def test_pictures_that_cannot_be_are_refused_before_they_are_drawn(name, told):
    with pytest.raises(UserError, match=f"--attention {name}: {told}"):
        asked_for("--attention", name)


def test_a_folder_is_not_replaced_by_a_picture(tmp_path):
    (tmp_path / "b.png").mkdir()
    with pytest.raises(UserError, match=r"b\.png: is a folder"):
        asked_for("--attention", str(tmp_path / "b.png"))
    assert asked_for("--attention", str(tmp_path / "A.PNG")) == tmp_path / "A.PNG"


def test_a_full_disk_is_told_in_one_line(tmp_path, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Figure, "savefig", full)
    with pytest.raises(UserError, match=r"no space left on the disk for .*c\.png") as told:
        save(titled("a"), tmp_path / "c.png")
    assert told.value.exit_code == 1


def test_the_veil_is_thin_where_the_weights_are():
    axes = Figure().subplots()
    veil(axes, np.zeros((4, 6, 3), np.uint8), np.array([[0.0, 0.5], [0.25, 0.25]]))
    np.testing.assert_allclose(axes.images[1].get_alpha(), 0.85 * np.array([[1, 0], [0.5, 0.5]]))
    assert axes.images[1].get_extent() == [-0.5, 5.5, 3.5, -0.5]
