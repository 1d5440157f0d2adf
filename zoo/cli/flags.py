"""Options as command-line flags, and commands that answer every fault in one line."""

from __future__ import annotations

import argparse
import dataclasses
import errno
import functools
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING
from typing import Any, NoReturn, ParamSpec, TypeVar, cast

from datasets.errors import UserError, did_you_mean, unknown
from datasets.options import NO_DEFAULTS, Field, Former, fields_of

T = TypeVar("T")
P = ParamSpec("P")


def add_options(
    parser: argparse.ArgumentParser, cls: type, title: str, defaults: Mapping[str, object] = NO_DEFAULTS
) -> None:
    """Give the parser a flag for each field of a dataclass: `dropout_rate: float` becomes `--dropout-rate`.

    A bool becomes `--flag` and `--no-flag`, a tuple takes one or more values, and `none` stands for None
    where the field allows it. A flag that was not given stays out of the namespace, so that `given` can
    tell. Flags of former names do the same and are not shown.
    Where an earlier dataclass has given the parser the same flag for a field of the same type, both share it.

    Args:
        title: heading of the group in `--help`.
        defaults: values that overrule the dataclass's defaults; give them to `collect` too.

    Raises:
        TypeError: if a field has a type that no flag can hold, or a flag is taken by another type.
    """
    group = parser.add_argument_group(title)
    shared = []
    for field in fields_of(cls, defaults):
        if not field.metadata.get("flag", True):
            continue
        if field.base not in Field.names_of_types:
            raise TypeError(f"{cls.__name__}.{field.name}: no flag can hold this type; mark it flag=False")
        earlier = parser._option_string_actions.get(field.flag)
        if earlier is None:
            _add(group, field)
        elif getattr(earlier, "kind", None) == field.kind:
            shared.append(field.flag)
        else:
            raise TypeError(f"{cls.__name__}.{field.name}: another option has the flag {field.flag}")
    if shared:
        group.description = f"Takes {', '.join(shared)} as well (see above)."


def add_own_options(parser: argparse.ArgumentParser, cls: type, title: str, owner: str) -> None:
    """As `add_options`, for a dataclass that may be the user's own.

    Raises:
        UserError: if a field has a type that no flag can hold, or a flag is taken by another type; names the owner.
    """
    try:
        add_options(parser, cls, title)
    except TypeError as problem:
        raise UserError(f"{owner}: {problem}") from None


def _add(group: argparse._ArgumentGroup, field: Field) -> None:
    action = _add_flag(group, field)
    action.kind = field.kind  # type: ignore[attr-defined]
    for former in field.former:
        if former.flag not in group._option_string_actions:
            _add_flag(group, field, former)


def _add_flag(group: argparse._ArgumentGroup, field: Field, former: Former | None = None) -> argparse.Action:
    """The flag of a field, or the hidden one of a former name."""
    flag = field.flag if former is None else former.flag
    common: dict[str, Any] = {
        "dest": field.name,
        "default": argparse.SUPPRESS,
        "required": former is None and field.default is MISSING,
        "help": field.help() if former is None else argparse.SUPPRESS,
    }
    if field.base is bool:
        return group.add_argument(flag, action=argparse.BooleanOptionalAction, **common)
    nargs = "+" if field.many else None
    return group.add_argument(
        flag, type=_reader(field, former), nargs=nargs, metavar=_metavar(field), **common
    )


def _reader(field: Field, former: Former | None = None) -> Callable[[str], object]:
    def read(text: str) -> object:
        try:
            return field.parse(text if former is None else str(former.current(text)))
        except UserError as problem:
            raise argparse.ArgumentTypeError(str(problem)) from None

    return read


def number(base: type[T]) -> Callable[[str], T]:
    """What plain `add_argument` takes as its `type` for an int or a float: what options of a dataclass take."""
    return cast("Callable[[str], T]", _reader(Field("number", base, False, False, None, MISSING, {})))


def _metavar(field: Field) -> str:
    metavar = field.metadata.get("metavar")
    if metavar is not None:
        return str(metavar)
    if field.choices is not None:
        return "{" + ",".join(map(str, field.choices)) + "}"
    return {int: "N", float: "X"}.get(field.base, "TEXT")


def given(namespace: argparse.Namespace, cls: type | None = None) -> set[str]:
    """Names of the fields whose flags stood on the command line.

    Args:
        cls: count the fields of this dataclass only. Without it every attribute of the namespace counts, also
            what plain `add_argument` put there.
    """
    names = set(vars(namespace))
    return names if cls is None else names & {field.name for field in dataclasses.fields(cls)}


def collect(namespace: argparse.Namespace, cls: type[T], defaults: Mapping[str, object] = NO_DEFAULTS) -> T:
    """The dataclass with the given flags' values, and `defaults` or its own defaults for the others."""
    values = {name: frozen(getattr(namespace, name)) for name in given(namespace, cls)}
    return cls(**{**defaults, **values})


def frozen(value: T) -> T | tuple[Any, ...]:
    """A list, as argparse collects many values, as the tuple that options hold."""
    return tuple(value) if isinstance(value, list) else value


class Parser(argparse.ArgumentParser):
    """A parser whose every error is a UserError of one line that names the nearest right option or choice."""

    def __init__(
        self,
        prog: str | None = None,
        usage: str | None = None,
        description: str | None = None,
        epilog: str | None = None,
        *,
        argument_default: str | None = None,
        add_help: bool = True,
    ) -> None:
        super().__init__(
            prog,
            usage,
            description,
            epilog,
            argument_default=argument_default,
            add_help=add_help,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,  # keeps the line breaks of examples
        )

    def error(self, message: str) -> NoReturn:
        """Raise the message as a UserError, without a dump of the usage."""
        raise UserError(message.removeprefix("argument "))

    def parse_args(  # type: ignore[override]
        self, args: Iterable[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> argparse.Namespace:
        """As in argparse, with the nearest right option in the error for an unknown one."""
        arguments, rest = self.parse_known_args(None if args is None else list(args), namespace)
        self._refuse_rest(rest, arguments)
        return arguments

    def parse_intermixed_args(  # type: ignore[override]
        self, args: Iterable[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> argparse.Namespace:
        """As in argparse: positional arguments may stand between options; errors as in `parse_args`."""
        arguments, rest = self.parse_known_intermixed_args(None if args is None else list(args), namespace)
        self._refuse_rest(rest, arguments)
        return arguments

    def _refuse_rest(self, rest: list[str], namespace: argparse.Namespace) -> None:
        if rest:
            wrong = next((text for text in rest if text.startswith("-")), rest[0])
            self._refuse(wrong.partition("=")[0], self._options(namespace))

    def _refuse(self, wrong: str, options: Iterable[str]) -> NoReturn:
        if not wrong.startswith("-"):
            self.error(f"unexpected argument {wrong!r} (see --help)")
        self.error(f"unknown option {wrong}{did_you_mean(wrong, options, 'see --help')}")

    def _options(self, namespace: argparse.Namespace) -> list[str]:
        """All option strings of this parser and of the sub-command that the namespace names."""
        options = [
            name for name, action in self._option_string_actions.items() if action.help != argparse.SUPPRESS
        ]
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                chosen = action.choices.get(getattr(namespace, action.dest, ""))
                options += chosen._options(namespace) if chosen else []
        return options

    def _check_value(self, action: argparse.Action, value: object) -> None:
        if action.choices is not None and value not in action.choices:
            kind = action.dest.replace("_", " ") if action.dest != argparse.SUPPRESS else "choice"
            raise unknown(kind, str(value), map(str, action.choices))


def disk_is_full(problem: BaseException) -> bool:
    """True for the errors by which Python, HDF5 and TensorFlow report a full disk or a used-up quota."""
    full = isinstance(problem, OSError) and problem.errno in (errno.ENOSPC, errno.EDQUOT)
    return full or "No space left on device" in str(problem)


def memory_is_full(problem: BaseException) -> bool:
    """True for the errors by which Python, NumPy and TensorFlow say that they get no more memory."""
    return isinstance(problem, MemoryError) or type(problem).__name__ == "ResourceExhaustedError"


def main_guard(main: Callable[P, int | None]) -> Callable[P, int]:
    """Make a command answer in one line on stderr what a person can fix, instead of a traceback.

    The command's function returns an exit code or None. The guarded one returns 0 when all went well, the
    UserError's own code, 130 after Ctrl-C, 141 (silently) when the reader of its output went away, 1 for a
    full disk or memory. Any other exception is a defect and goes through with its traceback.
    """

    @functools.wraps(main)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> int:
        try:
            try:
                return main(*args, **kwargs) or 0
            finally:
                sys.stdout.flush()
        except UserError as problem:
            return _complain(f"error: {problem}", problem.exit_code)
        except KeyboardInterrupt:
            return _complain("stopped by Ctrl-C", 130)
        except BrokenPipeError:
            # Python flushes stdout once more when it ends; that must not fail again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 141
        except Exception as problem:
            if disk_is_full(problem):
                return _complain("error: no space left on the disk; free some, or choose another folder", 1)
            if memory_is_full(problem):
                return _complain(
                    "error: out of memory; give smaller sizes (--batch-size, --units) or less data", 1
                )
            raise

    return guarded


def _complain(line: str, exit_code: int) -> int:
    print(line, file=sys.stderr)
    return exit_code
