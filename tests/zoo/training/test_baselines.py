from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

import datasets
from datasets.errors import UserError
from tests.zoo.conftest import SMALL, call, toy_rows, write_tsv
from zoo import pipeline
from zoo.config import TrainedBaselines
from zoo.run import config_of, main, task_parser
from zoo.tasks.sentiment.task import Sentiment
from zoo.training import baselines
from zoo.training.context import RunContext

BAG, TFIDF = "bag of embeddings", "TF-IDF of words and pairs"
#: The options of a small run with one row that takes long.
ALONE = (*SMALL, "--no-tfidf")
Rows = dict[str, dict[str, dict[str, float]]]


def run(data: Path, out: Path, *options: object) -> tuple[Rows, str]:
    """The rows beside a run's model, and what it said."""
    done = call(main, "sentiment", "--dataset", data, "--out", out, *ALONE, *options)
    assert done.code == 0, done.err
    return rows_of(out), done.err


def rows_of(out: Path) -> Rows:
    rows: Rows = json.loads((out / "metrics.json").read_text())["baselines"]
    return rows


def baselines_of(data: Path, shared: Path, *options: object) -> Rows:
    """The rows beside a model of these options, which is not trained itself."""
    arguments = map(str, ("--dataset", data, *ALONE, *options))
    config = config_of("sentiment", task_parser("sentiment", str(data)).parse_args(list(arguments)))
    context = RunContext.prepare(config, datasets.load(config.dataset, ("text", "label"), config.data))
    test = context.prepared.test()
    assert test is not None
    return baselines.baseline_metrics(
        context, {"dev": context.prepared.valid, "test": test}, TrainedBaselines(shared)
    )


def kept(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 60 texts to train on and 20 to test."""
    folder = tmp_path_factory.mktemp("data")
    for name, rows in (("train", toy_rows(60)), ("test", toy_rows(20))):
        write_tsv(folder / f"{name}.tsv", rows)
    return folder


@pytest.fixture(scope="module")
def shared_by_first(data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Rows]:
    """The rows beside a GRU, and the folder in which they are kept; only to be read."""
    shared = tmp_path_factory.mktemp("shared") / "rows"
    rows, said = run(data, shared.parent / "first", "--shared-baselines", shared)
    assert "trained by another run" not in said
    assert len(kept(shared)) == 1
    return shared, rows


@pytest.fixture
def first(shared_by_first: tuple[Path, Rows]) -> Rows:
    """The rows of the first run."""
    return shared_by_first[1]


@pytest.fixture
def shared(shared_by_first: tuple[Path, Rows], tmp_path: Path) -> Path:
    """A folder in which the first run has kept its rows."""
    return shutil.copytree(shared_by_first[0], tmp_path / "rows")


def test_runs_of_other_cells_share_the_rows_that_they_would_train_alike(
    data: Path, shared: Path, first: Rows, tmp_path: Path
) -> None:
    options = ("--cell", "vanilla", "--layers", 2, "--bidirectional", "--recurrent-dropout", 0.2)
    found, said = run(data, tmp_path / "second", *options, "--shared-baselines", shared)
    assert f"{BAG}: trained by another run, see {shared}" in said
    alone = baselines_of(data, tmp_path / "empty", *options)
    assert found == alone == first
    assert len(kept(shared)) == 1


@pytest.mark.parametrize("options", [("--seed", 3), ("--learning-rate", 0.02, "--embedding", 6)])
def test_whatever_decides_a_row_makes_it_another(
    data: Path, shared: Path, options: tuple[object, ...]
) -> None:
    baselines_of(data, shared, *options)
    assert len(kept(shared)) == 2


def test_a_task_that_scales_by_the_whole_shares_no_row_of_the_other_direction(
    data: Path, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Sentiment, "scales_by_the_whole", True)
    baselines_of(data, shared, "--no-bidirectional")
    assert len(kept(shared)) == 1
    baselines_of(data, shared, "--bidirectional")
    assert len(kept(shared)) == 2


@pytest.mark.parametrize("changed", ["labels", "words", "test"])
def test_other_data_in_the_same_place_make_it_another(
    data: Path, shared: Path, tmp_path: Path, changed: str
) -> None:
    place = tmp_path / "place"
    shutil.copytree(data, place)
    baselines_of(place, shared)
    assert len(kept(shared)) == 1
    train, test = toy_rows(60), toy_rows(20)
    flipped = {"neg": "pos", "pos": "neg"}
    changes = {
        "labels": ("train", [(text, flipped[label]) for text, label in train]),
        "words": ("train", [(text.replace("film", "book"), label) for text, label in train]),
        "test": ("test", [(text, flipped[label]) for text, label in test]),
    }
    name, rows = changes[changed]
    write_tsv(place / f"{name}.tsv", rows)
    baselines_of(place, shared)
    assert len(kept(shared)) == 2


def test_other_code_makes_it_another(data: Path, shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baselines, "_CODE", "changed")
    baselines_of(data, shared)
    assert len(kept(shared)) == 2


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"row": "bag", "metrics": {"dev": {}}}', '{"row": "bag", "metrics": 3}']
)
def test_a_damaged_file_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "row.json"
    path.write_text(text)
    batches: dict[str, Any] = dict.fromkeys(("dev", "test"))
    assert baselines._known(path, batches) is None


def test_a_damaged_file_is_replaced(data: Path, shared: Path, first: Rows) -> None:
    (path,) = kept(shared)
    whole = path.read_text()
    path.write_text(whole[:-10])
    assert baselines_of(data, shared) == first
    assert path.read_text() == whole


def test_those_that_are_trained_can_be_left_out(toy: Path, tmp_path: Path) -> None:
    rows, said = run(toy, tmp_path / "run", "--no-trained-baselines")
    assert set(rows) == {"majority"}
    assert BAG not in said
    assert baselines.LEFT_OUT in json.loads((tmp_path / "run" / "metrics.json").read_text())["notes"]


def test_a_row_that_cannot_be_kept_is_told_and_the_run_stands(
    toy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise UserError("no space left on the disk", 1)

    monkeypatch.setattr(baselines, "write_json", full)
    rows, said = run(toy, tmp_path / "run", "--shared-baselines", tmp_path / "rows")
    assert set(rows) == {"majority", BAG}
    assert f"{BAG}: cannot be kept for other runs (no space left on the disk)" in said


def test_a_folder_that_cannot_be_is_told_before_anything_is_trained(toy: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    out = tmp_path / "run"
    done = call(
        main, "sentiment", "--dataset", toy, "--out", out, "--shared-baselines", tmp_path / "file", *SMALL
    )
    assert done.code == 2
    assert (
        done.err
        == f"error: --shared-baselines {tmp_path / 'file'}: a file is in the way; name another folder\n"
    )
    assert not out.exists()


def test_a_resumed_run_shares_too(
    data: Path, shared: Path, first: Rows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "run"
    with monkeypatch.context() as patched:
        patched.setattr(pipeline, "baseline_metrics", lambda *_: signal.raise_signal(signal.SIGTERM))
        done = call(main, "sentiment", "--dataset", data, "--out", out, *ALONE)
        assert done.code == 128 + signal.SIGTERM
    done = call(main, "--resume", out, "--shared-baselines", shared)
    assert done.code == 0
    assert "trained by another run" in done.err
    assert rows_of(out) == first


def failing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fit(*_: object, **__: object) -> None:
        raise baselines.NotANumber("the loss became nan at epoch 1, batch 1")

    monkeypatch.setattr(baselines, "fit", fit)


def test_a_row_that_fails_leaves_the_run_standing_and_is_not_kept(
    toy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch)
    former_flag = "--shared-rows"
    rows, said = run(toy, tmp_path / "run", former_flag, tmp_path / "rows")
    assert f"{BAG}: the loss became nan at epoch 1" in said
    assert set(rows) == {"majority"}
    assert kept(tmp_path / "rows") == []


def test_a_row_that_is_fitted_is_shared_by_all_that_have_the_same_texts(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever their cells, seeds and rates, and not by others, though the model may see the same tokens of them."""
    monkeypatch.setattr(Sentiment, "order_agnostic_baselines", lambda *_: {})
    shared = tmp_path / "rows"
    shared.mkdir()
    first = baselines_of(data, shared, "--tfidf")
    assert set(first) == {"majority", TFIDF}
    assert set(first[TFIDF]) == {"dev", "test"}
    assert baselines_of(data, shared, "--tfidf", "--seed", 3, "--learning-rate", 0.02) == first
    assert len(kept(shared)) == 1
    place = tmp_path / "place"
    shutil.copytree(data, place)
    write_tsv(place / "test.tsv", [(f"{text} unheard", label) for text, label in toy_rows(20)])
    assert baselines_of(place, shared, "--tfidf").keys() == first.keys()
    assert len(kept(shared)) == 2


def test_a_row_whose_score_is_no_number_is_not_kept(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(baselines, "_trained", lambda *_: {"dev": {"accuracy": float("nan")}})
    assert BAG in baselines_of(data, tmp_path / "rows")
    assert not (tmp_path / "rows").exists() or kept(tmp_path / "rows") == []


def test_the_peak_of_memory_is_that_of_the_model_and_not_of_the_rows(
    toy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    peaks = iter([111, 222])
    monkeypatch.setattr(pipeline, "resident_memory", lambda *_, **__: next(peaks))
    baseline_metrics = pipeline.baseline_metrics

    def after(*arguments: object) -> dict:
        next(peaks)  # what is asked from now on would be told a number that is no more there
        return baseline_metrics(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "baseline_metrics", after)
    run(toy, tmp_path / "run")
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["peak_memory_bytes"] == 111
