"""NumPy archives (`.npz`) as arrays by name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from datasets.errors import UserError

if TYPE_CHECKING:
    import numpy as np


def read_arrays(path: Path, what: str) -> dict[str, np.ndarray]:
    """All arrays of an archive; `what` they are, such as `features`, for the message.

    Raises:
        UserError: it is no such archive, is damaged, or holds objects that could only be read by running them.
    """
    import numpy as np

    try:
        with path.open("rb") as file:
            archive = np.load(file, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise ValueError("it is one array and not a .npz archive")
            with archive:
                return {name: archive[name] for name in archive.files}
    except Exception as problem:  # what a damaged archive raises depends on where it is damaged
        words = getattr(problem, "strerror", None) or str(problem) or type(problem).__name__
        reason = " ".join(str(words).split())[:100]
        raise UserError(f"{path}: no {what} can be read from it ({reason})") from None
