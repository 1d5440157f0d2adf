"""Figures on disk: whole files, and letters of any script where a font has them."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from zoo.rundir import write_atomically

#: Families with Hangul, kana or Han that systems and font packages bring; the first that is installed helps out.
FONTS = (
    "Noto Sans CJK KR", "Noto Sans KR", "NanumGothic", "Nanum Gothic", "Malgun Gothic", "Apple SD Gothic Neo",
    "UnDotum", "Noto Sans CJK JP", "Noto Sans CJK SC", "WenQuanYi Zen Hei", "Arial Unicode MS", "Unifont",
)  # fmt: skip


def save(figure: Any, path: Path, dpi: int = 120) -> None:
    """Write the figure whole or not at all, in the format of the file's name; letters that no font has become boxes.

    Raises:
        OSError: it cannot be written.
    """
    from matplotlib import rc_context
    from matplotlib.text import Text

    families = text_families()
    for text in figure.findobj(Text):
        text.set_fontfamily(families)
    with warnings.catch_warnings(), rc_context({"font.family": families}):  # for texts that drawing adds
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        write_atomically(path, lambda aside: figure.savefig(aside, dpi=dpi, format=path.suffix[1:].lower()))


def text_families() -> list[str]:
    """matplotlib's own family, and behind it those of `FONTS` that are installed, for the letters that it has not."""
    from matplotlib import font_manager

    installed = {font.name for font in font_manager.fontManager.ttflist}
    return ["DejaVu Sans", *(name for name in FONTS if name in installed)]
