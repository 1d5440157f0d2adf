"""Whether what was read from a run's `prepared.json` is what was written there."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from typing import Any

from zoo.tasks.base import Learned

#: What annotations are checked of; fields of other classes check themselves when they are made.
_KNOWN: dict[str, Any] = {"Mapping": Mapping}


def check(learned: Learned, stored: Mapping[str, Any]) -> None:
    """Compare the fields of an object with their annotations, and what it would write with what is stored.

    Keys that are not stored are those of a later version, and pass.

    Raises:
        ValueError: names the key or the field.
    """
    written = json.loads(json.dumps(learned.to_json()))
    for key, value in stored.items():
        if key in written and written[key] != value:
            raise ValueError(f"'{key}' holds what no run writes")
    if wrong := wrong_fields(learned):
        raise ValueError(f"'{wrong[0]}' has a value of a wrong type")


def wrong_fields(value: object) -> list[str]:
    """The fields of a dataclass, and of those in it, whose values are not of their annotated types."""
    wrong = []
    for field in dataclasses.fields(value) if dataclasses.is_dataclass(value) else ():
        content, kind = getattr(value, field.name), _evaluated(field.type)
        if kind is not None and not is_of(content, kind):
            wrong.append(field.name)
        wrong += wrong_fields(content)
    return wrong


def _evaluated(annotation: object) -> object:
    """The type that an annotation writes; None where it names other classes than Python's own."""
    try:
        return eval(annotation, dict(_KNOWN)) if isinstance(annotation, str) else annotation
    except (NameError, AttributeError):
        return None


def is_of(value: object, kind: object) -> bool:
    """Whether a value is of a type, in all its parts; what is not known of a type passes."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return any(is_of(value, one) for one in arguments)
    if origin is tuple:
        return isinstance(value, tuple) and _are_of(value, arguments)
    if origin is Mapping:
        pairs = value.items() if isinstance(value, Mapping) else ()
        return isinstance(value, Mapping) and all(_are_of(pair, arguments) for pair in pairs)
    if kind in (int, float, bool):
        numbers = (int, float) if kind is float else kind
        return isinstance(value, numbers) and (kind is bool or not isinstance(value, bool))
    return isinstance(value, kind) if isinstance(kind, type) and origin is None else True


def _are_of(values: tuple[object, ...], kinds: tuple[object, ...]) -> bool:
    if kinds[-1:] == (...,):
        kinds = kinds[:1] * len(values)
    return len(values) == len(kinds) and all(map(is_of, values, kinds))
