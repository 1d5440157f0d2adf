"""Ranks over data sets, beside the numbers of the papers and of another implementation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from experiments.report.groups import groups
from experiments.report.pages import to_html, to_markdown
from experiments.report.ranks import Ranking, critical_difference, friedman, ranking, signed_rank
from experiments.report.reading import read
from experiments.report.sections import report
from tests.experiments.report.made_up import write_grid, write_run

#: Four classifiers on 14 data sets (Demšar 2006, table 6): area under the curve.
DEMSAR = """
.763 .768 .771 .798
.599 .591 .590 .569
.954 .971 .968 .967
.628 .661 .654 .657
.882 .888 .886 .898
.936 .931 .916 .931
.661 .668 .609 .685
.583 .583 .563 .625
.775 .838 .866 .875
1.000 1.000 1.000 1.000
.940 .962 .965 .962
.619 .666 .614 .669
.972 .981 .9751 .975
.957 .978 .946 .970
"""


def scores() -> list[list[float]]:
    return [[float(text) for text in line.split()] for line in DEMSAR.split("\n") if line]


def over(folder: Path, cells: Sequence[str], of_data: Sequence[Sequence[float]]) -> Ranking | None:
    """The ranking of scores `(data sets, cells)`, one seed each."""
    for number, row in enumerate(of_data):
        write_grid(folder, dict(zip(cells, ([score] for score in row), strict=True)), f"task{number:02}")
    return ranking(groups(read(folder)))


def test_the_example_of_demsar(tmp_path: Path) -> None:
    """Average ranks 3.143, 2.000, 2.893, 1.964; chi square 9.28, there without a correction for ties; CD = 1.25."""
    found = over(tmp_path, ["vanilla", "lstm", "gru", "mgu"], scores())
    assert found is not None
    assert found.cells == ["mgu", "lstm", "gru", "vanilla"]
    np.testing.assert_allclose(found.means, [1.964, 2.000, 2.893, 3.143], atol=5e-4)
    assert found.critical_difference == pytest.approx(1.25, abs=0.005)
    ties = sum(c**3 - c for row in scores() for c in np.unique(row, return_counts=True)[1])
    chi_square = 9.28 / (1 - ties / (14 * (4**3 - 4)))
    f = 13 * chi_square / (14 * 3 - chi_square)
    assert found.p == pytest.approx(stats.f.sf(f, 3, 39), abs=1e-4)
    assert found.cliques() == [(0, 3)]


def test_cells_that_differ_by_less_than_the_critical_difference_are_one_clique() -> None:
    ranks = np.tile([1.0, 2.0, 3.0, 4.0], (8, 1))
    found = Ranking(list("abcd"), [], ["x"] * 8, ranks, ranks, {}, 0.0, 1.5, [])
    assert found.cliques() == [(0, 1), (1, 2), (2, 3)]


@pytest.mark.parametrize(
    ("seed", "count", "mean", "theirs"),
    [
        (0, 5, 0.01, (0.457, 0.543, 0.0)),
        (1, 8, 0.02, (0.994, 0.006, 0.0)),
        (2, 9, 0.0, (0.211, 0.692, 0.097)),
        (3, 9, 0.005, (0.071, 0.635, 0.294)),
        (4, 7, -0.03, (0.0, 0.008, 0.992)),
    ],
)
def test_probabilities_are_those_of_another_implementation(
    seed: int, count: int, mean: float, theirs: tuple[float, float, float]
) -> None:
    """Those of baycomp 1.0.3 by 400,000 samples, recorded."""
    differences = np.random.default_rng(seed).normal(mean, 0.02, count)
    np.testing.assert_allclose(signed_rank(differences), theirs, atol=0.01)


def test_differences_that_do_not_matter_and_differences_that_are_sure() -> None:
    better, equal, worse = signed_rank(np.full(8, 0.001))
    assert equal > 0.99
    better, equal, worse = signed_rank(np.full(8, -0.2))
    assert worse > 0.99
    assert better + equal + worse == pytest.approx(1)


def test_no_differences_at_all() -> None:
    assert friedman(np.full((5, 3), 2.0)) == 1.0
    assert friedman(np.tile([1.0, 2.0, 3.0], (5, 1))) == 0.0
    assert math.isnan(friedman(np.ones((5, 2))))
    assert math.isnan(critical_difference(5, 2))


def test_friedmans_test_is_that_of_scipy_with_ties_and_of_the_ranks_that_are_shown() -> None:
    ranks = stats.rankdata(np.random.default_rng(0).integers(0, 4, (12, 4)), axis=1)
    statistic = stats.friedmanchisquare(*ranks.T).statistic
    ratio = 11 * statistic / (12 * 3 - statistic)
    assert friedman(ranks) == pytest.approx(stats.f.sf(ratio, 3, 33))
    # Means over two groups of a data set: nearly ties are no whole ranks.
    near = np.array([[1.4, 1.6, 3.0], [1.6, 1.4, 3.0], [1.9, 2.0, 2.1], [2.1, 2.0, 1.9], [2.1, 2.0, 1.9]])
    assert friedman(near) < friedman(stats.rankdata(near, axis=1)) / 2


def test_less_is_better_turns_ranks_and_differences(tmp_path: Path) -> None:
    for task in range(5):
        scores_of_cells = {"lstm": [0.9], "gru": [0.5]}
        write_grid(tmp_path, scores_of_cells, f"task{task}", headline=["loss", "accuracy"])
    found = ranking(groups(read(tmp_path)))
    assert found is not None
    assert found.cells == ["lstm", "gru"]  # its loss is 1 - .9
    assert found.pairs[0].median > 0


def test_a_cell_without_scores_somewhere_is_not_ranked(tmp_path: Path) -> None:
    for task in range(5):
        gru = {"gru": [0.7]} if task else {}
        write_grid(tmp_path, {"vanilla": [0.5], "lstm": [0.6], **gru}, f"task{task}")
    found = ranking(groups(read(tmp_path)))
    assert found is not None
    assert (found.cells, found.left_out) == (["lstm", "vanilla"], ["gru"])


def page(folder: Path, tasks: int) -> tuple[str, str]:
    """The report as Markdown and HTML, of cells that are far apart."""
    for task in range(tasks):
        noise = 0.01 * task
        write_grid(
            folder, {"vanilla": [0.5 + noise], "lstm": [0.6 + noise], "gru": [0.8 + noise]}, f"task{task}"
        )
    made = report(read(folder), "title", 1)
    return to_markdown(made), to_html(made)


def test_the_report_has_ranks_a_diagram_and_probabilities(tmp_path: Path) -> None:
    text, html = page(tmp_path, 6)
    assert "Average ranks over 6 data sets, 1 is best: gru 1.00, lstm 2.00, vanilla 3.00." in text
    assert "gru is better than lstm (probability > 0.999)" in html.replace("&gt;", ">")
    assert "](figures/ranks.svg)" in text
    assert '<figure id="ranks"' in html


def test_the_table_of_ranks_says_scores_and_what_they_cost(tmp_path: Path) -> None:
    for task in range(5):
        for cell, accuracy, seconds in (("vanilla", 0.5, 10.0), ("gru", 0.8, 15.0 + task)):
            write_run(
                tmp_path / f"{cell}-{task}", task=f"task{task}", cell=cell, accuracy=accuracy, seconds=seconds,
                parameters=100 if cell == "gru" else 50,
            )  # fmt: skip
    found = ranking(groups(read(tmp_path)))
    assert found is not None
    assert {name: costs.tolist() for name, costs in found.costs.items()} == {
        "seconds.processor": [1.7, 1.0],
        "parameters": [2.0, 1.0],
    }
    text = to_markdown(report(read(tmp_path), "title", 1))
    assert "| cell | average rank | processor time of training | parameters | task0 on" in text
    assert "| gru | 1 | × 1.70 | × 2.00 | 0.8000 (1) |" in text


def test_a_cost_that_some_run_does_not_tell_is_left_out(tmp_path: Path) -> None:
    for task in range(5):
        write_grid(tmp_path, {"vanilla": [0.5], "gru": [0.8]}, f"task{task}")
    metrics = next(tmp_path.rglob("metrics.json"))
    metrics.write_text(metrics.read_text().replace('"processor"', '"of_another_name"'))
    found = ranking(groups(read(tmp_path)))
    assert found is not None
    assert list(found.costs) == ["parameters"]


def test_with_fewer_data_sets_nothing_is_said_of_all(tmp_path: Path) -> None:
    text, _ = page(tmp_path, 4)
    assert "Of all data sets together nothing is said: that takes 5, and there are 4." in text
    assert "Over all data sets" not in page(tmp_path / "one", 1)[0]
