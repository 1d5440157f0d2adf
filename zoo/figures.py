"""Figures on disk: whole files, and letters of any script where a font has them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from zoo.rundir import write_atomically

#: Families that have the letters of many scripts, where they are installed; the first one that is there helps out.
FONTS = (
    "Noto Sans CJK KR", "Noto Sans KR", "NanumGothic", "Malgun Gothic", "Apple SD Gothic Neo",
    "Noto Sans CJK JP", "Noto Sans CJK SC", "Arial Unicode MS", "Unifont",
)  # fmt: skip


def save(figure: Any, path: Path) -> None:
    """Write the figure whole or not at all, in the format of the file's name.

    Raises:
        OSError: it cannot be written.
    """
    with all_letters():
        write_atomically(path, lambda aside: figure.savefig(aside, dpi=120, format=path.suffix[1:].lower()))


@contextmanager
def all_letters() -> Iterator[None]:
    """With a font of many scripts behind the usual one where there is one; letters that none has become boxes."""
    import warnings

    import matplotlib
    from matplotlib import font_manager

    installed = {font.name for font in font_manager.fontManager.ttflist}
    family = ["DejaVu Sans", *(name for name in FONTS if name in installed)]
    with warnings.catch_warnings(), matplotlib.rc_context({"font.family": family}):
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield
