"""What finished runs say together: a table for notebooks, and a report in Markdown and HTML.

from experiments.report import load
frame = load("runs/embedded")          # a pandas DataFrame, one row a run
"""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def load(folder: str | PathLike[str]) -> pd.DataFrame:
    """The finished runs of a comparison as a tidy pandas DataFrame, one row a run; see docs/experiments.md.

    Args:
        folder: of a comparison, or any folder of run directories.

    Returns:
        The table; `frame.attrs["left_out"]` says why each folder that is no finished run is not in it.

    Raises:
        UserError: if there is no such folder.
    """
    from experiments.report.reading import read

    return read(folder).frame
