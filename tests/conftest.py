"""What every test can ask for: the checkout's folder, Python in a process of its own, data, a small disk."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

REPOSITORY = Path(__file__).resolve().parent.parent

# Read by TensorFlow, Keras and matplotlib once, when they are first imported.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # as in the commands: it changes the bits of results
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")  # two workers share one GPU
os.environ.setdefault("MPLBACKEND", "Agg")

# A busy machine is no fault of the code.
hypothesis.settings.register_profile(
    "zoo", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], print_blob=True
)
hypothesis.settings.load_profile("zoo")

Finished = subprocess.CompletedProcess[str]
RunPython = Callable[..., Finished]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the tests of real data where there is none."""
    if os.environ.get("ZOO_DATA_DIR"):
        return
    for item in items:
        if item.get_closest_marker("real"):
            item.add_marker(pytest.mark.skip(reason="ZOO_DATA_DIR is not set"))


@pytest.fixture(autouse=True, scope="module")
def _fresh_keras() -> Iterator[None]:
    """Models and global settings (a float policy, name counters) of one file do not reach the next."""
    yield
    if "keras" in sys.modules:
        sys.modules["keras"].utils.clear_session()
    gc.collect()
    # TensorFlow keeps what it has compiled. Without this, each later collection would look at all of it again.
    gc.freeze()


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data sets; for tests that are marked `real`."""
    folder = Path(os.environ["ZOO_DATA_DIR"]).resolve()
    assert folder.is_dir(), f"ZOO_DATA_DIR={folder} is not a folder"
    return folder


@pytest.fixture(scope="session")
def run_python() -> RunPython:
    """Run `python *arguments` in a process of its own in the root of the checkout, and capture its output.

    Further keywords go to `subprocess.run`; `env` is added to the present environment. Ends after 300 s.
    """

    def run(
        *arguments: str, env: dict[str, str] | None = None, cwd: Path = REPOSITORY, **options
    ) -> Finished:
        environment = os.environ | {"PYTHONPATH": str(REPOSITORY)} | (env or {})
        command = [sys.executable, *arguments]
        limits = {"timeout": 300, **options}
        return subprocess.run(command, cwd=cwd, env=environment, text=True, capture_output=True, **limits)

    return run


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of its own with room for 256 KiB; skipped where mounting is not allowed."""
    folder = tmp_path / "small_disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        done = False
    if not done:
        pytest.skip("mounting a small disk is not allowed here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)
