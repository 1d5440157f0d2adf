"""Plug-ins: modules of a package that export one agreed name (`CELL`, `TASK`, `DATASET`), found without importing them.

Adding one is adding its file; the file's name is the plug-in's name. One of a user's own lies anywhere that Python can
import from, the current directory included, and is called `package.module:NAME`.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import pkgutil
import sys
import traceback
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import TypeVar, overload

from datasets.errors import UserError, did_you_mean, unknown

T = TypeVar("T")
BROKEN = "(not Python)"  # stands for every name of a file that cannot be parsed


def names(package: str, export: str) -> list[str]:
    """The plug-ins of a package, sorted by name.

    Args:
        package: dotted name, e.g. `zoo.cells`.
        export: the name that a plug-in exports, e.g. `CELL`.
    """
    return sorted(exported(package, export))


def exported(package: str, export: str) -> dict[str, object]:
    """What each plug-in of a package exports, by the plug-in's name, as far as it can be read in the source.

    Returns:
        The value where it is a literal (`FIELDS = ("text", "label")`), None where it is not. A file that is not
        Python is among them, with None: importing it shows what is wrong.
    """
    spec = importlib.util.find_spec(package)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    values: dict[str, object] = {}
    for module in pkgutil.iter_modules(folders):
        source = _source(module)
        for name, value in _assigned(source) if export in source else ():
            if name in (export, BROKEN):
                values[module.name] = value
    return values


def present_name(package: str, name: str) -> str:
    """The name of a plug-in today.

    A plug-in that was renamed leaves a module of its former name, with `FORMER_NAME_OF = "present name"`.
    """
    present = exported(package, "FORMER_NAME_OF").get(name)
    return present if isinstance(present, str) else name


def check(package: str, name: str, export: str) -> None:
    """Refuse a name that `load` would not find, without importing anything.

    Raises:
        UserError: if there is no such plug-in (the nearest right one is named). Of a `package.module:NAME`
            only the form is looked at, and whether the outermost package is there.
    """
    if ":" in name:
        _refuse_missing(_halves(name, export)[0].partition(".")[0], name)
        return
    known = names(package, export)
    if present_name(package, name) not in known:
        if "." in name:
            raise UserError(
                f"unknown {export.lower()} {name!r}; for one of your own write package.module:Class"
            )
        raise unknown(export.lower(), name, known)


@overload
def load(package: str, name: str, export: str) -> object: ...
@overload
def load(package: str, name: str, export: str, kind: type[T]) -> T: ...
def load(package: str, name: str, export: str, kind: type = object) -> object:
    """Import one plug-in and give what it exports.

    Args:
        name: one of `names(package, export)`, a former name of one, or `package.module:NAME` for anything
            importable, the current directory included.
        kind: what it has to be an instance of; `type` for a class.

    Raises:
        UserError: if there is no such plug-in, module or name in it, the module cannot be imported, or what it
            exports is of another kind.
    """
    check(package, name, export)
    if ":" in name:
        plugin = load_own(name, export)
    else:
        plugin = getattr(import_module(f"{package}.{present_name(package, name)}", name), export)
    if not isinstance(plugin, kind):
        raise UserError(f"{name} is no {'class' if kind is type else kind.__name__}")
    return plugin


def is_own(name: str) -> bool:
    """Whether a name is meant as `package.module:NAME`; the module may be spelt as its file, which `check` refuses."""
    module, colon, attribute = name.rpartition(":")
    spelt = module.endswith(".py") or all(part.isidentifier() for part in module.split("."))
    return bool(colon) and attribute.isidentifier() and spelt


def load_own(name: str, export: str) -> object:
    """What a `package.module:NAME` stands for.

    Args:
        export: what it is to be, for messages: `CELL`, `TASK`.

    Raises:
        UserError: if there is no such module or name in it, or the module cannot be imported.
    """
    module_name, attribute = _halves(name, export)
    module = import_module(module_name, name)
    if not hasattr(module, attribute):
        public = [known for known in vars(module) if not known.startswith("_")]
        hint = did_you_mean(attribute, public, "is it spelt right?")
        raise UserError(f"{name}: the module {module_name} has no {attribute!r}{hint}")
    plugin: object = getattr(module, attribute)
    return plugin


def import_module(module: str, wanted: str) -> ModuleType:
    """Import a module of the repository, of an installed package or of the current directory.

    Args:
        module: dotted name.
        wanted: what the user called it, for messages.

    Raises:
        UserError: whatever goes wrong in it, in one line with the place where it did.
    """
    _search_here()
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as problem:
        if problem.name is not None and f"{module}.".startswith(f"{problem.name}."):
            raise _missing(problem.name, wanted) from None
        raise _broken(wanted, problem) from problem
    except Exception as problem:
        raise _broken(wanted, problem) from problem


def _refuse_missing(package: str, wanted: str) -> None:
    """Look for a package without importing it."""
    _search_here()
    try:
        there = package in sys.modules or importlib.util.find_spec(package) is not None
    except (ImportError, ValueError):
        return  # importing it will tell
    if not there:
        raise _missing(package, wanted)


def _missing(module: str, wanted: str) -> UserError:
    return UserError(f"{wanted}: there is no module {module!r}, neither installed nor in {Path.cwd()}")


def _search_here() -> None:
    here = str(Path.cwd())
    if here not in sys.path and "" not in sys.path:
        sys.path.append(here)  # last, so that no file there hides an installed package
    importlib.invalidate_caches()


def _source(module: pkgutil.ModuleInfo) -> str:
    folder = Path(module.module_finder.path)  # type: ignore[union-attr]
    path = folder / module.name / "__init__.py" if module.ispkg else folder / f"{module.name}.py"
    return path.read_text(encoding="utf-8") if path.is_file() else ""


@lru_cache
def _assigned(source: str) -> tuple[tuple[str, object], ...]:
    """The names that the top of a module binds, in order, each with its value if that is a literal, else None."""
    try:
        statements = ast.parse(source).body
    except SyntaxError:
        return ((BROKEN, None),)
    return tuple((name, _literal(statement)) for statement in statements for name in _bound(statement))


def _bound(statement: ast.stmt) -> list[str]:
    """The names that a statement at the top of a module gives a value."""
    if isinstance(statement, ast.Assign):
        return [target.id for target in statement.targets if isinstance(target, ast.Name)]
    if isinstance(statement, ast.AnnAssign) and statement.value and isinstance(statement.target, ast.Name):
        return [statement.target.id]
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return [statement.name]
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return [alias.asname or alias.name for alias in statement.names]
    return []


def _literal(statement: ast.stmt) -> object:
    """The value of an assignment that is a literal, else None."""
    if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
        return None
    try:
        return ast.literal_eval(statement.value)
    except ValueError:
        return None


def _halves(name: str, export: str) -> tuple[str, str]:
    """`package.module:NAME` as its two parts."""
    module, _, attribute = name.partition(":")
    if module.endswith(".py") or "/" in module:
        dotted = module.removesuffix(".py").strip("./").replace("/", ".")
        raise UserError(
            f"unknown {export.lower()} {name!r}; write the module, not its file: {dotted}:{attribute}"
        )
    if not (attribute.isidentifier() and all(part.isidentifier() for part in module.split("."))):
        raise UserError(f"unknown {export.lower()} {name!r}; write package.module:Class")
    return module, attribute


def _broken(wanted: str, problem: Exception) -> UserError:
    """The error for a module that fails, with the place: the last call in a file of the current folder, if any."""
    if isinstance(problem, SyntaxError):
        file, line, text = problem.filename, problem.lineno, problem.msg
    else:
        calls = traceback.extract_tb(problem.__traceback__)
        own = [call for call in calls if Path(call.filename).is_relative_to(Path.cwd())]
        last = (own or calls)[-1]
        file, line, text = last.filename, last.lineno, str(problem)
    return UserError(f"{wanted} cannot be imported: {type(problem).__name__}: {text} ({file}, line {line})")
