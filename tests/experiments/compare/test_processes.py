from __future__ import annotations

import pytest

from experiments.compare.processes import environment


def test_a_run_gets_its_share_of_the_cores_and_a_gpu_only_where_one_is_offered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    without, with_one = environment(3, gpu=False), environment(3, gpu=True)
    assert without["OMP_NUM_THREADS"] == without["TF_NUM_INTRAOP_THREADS"] == "3"
    assert without["CUDA_VISIBLE_DEVICES"] == "-1"
    assert with_one.get("CUDA_VISIBLE_DEVICES") != "-1"
