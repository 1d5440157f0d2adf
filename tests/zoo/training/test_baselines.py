from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from datasets.errors import UserError
from tests.zoo.conftest import SMALL, call, toy_rows, write_tsv
from zoo import pipeline
from zoo.run import main
from zoo.training import baselines as trivial

BAG = "bag of embeddings"


def run(data: Path, out: Path, *options: object) -> tuple[dict, str]:
    """The rows beside a run's model, and what it said."""
    done = call(main, "sentiment", "--dataset", data, "--out", out, *SMALL, *options)
    assert done.code == 0, done.err
    return rows_of(out), done.err


def rows_of(out: Path) -> dict:
    rows: dict = json.loads((out / "metrics.json").read_text())["trivial"]
    return rows


def kept(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def test_runs_of_other_cells_share_the_rows_that_they_would_train_alike(toy, tmp_path):
    shared = ("--shared-rows", tmp_path / "rows")
    first, said = run(toy, tmp_path / "first", "--cell", "gru", *shared)
    assert "trained by another run" not in said
    options = ("--cell", "vanilla", "--layers", 2, "--bidirectional", "--recurrent-dropout", 0.2)
    found, said = run(toy, tmp_path / "second", *options, *shared)
    assert f"{BAG}: trained by another run, see {tmp_path / 'rows'}" in said
    alone, _ = run(toy, tmp_path / "third", *options)
    assert found == alone == first
    assert len(kept(tmp_path / "rows")) == 1


@pytest.mark.parametrize("options", [("--seed", 3), ("--learning-rate", 0.02, "--embedding", 6)])
def test_whatever_decides_a_row_makes_it_another(toy, tmp_path, options):
    shared = ("--shared-rows", tmp_path / "rows")
    run(toy, tmp_path / "first", *shared)
    _, said = run(toy, tmp_path / "second", *options, *shared)
    assert "trained by another run" not in said
    assert len(kept(tmp_path / "rows")) == 2


@pytest.mark.parametrize("changed", ["labels", "words", "test"])
def test_other_data_in_the_same_place_make_it_another(tmp_path, changed):
    folder = tmp_path / "data"
    folder.mkdir()
    train, test = toy_rows(60), toy_rows(20)
    shared = ("--shared-rows", tmp_path / "rows")
    for name, rows in (("train", train), ("test", test)):
        write_tsv(folder / f"{name}.tsv", rows)
    run(folder, tmp_path / "first", *shared)
    flipped = {"0": "1", "1": "0", "neg": "pos", "pos": "neg"}
    changes = {
        "labels": ("train", [(text, flipped[str(label)]) for text, label in train]),
        "words": ("train", [(text.replace("film", "book"), label) for text, label in train]),
        "test": ("test", [(text, flipped[str(label)]) for text, label in test]),
    }
    name, rows = changes[changed]
    write_tsv(folder / f"{name}.tsv", rows)
    _, said = run(folder, tmp_path / "second", *shared)
    assert "trained by another run" not in said
    assert len(kept(tmp_path / "rows")) == 2


def test_other_code_makes_it_another(toy, tmp_path, monkeypatch):
    shared = ("--shared-rows", tmp_path / "rows")
    run(toy, tmp_path / "first", *shared)
    monkeypatch.setattr(trivial, "_CODE", "changed")
    run(toy, tmp_path / "second", *shared)
    assert len(kept(tmp_path / "rows")) == 2


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"row": "bag", "metrics": {"dev": {}}}', '{"row": "bag", "metrics": 3}']
)
def test_a_damaged_file_is_none(tmp_path, text):
    path = tmp_path / "row.json"
    path.write_text(text)
    assert trivial._known(path, dict.fromkeys(("dev", "test"))) is None


def test_a_damaged_file_is_replaced(toy, tmp_path):
    shared = ("--shared-rows", tmp_path / "rows")
    first, _ = run(toy, tmp_path / "first", *shared)
    (path,) = kept(tmp_path / "rows")
    whole = path.read_text()
    path.write_text(whole[:-10])
    assert run(toy, tmp_path / "second", *shared)[0] == first
    assert path.read_text() == whole


def test_a_row_that_cannot_be_kept_is_told_and_the_run_stands(toy, tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise UserError("no space left on the disk", 1)

    monkeypatch.setattr(trivial, "write_json", full)
    rows, said = run(toy, tmp_path / "run", "--shared-rows", tmp_path / "rows")
    assert set(rows) == {"majority", BAG}
    assert f"{BAG}: cannot be kept for other runs (no space left on the disk)" in said


def test_a_folder_that_cannot_be_is_told_before_anything_is_trained(toy, tmp_path):
    (tmp_path / "file").touch()
    out = tmp_path / "run"
    done = call(main, "sentiment", "--dataset", toy, "--out", out, "--shared-rows", tmp_path / "file", *SMALL)
    assert done.code == 2
    assert (
        done.err == f"error: --shared-rows {tmp_path / 'file'}: a file is in the way; name another folder\n"
    )
    assert not out.exists()


def test_a_resumed_run_shares_too(toy, tmp_path, monkeypatch):
    shared = ("--shared-rows", tmp_path / "rows")
    first, _ = run(toy, tmp_path / "first", *shared)
    with monkeypatch.context() as patched:
        patched.setattr(pipeline, "baseline_metrics", lambda *_: signal.raise_signal(signal.SIGTERM))
        done = call(main, "sentiment", "--dataset", toy, "--out", tmp_path / "second", *SMALL)
        assert done.code == 128 + signal.SIGTERM
    done = call(main, "--resume", tmp_path / "second", *shared)
    assert done.code == 0
    assert "trained by another run" in done.err
    assert rows_of(tmp_path / "second") == first


def failing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fit(*_: object, **__: object) -> None:
        raise trivial.NotANumber("the loss became nan at epoch 1, batch 1")

    monkeypatch.setattr(trivial, "fit", fit)


def test_a_row_that_fails_leaves_the_run_standing_and_is_not_kept(toy, tmp_path, monkeypatch):
    failing(monkeypatch)
    rows, said = run(toy, tmp_path / "run", "--shared-rows", tmp_path / "rows")
    assert f"{BAG}: the loss became nan at epoch 1" in said
    assert set(rows) == {"majority"}
    assert kept(tmp_path / "rows") == []


def test_a_row_whose_score_is_no_number_is_not_kept(toy, tmp_path, monkeypatch):
    monkeypatch.setattr(trivial, "_trained", lambda *_: {"dev": {"accuracy": float("nan")}})
    run(toy, tmp_path / "run", "--shared-rows", tmp_path / "rows")
    assert kept(tmp_path / "rows") == []


def test_the_peak_of_memory_is_that_of_the_model_and_not_of_the_rows(toy, tmp_path, monkeypatch):
    peaks = iter([111, 222])
    monkeypatch.setattr(pipeline, "resident_memory", lambda peak: next(peaks))
    baseline_metrics = pipeline.baseline_metrics

    def after(*arguments: object) -> dict:
        next(peaks)  # what is asked from now on would be told a number that is no more there
        return baseline_metrics(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "baseline_metrics", after)
    run(toy, tmp_path / "run")
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["peak_memory_bytes"] == 111
