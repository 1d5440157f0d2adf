"""Every Python block of the documentation runs.

The blocks of a page are one program: they run in order, in one namespace. Their folder holds what the pages assume a
reader has: `reviews.csv`, `photo.png`, and on the page of a task a finished run of it with its export, `runs/NAME`.
"""

from __future__ import annotations

import re
import shutil
import sys
import types
from pathlib import Path

import pytest

from tests.zoo.conftest import call, toy_rows

ROOT = Path(__file__).resolve().parent.parent
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
TRAINED_RUNS = ROOT / "tests" / "fixtures" / "runs_0.1"
#: What a block is written in; anything but `python` is not run here.
LANGUAGES = {"python", "sh", "math", "text"}
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: Path) -> list[tuple[str, str, int]]:
    """Language, text and first line's number of each fenced block."""
    text = page.read_text("utf-8")
    return [(match[1], match[2], text[: match.start(2)].count("\n")) for match in FENCE.finditer(text)]


def programs(page: Path) -> list[tuple[str, int]]:
    """The Python blocks, each with the number of lines above it."""
    return [(text, above) for language, text, above in blocks(page) if language == "python"]


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


PAGES_WITH_PYTHON = [page for page in PAGES if programs(page)]


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a reader who has data, and whose working directory it is."""
    from PIL import Image

    rows = "".join(f"{text},{label}\n" for text, label in toy_rows(40))
    (tmp_path / "reviews.csv").write_text("text,label\n" + rows, "utf-8")
    Image.new("RGB", (40, 30), "red").save(tmp_path / "photo.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def give_run(folder: Path, task: str) -> None:
    """`runs/NAME`: a finished run of the task, with its export."""
    from zoo.export import main

    run = shutil.copytree(TRAINED_RUNS / task / "run", folder / "runs" / "NAME")
    done = call(main, run)
    assert done.code == 0, done.err


def run_page(page: Path, monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """The module that all Python blocks of the page make; a traceback names the page and its line."""
    module = types.ModuleType("page")
    monkeypatch.setitem(sys.modules, "page", module)  # a dataclass looks for the module that it stands in
    for text, above in programs(page):
        exec(compile("\n" * above + text, str(page), "exec", dont_inherit=True), vars(module))
    return module


@pytest.mark.parametrize("page", PAGES_WITH_PYTHON, ids=name_of)
def test_the_python_of_a_page_runs(page: Path, reader: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if page.parent.name == "tasks" and any("runs/NAME" in text for text, _ in programs(page)):
        give_run(reader, page.stem)
    module = run_page(page, monkeypatch)
    names = {
        line.split(" = ")[0] for text, _ in programs(page) for line in text.splitlines() if " = " in line
    }
    plain = {name for name in names if name.isidentifier()}
    assert plain <= {*vars(module)}, "a name that the page gives a value has none"


def test_pages_with_python_are_found() -> None:
    assert {"docs/cells.md", "docs/data.md", "docs/tasks/sentiment.md"} <= set(
        map(name_of, PAGES_WITH_PYTHON)
    )


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_block_says_what_it_is_written_in(page: Path) -> None:
    assert page.read_text("utf-8").count("```") == 2 * len(blocks(page))
    assert {language for language, _, _ in blocks(page)} <= LANGUAGES


def test_a_block_that_fails_is_told_with_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Title\n\n```python\nx = 1\n```\n\nThen:\n\n```python\nassert x == 2\n```\n", "utf-8")
    with pytest.raises(AssertionError) as caught:
        run_page(page, monkeypatch)
    assert [(entry.path, entry.lineno + 1) for entry in caught.traceback][-1] == (page, 10)
