"""The report's files, read as their readers do: the HTML page by a strict parser and by a browser."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import html5lib
import pandas as pd
import pytest

from experiments.report import load
from experiments.report.writing import write
from tests.conftest import REPOSITORY
from tests.experiments.report import browser
from tests.experiments.report.made_up import write_grid, write_many, write_run
from tests.zoo.conftest import call

LENGTHS = [
    {"low": 1, "high": 10, "examples": 50, "accuracy": 0.9},
    {"low": 11, "high": 40, "examples": 50, "accuracy": 0.7},
]
SCORES = {"vanilla": [0.71, 0.72, 0.7], "gru": [0.8, 0.83, 0.81], "keras_gru": [0.8123456789]}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report on two tasks with something left out, and a name that would be markup if it were not escaped."""
    folder = tmp_path_factory.mktemp("comparison")
    write_grid(folder, SCORES, by_length=LENGTHS)
    write_grid(folder, SCORES, task="tagging", dataset="<b>x|y</b>", synthetic=False)
    write_run(folder / "runs" / "<script>alert(1)").joinpath("metrics.json").unlink()
    write(folder, folder)
    return folder


def tables(text: str) -> dict[str, list[list[ElementTree.Element]]]:
    """Cells of each table's body by its id."""
    page = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
    return {
        table.get("id"): [list(row) for row in table.iterfind("tbody/tr")] for table in page.iter("table")
    }


def value(cell: ElementTree.Element) -> float:
    return float(cell.get("data-value", "nan"))


def values(rows: list[list[ElementTree.Element]], column: int) -> list[float]:
    return [value(row[column]) for row in rows]


def check_tables(text: str, frame: pd.DataFrame) -> None:
    """The numbers of the page are the numbers of the table, exactly."""
    bodies = tables(text)
    rows = bodies["runs"]
    assert len(rows) == len(frame) == 14
    assert values(rows, 5) == list(frame["score"])
    assert values(rows, 7) == list(frame["parameters"])
    gru = frame[(frame["task"] == "sentiment") & (frame["cell"] == "gru")]
    by_name = {row[0].text: row for row in bodies["group-1-results"]}
    assert list(by_name) == ["vanilla", "gru", "keras_gru", "majority"]
    assert value(by_name["gru"][2]) == gru["test.accuracy"].mean()
    assert by_name["gru"][2].text == "0.8133 ± 0.0379"
    assert by_name["keras_gru"][2].text == "0.8123"
    assert value(bodies["group-1-differences"][0][2]) == pytest.approx(0.31 / 3)
    assert [row[0].text for row in bodies["group-1-lengths"]] == ["1–10", "11–40"]
    assert values(bodies["group-1-lengths"], 2) == pytest.approx([0.9, 0.7])


def test_the_pages_tables_hold_the_numbers_of_the_table(written: Path) -> None:
    check_tables((written / "report.html").read_text(), load(written))


def test_the_page_needs_nothing_from_outside_and_escapes_what_it_shows(written: Path) -> None:
    text = (written / "report.html").read_text()
    page = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
    for element in page.iter():
        for name in ("src", "href", "action", "data", "srcset"):
            target = element.get(name) or ""
            assert not target or target.startswith(("#", "data:")), (element.tag, target)
    outside = re.sub(r'xmlns(:\w+)?="[^"]*"|<metadata>.*?</metadata>', "", text, flags=re.DOTALL)
    assert not re.search(r"https?://|@import|url\((?!#|&quot;#)", outside)
    (script,) = page.iter("script")
    assert script.text.lstrip().startswith('"use strict"')
    assert "<script>alert(1)" in {row[0].text for row in tables(text)["left-out"]}
    assert "prefers-color-scheme: dark" in text
    assert 'name="viewport"' in text


def test_pictures_are_whole_take_the_pages_colours_and_have_ids_of_their_own(written: Path) -> None:
    text = (written / "report.html").read_text()
    pictures = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert len(pictures) == 6  # all groups; curves and costs of two, lengths of one
    assert all("currentColor" in picture and "#010203" not in picture for picture in pictures)
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    for reference in re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', text):
        assert set(filter(None, reference)) <= set(ids)


def test_the_count_of_what_is_left_out_is_at_the_top(written: Path) -> None:
    told = "14 finished runs; 1 left out because they cannot be read or are not finished."
    assert (written / "report.md").read_text().split("\n\n")[1] == told
    assert f"<p>{told}</p>" in (written / "report.html").read_text()


def test_markdown_names_its_pictures_and_shows_names_as_they_are(written: Path) -> None:
    text = (written / "report.md").read_text()
    named = re.findall(r"\]\((figures/[^)]+)\)", text)
    assert sorted(named) == sorted(f"figures/{path.name}" for path in (written / "figures").iterdir())
    for path in named:
        ElementTree.parse(written / path)
        assert "currentColor" not in (written / path).read_text()
    assert "&lt;script&gt;" in text
    assert "<script>" not in text
    widths = [
        {line.count(" | ") for line in table.splitlines()} for table in re.findall(r"(?:\|.*\n)+", text)
    ]
    assert all(len(width - {0}) <= 1 for width in widths)


def test_parquet_and_csv_have_a_row_a_run(written: Path) -> None:
    frame = load(written)
    for table in (pd.read_parquet(written / "results.parquet"), pd.read_csv(written / "results.csv")):
        assert list(table["run"]) == list(frame["run"])
        assert list(table["score"]) == pytest.approx(list(frame["score"]))
    assert pd.read_parquet(written / "results.parquet")["recurrent.units"].dtype == "int64"


def test_options_of_several_types_can_be_written(tmp_path: Path) -> None:
    write_run(tmp_path / "a").joinpath("config.json")
    run = write_run(tmp_path / "b", seed=1)
    config = (run / "config.json").read_text()
    (run / "config.json").write_text(config.replace('"max_tokens": 100', '"max_tokens": "all"'))
    write(tmp_path, tmp_path / "out")
    assert list(pd.read_parquet(tmp_path / "out" / "results.parquet")["options.max_tokens"]) == ["100", "all"]


def test_an_empty_folder_has_a_report_that_says_so(tmp_path: Path) -> None:
    assert "0 finished runs." in write(tmp_path, tmp_path)
    assert "There is nothing to compare." in (tmp_path / "report.md").read_text()


def test_a_folder_that_has_nothing_to_do_with_runs_is_left_as_it_is(tmp_path: Path) -> None:
    from experiments.report.__main__ import main

    (tmp_path / "data.csv").write_text("text,label\n")
    done = call(main, tmp_path)
    assert (done.code, done.out) == (2, "")
    assert f"{tmp_path} is not a folder of runs: none is in it" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["data.csv"]
    write_run(tmp_path / "runs" / "a")
    assert call(main, tmp_path).code == 0


def test_a_report_on_its_own_folder_can_be_written_again(written: Path) -> None:
    before = (written / "report.html").read_text()
    write(written, written)
    assert (written / "report.html").read_text() == before


def test_the_tables_tell_no_names_of_machines_and_folders(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "runs" / "a", dataset="reviews.csv", host="somebodys-laptop")
    config = (folder / "config.json").read_text()
    named = '"dataset": "'
    assert named in config
    (folder / "config.json").write_text(config.replace(named, f"{named}/home/somebody/", 1))
    assert load(tmp_path)["host"].to_list() == ["somebodys-laptop"]
    write(tmp_path, tmp_path)
    for table in (pd.read_parquet(tmp_path / "results.parquet"), pd.read_csv(tmp_path / "results.csv")):
        assert table["spec"].to_list() == ["reviews.csv"]
        assert "host" not in table
    for path in tmp_path.iterdir():
        if path.is_file():
            assert b"somebody" not in path.read_bytes(), path.name


@pytest.mark.skipif(browser.CHROMIUM is None, reason="there is no Chromium")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_shows_the_page_without_errors(written: Path, tmp_path: Path, scheme: str) -> None:
    number = {"dark": 0, "light": 1}[scheme]
    probe = """<script>
      const button = document.querySelector("#runs th:nth-child(6) button");
      button.click(); button.click();
      const colour = getComputedStyle(document.body).backgroundColor;
      const wide = document.documentElement.scrollWidth > window.innerWidth;
      document.body.insertAdjacentHTML("beforeend", `<p id="probe">${colour} ${wide}</p>`);
    </script></body>"""
    page = tmp_path / "page.html"
    original = (written / "report.html").read_text()
    page.write_text(original.replace("</body>", probe))
    flags = (f"--blink-settings=preferredColorScheme={number}", "--window-size=500,900")
    text, said = browser.dump(page, tmp_path / "profile", *flags)
    assert not re.search(r"CONSOLE|Uncaught|ERR_", said)
    white = {"light": "255, 255, 255", "dark": "21, 23, 26"}[scheme]
    assert f'<p id="probe">rgb({white}) false</p>' in text, "colours of the scheme, and no sideways scrolling"
    shown = re.search(r'<table id="runs">.*?</table>', text, re.DOTALL)
    assert shown is not None
    rows = [re.findall(r"<td.*?</td>", row) for row in shown[0].split("<tr>")[2:]]
    scores = [float(re.findall(r'data-value="([^"]+)"', row[5])[0]) for row in rows]
    assert len(scores) == 14
    assert scores == sorted(scores, reverse=True)
    assert scores != list(load(written)["score"])


def test_reading_and_writing_never_import_tensorflow(written: Path) -> None:
    code = (
        "import sys\nfrom experiments.report.writing import write\n"
        f"write({str(written)!r}, {str(written)!r})\n"
        "print(sorted(set(sys.modules) & {'tensorflow', 'keras', 'torch', 'jax', 'distributed'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.slow
def test_hundreds_of_runs_take_little_work_and_memory(tmp_path: Path) -> None:
    """Work is the number of calls of functions, the same on every machine."""
    write_many(tmp_path, 640, tasks=2)
    code = (
        "import cProfile, pstats\n"
        "from experiments.report.__main__ import main\n"
        "from zoo.runtime.process_memory import resident_memory\n"
        "profile = cProfile.Profile()\n"
        f"code = profile.runcall(main, [{str(tmp_path)!r}, '--pictures', '2'])\n"
        "print(code, resident_memory(peak=True), pstats.Stats(profile).total_calls)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY
    )
    code_, memory, calls = done.stdout.splitlines()[-1].split()
    assert code_ == "0"
    assert int(memory) < 1 << 29
    assert int(calls) < 30_000_000, "three times what it takes"
    assert "640 finished runs" in done.stdout
