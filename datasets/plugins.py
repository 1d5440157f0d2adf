"""Finds plug-ins: modules beside this one that assign an agreed name, found without importing any of them.

A data set is a module or package in `datasets/` with the line `DATASET = "one line of help"`. A view is a module
with the line `FIELDS = ("text", "label")`: the examples of a source with these named fields. A view also exports
`Options` (a frozen dataclass made with `datasets.options.option`) and `load(spec, options)`, which gives a
`datasets.base.Dataset`. A data set in one module is its own view; one in a package has a module a view.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

HERE = Path(__file__).resolve().parent


def assigned(name: str, package: str) -> dict[str, Any]:
    """The literal that each module of a package assigns to `name` on one line, by the module's dotted name.

    Args:
        name: the agreed name, e.g. `FIELDS`.
        package: `datasets` or a package below it, e.g. `datasets.microworld`.
    """
    found = {}
    for module, source in _sources(package):
        match = re.search(rf"^{name} = (.+)$", source.read_text(encoding="utf-8"), re.MULTILINE)
        if match:
            found[module] = ast.literal_eval(match.group(1))
    return found


def datasets() -> dict[str, str]:
    """The name of each data set that comes with the repository, with its line of help."""
    return {module.rpartition(".")[2]: text for module, text in assigned("DATASET", "datasets").items()}


def view(package: str, fields: tuple[str, ...]) -> ModuleType | None:
    """The view of a package, or of a module that is its own view, with these fields in any order, or None."""
    for module, its_fields in _views(package).items():
        if set(its_fields) == set(fields):
            return importlib.import_module(module)
    return None


def field_sets(package: str) -> list[tuple[str, ...]]:
    """The fields of each view of a package or module."""
    return list(_views(package).values())


def _views(module: str) -> dict[str, tuple[str, ...]]:
    if _folder(module).is_dir():
        return assigned("FIELDS", module)
    parent = module.rpartition(".")[0]
    return {name: fields for name, fields in assigned("FIELDS", parent).items() if name == module}


def _folder(package: str) -> Path:
    return HERE.joinpath(*package.split(".")[1:])


def _sources(package: str) -> Iterator[tuple[str, Path]]:
    """The modules and packages directly in a package, by name, each with the file that holds its source."""
    for path in sorted(_folder(package).iterdir()):
        if path.suffix == ".py" and path.stem != "__init__":
            yield f"{package}.{path.stem}", path
        elif (path / "__init__.py").is_file():
            yield f"{package}.{path.name}", path / "__init__.py"
