"""The contract of a task is held by the type checker: whatever part of a task is missing or differs, mypy tells."""

from __future__ import annotations

import ast
import inspect
import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from zoo.tasks.base import Task, load_task, task_names

pytestmark = pytest.mark.slow  # mypy reads every task some twenty times
ABSTRACT = Task.__abstractmethods__
METHODS = {name for name, value in vars(Task).items() if inspect.isfunction(value)}


def source_of(task: str) -> ast.Module:
    path = inspect.getsourcefile(type(load_task(task)))
    assert path is not None
    return ast.parse(Path(path).read_text(encoding="utf-8"))


def class_of(module: ast.Module) -> ast.ClassDef:
    """The class of the task: the one with the attribute `summary`."""
    classes = [node for node in module.body if isinstance(node, ast.ClassDef)]
    return next(node for node in classes if "summary" in map(name_of, node.body))


def name_of(statement: ast.stmt) -> str:
    """What a statement of a class body defines."""
    if isinstance(statement, ast.FunctionDef):
        return statement.name
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
        return statement.targets[0].id
    return ""


def inherited(task: str) -> set[str]:
    """What classes between the task's own and `Task` define: without a part of these it would have theirs."""
    between = [
        base for base in type(load_task(task)).__mro__[1:] if base is not Task and issubclass(base, Task)
    ]
    return {name for base in between for name in vars(base)}


def without_a_part(task: str) -> Iterator[tuple[str, ast.Module]]:
    """The task without each part that the contract demands of it and that it alone defines."""
    for name in sorted((ABSTRACT & set(map(name_of, class_of(source_of(task)).body))) - inherited(task)):
        module = source_of(task)
        body = class_of(module).body
        body[:] = [statement for statement in body if name_of(statement) != name]
        yield name, module


def with_other_signatures(task: str) -> tuple[ast.Module, set[str]]:
    """The task with one parameter more in each method of the contract that it defines, and these methods."""
    module, changed = source_of(task), set()
    for statement in class_of(module).body:
        if isinstance(statement, ast.FunctionDef) and statement.name in METHODS:
            statement.args.args.append(ast.arg("more", ast.Name("int")))
            changed.add(statement.name)
    return module, changed


def write(folder: Path, name: str, module: ast.Module) -> str:
    (folder / f"{name}.py").write_text(ast.unparse(module) + "\n", encoding="utf-8")
    return name


def line_numbers(path: Path) -> dict[int, str]:
    """The name of the method of the task that begins at a line."""
    methods = class_of(ast.parse(path.read_text(encoding="utf-8"))).body
    return {method.lineno: method.name for method in methods if isinstance(method, ast.FunctionDef)}


Errors = dict[str, list[tuple[int, str]]]


def mypy(folder: Path, repository: Path) -> Errors:
    """The errors in each module of a folder: line and message."""
    done = subprocess.run(
        [sys.executable, "-m", "mypy", f"--config-file={repository / 'pyproject.toml'}", "--hide-error-context",
         f"--cache-dir={folder / 'cache'}", *sorted(path.name for path in folder.glob("*.py"))],
        cwd=folder, env={**os.environ, "MYPYPATH": str(repository)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stdout + done.stderr
    errors: Errors = defaultdict(list)
    for name, line, message in re.findall(r"^(\w+)\.py:(\d+): error: (.*)$", done.stdout, re.MULTILINE):
        errors[name].append((int(line), message))
    return errors


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each task as it is, without each of its parts, and with other signatures."""
    folder = tmp_path_factory.mktemp("tasks")
    for task in task_names():
        write(folder, f"{task}_as_it_is", source_of(task))
        write(folder, f"{task}_with_other_signatures", with_other_signatures(task)[0])
        for part, module in without_a_part(task):
            write(folder, f"{task}_without_{part}", module)
    return folder


@pytest.fixture(scope="module")
def errors(folder: Path, repository: Path) -> Errors:
    """One run of mypy over all of them."""
    return mypy(folder, repository)


@pytest.mark.parametrize("task", task_names())
def test_a_task_keeps_the_contract(task: str, errors: Errors) -> None:
    assert errors[f"{task}_as_it_is"] == []


@pytest.mark.parametrize("task", task_names())
def test_a_part_that_is_missing_is_told(task: str, errors: Errors) -> None:
    for part, _ in without_a_part(task):
        told = " ".join(message for _, message in errors[f"{task}_without_{part}"])
        assert f'Cannot instantiate abstract class "{type(load_task(task)).__name__}"' in told, part
        assert f'"{part}"' in told


@pytest.mark.parametrize("task", task_names())
def test_another_signature_is_told(task: str, errors: Errors, folder: Path) -> None:
    name = f"{task}_with_other_signatures"
    methods = line_numbers(folder / f"{name}.py")
    told = {methods.get(line) for line, message in errors[name] if message.endswith("[override]")}
    assert told == with_other_signatures(task)[1]


def test_the_tasks_define_what_the_contract_demands() -> None:
    """So that no part is left out above."""
    own = {part for task in task_names() for part, _ in without_a_part(task)}
    assert own == ABSTRACT
