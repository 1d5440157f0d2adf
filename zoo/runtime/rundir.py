"""What a finished or broken run leaves on disk: whole files or none, in a folder that one process holds.

    config.json     everything needed to repeat the run, with versions, git commit and time
    prepared.json   what the task learned from the training split: vocabulary, scaling, class names
    data.json       a digest of all examples, by which a run that goes on knows its data again
    history.csv     learning curves
    checkpoint/     where an unfinished run continues
    model.keras     the best weights with their model
    metrics.json    the results
    export/         the SavedModel, when asked for
    language_model/ what another run left, whose language model has a say in the answers

The run directory is all that passes between training and everything after it.
"""

from __future__ import annotations

import contextlib
import datetime
import errno
import fcntl
import json
import math
import os
import platform
import re
import secrets
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

from datasets.errors import UserError
from zoo.cli.flags import disk_is_full
from zoo.runtime.links import open_in_place
from zoo.runtime.versions import environment

#: What a JSON file holds: anything, which its reader must check.
Json: TypeAlias = Any
LARGEST_JSON = 1 << 29  # bytes of a JSON file
_PARTIAL = ".partial-"  # begins the names of files that are not whole yet
_NOT_ALLOWED = (errno.EACCES, errno.EPERM, errno.EROFS)


# ------------------------------------------------------------------------------------ files


def write_atomically(path: str | os.PathLike[str], write: Callable[[Path], None]) -> None:
    """Write a file, or a folder, so that it is there whole or not at all, whatever happens meanwhile.

    Args:
        path: where it shall be; what is there now stays until the new one is complete on the disk.
        write: writes to the path that it is given: in the same folder as `path`, with a name that ends in its name.

    Raises:
        UserError: with exit code 1, if the disk is full or the place cannot be written to.
    """
    path = Path(path)
    partial = path.with_name(f"{_PARTIAL}{secrets.token_hex(4)}-{path.name}")
    try:
        write(partial)
        _flush_to_disk(partial)
        _put(partial, path)
        _fsync(path.parent)
    except Exception as problem:
        raise _readable(problem, path) from problem
    finally:
        remove(partial)


def _readable(problem: Exception, path: Path) -> Exception:
    """A UserError where the user can fix the problem (a full disk, no permission), else the problem itself."""
    if disk_is_full(problem):
        return UserError(
            f"no space left on the disk for {path}; free some and run again (what was there before is kept)",
            exit_code=1,
        )
    if isinstance(problem, OSError) and problem.errno in _NOT_ALLOWED:
        return UserError(f"cannot write {path}: {problem.strerror}", exit_code=1)
    return problem


def _flush_to_disk(path: Path) -> None:
    inside = [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]
    for file in inside:
        _fsync(file)


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _put(partial: Path, path: Path) -> None:
    """Rename; an old folder is moved aside first, for a rename replaces a file but not a filled folder."""
    if not path.is_dir():
        os.replace(partial, path)
        return
    old = partial.with_name(partial.name + ".old")
    os.rename(path, old)
    os.rename(partial, path)
    remove(old)


def remove(path: Path) -> None:
    """Remove a file or a folder with all that is in it; nothing happens where there is none."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def remove_leftovers(folder: Path, name: str = "") -> None:
    """Remove what a killed process left half-written in a folder and below: of all files, or of those with this name;
    to be called while no other process writes them."""
    for leftover in list(folder.rglob(f"{_PARTIAL}*{name}")):
        remove(leftover)


def make_folder(path: Path, flag: str = "--out") -> None:
    """Make a folder with those above it, where it is not there yet.

    Raises:
        UserError: if it cannot be made; the message names the flag that asked for it.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise UserError(f"{flag} {path}: a file is in the way; name another folder") from None
    except OSError as problem:
        raise UserError(f"{flag} {path}: cannot make the folder: {problem.strerror}") from None


def write_json(path: str | os.PathLike[str], data: object) -> None:
    """Write JSON atomically. NumPy values become plain ones; NaN and infinity become null."""
    text = json.dumps(_plain(data), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    write_atomically(path, lambda partial: _write_text(partial, text))


def _write_text(path: Path, text: str) -> None:
    with open(path, "w", encoding="utf-8", newline="\n", errors="surrogatepass") as file:
        file.write(text)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if hasattr(value, "tolist"):  # NumPy arrays and scalars
        return _plain(value.tolist())
    return value


def read_json(path: str | os.PathLike[str]) -> Json:
    """What a JSON file holds.

    Raises:
        UserError: if the file is missing, cannot be read or is not JSON; the message names the file.
    """
    try:
        with open(path, encoding="utf-8", errors="surrogatepass", opener=_open_file) as file:
            if os.fstat(file.fileno()).st_size > LARGEST_JSON:
                raise UserError(f"{path} is broken: it has more than {LARGEST_JSON:,} bytes")
            return json.load(file, parse_constant=_refuse_constant, parse_float=_finite)
    except OSError as problem:
        raise UserError(f"cannot read {path}: {problem.strerror}") from None
    except json.JSONDecodeError as problem:
        raise UserError(f"{path} is broken: line {problem.lineno} is not JSON ({problem.msg})") from None
    except UnicodeDecodeError:
        raise UserError(f"{path} is broken: it is not UTF-8 text") from None
    except RecursionError:
        raise UserError(f"{path} is broken: its values lie too deep in one another") from None
    except ValueError as problem:
        raise UserError(f"{path} is broken: {str(problem).partition(':')[0]}") from None


def _open_file(path: str, flags: int) -> int:
    """A descriptor of a file; what is none, such as a pipe, would be waited for without end."""
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UserError(f"cannot read {path}: it is not a file")
    return descriptor


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"it holds {text}, which is no number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"it holds {text[:20]}, which is too large a number")
    return value


# ------------------------------------------------------------------------------------ run directories


class RunDirectory:
    """The files of one run. Made by `create` for a new run and by `open` for one that exists.

    Attributes:
        path: the folder.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._lock: int | None = None

    @classmethod
    def create(cls, path: str | os.PathLike[str]) -> RunDirectory:
        """Make the folder for a new run, and hold it while this object lives or until a `lock()` is left.

        Raises:
            UserError: if anything is in the folder already, another process holds it, or it cannot be made or
                written to.
        """
        run = cls(path)
        make_folder(run.path)
        had_lock = run.lock_path.exists()
        run._hold()
        run._remove_leftovers()
        if any(entry != run.lock_path for entry in run.path.iterdir()):
            if not had_lock:
                run.lock_path.unlink()
            run._let_go()
            go_on = f", or go on with --resume {path}" if run.config_path.is_file() else ""
            raise UserError(f"--out {path}: the folder is not empty; name another{go_on}")
        return run

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> RunDirectory:
        """An existing run, for reading; for writing, enter its `lock()`.

        Raises:
            UserError: if there is no run in the folder.
        """
        run = cls(path)
        if not run.path.is_dir():
            raise UserError(f"{path} is not the folder of a run: there is no such folder")
        if not run.config_path.is_file():
            raise UserError(f"{path} is not the folder of a run: it has no {run.config_path.name}")
        return run

    def require_model(self) -> None:
        """Refuse a run that has no model yet.

        Raises:
            UserError: it tells how to finish the run.
        """
        if not self.model_path.exists():
            raise UserError(
                f"{self.path} has no model yet; finish it with: python -m zoo.run --resume {self.path}"
            )

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder for writing, after removing what a killed process left half-written.

        The operating system gives the lock back when the process ends, however it ends.

        Raises:
            UserError: if another process holds the folder, or it cannot be written to.
        """
        if self._lock is None:
            self._hold()
        try:
            self._remove_leftovers()
            yield
        finally:
            self._let_go()

    def _remove_leftovers(self) -> None:
        """What a killed process left half-written; the folder is held."""
        remove_leftovers(self.path)

    def _hold(self) -> None:
        try:
            lock = open_in_place(self.lock_path, os.O_RDWR | os.O_CREAT)
        except OSError as problem:
            raise UserError(f"{self.path}: cannot write into the folder: {problem.strerror}") from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.truncate(lock, 0)
            os.write(lock, f"{os.getpid()} on {platform.node()}\n".encode())
        except BlockingIOError:
            holder = os.read(lock, 1000).decode(errors="replace").strip()
            os.close(lock)
            raise UserError(f"{self.path} is in use by another process ({holder or 'unknown'})") from None
        except OSError as problem:
            os.close(lock)
            raise _readable(problem, self.lock_path) from problem
        self._lock = lock

    def _let_go(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __del__(self) -> None:
        self._let_go()

    @property
    def lock_path(self) -> Path:
        """Held by the process that writes."""
        return self.path / ".lock"

    @property
    def config_path(self) -> Path:
        """Everything needed to repeat the run."""
        return self.path / "config.json"

    @property
    def prepared_path(self) -> Path:
        """What the task learned from the training split."""
        return self.path / "prepared.json"

    @property
    def data_path(self) -> Path:
        """A digest of the examples of every split."""
        return self.path / "data.json"

    @property
    def start_path(self) -> Path:
        """What the run took from the runs that it started from."""
        return self.path / "start.json"

    @property
    def metrics_path(self) -> Path:
        """The results."""
        return self.path / "metrics.json"

    @property
    def history_path(self) -> Path:
        """Learning curves."""
        return self.path / "history.csv"

    @property
    def model_path(self) -> Path:
        """The best weights with their model."""
        return self.path / "model.keras"

    @property
    def checkpoint_path(self) -> Path:
        """Folder from which an unfinished run continues."""
        return self.path / "checkpoint"

    @property
    def state_path(self) -> Path:
        """The one file of the checkpoint."""
        return self.checkpoint_path / "state.npz"

    @property
    def export_path(self) -> Path:
        """Folder of the SavedModel."""
        return self.path / "export"

    @property
    def language_model_path(self) -> Path:
        """Folder with the language model of another run: a run directory, too."""
        return self.path / "language_model"

    def save_config(self, config: Mapping[str, object]) -> None:
        """Write the configuration, with versions, git commit and time (UTC) under `environment`."""
        write_json(self.config_path, {**config, "environment": environment()})

    def load_config(self) -> dict[str, Any]:
        """The configuration that was given to `save_config`, as JSON keeps it.

        Raises:
            UserError: if the file is missing or broken.
        """
        config = read_json(self.config_path)
        if not isinstance(config, dict):
            raise UserError(f"{self.config_path} is broken: it does not hold a table of options")
        config.pop("environment", None)
        return config


def default_path(task: str, cell: str, dataset: str, seed: int) -> Path:
    """A folder that does not exist yet: `runs/<task>-<cell>-<dataset>-s<seed>-<UTC time>`.

    The cell may be a `package.module:Class` and the data set a path, of which the last part counts.
    """
    now = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%S.%f")
    parts = [task, cell, Path(dataset).resolve().name]
    words = [re.sub(r"[^\w.]+", "-", part).strip("-.")[:60] for part in parts]
    return Path("runs") / "-".join([*words, f"s{seed}", now])
