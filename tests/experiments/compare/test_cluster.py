from __future__ import annotations

from pathlib import Path

import dask
import distributed  # noqa: F401  (its defaults are there before one is overruled, and after)
import pytest

from experiments.compare import cluster
from experiments.compare.cluster import gpus_here, local_client
from experiments.compare.grid import Grid, runs
from experiments.compare.runner import Setting, do_all


def test_two_comparisons_at_once_take_no_port_from_each_other() -> None:
    """Dask warns of a port that is taken, and warnings fail here."""
    with local_client(1) as one, local_client(1) as other:
        assert [client.submit(abs, -1).result() for client in (one, other)] == [1, 1]


@pytest.mark.slow
@pytest.mark.parametrize("gpus", [(), ("0",)])
def test_a_run_that_kills_its_worker_again_and_again_takes_no_other_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gpus: tuple[str, ...]
) -> None:
    """With a GPU all runs wait at the one worker that has it."""
    monkeypatch.setenv("ZOO_TEST_EVENTS", str(tmp_path / "events"))
    monkeypatch.setenv("ZOO_TEST_HELD", str(tmp_path / "held"))
    planned = runs(Grid(tasks=("sentiment",), cells=("gru",), seeds=(80, 0, 1), keras_seeds=0))
    setting = Setting(tmp_path / "out", threads=1, program="tests.experiments.compare.stand_in", measure=None)
    with dask.config.set({"distributed.scheduler.allowed-failures": 1}), local_client(1, gpus) as client:
        tally = do_all(client, planned, setting)
    assert (tally.finished, tally.failed, tally.left) == (2, [planned[0].name], [])
    assert "its worker died again and again" in (setting.failure(planned[0])).read_text()


@pytest.mark.parametrize(
    ("present", "allowed", "usable"),
    [
        (0, None, []), (0, "0", []), (2, None, ["0", "1"]), (2, "", []), (2, "1", ["1"]), (2, "1,-1,0", ["1"]),
        (2, "GPU-8f,MIG-1", ["GPU-8f", "MIG-1"]), (2, "NoDevFiles", []), (2, "5", []),
    ],
)  # fmt: skip
def test_gpus_are_those_that_are_there_and_may_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, present: int, allowed: str | None, usable: list[str]
) -> None:
    for number in range(present):
        (tmp_path / "gpus" / str(number)).mkdir(parents=True)
    monkeypatch.setattr(cluster, "NVIDIA", tmp_path / "gpus")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if allowed is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", allowed)
    assert gpus_here() == usable
