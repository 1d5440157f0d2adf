from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from datasets.errors import UserError
from datasets.formats.parquet import ParquetTable
from datasets.formats.tables import Format
from datasets.series.columns import Columns
from datasets.series.files import SeriesFile
from datasets.series.reading import read_file


def write(folder: Path, frame: pd.DataFrame) -> Path:
    path = folder / "t.parquet"
    frame.to_parquet(path)
    return path


def long_frame() -> pd.DataFrame:
    days = pd.date_range("2024-01-01", periods=4)
    parts = [
        pd.DataFrame({"unique_id": name, "ds": days, "y": np.arange(4.0) + n}) for n, name in enumerate("ab")
    ]
    return pd.concat(parts, ignore_index=True)


def test_rows_and_cells(tmp_path: Path) -> None:
    table = ParquetTable(write(tmp_path, pd.DataFrame({"x": [1, 2], "t": ["p", None]})))
    assert table.columns == ["x", "t"]
    assert list(table.rows([1, 0])) == [(1, ["p", 1]), (2, [None, 2])]


def test_a_long_table_of_series(tmp_path: Path) -> None:
    series = read_file(write(tmp_path, long_frame()), Columns()).series
    assert [(one.name, one.step, one.values[:, 0].tolist()) for one in series] == [
        ("a", "D", [0, 1, 2, 3]),
        ("b", "D", [1, 2, 3, 4]),
    ]


def test_an_index_of_time_stamps_is_the_time_column(tmp_path: Path) -> None:
    index = pd.date_range("2024-01-01", periods=3, freq="h", tz="Asia/Seoul")
    (one,) = read_file(write(tmp_path, pd.DataFrame({"u": [1.5, 2, 3]}, index=index)), Columns()).series
    assert (one.variables, one.step) == (("u",), "h")
    assert one.labels_ahead(1) == ["2024-01-01 03:00:00+09:00"]


def test_missing_values_are_missing(tmp_path: Path) -> None:
    frame = long_frame().astype({"y": object})
    frame.loc[2, "y"] = None
    with pytest.raises(UserError, match="line 3: series a has no value of y"):
        read_file(write(tmp_path, frame.astype({"y": float})), Columns())


def test_a_model_reads_it_as_any_other_table(tmp_path: Path) -> None:
    about = {"variables": ("y",), "past": (), "future": (), "horizon": 2, "step": ("D",)}
    assert len(SeriesFile(write(tmp_path, long_frame()), None, Format()).read(about)) == 2


def test_what_is_no_parquet_is_told_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(UserError, match="is no Parquet file, or is damaged"):
        read_file(path, Columns())
    good = write(tmp_path, long_frame()).read_bytes()
    path.write_bytes(good[: len(good) // 2])
    with pytest.raises(UserError, match="is no Parquet file, or is damaged"):
        read_file(path, Columns())


def test_without_pyarrow_the_command_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, long_frame())
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="install it: pip install 'pyarrow>=22,<27'"):
        read_file(path, Columns())
