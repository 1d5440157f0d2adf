"""Nothing in a run directory or a comparison leads a command to write into a file elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from datasets.errors import UserError
from experiments.compare.folders import unlocked
from experiments.compare.locking import locked
from zoo.runtime.links import open_in_place, refuse_link
from zoo.runtime.rundir import RunDirectory


def link(path: Path, elsewhere: Path) -> None:
    path.symlink_to(elsewhere)


def link_to_nothing(path: Path, elsewhere: Path) -> None:
    path.symlink_to(elsewhere.with_name("nothing"))


def further_name(path: Path, elsewhere: Path) -> None:
    path.hardlink_to(elsewhere)


def folder(path: Path, _elsewhere: Path) -> None:
    path.mkdir()


def pipe(path: Path, _elsewhere: Path) -> None:
    os.mkfifo(path)


def hold(run: Path) -> None:
    with RunDirectory(run).lock():
        pass


def create(run: Path) -> None:
    RunDirectory.create(run)


def compare(run: Path) -> None:
    with locked(run):
        pass


def wait(run: Path) -> None:
    with unlocked(run, seconds=0.1):
        pass


@pytest.mark.parametrize("kind", [link, link_to_nothing, further_name, folder, pipe])
@pytest.mark.parametrize("command", [hold, create, compare, wait])
def test_a_lock_is_a_file_of_its_own(
    kind: Callable[[Path, Path], None], command: Callable[[Path], None], tmp_path: Path
) -> None:
    precious = tmp_path / "precious.txt"
    precious.write_text("precious\n")
    run = tmp_path / "run"
    run.mkdir()
    kind(run / ".lock", precious)
    with pytest.raises(UserError, match=r"\.lock is a link, a folder or a device and no file of its own"):
        command(run)
    assert precious.read_text() == "precious\n"
    assert not (tmp_path / "nothing").exists()


def test_a_file_of_its_own_is_opened_and_made(tmp_path: Path) -> None:
    for _ in range(2):
        with open(tmp_path / "log", "a", opener=open_in_place) as file:
            file.write("line\n")
    assert (tmp_path / "log").read_text() == "line\nline\n"


def test_the_log_of_a_run_is_a_file_of_its_own(tmp_path: Path, repository: Path) -> None:
    (tmp_path / "precious.txt").write_text("precious\n")
    (tmp_path / "run.log").symlink_to(tmp_path / "precious.txt")
    command = [sys.executable, "-m", "experiments.compare.supervisor", str(tmp_path / "run.log"), "true"]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "no file of its own" in done.stderr
    assert (tmp_path / "precious.txt").read_text() == "precious\n"


def test_a_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    refuse_link(tmp_path / "elsewhere")
    refuse_link(tmp_path / "none")
    (tmp_path / "checkpoint").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="checkpoint is a link; nothing is written through links"):
        refuse_link(tmp_path / "checkpoint")


def test_a_file_where_a_folder_should_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "checkpoint").write_text("")
    with pytest.raises(UserError, match="checkpoint is a file where a folder should be; remove it"):
        refuse_link(tmp_path / "checkpoint")
