"""The data: what it is and where it comes from. Knows no model.

A data set is named by a string: one that comes with the repository (`microworld`), a path, or a
tensorflow-datasets name. The fields that a task asks for decide which view of it is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from datasets import plugins
from datasets.base import Dataset, Example, Info, Split
from datasets.errors import UserError, did_you_mean
from datasets.file_readers import paths as files
from datasets.options import build, flag, names
from datasets.tfds_adapters import builders as hub

__all__ = ["Dataset", "Example", "Info", "Split", "UserError", "load", "option_groups"]

_NOTHING: Mapping[str, object] = {}


def load(spec: str, fields: tuple[str, ...], options: Mapping[str, object] = _NOTHING) -> Dataset:
    """Load a data set as examples with these fields.

    Args:
        spec: `microworld` or another data set in this package; a path; or a tensorflow-datasets name.
        fields: what the task needs, e.g. `("text", "label")`; `label` is a class number into `info.labels`.
        options: of the source that `spec` names; see `option_groups`.

    Raises:
        UserError: an unknown name, a source without these fields, options of another source, bad data.
    """
    name = _source(spec)
    view = _view(name, fields)
    if view is None:
        offered = ", ".join(f"({', '.join(one)})" for one in plugins.field_sets(_package(name)))
        raise UserError(f"'{spec}' cannot be read as ({', '.join(fields)}): {name} gives {offered}")
    _check_names(name, spec, view, fields, options)
    return view.load(spec, build(view.Options, options))


def option_groups(fields: tuple[str, ...]) -> list[tuple[str, str, type]]:
    """The options of every source that has these fields: (source, one line of help, frozen dataclass)."""
    groups = []
    for name, help in _sources().items():
        view = _view(name, fields)
        if view is not None:
            groups.append((name, help, view.Options))
    return groups


def _sources() -> dict[str, str]:
    return plugins.datasets() | {"files": files.HELP, "hub": hub.HELP}


def _source(spec: str) -> str:
    """Which source a spec names: a data set of this package, `files` or `hub`."""
    if spec in plugins.datasets():
        return spec
    if files.is_path(spec):
        return "files"
    hub.check_name(spec, also=[*plugins.datasets(), *files.neighbours(spec)])
    return "hub"


def _package(source: str) -> str:
    return {"files": files.VIEWS, "hub": hub.VIEWS}.get(source, f"datasets.{source}")


def _view(source: str, fields: tuple[str, ...]) -> ModuleType | None:
    return plugins.view(_package(source), fields)


def _check_names(
    source: str, spec: str, view: ModuleType, fields: tuple[str, ...], options: Mapping[str, object]
) -> None:
    """Refuse options of another source, and misspelt ones."""
    own = names(view.Options)
    owners = {name: group for group, _, kind in option_groups(fields) for name in names(kind)}
    for name in options:
        if name in own:
            continue
        if name in owners:
            raise UserError(f"{flag(name)} is an option of {owners[name]}, not of {source} ('{spec}')")
        raise UserError(f"'{spec}' has no option {flag(name)}{did_you_mean(flag(name), map(flag, own))}")
