"""The sources of the repository as syntax trees, and what they import and name: what tests of its structure read."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: The folders of the repository that hold code.
PACKAGES = ("datasets", "zoo", "experiments", "tests")

Sources = dict[str, ast.Module]
Rule = Callable[[Sources], Iterator[str]]


def repository() -> Sources:
    paths = [path for room in PACKAGES for path in sorted((ROOT / room).rglob("*.py"))]
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text("utf-8"), path.name) for path in paths
    }


def imported(nodes: Iterator[ast.AST], path: str) -> Iterator[str]:
    """Dotted names of what these statements import; for `from a import b` both `a` and `a.b`."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = path.split("/")[: -node.level] if node.level else []
            module = ".".join([*package, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def at_module_level(tree: ast.Module) -> Iterator[ast.AST]:
    """What runs when the module is imported: not the bodies of functions, nor what only type checkers read."""
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
            continue
        yield node
        waiting += ast.iter_child_nodes(node)


def top(module: str) -> str:
    return module.partition(".")[0]


def under(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(package + ".") for package in packages)


@functools.cache
def words(identifier: str) -> tuple[str, ...]:
    """`_run_KerasGRU2` as run, keras, gru."""
    return tuple(word.casefold() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", identifier))


def identifiers(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        for attribute in ("id", "attr", "name", "arg", "asname", "module"):
            text = getattr(node, attribute, None)
            if isinstance(text, str):
                yield line, text


def strings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """String constants apart from docstrings."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value


def imported_files(tree: ast.Module, path: str, sources: Sources) -> Iterator[str]:
    """The files of the repository that a file imports from, in functions and for types too."""
    modules = {module for module in imported(ast.walk(tree), path) if top(module) in PACKAGES}
    files = {module: file_of(module, sources) for module in modules}
    for module, file in files.items():
        inside = [other for name, other in files.items() if name.startswith(f"{module}.")]
        if (
            not inside or file in inside
        ):  # `from zoo.tasks import base` takes base, and nothing of the package's file
            yield file


def file_of(module: str, sources: Sources) -> str:
    """The file that is or holds what was imported; for one that there is not, where it would be."""
    parts = module.split(".")
    for n in range(len(parts), 0, -1):
        for file in ("/".join(parts[:n]) + ".py", "/".join([*parts[:n], "__init__.py"])):
            if file in sources:
                return file
    return "/".join(parts) + ".py"


def files_of(module: str, sources: Sources) -> set[str]:
    """The files that importing a module of the repository runs, those of the packages around it included."""
    parts = module.split(".")
    packages = ["/".join([*parts[:n], "__init__.py"]) for n in range(1, len(parts) + 1)]
    return {file for file in [*packages, "/".join(parts) + ".py"] if file in sources}
