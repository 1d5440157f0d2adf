"""Where data can come from, and the views of each source: its examples with certain named fields.

A view has the names of the protocol `View`. It is a module, or an object of a user's own. A source has one view or
several:

- A data set of the repository is a module or package in `datasets/` with the line `DATASET = "one line of help"`. A
  module is its own view; in a package each module with a line `FIELDS = (…)` is a view.
- A data set of a user's own is called `package.module:NAME`. NAME is a view, or a class of one. Where it is such a line
  of help, the module or package is the data set, as it would be in `datasets/`.
- Users' files and tensorflow-datasets have a package of views each.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType

from datasets import plugins
from datasets.base import View
from datasets.errors import UserError
from datasets.file_readers import paths as files
from datasets.tfds_adapters import builders as hub

PACKAGE = "datasets"
EXPORT = "DATASET"

Fields = tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """Where data can come from.

    Attributes:
        name: what messages and `--help` call it.
        help: one line.
        views: the fields of each view, and a function that imports it. Fields are empty where the view's file cannot be
            parsed: importing it tells what is wrong.
    """

    name: str
    help: str
    views: tuple[tuple[Fields, Callable[[], View]], ...]

    def view(self, fields: Fields) -> View | None:
        """The view with these fields, in any order, or None where there is none."""
        fitting = [load for known, load in self.views if known and set(known) == set(fields)]
        broken = [load for known, load in self.views if not known]
        for load in (*fitting, *broken):
            return load()
        return None

    @property
    def field_sets(self) -> list[Fields]:
        """The fields of each view."""
        return [fields for fields, _ in self.views if fields]


def every() -> list[Source]:
    """The sources that are there for every command: data sets of the repository, files, tensorflow-datasets."""
    return [
        *(Source(name, help, tuple(_views(f"{PACKAGE}.{name}"))) for name, help in data_sets().items()),
        Source("files", files.HELP, tuple(_views(files.VIEWS))),
        Source("hub", hub.HELP, tuple(_views(hub.VIEWS))),
    ]


def data_sets() -> dict[str, str]:
    """The line of help of each data set that comes with the repository, by its name."""
    return {name: str(text or "") for name, text in plugins.exported(PACKAGE, EXPORT).items()}


def find(spec: str) -> Source:
    """The source that a data set's name means.

    Raises:
        UserError: there is none; or it is one of the user's own that cannot be imported or is no data set.
    """
    if is_own(spec):
        return own(spec)
    name = _name(spec)
    return next(source for source in every() if source.name == name)


def _name(spec: str) -> str:
    known = data_sets()
    if spec in known:
        return spec
    if files.is_path(spec):
        return "files"
    hub.check_name(spec, also=[*known, *files.neighbours(spec)])
    return "hub"


def _views(module: str) -> Iterator[tuple[Fields, Callable[[], View]]]:
    """The views of a package, or the one of a module, found without importing them."""
    inside = plugins.exported(module, "FIELDS")
    for name, fields in inside.items():
        yield _fields(fields), _importer(f"{module}.{name}")
    parent, _, name = module.rpartition(".")
    if not inside and parent:
        beside = plugins.exported(parent, "FIELDS")
        if name in beside:
            yield _fields(beside[name]), _importer(module)


def _importer(module: str) -> Callable[[], View]:
    return lambda: _checked(plugins.import_module(module, module), module)


def _fields(value: object) -> Fields:
    return tuple(map(str, value)) if isinstance(value, tuple | list) else ()


# ------------------------------------------------------------------------------------------ of a user's own


def is_own(spec: str) -> bool:
    """Whether a data set's name is that of a user's own: `package.module:NAME`, and no file is called so."""
    return plugins.is_own(spec) and not files.exists(spec)


def own(spec: str) -> Source:
    """The data set that a `package.module:NAME` stands for.

    Raises:
        UserError: it cannot be imported, or is no data set.
    """
    plugins.check(PACKAGE, spec, EXPORT)
    value = plugins.load_own(spec, EXPORT)
    if isinstance(value, str):
        return Source(spec, value, tuple(_own_views(spec)))
    if isinstance(value, type):
        value = value()
    view = _checked(value, spec)
    return Source(spec, _first_line(value), ((view.FIELDS, lambda: view),))


def _own_views(spec: str) -> Iterator[tuple[Fields, Callable[[], View]]]:
    module = plugins.import_module(spec.partition(":")[0], spec)
    if hasattr(module, "FIELDS"):
        view = _checked(module, spec)
        yield view.FIELDS, lambda: view
    else:
        yield from _views(module.__name__)


def _checked(value: object, name: str) -> View:
    """The view, if it is one.

    Raises:
        UserError: names what it lacks.
    """
    missing = [part for part in ("FIELDS", "Options", "load") if not hasattr(value, part)]
    if missing:
        raise UserError(f"{name}: is no data set, for it has no {', '.join(missing)}; see docs/data.md")
    assert isinstance(value, View)
    if not (isinstance(value.FIELDS, tuple) and all(isinstance(field, str) for field in value.FIELDS)):
        raise UserError(f"{name}: FIELDS is {value.FIELDS!r}, not a tuple of names such as ('text', 'label')")
    if not dataclasses.is_dataclass(value.Options):
        raise UserError(f"{name}: Options is no dataclass; see docs/data.md")
    return value


def _first_line(value: object) -> str:
    """The first line of a docstring."""
    text = value.__doc__ if isinstance(value, ModuleType) else type(value).__doc__
    return (text or "a data set of your own").strip().partition("\n")[0]
