"""A run that is killed while it is made, at any change of the disk, is begun again or gone on with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import RunPython

#: Begins a run in a process of its own, once for each change of the disk, and kills it before that change.
KILLED_AT_EACH = """
import json, os, sys
from pathlib import Path
import numpy as np
from datasets.errors import UserError
from zoo import run
from zoo.runtime.rundir import write_atomically, write_json

CHANGES = {"os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.truncate", "shutil.rmtree"}
WRITING = os.O_WRONLY | os.O_RDWR

def trained(config, directory, shared):
    write_json(directory.data_path, {"train": {}})
    write_json(directory.prepared_path, {"vocabulary": ["a"]})
    directory.checkpoint_path.mkdir(exist_ok=True)
    if sys.argv[2] == "refused":
        raise UserError("the data are wrong")
    write_atomically(directory.checkpoint_path / "state.npz", lambda path: path.write_bytes(b"1") and None)
    write_atomically(directory.checkpoint_path / "state.npz", lambda path: path.write_bytes(b"2") and None)
    write_atomically(directory.model_path, lambda path: path.write_bytes(b"3") and None)
    write_atomically(directory.export_path, lambda path: (path.mkdir(), (path / "a").write_bytes(b"4"), None)[2])
    write_atomically(directory.export_path, lambda path: (path.mkdir(), (path / "a").write_bytes(b"5"), None)[2])
    write_json(directory.metrics_path, {})
    return ""

def begin(out, last):
    left = [last]
    def hook(event, arguments):
        wanted = event in CHANGES or (event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING)
        if wanted and str(out) in str(arguments[0]):
            left[0] -= 1
            if left[0] < 0:
                os._exit(9)
    sys.addaudithook(hook)
    run._run = trained
    run.plugins.check("zoo.cells", "gru", "CELL")
    os._exit(run.main(["sentiment", "--out", str(out)]))

folder, ends = Path(sys.argv[1]), []
import zoo.tasks.sentiment, zoo.runtime.progress, shutil, secrets
run.config_of("sentiment", run.task_parser("sentiment").parse_args([]))  # imports what it imports
while not ends or ends[-1] == 9:
    out = folder / str(len(ends))
    child = os.fork()
    if child == 0:
        sys.stdout = sys.stderr = open(os.devnull, "w")
        begin(out, len(ends))
    ends.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))

def accepted(out):
    answers = []
    run._run = lambda *_: "goes on"
    for arguments in (["--resume", str(out)], ["sentiment", "--out", str(out)]):
        try:
            answers.append(run.main(arguments))
        except BaseException as problem:
            answers.append(repr(problem))
    return 0 in answers
print(json.dumps([ends, [accepted(folder / str(n)) for n in range(len(ends) - 1)]]))
"""


@pytest.mark.parametrize(
    ("how", "code", "least"), [pytest.param("trained", 0, 25, marks=pytest.mark.slow), ("refused", 2, 15)]
)
def test_a_killed_run_is_taken_by_one_of_the_two_commands(
    run_python: RunPython, tmp_path: Path, how: str, code: int, least: int
) -> None:
    done = run_python("-c", KILLED_AT_EACH, str(tmp_path), how)
    assert done.returncode == 0, done.stderr
    ends, taken = json.loads(done.stdout.splitlines()[-1])
    assert ends == [9] * (len(ends) - 1) + [code]
    assert len(ends) > least
    assert [number for number, good in enumerate(taken) if not good] == []
