"""What an option is: a field of a frozen dataclass, with its type, default, limits and help stated once.

    @dataclass(frozen=True)
    class Options:
        units: int = option(64, "size of the recurrent state", minimum=1)
        merge: Literal["concat", "sum"] = option("concat", "how the two directions are joined")

From that come the flags of a command (`zoo.cli.flags`), the file that records them (`to_dict`, `from_dict`), and
the error messages about both.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass
from typing import Any, ClassVar, Literal, TypeVar, Union

from datasets.errors import UserError

T = TypeVar("T")
NO_DEFAULTS: Mapping[str, Any] = {}


def option(default: Any, help: str, **metadata: Any) -> Any:
    """A dataclass field that becomes a flag.

    Args:
        default: value where the flag is not given; `dataclasses.MISSING` where it must be given.
        help: what the flag does; the default and the limits are added to it.
        metadata: `minimum`, `maximum` (both allowed values), `choices` (a sequence), `metavar`,
            and `flag=False` for a field that is recorded but cannot be set on the command line.
    """
    return dataclasses.field(default=default, metadata={"help": help, **metadata})


def unknown(kind: str, name: str, known: Iterable[str]) -> UserError:
    """The error for a name that does not exist: it tells the nearest right one, or all where none is near."""
    known = sorted(known)
    hint = did_you_mean(name, known) or f"choose one of: {', '.join(known) or '(there is none)'}"
    return UserError(f"unknown {kind} {name!r}; {hint}")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`did you mean X?` with the name that is nearest, whatever its case; empty where none is near."""
    by_folded = {one.casefold(): one for one in known}
    near = difflib.get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6)
    return f"did you mean {by_folded[near[0]]}?" if near else ""


@dataclass(frozen=True)
class Field:
    """One field of an options dataclass, its annotation resolved.

    Attributes:
        base: int, float, str or bool; a dataclass for a nested record; object where any JSON value goes.
        optional: None is allowed too.
        many: the value is a tuple of `base`.
    """

    name: str
    base: type
    optional: bool
    many: bool
    choices: tuple[Any, ...] | None
    default: Any
    metadata: Mapping[str, Any]

    names_of_types: ClassVar = {
        int: "a whole number",
        float: "a number",
        bool: "true or false",
        str: "a text",
    }

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def kind(self) -> tuple[Any, ...]:
        """Fields of the same kind can share a flag."""
        limits = self.metadata.get("minimum"), self.metadata.get("maximum")
        return self.base, self.optional, self.many, self.choices, limits

    def parse(self, text: str) -> Any:
        """The value that a text from the command line stands for; None for `none` where None is allowed.

        A text option whose default is None takes `none` as it stands: it may be the name of a column.
        """
        if self.optional and text.lower() == "none" and not (self.base is str and self.default is None):
            return None
        if self.base is str:
            return self.checked(text)
        try:
            value = self.base(text)
        except ValueError:
            raise UserError(f"{text!r} is not {self.names_of_types[self.base]}") from None
        return self.checked(value)

    def checked(self, value: Any) -> Any:
        """The value if its type, limits and choices are right.

        Raises:
            UserError: if they are not; the message does not name the option.
        """
        if self.base is float and type(value) is int:
            value = float(value)
        if self.base in self.names_of_types and type(value) is not self.base:
            raise UserError(f"{value!r} is not {self.names_of_types[self.base]}")
        if self.choices is not None and value not in self.choices:
            raise unknown(self.name.replace("_", " "), str(value), map(str, self.choices))
        if isinstance(value, float) and not math.isfinite(value):
            raise UserError(f"{value} is not a finite number")
        minimum, maximum = self.metadata.get("minimum"), self.metadata.get("maximum")
        if minimum is not None and value < minimum:
            raise UserError(f"{value} is too small, the least is {minimum}")
        if maximum is not None and value > maximum:
            raise UserError(f"{value} is too large, the most is {maximum}")
        return value

    def from_json(self, value: Any, where: str) -> Any:
        """The value that a JSON value stands for; errors begin with `where` and the field's name."""
        place = f"{where}: {self.name}"
        if value is None and self.optional:
            return None
        if dataclasses.is_dataclass(self.base):
            return from_dict(self.base, value, place)
        try:
            if not self.many:
                return self.checked(value)
            if not isinstance(value, (list, tuple)):
                raise UserError(f"{value!r} is not a list")
            return tuple(self.checked(item) for item in value)
        except UserError as problem:
            raise UserError(f"{place}: {problem}") from None

    def help(self) -> str:
        """Help text of the flag with its default and limits."""
        facts = []
        if self.default is not MISSING and self.default is not None:
            facts.append(f"default: {self._shown_default()}")
        minimum, maximum = self.metadata.get("minimum"), self.metadata.get("maximum")
        if minimum is not None and maximum is not None:
            facts.append(f"{minimum} to {maximum}")
        elif minimum is not None:
            facts.append(f"at least {minimum}")
        elif maximum is not None:
            facts.append(f"at most {maximum}")
        text = self.metadata.get("help", "") + (f" ({'; '.join(facts)})" if facts else "")
        return text.strip().replace("%", "%%")

    def _shown_default(self) -> str:
        if self.base is bool:
            return "on" if self.default else "off"
        if self.many:
            return " ".join(map(str, self.default)) or "none"
        return str(self.default)


def fields_of(cls: type, defaults: Mapping[str, Any] = NO_DEFAULTS) -> list[Field]:
    """The fields of an options dataclass in order; `defaults` overrules its defaults.

    Raises:
        TypeError: if `defaults` names a field that the dataclass does not have.
    """
    hints = typing.get_type_hints(cls)
    found = [_field(field, hints[field.name]) for field in dataclasses.fields(cls) if field.init]
    wrong = set(defaults) - {field.name for field in found}
    if wrong:
        raise TypeError(f"{cls.__name__} has no field {', '.join(sorted(wrong))}")
    return [dataclasses.replace(field, default=defaults.get(field.name, field.default)) for field in found]


def _field(field: dataclasses.Field, annotation: Any) -> Field:
    annotation, optional = _without_none(annotation)
    many = typing.get_origin(annotation) is tuple
    if many:
        annotation = typing.get_args(annotation)[0]
    choices = field.metadata.get("choices")
    if typing.get_origin(annotation) is Literal:
        choices = typing.get_args(annotation)
        annotation = type(choices[0])
    if not (annotation in Field.names_of_types or dataclasses.is_dataclass(annotation)):
        annotation = object
    default = field.default
    if default is MISSING and field.default_factory is not MISSING:
        default = field.default_factory()
    choices = None if choices is None else tuple(choices)
    return Field(field.name, annotation, optional, many, choices, default, field.metadata)


def _without_none(annotation: Any) -> tuple[Any, bool]:
    """`X | None` as (X, True), anything else as (itself, False)."""
    if typing.get_origin(annotation) not in (Union, types.UnionType):
        return annotation, False
    members = [member for member in typing.get_args(annotation) if member is not type(None)]
    optional = len(members) < len(typing.get_args(annotation))
    return (members[0] if len(members) == 1 else object), optional


def to_dict(options: Any) -> dict[str, Any]:
    """A dataclass, nested ones included, as a dictionary that JSON can hold; `from_dict` turns it back."""
    return dataclasses.asdict(options)


def from_dict(cls: type[T], values: Any, where: str = "configuration") -> T:
    """The dataclass that `to_dict` was given, also after a way through JSON.

    Args:
        values: mapping of field names to values; fields that are left out take their defaults.
        where: what the values come from, e.g. the name of a file; error messages begin with it.

    Raises:
        UserError: for an unknown key (naming the nearest right one), a missing one, a value of a wrong type
            or outside of its limits.
    """
    if not isinstance(values, Mapping):
        raise UserError(f"{where}: {values!r} is not a table of options")
    fields = {field.name: field for field in fields_of(cls)}
    for key in values:
        if key not in fields:
            raise UserError(f"{where}: {unknown('key', str(key), fields)}")
    for name, field in fields.items():
        if field.default is MISSING and name not in values:
            raise UserError(f"{where}: the key {name!r} is missing")
    return cls(**{name: fields[name].from_json(value, where) for name, value in values.items()})
