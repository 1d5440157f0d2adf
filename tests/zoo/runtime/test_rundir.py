from __future__ import annotations

import errno
import json
import math
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.errors import UserError
from tests.conftest import RunPython
from tests.zoo.runtime.folders import complaint, names
from zoo.runtime import rundir
from zoo.runtime.rundir import RunDirectory, default_path, read_json, write_atomically, write_json
from zoo.runtime.versions import REPOSITORY, git_state

# ------------------------------------------------------------------------------------ whole or absent


@pytest.mark.parametrize("name", ["model.keras", "some.weights.h5", "history.csv", "plain", "v1.2-run.json"])
def test_the_writer_gets_a_hidden_sibling_with_the_same_ending(tmp_path: Path, name: str) -> None:
    seen = []

    def write(partial: Path) -> None:
        seen.append(partial)
        assert not (tmp_path / name).exists()
        partial.write_text("new")

    write_atomically(tmp_path / name, write)
    (partial,) = seen
    assert partial.parent == tmp_path
    assert partial.name.startswith(".")
    assert partial.name.endswith(f"-{name}")
    assert names(tmp_path) == [name]
    assert (tmp_path / name).read_text() == "new"


def test_the_old_file_stays_until_the_new_one_is_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "metrics.json"
    path.write_text("old")
    flushed = []
    fsync = os.fsync

    def watched(descriptor: int) -> None:
        flushed.append((os.readlink(f"/proc/self/fd/{descriptor}"), path.read_text()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    write_atomically(path, lambda partial: (partial.write_text("new"), None)[1])
    (file, content), (folder, content_after) = flushed
    assert ".partial-" in file
    assert content == "old"
    assert (folder, content_after) == (str(tmp_path), "new")


def test_the_file_has_the_permissions_that_the_umask_gives(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {})
    (tmp_path / "b.json").write_text("{}")
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a.json", "b.json")}
    assert len(modes) == 1


@pytest.mark.parametrize(
    "problem", [ValueError("defect"), KeyboardInterrupt(), OSError(errno.EIO, "broken disk")]
)
def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, problem: BaseException) -> None:
    path = tmp_path / "metrics.json"
    path.write_text("old")

    def write(partial: Path) -> None:
        partial.write_text("half")
        raise problem

    with pytest.raises(type(problem)) as caught:
        write_atomically(path, write)
    assert caught.value is problem
    assert names(tmp_path) == ["metrics.json"]
    assert path.read_text() == "old"


def write_folder(*files: str) -> Callable[[Path], None]:
    def write(partial: Path) -> None:
        (partial / "variables").mkdir(parents=True)
        for name in files:
            (partial / name).write_text(name)

    return write


def test_a_folder_replaces_a_filled_folder(tmp_path: Path) -> None:
    write_atomically(tmp_path / "export", write_folder("old.pb", "variables/old"))
    write_atomically(tmp_path / "export", write_folder("new.pb"))
    assert names(tmp_path) == ["export"]
    assert names(tmp_path / "export") == ["new.pb", "variables"]
    assert names(tmp_path / "export" / "variables") == []


def test_a_failed_folder_leaves_the_old_one(tmp_path: Path) -> None:
    write_atomically(tmp_path / "export", write_folder("old.pb"))

    def write(partial: Path) -> None:
        write_folder("new.pb")(partial)
        raise ValueError("defect")

    with pytest.raises(ValueError, match="defect"):
        write_atomically(tmp_path / "export", write)
    assert names(tmp_path) == ["export"]
    assert names(tmp_path / "export") == ["old.pb", "variables"]


def test_a_full_disk_keeps_the_old_file_and_is_told_in_one_line(small_disk: Path) -> None:
    path = small_disk / "model.keras"
    write_atomically(path, lambda partial: (partial.write_bytes(b"old" * 1000), None)[1])
    with pytest.raises(UserError, match=r"no space left on the disk for .*model\.keras") as caught:
        write_atomically(path, lambda partial: (partial.write_bytes(b"new" * 1_000_000), None)[1])
    assert caught.value.exit_code == 1
    assert names(small_disk) == ["model.keras"]
    assert path.read_bytes() == b"old" * 1000


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "no space left on the disk for .*m.json"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "no space left on the disk for .*m.json"),
        (OSError("HDF5: errno = 28, 'No space left on device'"), "no space left on the disk for .*m.json"),
        (
            RuntimeError("Resource exhausted: No space left on device"),
            "no space left on the disk for .*m.json",
        ),
        (PermissionError(errno.EACCES, "Permission denied"), "cannot write .*m.json: Permission denied"),
        (OSError(errno.EROFS, "Read-only file system"), "cannot write .*m.json: Read-only file system"),
    ],
)
def test_what_the_user_can_fix_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problem: Exception, told: str
) -> None:
    """Also where the disk fills up only when the data is flushed."""
    monkeypatch.setattr(os, "fsync", lambda _descriptor: (_ for _ in ()).throw(problem))
    with pytest.raises(UserError, match=told) as caught:
        write_json(tmp_path / "m.json", {"a": 1})
    assert caught.value.exit_code == 1
    assert names(tmp_path) == []


# ------------------------------------------------------------------------------------ JSON

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(plain)
def test_json_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, data: object) -> None:
    path = tmp_path_factory.getbasetemp() / "data.json"
    write_json(path, data)
    assert read_json(path) == data


def test_numpy_values_become_plain_and_nan_becomes_null(tmp_path: Path) -> None:
    data = {
        "accuracy": np.float32(0.5),
        "counts": np.arange(3),
        "auc": math.nan,
        "curve": np.array([0.5, math.nan]),
        "scores": (np.float64(math.inf), 1),
        1: np.bool_(True),
    }
    write_json(tmp_path / "m.json", data)
    expected = {"accuracy": 0.5, "counts": [0, 1, 2], "auc": None, "curve": [0.5, None]}
    expected |= {"scores": [None, 1], "1": True}
    assert read_json(tmp_path / "m.json") == expected


def test_json_is_written_as_readable_utf8(tmp_path: Path) -> None:
    write_json(tmp_path / "m.json", {"token": "영화"})
    assert (tmp_path / "m.json").read_bytes() == '{\n  "token": "영화"\n}\n'.encode()


def test_half_a_character_from_a_broken_source_comes_back(tmp_path: Path) -> None:
    write_json(tmp_path / "m.json", {"token": "\ud800"})
    assert read_json(tmp_path / "m.json") == {"token": "\ud800"}


def test_broken_json_names_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text('{\n"units": 3,\n"lay')
    assert complaint(read_json, path).startswith(f"{path} is broken: line 3 is not JSON")
    path.write_bytes(b'{"a": "\xff"}')
    assert complaint(read_json, path) == f"{path} is broken: it is not UTF-8 text"
    path.unlink()
    assert complaint(read_json, path) == f"cannot read {path}: No such file or directory"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[" * 100_000, "its values lie too deep in one another"),
        ('{"a":' * 100_000, "its values lie too deep in one another"),
        ("1" * 5000, "Exceeds the limit (4300 digits) for integer string conversion"),
        ("[NaN]", "it holds NaN, which is no number"),
        ('{"a": -Infinity}', "it holds -Infinity, which is no number"),
        ("[1e999]", "it holds 1e999, which is too large a number"),
    ],
)
def test_json_that_python_cannot_hold_is_told(tmp_path: Path, content: str, told: str) -> None:
    (tmp_path / "config.json").write_text(content)
    assert complaint(read_json, tmp_path / "config.json") == f"{tmp_path / 'config.json'} is broken: {told}"


def test_json_that_is_too_long_or_no_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rundir, "LARGEST_JSON", 10)
    (tmp_path / "a.json").write_text('"0123456789"')
    assert complaint(read_json, tmp_path / "a.json").endswith("is broken: it has more than 10 bytes")
    os.mkfifo(tmp_path / "b.json")
    assert complaint(read_json, tmp_path / "b.json") == f"cannot read {tmp_path / 'b.json'}: it is not a file"
    (tmp_path / "c.json").mkdir()
    assert complaint(read_json, tmp_path / "c.json") == f"cannot read {tmp_path / 'c.json'}: it is not a file"


# ------------------------------------------------------------------------------------ run directories


def test_create_makes_missing_parents_and_takes_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "a" / "b", tmp_path / "empty"):
        assert RunDirectory.create(path).path == path
        assert path.is_dir()


def test_create_takes_a_folder_where_an_earlier_create_came_no_further(tmp_path: Path) -> None:
    with RunDirectory.create(tmp_path / "run").lock():
        pass
    assert RunDirectory.create(tmp_path / "run").path == tmp_path / "run"


def test_create_refuses_a_folder_with_something_in_it_and_lets_go_of_it(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("do not touch")
    line = complaint(RunDirectory.create, tmp_path)
    assert line == f"--out {tmp_path}: the folder is not empty; name another"
    assert (tmp_path / "mine.txt").read_text() == "do not touch"
    with RunDirectory(tmp_path).lock():
        pass


@pytest.mark.parametrize(
    ("names", "is_run"),
    [
        ((".lock", ".DS_Store"), False),
        ((".lock", "data.json", "prepared.json", "checkpoint"), False),
        ((".lock", "config.json", "data.json"), True),
    ],
)
def test_create_sends_to_resume_only_where_it_finds_a_run(
    tmp_path: Path, names: tuple[str, ...], is_run: bool
) -> None:
    for name in names:
        (tmp_path / name).touch()
    line = complaint(RunDirectory.create, tmp_path)
    assert line.endswith(f", or go on with --resume {tmp_path}") == is_run
    if is_run:
        RunDirectory.open(tmp_path)
    else:
        assert "it has no config.json" in complaint(RunDirectory.open, tmp_path)


@pytest.mark.parametrize("inside", ["", "sub", "sub/sub"])
def test_create_names_a_file_in_the_way(tmp_path: Path, inside: str) -> None:
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / inside
    assert complaint(RunDirectory.create, path) == f"--out {path}: a file is in the way; name another folder"


def test_create_says_when_the_folder_cannot_be_made() -> None:
    assert complaint(RunDirectory.create, "/proc/run").startswith("--out /proc/run: cannot make the folder: ")


def test_create_says_when_the_folder_cannot_be_written_to() -> None:
    assert complaint(RunDirectory.create, "/proc/self").startswith(
        "/proc/self: cannot write into the folder: "
    )


def test_open_refuses_what_is_not_a_run(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    assert complaint(RunDirectory.open, missing) == (
        f"{missing} is not the folder of a run: there is no such folder"
    )
    assert (
        complaint(RunDirectory.open, tmp_path)
        == f"{tmp_path} is not the folder of a run: it has no config.json"
    )


def test_the_configuration_comes_back_without_what_was_added(tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path / "run")
    run.save_config({"task": "sentiment", "units": 64})
    assert RunDirectory.open(run.path).load_config() == {"task": "sentiment", "units": 64}


def test_a_configuration_that_is_no_table_is_refused(tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path / "run")
    run.config_path.write_text("[1]")
    assert "does not hold a table" in complaint(run.load_config)


def test_the_configuration_tells_versions_commit_and_time(tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path / "run")
    run.save_config({})
    stored = json.loads(run.config_path.read_text())["environment"]
    assert stored["python"] == ".".join(map(str, sys.version_info[:3]))
    assert stored["packages"]["numpy"] == np.__version__
    assert set(stored["packages"]) == {"tensorflow", "keras", "numpy", "pandas", "scikit-learn"}
    assert stored["created"].endswith("+00:00")
    assert stored["git"] == git_state(REPOSITORY)


def test_run_directories_work_without_tensorflow(run_python: RunPython, tmp_path: Path) -> None:
    code = (
        "import sys\nfrom zoo.runtime.rundir import RunDirectory\n"
        f"RunDirectory.create({str(tmp_path / 'run')!r}).save_config({{}})\n"
        "assert not {'tensorflow', 'keras', 'pandas'} & set(sys.modules)\n"
    )
    done = run_python("-c", code)
    assert (done.returncode, done.stderr) == (0, "")


# ------------------------------------------------------------------------------------ names


def test_default_paths_are_readable_and_differ() -> None:
    paths = [default_path("sentiment", "gru", "microworld", 3) for _ in range(20)]
    assert len(set(paths)) == 20
    assert paths[0].parent == Path("runs")
    assert paths[0].name.startswith("sentiment-gru-microworld-s3-2")


@pytest.mark.parametrize(
    ("cell", "dataset", "start"),
    [
        ("mine.cells:MyCell", "../data/imdb/", "tagging-mine.cells-MyCell-imdb-s0-"),
        ("gru", "imdb_reviews/plain text:1.0", "tagging-gru-plain-text-1.0-s0-"),
        ("gru", "영화.tsv", "tagging-gru-영화.tsv-s0-"),
        ("gru", "x" * 500, "tagging-gru-" + "x" * 60 + "-s0-"),
    ],
)
def test_default_paths_are_one_folder_whatever_the_names(cell: str, dataset: str, start: str) -> None:
    path = default_path("tagging", cell, dataset, 0)
    assert path.parent == Path("runs")
    assert path.name.startswith(start)
