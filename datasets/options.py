"""Options of data sets: frozen dataclasses whose fields carry their help, checked before anything is read."""

from __future__ import annotations

import dataclasses
import difflib
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any

from datasets.errors import UserError


def option(default: Any, help: str, choices: tuple[Any, ...] = ()) -> Any:
    """A field of an options dataclass: its default, one line of help and, where they are few, its values."""
    metadata = {"help": help, "choices": choices} if choices else {"help": help}
    return dataclasses.field(default=default, metadata=metadata)


def flag(name: str) -> str:
    """The command-line spelling of an option: `text_column` is `--text-column`."""
    return "--" + name.replace("_", "-")


def nearest(name: str, known: Iterable[str]) -> str:
    """` (did you mean 'x'?)` with the known name that is most like `name`, or an empty string."""
    by_lower_case = {one.lower(): one for one in known}
    found = difflib.get_close_matches(name.lower(), by_lower_case, n=1, cutoff=0.6)
    return f" (did you mean '{by_lower_case[found[0]]}'?)" if found else ""


def names(options_type: type) -> tuple[str, ...]:
    """The option names of an options dataclass, in order."""
    return tuple(field.name for field in dataclasses.fields(options_type))


def build(options_type: type, values: Mapping[str, object]) -> Any:
    """An instance of an options dataclass from plain values.

    Raises:
        UserError: a value of the wrong type, not a choice, or refused by the class's `__post_init__`.
    """
    hints = typing.get_type_hints(options_type)
    fields = {field.name: field for field in dataclasses.fields(options_type)}
    for name, value in values.items():
        if not _fits(value, hints[name]):
            raise UserError(f"{flag(name)} {value!r}: takes {_type_name(hints[name])}")
        choices = fields[name].metadata.get("choices", ())
        if choices and value not in choices:
            raise UserError(f"{flag(name)} {value!r}: choose from {', '.join(map(str, choices))}")
    return options_type(**values)


def require(condition: bool, name: str, value: object, mend: str) -> None:
    """Refuse an option's value: raises UserError unless `condition` holds."""
    if not condition:
        raise UserError(f"{flag(name)} {value}: {mend}")


def _alternatives(hint: Any) -> tuple[Any, ...]:
    """The types of `X | None`, or the one type."""
    united = typing.get_origin(hint) in (typing.Union, types.UnionType)
    return typing.get_args(hint) if united else (hint,)


def _fits(value: object, hint: Any) -> bool:
    return any(_is(value, one) for one in _alternatives(hint))


def _is(value: object, kind: Any) -> bool:
    if typing.get_origin(kind) is tuple:
        return isinstance(value, tuple) and all(isinstance(one, str) for one in value)
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kind)


def _type_name(hint: Any) -> str:
    known = {int: "a whole number", float: "a number", str: "a string", bool: "true or false"}
    kinds = [kind for kind in _alternatives(hint) if kind is not types.NoneType]
    return " or ".join(known.get(kind, "a tuple of strings") for kind in kinds)


def check_fractions(valid_fraction: float, test_fraction: float) -> None:
    """Refuse shares of a data set for dev and test that leave nothing of it, or no dev split; raises UserError."""
    require(0 < valid_fraction < 1, "valid_fraction", valid_fraction, "must be between 0 and 1")
    require(0 <= test_fraction < 1, "test_fraction", test_fraction, "must be from 0 to below 1")
    left = 1 - valid_fraction - test_fraction
    require(left > 0, "test_fraction", test_fraction, "with --valid-fraction leaves nothing to train on")
