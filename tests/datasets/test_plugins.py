from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FunctionType

import pytest

from datasets.errors import UserError
from datasets.plugins import check, exported, load, names, present_name
from tests.conftest import RunPython

FILES = {
    "__init__.py": "",
    "gru.py": "class GRU: pass\n_Mine = CELL = GRU\n",
    "lstm.py": "CELL: type = int\n",
    "explodes.py": "raise RuntimeError('imported')\nCELL = 1\n",
    "as_function.py": "def CELL(units): return units\n",
    "imported.py": "from collections import OrderedDict as CELL\n",
    "broken.py": "CELL = = 3\n",
    "task_only.py": "TASK = 'a task'\n",
    "base.py": '"""Exports none; CELL = 3 stands in a text."""\ndef f():\n    CELL = 3\n',
    "declared.py": "CELL: int\n",
    "package/__init__.py": "CELL = 'from a package'\n",
    "renamed.py": "FORMER_NAME_OF = 'package'\n",
    "no_module/gru.py": "CELL = 3\n",
    "notes.txt": "CELL = 3\n",
    "fails.py": "CELL = 3\ndef half(x):\n    return 1 / x\nhalf(0)\n",
    "needs.py": "import module_that_is_missing\nCELL = 3\n",
}
CELLS = ["as_function", "broken", "explodes", "fails", "gru", "imported", "lstm", "needs", "package"]


@pytest.fixture
def zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package of plug-ins in the current folder, which the interpreter has not seen before."""
    package = f"plugins_{tmp_path.name}"
    for name, source in FILES.items():
        path = tmp_path / package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    return package


def complaint(call: Callable[..., object], *arguments: object) -> str:
    with pytest.raises(UserError) as caught:
        call(*arguments)
    return str(caught.value)


def test_names_are_the_modules_that_export_the_name(zoo: str) -> None:
    assert names(zoo, "CELL") == CELLS
    assert names(zoo, "TASK") == ["task_only"]


def test_a_former_name_is_still_read_and_not_listed(zoo: str) -> None:
    check(zoo, "renamed", "CELL")
    assert load(zoo, "renamed", "CELL") == "from a package"
    assert "renamed" not in names(zoo, "CELL")
    assert present_name(zoo, "renamed") == present_name(zoo, "package") == "package"
    assert present_name(zoo, "no_such") == "no_such"
    assert "no_such" in complaint(check, zoo, "no_such", "CELL")


def test_what_can_be_read_in_the_sources_is_given(zoo: str) -> None:
    assert exported(zoo, "TASK") == {"task_only": "a task"}
    assert exported(zoo, "CELL") == {
        **dict.fromkeys(CELLS),
        "explodes": 1,
        "fails": 3,
        "needs": 3,
        "package": "from a package",
    }


def test_listing_and_checking_import_nothing(zoo: str) -> None:
    names(zoo, "CELL")
    check(zoo, "explodes", "CELL")
    assert not [module for module in sys.modules if module.startswith(zoo)]


def test_a_file_that_is_added_is_found(zoo: str, tmp_path: Path) -> None:
    (tmp_path / zoo / "mine.py").write_text("CELL = 'mine'\n")
    assert load(zoo, "mine", "CELL") == "mine"


def test_load_imports_one_plugin_and_gives_what_it_exports(zoo: str) -> None:
    assert load(zoo, "gru", "CELL", type).__name__ == "GRU"
    assert load(zoo, "package", "CELL") == "from a package"
    assert load(zoo, "as_function", "CELL", FunctionType)(3) == 3
    assert f"{zoo}.lstm" not in sys.modules


def test_what_is_of_another_kind_is_refused(zoo: str) -> None:
    with pytest.raises(UserError, match=r"^package is no class$"):
        load(zoo, "package", "CELL", type)
    with pytest.raises(UserError, match=r"^gru is no dict$"):
        load(zoo, "gru", "CELL", dict)


@pytest.mark.parametrize("call", [load, check])
@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("grru", "unknown cell 'grru'; did you mean gru?"),
        ("GRU", "unknown cell 'GRU'; did you mean gru?"),
        ("base", "unknown cell 'base'; choose one of: " + ", ".join(CELLS)),
        ("task_only", "unknown cell 'task_only'; choose one of: " + ", ".join(CELLS)),
        ("", "unknown cell ''; choose one of: " + ", ".join(CELLS)),
        ("mine.cells.Own", "unknown cell 'mine.cells.Own'; for one of your own write package.module:Class"),
        ("mine/own.py:Own", "unknown cell 'mine/own.py:Own'; write the module, not its file: mine.own:Own"),
        ("./own.py:Own", "unknown cell './own.py:Own'; write the module, not its file: own:Own"),
        (":Own", "unknown cell ':Own'; write package.module:Class"),
        ("own:", "unknown cell 'own:'; write package.module:Class"),
        ("own:a b", "unknown cell 'own:a b'; write package.module:Class"),
    ],
)
def test_a_name_that_does_not_exist_is_refused_with_the_fix(
    zoo: str, call: Callable[..., object], name: str, line: str
) -> None:
    assert complaint(call, zoo, name, "CELL") == line


def test_a_class_of_ones_own_is_found_in_the_current_folder(
    zoo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / f"{zoo}_own.py").write_text("class Own: pass\n_hidden = 3\n")
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert load(zoo, f"{zoo}_own:Own", "CELL", type).__name__ == "Own"


def test_checking_a_class_of_ones_own_finds_its_package_without_importing_it(
    zoo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere" / f"{zoo}_mine").mkdir(parents=True)
    (tmp_path / "elsewhere" / f"{zoo}_mine" / "__init__.py").write_text("raise RuntimeError('imported')\n")
    monkeypatch.chdir(tmp_path / "elsewhere")
    check(zoo, f"{zoo}_mine.cells:Own", "CELL")


def test_a_class_of_ones_own_is_found_where_an_installed_package_is(zoo: str) -> None:
    assert load(zoo, "collections.abc:Mapping", "CELL", type).__name__ == "Mapping"


def test_the_current_folder_hides_no_installed_package(
    zoo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "this.py").write_text("raise RuntimeError('the wrong one')\n")
    monkeypatch.chdir(folder)
    monkeypatch.delitem(sys.modules, "this", raising=False)
    assert callable(load(zoo, "this:d", "CELL", dict).get)


@pytest.mark.parametrize("call", [load, check])
def test_a_module_that_is_missing_is_named(zoo: str, call: Callable[..., object]) -> None:
    line = complaint(call, zoo, "no_such_package.cells:Own", "CELL")
    here = Path.cwd()
    assert line == (
        f"no_such_package.cells:Own: there is no module 'no_such_package', neither installed nor in {here}"
    )


def test_a_class_that_is_missing_is_named_with_the_nearest(zoo: str) -> None:
    assert complaint(load, zoo, f"{zoo}.gru:GRUU", "CELL") == (
        f"{zoo}.gru:GRUU: the module {zoo}.gru has no 'GRUU'; did you mean GRU?"
    )
    assert complaint(load, zoo, f"{zoo}.gru:Mine", "CELL").endswith("has no 'Mine'; is it spelt right?")


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("broken", "SyntaxError: invalid syntax", 1),
        ("explodes", "RuntimeError: imported", 1),
        ("fails", "ZeroDivisionError: division by zero", 3),
        ("needs", "ModuleNotFoundError: No module named 'module_that_is_missing'", 1),
    ],
)
def test_an_error_inside_a_module_is_told_with_its_place(
    zoo: str, tmp_path: Path, name: str, text: str, line: int
) -> None:
    place = f"({tmp_path / zoo / name}.py, line {line})"
    for asked in (name, f"{zoo}.{name}:CELL"):
        assert complaint(load, zoo, asked, "CELL") == f"{asked} cannot be imported: {text} {place}"


def test_the_place_is_in_the_users_file_and_not_in_the_library_that_it_calls(
    zoo: str, tmp_path: Path
) -> None:
    path = tmp_path / f"{zoo}_calls.py"
    path.write_text("import json\n\nCELL = json.loads('x')\n")
    assert complaint(load, zoo, f"{zoo}_calls:CELL", "CELL").endswith(f"({path}, line 3)")


def test_the_cells_and_tasks_of_the_repository_are_listed_without_keras(run_python: RunPython) -> None:
    code = (
        "import sys\nfrom datasets.plugins import names\n"
        "print(*names('zoo.cells', 'CELL'), *names('zoo.tasks', 'TASK'))\n"
        "assert not {'keras', 'tensorflow', 'numpy'} & set(sys.modules)\n"
    )
    done = run_python("-c", code)
    assert done.stderr == ""
    assert {"vanilla", "lstm", "gru", "mean", "sentiment"} <= set(done.stdout.split())
