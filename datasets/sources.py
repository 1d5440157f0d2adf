"""Where data can come from, and the views of each source: its examples with certain named fields.

A data set of the repository is a module or package in `datasets/` with the line `DATASET = "one line of help"`; users'
files and tensorflow-datasets are two more sources. A view is a module with the line `FIELDS = ("text", "label")`, which
also has `Options` (a frozen dataclass made with `datasets.options.option`) and `load(spec, options)`, which gives a
`datasets.base.Dataset`. A data set in one module is its own view; one in a package has a module a view.
"""

from __future__ import annotations

from types import ModuleType

from datasets import plugins
from datasets.file_readers import paths as files
from datasets.tfds_adapters import builders as hub

PACKAGE = "datasets"


def helps() -> dict[str, str]:
    """The line of help of every source, by its name."""
    return data_sets() | {"files": files.HELP, "hub": hub.HELP}


def data_sets() -> dict[str, str]:
    """The line of help of each data set that comes with the repository, by its name."""
    return {name: str(text or "") for name, text in plugins.exported(PACKAGE, "DATASET").items()}


def source_of(spec: str) -> str:
    """Which source a spec names: a data set of the repository, `files` or `hub`.

    Raises:
        UserError: it is none of them.
    """
    known = data_sets()
    if spec in known:
        return spec
    if files.is_path(spec):
        return "files"
    hub.check_name(spec, also=[*known, *files.neighbours(spec)])
    return "hub"


def view(source: str, fields: tuple[str, ...]) -> ModuleType | None:
    """The view of a source with these fields, in any order, or None."""
    views = _views(_package(source))
    named = [module for module, its_fields in views.items() if its_fields and set(its_fields) == set(fields)]
    broken = [module for module, its_fields in views.items() if not its_fields]
    for module in (*named, *broken):
        return plugins.import_module(module, module)
    return None


def field_sets(source: str) -> list[tuple[str, ...]]:
    """The fields of each view of a source."""
    return [fields for fields in _views(_package(source)).values() if fields]


def _package(source: str) -> str:
    return {"files": files.VIEWS, "hub": hub.VIEWS}.get(source, f"{PACKAGE}.{source}")


def _views(module: str) -> dict[str, tuple[str, ...]]:
    """The fields of each view of a package, or of a module that is its own view; empty where no fields can be read."""
    views = {f"{module}.{name}": _fields(value) for name, value in plugins.exported(module, "FIELDS").items()}
    if views:
        return views
    parent, _, name = module.rpartition(".")
    own = plugins.exported(parent, "FIELDS")
    return {module: _fields(own[name])} if name in own else {}


def _fields(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, tuple | list) else ()
