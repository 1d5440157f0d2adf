"""`.ci/run` does every check in an environment of its own, and changes nothing else on anybody's machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

#: What the script uses besides what is stubbed.
REAL_PROGRAMS = ("bash", "dirname", "mktemp", "rm", "mkdir", "touch")
#: Runs the script with further variables; gives the calls of programs, a line each.
StubbedCi = Callable[..., list[str]]
TESTS = "python -m pytest -m not exhaustive"
PARTS = ("tests/zoo/tasks", "tests/zoo --ignore=tests/zoo/tasks", "tests --ignore=tests/zoo")
CHECKS = ["ruff check", "ruff format --check", "mypy .", *[f"{TESTS} {part}" for part in PARTS]]


def write_stub(folder: Path, name: str, body: str = "") -> None:
    """A program that writes how it was called into the file `calls`, then does what `body` says."""
    program = folder / name
    program.write_text(f'#!{shutil.which("bash")}\necho "{name} $*" >>"$CALLS"\n{body}\n', "utf-8")
    program.chmod(0o755)


@pytest.fixture
def stubbed_ci(repository: Path, tmp_path: Path) -> StubbedCi:
    """`.ci/run` of root on a machine that has no browser; all that it calls is stubbed."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in REAL_PROGRAMS:
        path = shutil.which(name)
        assert path is not None
        (programs / name).symlink_to(path)
    for name in ("pip", "ruff", "mypy", "python", "apt-get"):
        write_stub(programs, name)
    write_stub(programs, "id", "echo 0")
    write_stub(programs, "python3", 'mkdir "$3/bin"; touch "$3/bin/activate"')

    def run(**variables: str) -> list[str]:
        calls = tmp_path / "calls"
        environment = {name: value for name, value in os.environ.items() if name not in ("CI", "PATH")}
        environment |= {"PATH": str(programs), "CALLS": str(calls), **variables}
        subprocess.run([repository / ".ci" / "run"], env=environment, check=True, timeout=60)
        return calls.read_text("utf-8").splitlines()

    return run


def test_all_checks_run_in_order_after_the_requirements(stubbed_ci: StubbedCi) -> None:
    calls = stubbed_ci()
    install = "pip install --quiet --disable-pip-version-check -r requirements-dev.txt"
    assert calls[-1 - len(CHECKS) :] == [install, *CHECKS]


@pytest.mark.parametrize("variables", [{}, {"CI": ""}, {"CI": "false"}])
def test_nobodys_own_machine_gets_a_browser(stubbed_ci: StubbedCi, variables: dict[str, str]) -> None:
    assert not [call for call in stubbed_ci(**variables) if call.startswith("apt-get")]


def test_a_machine_of_continuous_integration_gets_a_browser(stubbed_ci: StubbedCi) -> None:
    (install,) = [call for call in stubbed_ci(CI="true") if call.startswith("apt-get")]
    assert install.startswith("apt-get install ")
    assert install.endswith(" chromium")
