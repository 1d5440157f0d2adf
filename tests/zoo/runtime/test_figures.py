"""Figures become whole files, with letters of any script and without warnings (which are errors here)."""

from __future__ import annotations

import errno
import warnings
from pathlib import Path
from types import SimpleNamespace

import matplotlib.image
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from datasets.errors import UserError
from zoo.runtime import figures
from zoo.runtime.figures import installed_fonts, overlay_attention, picture_path, save, text_families


def titled(text: str) -> Figure:
    figure = Figure(figsize=(2, 1))
    figure.text(0, 0.5, text)
    return figure


@pytest.mark.parametrize("name", ["a.png", "a.svg", "a.PDF"])
def test_letters_that_no_font_has_are_no_warning(tmp_path: Path, name: str) -> None:
    save(titled("안녕 שלום 你好"), tmp_path / name)
    starts = {"a.png": b"\x89PNG", "a.svg": b"<?xml", "a.PDF": b"%PDF"}
    assert (tmp_path / name).read_bytes().startswith(starts[name])


def test_texts_that_stood_before_and_texts_of_the_axes_take_a_font_of_many_letters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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


def with_fonts(monkeypatch: pytest.MonkeyPatch, *names: str) -> list[str]:
    """A machine that has these families; those that are added are in the list that is given."""
    fonts = [SimpleNamespace(name=name, fname=f"{name}.ttf") for name in names]
    added: list[str] = []

    def add(path: Path) -> None:
        added.append(path.name)
        fonts.append(SimpleNamespace(name=path.stem, fname=str(path)))

    monkeypatch.setattr("matplotlib.font_manager.fontManager", SimpleNamespace(ttflist=fonts, addfont=add))
    return added


def test_order_of_fonts_and_those_that_draw_no_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    names = (
        "Zapf",
        "Noto Color Emoji",
        "LastResort",
        "NanumGothic",
        "Noto Sans CJK KR",
        "DejaVu Sans",
        "Arial",
    )
    added = with_fonts(monkeypatch, *names)
    families = [family for family, _ in installed_fonts()]
    assert families == ["DejaVu Sans", "Noto Sans CJK KR", "NanumGothic", "Arial", "Zapf"]
    assert added == []


def test_where_the_system_has_no_hangul_a_package_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    added = with_fonts(monkeypatch, "DejaVu Sans")
    assert text_families() == ["DejaVu Sans", "NanumGothic"]
    text_families()
    assert added == ["NanumGothic.ttf"], "once"
    with_fonts(monkeypatch, "DejaVu Sans")
    monkeypatch.setattr(figures, "PACKAGE", "a_package_that_is_not_there")
    assert text_families() == ["DejaVu Sans"]


def test_hangul_is_drawn(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        save(titled("안녕"), tmp_path / "a.png")
        save(titled("녕안"), tmp_path / "b.png")
    first, second = (matplotlib.image.imread(tmp_path / name) for name in ("a.png", "b.png"))
    assert (first != second).any(), "two letters, not two boxes"


def test_what_stood_there_stays_where_drawing_fails(tmp_path: Path) -> None:
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
def test_pictures_that_cannot_be_are_refused_before_they_are_drawn(name: str, told: str) -> None:
    with pytest.raises(UserError, match=f"--attention {name}: {told}"):
        picture_path("--attention", name)


def test_a_folder_is_not_replaced_by_a_picture(tmp_path: Path) -> None:
    (tmp_path / "b.png").mkdir()
    with pytest.raises(UserError, match=r"b\.png: is a folder"):
        picture_path("--attention", str(tmp_path / "b.png"))
    assert picture_path("--attention", str(tmp_path / "A.PNG")) == tmp_path / "A.PNG"


def test_a_full_disk_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Figure, "savefig", full)
    with pytest.raises(UserError, match=r"no space left on the disk for .*c\.png") as told:
        save(titled("a"), tmp_path / "c.png")
    assert told.value.exit_code == 1


def test_an_image_is_dark_where_it_is_not_attended_to() -> None:
    axes = Figure().subplots()
    overlay_attention(axes, np.zeros((4, 6, 3), np.uint8), np.array([[0.0, 0.5], [0.25, 0.25]]))
    alpha = axes.images[1].get_alpha()
    assert alpha is not None
    np.testing.assert_allclose(alpha, 0.85 * np.array([[1, 0], [0.5, 0.5]]))
    assert axes.images[1].get_extent() == [-0.5, 5.5, 3.5, -0.5]
