from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from datasets.errors import UserError
from experiments.report.earlier import RESULTS, _with_later_options
from experiments.report.groups import groups
from experiments.report.reading import RunCollection, read
from experiments.report.writing import write
from tests.experiments.report.made_up import write_run

SCORES = {"lstm": [0.8, 0.81, 0.83], "gru": [0.82, 0.85, 0.84], "mine": [0.9, 0.91, 0.93]}
BASELINES = {"majority": {"dev": {"accuracy": 0.5}, "test": {"accuracy": 0.51}}}


def write_runs(folder: Path, *cells: str) -> Path:
    """Three seeds of each cell, as a comparison leaves them."""
    for cell in cells:
        for seed, score in enumerate(SCORES[cell]):
            write_run(
                folder / "runs" / f"{cell}-{seed}", cell=cell, seed=seed, accuracy=score, baselines=BASELINES,
                by_length=[{"low": 1.0, "high": 5.0, "examples": 10.0, "accuracy": score}],
            )  # fmt: skip
    return folder


def summary(collection: RunCollection) -> list[object]:
    """What a report concludes from."""
    return [
        (
            group.title, group.compared, [group.mean(cell, "score") for cell in group.compared], group.differences,
            group.baseline_means("accuracy"), group.ceiling, group.common,
        )
        for group in groups(collection)
    ]  # fmt: skip


def test_a_new_cell_beside_an_earlier_report_is_compared_as_if_all_had_been_run(tmp_path: Path) -> None:
    write(write_runs(tmp_path / "earlier", "lstm", "gru"), tmp_path / "report")
    together = read(write_runs(tmp_path / "mine", "mine"), [str(tmp_path / "report")])
    at_once = read(write_runs(tmp_path / "all", *SCORES))
    assert summary(together) == summary(at_once)
    order = ["run", "baseline", "split"]
    pd.testing.assert_frame_equal(
        together.baselines.sort_values(order).reset_index(drop=True),
        at_once.baselines.sort_values(order).reset_index(drop=True),
        check_like=True,
        check_dtype=False,
    )
    assert together.earlier == {str(tmp_path / "report"): 6}


def test_an_earlier_table_that_knows_no_column_of_an_option_is_no_group_of_its_own(tmp_path: Path) -> None:
    write(write_runs(tmp_path / "earlier", "lstm", "gru"), tmp_path / "report")
    mine = write_runs(tmp_path / "mine", "mine")
    known = read(mine, [str(tmp_path / "report")])
    for path in mine.rglob("config.json"):
        written = json.loads(path.read_text("utf-8"))
        written["config"]["training"]["choose"] = "dev"
        path.write_text(json.dumps(written), "utf-8")
    unknown = read(mine, [str(tmp_path / "report")])
    assert set(unknown.frame["training.choose"]) == {"dev"}
    assert summary(unknown) == summary(known)
    assert len(groups(unknown)) == 1


def test_an_option_that_another_task_had_is_that_of_its_runs_alone() -> None:
    table = pd.DataFrame(
        {"task": ["signals", "forecasting", "tagging"], "options.normalise": [None, "last", None]}
    )
    later = _with_later_options(table, pd.Index(["options.normalise", "options.scaling"]))
    assert later["options.normalise"].fillna("nothing").tolist() == ["train", "last", "nothing"]
    assert later["options.scaling"].fillna("nothing").tolist() == ["step", "nothing", "nothing"]


def test_the_report_says_so_and_draws_what_it_has(tmp_path: Path) -> None:
    write(write_runs(tmp_path / "earlier", "lstm", "gru"), tmp_path / "report")
    write(write_runs(tmp_path / "mine", "mine"), tmp_path / "out", beside=[str(tmp_path / "report")])
    text = (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    assert "6 of the runs are those of an earlier report, report: they have no learning" in text
    assert {path.stem for path in (tmp_path / "out" / "figures").iterdir()} >= {
        "group-1-costs",
        "group-1-curves",
    }
    assert sorted(pd.read_parquet(tmp_path / "out" / RESULTS)["cell"].unique()) == ["gru", "lstm", "mine"]


def test_a_run_that_is_in_both_counts_once(tmp_path: Path) -> None:
    folder = write_runs(tmp_path / "runs-of-mine", "mine", "gru")
    write(folder, tmp_path / "report")
    shutil.rmtree(folder / "runs" / "gru-2")
    tables = [str(tmp_path / "report"), str(tmp_path / "report" / RESULTS)]
    together = read(folder, tables)
    assert together.earlier == {tables[0]: 1, tables[1]: 0}
    assert sorted(together.frame["run"]) == sorted(
        f"{cell}-{seed}" for cell in ("mine", "gru") for seed in (0, 1, 2)
    )


def test_data_are_told_by_their_name_wherever_they_lay(tmp_path: Path) -> None:
    for folder, cell in (("a", "gru"), ("b", "mine")):
        write_run(tmp_path / folder / "runs" / cell, cell=cell, dataset=str(tmp_path / folder / "imdb"))
    write(tmp_path / "a", tmp_path / "report")
    (group,) = groups(read(tmp_path / "b", [str(tmp_path / "report")]))
    assert group.data == "imdb"
    assert sorted(group.compared) == ["gru", "mine"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "is no report's table: there is no such file"),
        (b"PAR1 and no more", f"is no report's {RESULTS}: "),
        (pd.DataFrame({"run": ["a"]}), f"is no report's {RESULTS}: it has no column 'cell'"),
    ],
)  # fmt: skip
def test_what_is_no_table_of_results_is_refused(
    tmp_path: Path, content: bytes | pd.DataFrame | None, said: str
) -> None:
    write_runs(tmp_path / "mine", "mine")
    path = tmp_path / RESULTS
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        content.to_parquet(path)
    with pytest.raises(UserError, match=said):
        read(tmp_path / "mine", [str(path)])


def test_runs_without_a_baseline_stand_beside_too(tmp_path: Path) -> None:
    write_run(tmp_path / "a" / "runs" / "gru", baselines={})
    write(tmp_path / "a", tmp_path / "report")
    write_run(tmp_path / "b" / "runs" / "mine", cell="mine", baselines={})
    together = read(tmp_path / "b", [str(tmp_path / "report")])
    assert sorted(together.frame["cell"]) == ["gru", "mine"]
    assert len(together.baselines) == 0
    assert sorted(groups(together)[0].compared) == ["gru", "mine"]


def test_a_folder_without_a_finished_run_has_the_earlier_ones(tmp_path: Path) -> None:
    write(write_runs(tmp_path / "earlier", "gru"), tmp_path / "report")
    unfinished = write_runs(tmp_path / "mine", "mine")
    for run in (unfinished / "runs").iterdir():
        (run / "metrics.json").unlink()
    together = read(unfinished, [str(tmp_path / "report")])
    assert list(together.frame["cell"]) == ["gru"] * 3
    assert len(together.left_out) == 3
