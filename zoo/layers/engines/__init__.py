"""Engines: ways of running one cell over time that give the same numbers at different speeds.

Each engine is a module with two functions:

    unfit(cell) -> str | None    why this cell cannot run on this engine, or None where it can
    run(cell, inputs, mask, states, *, reverse, sequences, training, beside) -> (outputs, final_states)

with the contract of `zoo.layers.engines.loop.run`. An engine may also say when it can run a cell but had better not:

    unwise(cell) -> str | None   why `auto` passes over it

 `choose` picks one and says why.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from types import ModuleType
from typing import Any

#: In the order in which `auto` prefers them.
ENGINES = ("keras", "parallel", "fused", "hoisted", "loop")


@dataclass(frozen=True)
class Choice:
    """Which engine runs, and why."""

    engine: str
    why: str

    @property
    def module(self) -> ModuleType:
        """The engine's module."""
        return importlib.import_module(f"zoo.layers.engines.{self.engine}")


def choose(cell: Any, engine: str = "auto") -> Choice:
    """Pick the engine for a cell.

    Args:
        cell: a cell.
        engine: `auto`, or the name of an engine.

    Raises:
        ValueError: if there is no such engine, or the named one cannot run this cell.
    """
    if engine != "auto":
        if engine not in ENGINES:
            raise ValueError(f"no engine is called {engine!r}; there are auto, {', '.join(ENGINES)}")
        choice = Choice(engine, "asked for")
        reason = choice.module.unfit(cell)
        if reason:
            raise ValueError(f"the {engine} engine cannot run {type(cell).__name__}: {reason}")
        return choice
    reasons: list[str] = []
    for name in ENGINES:
        choice = Choice(name, "; ".join([*reasons, f"{name} can run it"]))
        reason = choice.module.unfit(cell)
        if reason is None and hasattr(choice.module, "unwise"):
            reason = choice.module.unwise(cell)
        if reason is None:
            return choice
        reasons.append(f"not {name}: {reason}")
    raise ValueError(f"no engine can run {type(cell).__name__}: {'; '.join(reasons)}")
