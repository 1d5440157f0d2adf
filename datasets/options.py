"""What an option is: a field of a frozen dataclass, with its type, default, limits and help stated once.

    @dataclass(frozen=True)
    class Options:
        units: int = option(64, "size of the recurrent state", minimum=1)
        merge: Literal["concat", "sum"] = option("concat", "how the two directions are joined")

From that come the flags of a command (`zoo.cli.flags`), the file that records them (`to_dict`, `from_dict`), the
arguments of a Python call (`build`), and the error messages about all three.
"""

from __future__ import annotations

import dataclasses
import inspect
import math
import sys
import types
import typing
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, TypeVar, Union

from datasets.errors import UserError, unknown

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")
NO_DEFAULTS: Mapping[str, object] = {}
#: The greatest value of a number that states none: what fits into the 32 bits of array libraries, or has a use.
CEILINGS: Mapping[type, float] = {int: 2**31 - 1, float: 1e12}
LARGEST_FLOAT = int(sys.float_info.max)
MOST_SHOWN = 40  # characters of a value in a message


@dataclass(frozen=True)
class Former:
    """A name that an option had in an earlier version: its flag and its key are still read, and shown nowhere.

    Attributes:
        name: the former name.
        values: former values, and what they are now; any other value means what it meant.
    """

    name: str
    values: Mapping[object, object] = dataclasses.field(default_factory=dict)

    @property
    def flag(self) -> str:
        """The command-line spelling of the former name."""
        return flag(self.name)

    def current(self, value: object) -> object:
        """What a value under the former name is now."""
        return self.values.get(value, value) if isinstance(value, Hashable) else value


def option(
    default: T,
    help: str,
    choices: Sequence[object] | None = None,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    metavar: str | None = None,
    flag: bool = True,
    former: Sequence[Former] = (),
    before: T | None = None,
) -> T:
    """A field of an options dataclass.

    Args:
        default: value where the option is not given.
        help: what it does, in one line; the default and the limits are added to it.
        choices: its values, where they are few.
        minimum, maximum: the least and the greatest value that is allowed; no number is above its `CEILINGS`.
        metavar: what stands for the value in `--help`.
        flag: False for a field that is recorded and cannot be set on the command line.
        former: names that the option had in earlier versions.
        before: what earlier versions did, which had no such option: its value in a file that they wrote; None where
            that is the default.
    """
    facts = {
        "choices": choices,
        "minimum": minimum,
        "maximum": maximum,
        "metavar": metavar,
        "before": before,
    }
    stated = {name: fact for name, fact in facts.items() if fact is not None}
    return dataclasses.field(
        default=default, metadata={"help": help, "flag": flag, "former": tuple(former), **stated}
    )


def flag(name: str) -> str:
    """The command-line spelling of an option: `text_column` is `--text-column`."""
    return "--" + name.replace("_", "-")


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
    choices: tuple[object, ...] | None
    default: object
    metadata: Mapping[str, object]

    names_of_types: ClassVar[Mapping[type, str]] = {
        int: "a whole number",
        float: "a number",
        bool: "true or false",
        str: "a text",
    }

    @property
    def flag(self) -> str:
        """The command-line spelling: `--text-column`."""
        return flag(self.name)

    @property
    def former(self) -> tuple[Former, ...]:
        """Names of earlier versions."""
        former = self.metadata.get("former")
        return former if isinstance(former, tuple) else ()

    @property
    def limits(self) -> tuple[float | None, float | None]:
        """The least and the greatest value, None where there is no limit."""
        return self._limit("minimum"), self._limit("maximum")

    def _limit(self, name: str) -> float | None:
        value = self.metadata.get(name)
        return value if isinstance(value, int | float) else None

    @property
    def kind(self) -> tuple[object, ...]:
        """Fields of the same kind can share a flag."""
        return self.base, self.optional, self.many, self.choices, self.limits

    def parse(self, text: str) -> object:
        """The value that a text from the command line stands for; None for `none` where None is allowed.

        A text option whose default is None takes `none` as it stands: it may be the name of a column.
        """
        if self.optional and text.lower() == "none" and not (self.base is str and self.default is None):
            return None
        if self.base is str:
            return self.checked(text)
        try:
            if not text.isascii() or "_" in text:  # Python takes digits of any script, and 1_000
                raise ValueError(text)
            value = self.base(text)
        except ValueError:
            raise UserError(f"{_shown(text)} is not {self.names_of_types[self.base]}") from None
        return self.checked(value)

    def checked(self, value: object) -> object:
        """The value if its type, limits and choices are right.

        Raises:
            UserError: if they are not; the message does not name the option.
        """
        if self.base is float and type(value) is int:
            value = float(value) if abs(value) < LARGEST_FLOAT else math.inf if value > 0 else -math.inf
        if self.base in self.names_of_types and type(value) is not self.base:
            raise UserError(f"{_shown(value)} is not {self.names_of_types[self.base]}")
        if self.choices is not None and value not in self.choices:
            raise unknown(self.name.replace("_", " "), str(value), map(str, self.choices))
        if isinstance(value, int | float) and not isinstance(value, bool):
            self._check_limits(value)
        return value

    def _check_limits(self, value: float) -> None:
        if isinstance(value, float) and not math.isfinite(value):
            raise UserError(f"{value} is not a finite number")
        minimum, maximum = self.limits
        ceiling = CEILINGS.get(self.base)
        if maximum is None:
            maximum = ceiling
        if minimum is None and ceiling is not None:
            minimum = -ceiling
        if minimum is not None and value < minimum:
            raise UserError(f"{_shown(value)} is too small, the least is {minimum}")
        if maximum is not None and value > maximum:
            raise UserError(f"{_shown(value)} is too large, the most is {maximum}")

    def from_value(self, value: object, place: str) -> object:
        """The field's value from a plain one, as JSON or a Python call gives it; errors begin with `place`."""
        if value is None and self.optional:
            return None
        if dataclasses.is_dataclass(self.base):
            return from_dict(self.base, value, place)
        try:
            if not self.many:
                return self.checked(value)
            if not isinstance(value, list | tuple):
                raise UserError(f"{value!r} is not a list")
            return tuple(self.checked(item) for item in value)
        except UserError as problem:
            raise UserError(f"{place}: {problem}") from None

    def help(self) -> str:
        """Help text of the flag with its default and limits."""
        facts = []
        if self.default is not MISSING and self.default is not None:
            facts.append(f"default: {self._shown_default()}")
        minimum, maximum = self.limits
        if minimum is not None and maximum is not None:
            facts.append(f"{minimum} to {maximum}")
        elif minimum is not None:
            facts.append(f"at least {minimum}")
        elif maximum is not None:
            facts.append(f"at most {maximum}")
        text = f"{self.metadata.get('help', '')}" + (f" ({'; '.join(facts)})" if facts else "")
        return text.strip().replace("%", "%%")

    def _shown_default(self) -> str:
        if self.base is bool:
            return "on" if self.default else "off"
        if isinstance(self.default, tuple):
            return " ".join(map(str, self.default)) or "none"
        return str(self.default)


def _shown(value: object) -> str:
    """A value as messages show it: not the whole of it where it is long."""
    try:
        text = repr(value)
    except ValueError:  # Python writes no number of more than 4300 digits
        return "the number"
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"


def fields_of(cls: type, defaults: Mapping[str, object] = NO_DEFAULTS) -> list[Field]:
    """The fields of an options dataclass, its own before those of its bases; `defaults` overrules its defaults.

    Raises:
        TypeError: if `defaults` names a field that the dataclass does not have.
    """
    hints = typing.get_type_hints(cls)
    known = {field.name: field for field in dataclasses.fields(cls) if field.init}
    ordered = dict.fromkeys(name for base in cls.__mro__ for name in inspect.get_annotations(base))
    fields = [_field(known[name], hints[name]) for name in ordered if name in known]
    wrong = set(defaults) - {field.name for field in fields}
    if wrong:
        raise TypeError(f"{cls.__name__} has no field {', '.join(sorted(wrong))}")
    return [dataclasses.replace(field, default=defaults.get(field.name, field.default)) for field in fields]


def _field(field: dataclasses.Field[object], annotation: object) -> Field:
    annotation, optional = _without_none(annotation)
    many = typing.get_origin(annotation) is tuple
    if many:
        annotation = typing.get_args(annotation)[0]
    choices = field.metadata.get("choices")
    if typing.get_origin(annotation) is Literal:
        choices = typing.get_args(annotation)
        annotation = type(choices[0])
    known = annotation in Field.names_of_types or dataclasses.is_dataclass(annotation)
    base = annotation if known and isinstance(annotation, type) else object
    default = field.default
    if default is MISSING and field.default_factory is not MISSING:
        default = field.default_factory()
    choices = None if choices is None else tuple(choices)
    return Field(field.name, base, optional, many, choices, default, field.metadata)


def _without_none(annotation: object) -> tuple[object, bool]:
    """`X | None` as (X, True), anything else as (itself, False)."""
    if typing.get_origin(annotation) not in (Union, types.UnionType):
        return annotation, False
    members = [member for member in typing.get_args(annotation) if member is not type(None)]
    optional = len(members) < len(typing.get_args(annotation))
    return (members[0] if len(members) == 1 else object), optional


def names(options_type: type) -> tuple[str, ...]:
    """The option names of an options dataclass, in order."""
    return tuple(field.name for field in dataclasses.fields(options_type))


def to_dict(options: DataclassInstance) -> dict[str, object]:
    """A dataclass, nested ones included, as a dictionary that JSON can hold; `from_dict` turns it back."""
    return dataclasses.asdict(options)


def from_dict(
    cls: type[T], values: object, where: str = "configuration", before: Mapping[str, object] | None = None
) -> T:
    """The dataclass that `to_dict` was given, also after a way through JSON.

    Args:
        values: mapping of field names to values; fields that are left out take what earlier versions did, where that
            is known (`before`), or their defaults.
        where: what the values come from, e.g. the name of a file; error messages begin with it.
        before: what earlier versions did, by field name, where it is not what the fields say.

    Raises:
        UserError: for an unknown key (naming the nearest right one), a missing one, a value of a wrong type
            or outside of its limits.
    """
    if not isinstance(values, Mapping):
        raise UserError(f"{where}: {values!r} is not a table of options")
    fields = {field.name: field for field in fields_of(cls)}
    earlier = {name: field.metadata["before"] for name, field in fields.items() if "before" in field.metadata}
    earlier |= {name: value for name, value in (before or {}).items() if name in fields}
    values = earlier | current_names(cls, values, where)
    for key in values:
        if key not in fields:
            raise UserError(f"{where}: {unknown('key', str(key), fields)}")
    for name, field in fields.items():
        if field.default is MISSING and name not in values:
            raise UserError(f"{where}: the key {name!r} is missing")
    return _made(cls, values, lambda name: f"{where}: {name}")


def current_names(cls: type, values: Mapping[str, object], where: str = "configuration") -> dict[str, object]:
    """The values of an options dataclass by the fields' present names, former names and values replaced.

    Raises:
        UserError: a value is given by both its present and a former name.
    """
    former = {former.name: (field.name, former) for field in fields_of(cls) for former in field.former}
    current = {name: value for name, value in values.items() if name not in former}
    for name in values:
        if name in former:
            present, record = former[name]
            if present in current:
                raise UserError(f"{where}: the key {name!r} is a former name of {present!r}; leave one out")
            current[present] = record.current(values[name])
    return current


def build(cls: type[T], values: Mapping[str, object]) -> T:
    """The dataclass with these values, as a Python call gives them; messages name its flags.

    Raises:
        UserError: a value of the wrong type, outside of its limits, not a choice, or refused by the class's
            `__post_init__`.
    """
    return _made(cls, current_names(cls, values), flag)


def _made(cls: type[T], values: Mapping[str, object], place: Callable[[str], str]) -> T:
    fields = {field.name: field for field in fields_of(cls)}
    return cls(**{name: fields[name].from_value(value, place(name)) for name, value in values.items()})


# ------------------------------------------------------------------------------------------ checks of values


def require(condition: bool, name: str, value: object, fix: str) -> None:
    """Refuse an option's value: raises UserError unless `condition` holds."""
    if not condition:
        raise UserError(f"{flag(name)} {value}: {fix}")


def check_fractions(valid: float, test: float, prefix: str = "") -> None:
    """Refuse shares of a data set for dev and test that leave nothing of it, or no dev split.

    Args:
        valid, test: values of the options `valid_fraction` and `test_fraction`.
        prefix: what stands before these names, such as `hub_`.

    Raises:
        UserError: names the option.
    """
    valid_name, test_name = f"{prefix}valid_fraction", f"{prefix}test_fraction"
    require(0 < valid < 1, valid_name, valid, "must be between 0 and 1")
    require(0 <= test < 1, test_name, test, "must be from 0 to below 1")
    left = 1 - valid - test
    require(left > 0, test_name, test, f"with {flag(valid_name)} leaves nothing to train on")


def check_range(options: object, numbers: Iterable[str], least: float, most: float) -> None:
    """Refuse options, given by name, that are outside of a range; None passes. Raises UserError."""
    for name in numbers:
        value = getattr(options, name)
        require(value is None or least <= value <= most, name, value, f"must be from {least} to {most}")


def check_sizes(options: object, sizes: Iterable[str], least: int) -> None:
    """Refuse options, given by name, that are below `least`; raises UserError."""
    for name in sizes:
        value = getattr(options, name)
        require(value >= least, name, value, f"at least {least} {'is' if least == 1 else 'are'} needed")
