from __future__ import annotations

import functools
import importlib.util
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from datasets.errors import UserError
from experiments.bench import __main__ as bench
from experiments.bench import layers as bench_layers
from experiments.bench import memory as bench_memory
from experiments.bench import report as bench_report
from experiments.bench.contestants import Contestant, Problem, contestants
from experiments.bench.shapes import CELLS, Shape
from tests.conftest import RunPython
from zoo.tensors import Tensor

SMALL = Shape(3, 4, 2, 5)


def table() -> pd.DataFrame:
    """Figures by hand: ours is 4 and 1 times as fast as Keras, and twice as fast as torch."""
    rows: list[dict[str, object]] = []
    for batch, milliseconds in ((1, {"keras": 8.0, "fused": 2.0, "torch": 4.0, "products": 1.0}), (6, {})):
        milliseconds = milliseconds or {"keras": 3.0, "fused": 3.0, "torch": 6.0, "products": 1.5}
        for name, median in milliseconds.items():
            rows.append(
                {
                    **{
                        "cell": "lstm",
                        "batch": batch,
                        "steps": 9,
                        "features": 3,
                        "units": 2,
                        "mode": "train",
                    },
                    **{"contestant": name, "low": median - 0.5, "median": median, "high": median + 0.5},
                    **{"first": 1000.0, "peak": {"keras": 10.0, "fused": 4.0 * batch}.get(name, np.nan)},
                    "times_keras": milliseconds["keras"] / median,
                    "times_torch": milliseconds["torch"] / median,
                    "of_floor": milliseconds["products"] / median,
                }
            )
    return pd.DataFrame(rows)


def test_shapes_are_read_as_they_are_written() -> None:
    assert Shape.parse("3x4x2x5") == SMALL
    assert str(SMALL) == "3x4x2x5"
    for text in ("3x4x2", "3x4x2x0", "3x4x2x5x1", "axbxcxd", ""):
        with pytest.raises(UserError, match="not batch x steps x features x units"):
            Shape.parse(text)


@pytest.mark.slow
@pytest.mark.parametrize("cell", CELLS)
def test_all_contestants_give_the_same(cell: str) -> None:
    """Outputs and the gradient of the inputs; and a contestant that is off is found out."""
    field = contestants(Problem.draw(cell, SMALL), ["fused", "loop"])
    names = ["keras", "fused", "loop", "torch", "jax", "products"]
    assert [c.name for c in field] == [
        n for n in names if n not in ("torch", "jax") or importlib.util.find_spec(n)
    ]
    for contestant in field:
        assert all(np.isfinite(np.asarray(value)).all() for value in contestant.calls["forward"]())
    bench_layers.check(field, 1e-5)
    outputs, gradients = (np.array(value) for value in field[0].calls["train"]()[:2])
    for wrong in ((outputs + 0.01, gradients), (outputs, gradients + 0.01), (outputs, np.nan * gradients)):
        off = Contestant("off", {"train": functools.partial(tuple, wrong)})
        with pytest.raises(RuntimeError, match=r"off: its (outputs|gradients) differ"):
            bench_layers.check([field[0], off], 1e-5)


def test_every_contestant_runs_in_every_round() -> None:
    """In turns, the one before the other; and a ratio is the median of those within a round."""
    calls: list[str] = []

    def call(key: str) -> list[Tensor]:
        calls.append(key)
        return []

    field = [
        Contestant(name, {mode: functools.partial(call, f"{name} {mode}") for mode in bench_layers.MODES})
        for name in ("a", "b")
    ]
    times = bench_layers.time_rounds(field, 3)
    assert calls == [f"{name} {mode}" for name in "ab" for mode in bench_layers.MODES for _ in range(2)] * 3
    assert {key: len(taken) for key, taken in times.items()} == {
        (name, mode): 3 for name in "ab" for mode in bench_layers.MODES
    }
    times = {("a", "train"): [1.0, 8.0, 90.0], ("b", "train"): [1.0, 2.0, 30.0]}
    assert bench_layers.ratio(times, "a", "b", "train") == 3.0
    assert np.isnan(bench_layers.ratio(times, "torch", "b", "train"))


@pytest.mark.slow
def test_the_peak_is_what_training_adds() -> None:
    """A layer of which the gates alone take 16 MB, in this process."""
    small, large = (bench_memory.peak("gru", Shape(64, steps, 8, 64), "fused") for steps in (4, 400))
    assert large - small > 64 * 396 * 3 * 64 * 4 / 1e6
    assert large < 20 * 64 * 400 * 3 * 64 * 4 / 1e6


def test_the_table_in_markdown() -> None:
    text = bench_report.markdown(table(), {"device": "abacus", "numpy": "2"})
    lines = text.splitlines()
    assert "device abacus, numpy 2. float32." in lines
    (whole,) = [line for line in lines if line.startswith("| lstm | train |")]
    assert [cell.strip() for cell in whole.split("|")[3:-1]] == [
        *("2.00× (1.00 at 6×9×3×2)", "2.00× (2.00 at 1×9×3×2)", "4.00×", "1.00×", "0.50", "2.40")
    ]
    (row,) = [line for line in lines if line.startswith("| lstm | 6×9×3×2 |")]
    assert [cell.strip() for cell in row.split("|")[3:-1]] == [
        *("train", "3 (2.5–3.5)", "3 (2.5–3.5)", "6 (5.5–6.5)", "1.5 (1–2)"),
        *("1.00×", "2.00×", "0.50", "1.00", "2.40"),
    ]


def test_without_torch_and_memory() -> None:
    found = table().query("contestant != 'torch'").assign(times_torch=np.nan, peak=np.nan)
    (row,) = [
        line
        for line in bench_report.markdown(found, {"device": "abacus"}).splitlines()
        if line.startswith("| lstm | train |")
    ]
    assert [cell.strip() for cell in row.split("|")[3:-1]] == [
        *("2.00× (1.00 at 6×9×3×2)", "–", "4.00×", "1.00×", "0.50", "–")
    ]


@pytest.mark.slow
def test_the_command_leaves_table_text_and_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes = ["1x3x2x4", "3x4x2x5"]
    monkeypatch.setattr(bench_layers, "_peaks", lambda wanted: {one: float(len(one[2])) for one in wanted})
    arguments = ["layers", "--cells", "vanilla", "--shapes", *shapes, "--rounds", "2", "--out", str(tmp_path)]
    assert bench.main(arguments) == 0
    found = pd.read_csv(tmp_path / "layers.csv")
    assert len(found) == 2 * 2 * found["contestant"].nunique()
    assert (found["median"] > 0).all()
    assert (found["low"] <= found["median"]).all()
    assert found["of_floor"].notna().all()
    weighed = found[found["peak"].notna()]
    assert set(weighed["mode"]) == {"train"}
    assert (weighed["peak"] == weighed["contestant"].str.len()).all()
    assert {"keras", "fused"} <= set(weighed["contestant"])
    text = (tmp_path / "layers.md").read_text("utf-8")
    assert text in capsys.readouterr().out
    assert "keras 3." in text
    assert (tmp_path / "layers.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["layers", "--rounds", "0"], "--rounds must be at least 1"),
        (["layers", "--shapes", "8x8"], "'8x8' is not batch"),
        (["layers", "--cells", "gruu"], "did you mean gru?"),
        (["imdb"], "the race needs DATA"),
        (["imdb", "--only", "race"], "the race needs DATA"),
    ],
)
def test_a_wrong_argument_is_refused_in_a_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench.main(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


def test_a_quick_look_leaves_the_committed_figures_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(bench, "_imdb", lambda arguments, folder: seen.append((arguments.rounds, folder)))
    assert bench.main(["imdb", "--quick"]) == 0
    assert bench.main(["imdb", "data"]) == 0
    assert seen == [(5, bench.QUICK_RESULTS), (15, bench.RESULTS)]


def test_help_imports_nothing_slow(run_python: RunPython) -> None:
    code = (
        "import sys; from experiments.bench import __main__ as bench\n"
        "try: bench.main(['layers', '--help'])\n"
        "except SystemExit: pass\n"
        "import json; print(json.dumps([m for m in ('tensorflow', 'keras', 'pandas', 'jax') if m in sys.modules]))"
    )
    done = run_python("-c", code)
    assert json.loads(done.stdout.splitlines()[-1]) == []
    assert "--shapes" in done.stdout
