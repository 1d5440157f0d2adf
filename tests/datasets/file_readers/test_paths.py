from __future__ import annotations

import os
from pathlib import Path

import pytest

from datasets.errors import UserError
from datasets.file_readers.paths import existing, is_path, neighbours


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "imdb_reviews").mkdir()
    (tmp_path / "plain").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "spec",
    [
        "plain",
        "imdb_reviews",
        "imdb_reviews/none",
        "none.csv",
        "none.parquet",
        "none.tsf.gz",
        "a/b/none.jsonl.gz",
        "./x",
        "../x",
        "~/x",
        "/x",
    ],
)
def test_paths(spec: str) -> None:
    assert is_path(spec)


@pytest.mark.parametrize(
    "spec", ["", "glue/sst2", "none", "ag_news_subset", "imdb_reviews:1.0.0", "a\0b", "x" * 5000]
)
def test_no_paths(spec: str) -> None:
    assert not is_path(spec)


@pytest.mark.usefixtures("folder")
def test_existing() -> None:
    assert existing("plain") == Path("plain")
    with pytest.raises(UserError, match=r"^plin: no such file or folder; did you mean plain\?$"):
        existing("plin")
    with pytest.raises(UserError, match=r"^~no-such-user/x.csv: no such file or folder$"):
        existing("~no-such-user/x.csv")


def test_home_is_meant_by_a_tilde(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    assert existing("~/plain") == folder / "plain"


def test_neighbours(folder: Path) -> None:
    assert neighbours("x") == ["imdb_reviews", "plain"]
    assert neighbours(os.path.join(str(folder), "x")) == [str(folder / "imdb_reviews"), str(folder / "plain")]
    assert neighbours("no/such/folder/x") == []
