"""The data: what it is and where it comes from. Knows no model.

A data set is named by a string: one that comes with the repository (`microworld`), a path, or a
tensorflow-datasets name. The fields that a task asks for decide which view of it is given.
"""

from __future__ import annotations

from collections.abc import Mapping

from datasets import sources
from datasets.base import Dataset, Example, Info, Split
from datasets.errors import UserError, did_you_mean
from datasets.options import build, flag, names

__all__ = ["Dataset", "Example", "Info", "Split", "UserError", "load", "option_groups"]

_NOTHING: Mapping[str, object] = {}


def load(spec: str, fields: tuple[str, ...], options: Mapping[str, object] = _NOTHING) -> Dataset:
    """Load a data set as examples with these fields.

    Args:
        spec: `microworld` or another data set in this package; a path; a tensorflow-datasets name; or
            `package.module:NAME` for one of your own.
        fields: what the task needs, e.g. `("text", "label")`; `label` is a class id into `info.labels`.
        options: of the source that `spec` names; see `option_groups`.

    Raises:
        UserError: an unknown name, a source without these fields, options of another source, bad data.
    """
    source = sources.find(spec)
    view = source.view(fields)
    if view is None:
        offered = ", ".join(f"({', '.join(known)})" for known in source.field_sets)
        raise UserError(f"'{spec}' cannot be read as ({', '.join(fields)}): {source.name} gives {offered}")
    _check_names(source.name, spec, names(view.Options), fields, options)
    return view.load(spec, build(view.Options, options))


def option_groups(fields: tuple[str, ...], spec: str | None = None) -> list[tuple[str, str, type]]:
    """The options of every source that has these fields: (source, one line of help, frozen dataclass).

    Args:
        fields: what the task needs.
        spec: a data set's name; one of the user's own, `package.module:NAME`, is a source too.

    Raises:
        UserError: it is one of the user's own that cannot be imported or is no data set.
    """
    known = sources.every()
    if spec is not None and sources.is_own(spec):
        known.append(sources.own(spec))
    views = [(source, source.view(fields)) for source in known]
    return [(source.name, source.help, view.Options) for source, view in views if view is not None]


def _check_names(
    source: str, spec: str, own: tuple[str, ...], fields: tuple[str, ...], options: Mapping[str, object]
) -> None:
    """Refuse options of another source, and misspelt ones."""
    owners = {name: group for group, _, kind in option_groups(fields) for name in names(kind)}
    for name in options:
        if name in own:
            continue
        if name in owners:
            raise UserError(f"{flag(name)} is an option of {owners[name]}, not of {source} ('{spec}')")
        raise UserError(f"'{spec}' has no option {flag(name)}{did_you_mean(flag(name), map(flag, own))}")
