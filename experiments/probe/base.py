"""What a probe is: a module of this package that ends with `PROBE = Probe(…)`. The command finds it by that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

OptionsT = TypeVar("OptionsT")


@dataclass(frozen=True)
class Probe(Generic[OptionsT]):
    """One measurement, a sub-command of `python -m experiments.probe`.

    Attributes:
        options: a frozen dataclass; its fields become flags.
        check: refuses options that cannot be run, before anything slow is imported. Raises UserError.
        run: measures, writes tables and pictures into a folder, and returns the report as Markdown.
        positional: fields of the options that are given without a flag, with their names in the help.
        full: what `--full` stands for, where an option is not given; without it there is no `--full`.
    """

    options: type[OptionsT]
    check: Callable[[OptionsT], None]
    run: Callable[[OptionsT, Path], str]
    positional: Mapping[str, str] = field(default_factory=dict)
    full: Mapping[str, object] = field(default_factory=dict)
