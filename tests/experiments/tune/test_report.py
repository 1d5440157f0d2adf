from __future__ import annotations

import dataclasses
from pathlib import Path

import optuna

from experiments.tune import report
from experiments.tune.asked import Asked
from experiments.tune.space import space
from experiments.tune.study import Study
from tests.experiments.report.made_up import write_grid

ASKED = Asked(task="tagging", cells=("lstm", "gru"), space=("units=8,16", "dropout=0..0.5"), trials=8)


def searched(trials: int) -> list[Study]:
    """Two contestants, of which the first is better with more units, and whose last trial failed."""
    kept = optuna.storages.InMemoryStorage()
    studies = [Study(name, space(ASKED.space), kept, True, 0) for name in ASKED.cells]
    for place, study in enumerate(studies):
        for number in range(trials):
            trial, text = study.ask()
            value = 0.5 + (0.2 if "units=16" in text else 0.0) + number / 1000 - place / 10
            study.report(trial, [value - 0.1, value], 0)
            if number == trials - 1:
                study.fail(trial, "it diverged")
            else:
                study.finish(trial, [value - 0.1, value])
    return studies


def test_the_report_has_budget_curve_importances_and_the_comparison(tmp_path: Path) -> None:
    write_grid(tmp_path / "comparison", {"lstm": [0.8, 0.81], "gru": [0.7, 0.72]}, "tagging")
    answer = report.write(ASKED, searched(8), tmp_path, tmp_path / "comparison")
    assert answer.startswith("lstm: lstm(dropout=")
    text = (tmp_path / "report.md").read_text()
    assert "| lstm | 8 | 7 | 0 | 1 | 16 |" in text
    assert "it diverged" in text
    assert "](figures/best-so-far.svg)" in text
    assert "| contestant | dropout | units |" in text
    assert "the trials left the test split unread" in text
    assert "Differences between cells" in text
    assert (tmp_path / "figures" / "best-so-far.svg").is_file()
    assert '<table id="importances">' in (tmp_path / "report.html").read_text()


def test_few_trials_do_not_say_which_options_mattered(tmp_path: Path) -> None:
    report.write(ASKED, searched(3), tmp_path, tmp_path / "comparison")
    assert "Too few trials" in (tmp_path / "report.md").read_text()


def test_what_is_best_at_an_end_of_its_range_is_said(tmp_path: Path) -> None:
    report.write(ASKED, searched(8), tmp_path, tmp_path / "comparison")
    text = (tmp_path / "report.md").read_text()
    assert "At an end of what was tried, so that more may be better: lstm (units); gru (units)." in text
    assert "the first ones at random" in text


def test_each_combination_of_a_few_values_is_said(tmp_path: Path) -> None:
    kept = optuna.storages.InMemoryStorage()
    study = Study("gru", space(["units=8,16,32"]), kept, True, 0)
    for value in (0.1, 0.3, 0.2):
        trial, _ = study.ask()
        study.finish(trial, [value])
    report.write(ASKED, [study], tmp_path, tmp_path / "comparison")
    text = (tmp_path / "report.md").read_text()
    assert "trials: each combination of the values once." in text
    assert "At an end" not in text


def test_equal_parameters_are_said(tmp_path: Path) -> None:
    report.write(
        dataclasses.replace(ASKED, match="parameters"), searched(3), tmp_path, tmp_path / "comparison"
    )
    assert "Units were chosen for equal numbers of parameters." in (tmp_path / "report.md").read_text()


def test_the_curve_is_of_the_best_so_far_and_passes_over_failures() -> None:
    study = searched(5)[0]
    curve = report.best_so_far(study)
    assert len(curve) == 5
    assert curve == sorted(curve)
    assert curve[-1] == curve[-2]
