"""Figures on disk: whole files, and letters of any script where a font has them."""

from __future__ import annotations

import importlib.util
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from datasets.errors import UserError
from zoo.runtime.rundir import write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Endings of the pictures that a user may ask for.
KINDS = (".png", ".svg", ".pdf")

#: Families with Hangul, kana or Han that systems and font packages bring; the first that is installed helps out.
FONTS = (
    "Noto Sans CJK KR", "Noto Sans KR", "NanumGothic", "Nanum Gothic", "Malgun Gothic", "Apple SD Gothic Neo",
    "UnDotum", "Noto Sans CJK JP", "Noto Sans CJK SC", "WenQuanYi Zen Hei", "Arial Unicode MS", "Unifont",
)  # fmt: skip
#: A package that brings a font, and the font; to import the package would change matplotlib's settings.
PACKAGE, BROUGHT = "koreanize_matplotlib", "NanumGothic"


def save(figure: Figure, path: Path, dpi: int = 120) -> None:
    """Write the figure whole or not at all, in the format of the file's name; letters that no font has become boxes.

    Raises:
        UserError: it cannot be written.
    """
    from matplotlib import rc_context
    from matplotlib.text import Text

    families = text_families()
    for text in figure.findobj(Text):
        text.set_fontfamily(families)
    with warnings.catch_warnings(), rc_context({"font.family": families}):  # for texts that drawing adds
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        write_atomically(path, lambda aside: figure.savefig(aside, dpi=dpi, format=path.suffix[1:].lower()))


def picture_path(flag: str, name: str) -> Path:
    """The path of a picture that a user asks for by a flag.

    Raises:
        UserError: its kind is not one of `KINDS`, there is no folder for it, or it is one.
    """
    path = Path(name)
    if path.suffix.lower() not in KINDS:
        raise UserError(f"{flag} {name}: the name must end in {', '.join(KINDS)}")
    if not path.parent.is_dir():
        raise UserError(f"{flag} {name}: there is no folder {path.parent}")
    if path.is_dir():
        raise UserError(f"{flag} {name}: is a folder; give the name of a file")
    return path


def overlay_attention(axes: Axes, pixels: np.ndarray, weights: np.ndarray) -> None:
    """An image, darker where it was attended to less; weights `(rows, columns)`, the largest leaves it as it is."""
    height, width = pixels.shape[:2]
    axes.imshow(pixels)
    axes.imshow(
        np.zeros_like(weights), cmap="gray", vmin=0, vmax=1, alpha=0.85 * (1 - shares(weights)),
        extent=(-0.5, width - 0.5, height - 0.5, -0.5), interpolation="bilinear",
    )  # fmt: skip


def shares(weights: np.ndarray) -> np.ndarray:
    """The weights divided by the largest of them."""
    return weights / max(float(weights.max()), 1e-9)


def text_families() -> list[str]:
    """Font families of texts: matplotlib's own, then the installed ones of `FONTS` for letters that it lacks."""
    there = {family for family, _ in installed_fonts()}
    return ["DejaVu Sans", *(family for family in FONTS if family in there)]


def installed_fonts() -> list[tuple[str, str]]:
    """`(family, path)` of the fonts that matplotlib finds: its own first, then the usual CJK ones, the others."""
    from matplotlib import font_manager

    manager = font_manager.fontManager
    paths: dict[str, str] = {}
    if all(entry.name != BROUGHT for entry in manager.ttflist):
        for path in _brought():
            manager.addfont(path)
    for entry in manager.ttflist:
        # Emoji fonts hold bitmaps that cannot be drawn here; last-resort fonts draw every letter as a box.
        if not any(word in entry.name for word in ("Emoji", "LastResort", "Last Resort")):
            paths.setdefault(entry.name, entry.fname)
    first = [family for family in ("DejaVu Sans", *FONTS) if family in paths]
    return [(family, paths[family]) for family in dict.fromkeys([*first, *sorted(paths)])]


def _brought() -> list[Path]:
    """The files of the font in the package that brings it; none where the package is not installed."""
    spec = importlib.util.find_spec(PACKAGE)
    folders = (spec.submodule_search_locations if spec else None) or []
    return [path for folder in folders if (path := Path(folder, "fonts", f"{BROUGHT}.ttf")).is_file()]
