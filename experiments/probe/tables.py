"""What a probe has measured: a CSV that grows row by row and is whole at any moment, so that nothing is done twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datasets.errors import UserError
from zoo.runtime.rundir import make_folder, write_atomically

if TYPE_CHECKING:
    import pandas as pd

#: Of gradients by earlier states, the lags (steps before the last one) that a report's table shows.
SHOWN_LAGS = (1, 5, 10, 20, 50, 100)


class Results:
    """The rows of a CSV file.

    Args:
        path: the file; it need not exist yet, nor its folder.
        columns: of the table, in order.
        key: the columns that say what was measured; the others hold what came out.

    Raises:
        UserError: if the file there has other columns.
    """

    def __init__(self, path: Path, columns: Sequence[str], key: Sequence[str]) -> None:
        self.path, self.columns, self.key = path, list(columns), list(key)
        self.rows: list[dict[str, Any]] = _read(path, self.columns) if path.exists() else []

    def find(self, key: Mapping[str, object]) -> list[dict[str, Any]]:
        """The rows that were measured with these values of the key's columns."""
        return [row for row in self.rows if all(row[name] == key[name] for name in self.key)]

    def add(self, rows: Sequence[Mapping[str, object]]) -> None:
        """Add rows, in place of those with the same keys, and write the file.

        Raises:
            UserError: if it cannot be written.
        """
        replaced = [self._key_of(row) for row in rows]
        others = [row for row in self.rows if self._key_of(row) not in replaced]
        self.rows = [*others, *(dict(row) for row in rows)]
        make_folder(self.path.parent)
        frame = self.frame
        write_atomically(self.path, lambda file: frame.to_csv(file, index=False))

    def _key_of(self, row: Mapping[str, object]) -> tuple[object, ...]:
        return tuple(row[name] for name in self.key)

    @property
    def frame(self) -> pd.DataFrame:
        """The rows as a pandas DataFrame."""
        import pandas as pd

        return pd.DataFrame(self.rows, columns=self.columns)


def alike(frame: pd.DataFrame, settings: Mapping[str, object]) -> pd.DataFrame:
    """The rows that were measured with these settings, by column, so that a picture shows no others."""
    for name, value in settings.items():
        frame = frame[frame[name] == value]
    return frame


def _read(path: Path, columns: list[str]) -> list[dict[str, Any]]:
    import pandas as pd

    try:
        frame = pd.read_csv(path)
    except (OSError, ValueError) as problem:
        raise UserError(
            f"{path} cannot be read: {str(problem).splitlines()[0]}; remove it or name another --out"
        ) from None
    if list(frame.columns) != columns:
        raise UserError(
            f"{path} holds another table than this command writes; remove it or name another --out"
        )
    return frame.to_dict("records")


def markdown(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(
        "| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines
    )


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all."""
    make_folder(path.parent)

    def write(file: Path) -> None:
        file.write_text(text, encoding="utf-8")

    write_atomically(path, write)


def spread(norms: np.ndarray) -> dict[str, float]:
    """Median and quartiles over the sequences."""
    lower, norm, upper = np.nanquantile(norms, (0.25, 0.5, 0.75))
    return {name: float(f"{v:.6g}") for name, v in (("norm", norm), ("lower", lower), ("upper", upper))}


def factor(norms: np.ndarray) -> float:
    """The mean factor from one lag to the next, where both are positive numbers."""
    good = np.isfinite(norms) & (norms > 0)
    if good.sum() < 2:
        return float("nan")
    places = np.flatnonzero(good)
    first, last = places[0], places[-1]
    return float((norms[last] / norms[first]) ** (1 / (last - first)))


def first_norm(norms: pd.Series) -> float:
    """The first of the norms that is not 0, as that of the last state is where the output is none of the states.

    Args:
        norms: by lag.
    """
    positive = norms[norms > 0]
    return float(positive.iloc[0]) if len(positive) else float("nan")


def table_by_lag(frame: pd.DataFrame, headings: Mapping[str, str]) -> str:
    """A Markdown table of gradients by earlier states, as shares of that by the last state.

    Args:
        frame: rows with `lag` and `norm`, and the columns that tell the table's lines apart.
        headings: these columns, by their headings in the table.
    """
    lags = [lag for lag in SHOWN_LAGS if lag in set(frame["lag"])]
    lines = []
    for values, group in frame.groupby(list(headings.values()), sort=False):
        norms = group.set_index("lag")["norm"]
        whole = first_norm(norms)
        shares = [f"{norms[lag] / whole:.1e}" if lag in norms else "–" for lag in lags]
        lines.append([*values, *shares, f"{factor(norms.to_numpy()):.3f}"])
    return markdown([*headings, *(f"lag {lag}" for lag in lags), "a step"], lines)
