"""Engines: ways of running one cell over time that give the same numbers at different speeds.

Each module named in `ENGINES` ends with `ENGINE`, an `Engine` (see `zoo.layers.engines.engine`). `choose` picks one and
says why.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

    from zoo.layers.engines.engine import Engine

#: In the order in which `auto` prefers them.
ENGINES = ("keras", "parallel", "fused", "hoisted", "loop")


@dataclass(frozen=True)
class Choice:
    """Which engine runs, and why."""

    engine: str
    why: str
    implementation: Engine


def choose(cell: keras.layers.Layer, engine: str = "auto") -> Choice:
    """Pick the engine for a cell.

    Args:
        cell: a cell.
        engine: `auto`, or the name of an engine.

    Raises:
        ValueError: if there is no such engine, or the named one cannot run this cell.
    """
    return _fastest(cell) if engine == "auto" else _named(cell, engine)


def _named(cell: keras.layers.Layer, name: str) -> Choice:
    if name not in ENGINES:
        raise ValueError(f"no engine is called {name!r}; there are auto, {', '.join(ENGINES)}")
    engine = _load(name)
    if reason := engine.unsupported_reason(cell):
        raise ValueError(f"the {name} engine cannot run {type(cell).__name__}: {reason}")
    return Choice(name, "asked for", engine)


def _fastest(cell: keras.layers.Layer) -> Choice:
    """The first engine that can run the cell and is not discouraged for it."""
    reasons: list[str] = []
    for name in ENGINES:
        engine = _load(name)
        reason = engine.unsupported_reason(cell) or engine.discouraged_reason(cell)
        if reason is None:
            return Choice(name, "; ".join([*reasons, f"{name} can run it"]), engine)
        reasons.append(f"not {name}: {reason}")
    raise ValueError(f"no engine can run {type(cell).__name__}: {'; '.join(reasons)}")


def _load(name: str) -> Engine:
    return importlib.import_module(f"zoo.layers.engines.{name}").ENGINE
