"""That one process at a time writes into a run, and what it leaves when it is killed."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.zoo.runtime.folders import complaint, names
from zoo.runtime.rundir import RunDirectory

HOLD = """
import sys, time
from zoo.runtime.rundir import RunDirectory
run = RunDirectory.create(sys.argv[1])
run.save_config({})
print("held", flush=True)
time.sleep(120)
"""


def test_two_processes_cannot_hold_a_run_and_a_killed_one_gives_it_back(
    tmp_path: Path, repository: Path
) -> None:
    path = tmp_path / "run"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], cwd=repository, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == "held\n"
        in_use = f"{path} is in use by another process ({holder.pid} on "
        assert complaint(RunDirectory.create, path).startswith(in_use)
        run = RunDirectory.open(path)
        assert complaint(lambda: run.lock().__enter__()).startswith(in_use)
        assert run.load_config() == {}
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        holder.stdout.close()
    with run.lock():
        assert run.lock_path.read_text().startswith(f"{os.getpid()} on ")


def test_create_holds_the_run_until_its_lock_is_left(tmp_path: Path) -> None:
    first = RunDirectory.create(tmp_path)
    first.save_config({})
    second = RunDirectory.open(tmp_path)
    with first.lock():
        assert "is in use" in complaint(lambda: second.lock().__enter__())
    with second.lock():
        assert "is in use" in complaint(lambda: first.lock().__enter__())


def test_the_lock_names_its_holder_and_no_earlier_one(tmp_path: Path) -> None:
    (tmp_path / ".lock").write_text("an earlier process with a long name\n" * 10)
    with RunDirectory(tmp_path).lock():
        assert (tmp_path / ".lock").read_text() == f"{os.getpid()} on {platform.node()}\n"


def test_the_lock_is_given_back_after_an_error(tmp_path: Path) -> None:
    def fail() -> None:
        with RunDirectory(tmp_path).lock():
            raise ValueError("defect")

    with pytest.raises(ValueError, match="defect"):
        fail()
    with RunDirectory(tmp_path).lock():
        pass


def test_taking_the_lock_removes_what_a_killed_process_left(tmp_path: Path, repository: Path) -> None:
    run = RunDirectory.create(tmp_path / "run")
    with run.lock():
        run.save_config({})
        run.checkpoint_path.mkdir()
        kill = (
            "import os, pathlib, sys\nfrom zoo.runtime.rundir import write_atomically\n"
            "def write(partial):\n"
            "    (partial.mkdir if partial.suffix == '' else partial.touch)()\n"
            "    os.kill(os.getpid(), 9)\n"
            "write_atomically(sys.argv[1], write)\n"
        )
        for name in ("model.keras", "export", "checkpoint/state.npz"):
            done = subprocess.run(
                [sys.executable, "-c", kill, str(run.path / name)], cwd=repository, check=False
            )
            assert done.returncode == -signal.SIGKILL
    assert len(list(run.path.rglob(".partial-*"))) == 3
    with RunDirectory.open(run.path).lock():
        assert names(run.path) == [".lock", "checkpoint", "config.json"]
        assert names(run.checkpoint_path) == []
