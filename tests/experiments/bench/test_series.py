from __future__ import annotations

from pathlib import Path

import datasets
from experiments.bench import series as bench_series


def test_the_table_has_the_series_that_are_asked_for(tmp_path: Path) -> None:
    bench_series.write_table(tmp_path / "t.csv", 3, 40)
    data = datasets.load(str(tmp_path / "t.csv"), ("series", "start"))
    assert data.info.notes[0].startswith("3 series of 40 steps; 1 variables; step D")


def test_every_part_is_measured_and_written(tmp_path: Path) -> None:
    times = bench_series.measure(2, 100)
    assert times["part"].tolist() == ["read", "digest", "prepare", "rows of dev, fitted", "rows of test"]
    assert (times[["wall", "processor"]] >= 0).all(axis=None)
    assert "| read |" in bench_series.write(times, 2, 100, tmp_path)
    assert (tmp_path / "series.csv").exists()
