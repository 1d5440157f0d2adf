from __future__ import annotations

from pathlib import Path

import html5lib
import pytest

from experiments.report.writing import write
from tests.experiments.report.made_up import write_grid

WEEKS = [2.0, 3.0]


def one(name: str, mase: float | None, **changes: object) -> dict[str, object]:
    return {
        "series": name, "variable": "y", "forecasts": 7, "scores": {"mase": mase, "mae": 4.0}, "place": "step 30",
        "ahead": 1, "read": [1.0, 2.0, 4.0], "came": WEEKS, "forecast": WEEKS, "low": [1, 2], "high": [3, 4],
        **changes,
    }  # fmt: skip


SERIES = [one("W2", 3.5), one("<b>W1</b>", 1.25), one("W3", None, low=[], high=[])]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("comparison")
    write_grid(folder, {"lstm": [0.7], "gru": [0.8]}, task="forecasting", by_series=SERIES)
    write(folder, folder)
    return folder


def test_each_series_has_a_folded_section_the_worst_first(written: Path) -> None:
    page = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(
        (written / "report.html").read_text()
    )
    titles = [heading.text for heading in page.iter("h3")]
    shown = [title for title in titles if title and title.startswith("Series ")]
    assert shown == ["Series 1: W2, y", "Series 2: <b>W1</b>, y", "Series 3: W3, y"]
    rows = [
        [cell.text for cell in row]
        for table in page.iter("table")
        if table.get("id") == "group-1-series"
        for row in table.iterfind("tbody/tr")
    ]
    assert rows[0] == ["W2, y", "7", "3.5000", "4.0000"]
    assert rows[2] == ["W3, y", "7", "–", "4.0000"]
    figures = [figure.get("id") for figure in page.iter("figure")]
    assert [f"group-1-series-{n}" in figures for n in (1, 2, 3)] == [True] * 3


def test_they_are_of_the_best_cell(written: Path) -> None:
    assert "test of forecasting-gru-0-8, the worst of 3 series" in (written / "report.md").read_text()


def test_a_picture_shows_what_was_read_what_came_and_the_interval(written: Path) -> None:
    svg = (written / "figures" / "group-1-series-1.svg").read_text()
    assert all(f">{label}<" in svg for label in ("read", "came", "forecast", "interval"))
    assert ">interval<" not in (written / "figures" / "group-1-series-3.svg").read_text()


def test_runs_that_tell_none_have_no_such_section(tmp_path: Path) -> None:
    write_grid(tmp_path, {"gru": [0.8]})
    write(tmp_path, tmp_path)
    assert "By series" not in (tmp_path / "report.md").read_text()
