"""The README, the checks on this machine and those elsewhere say the same, and what they name is there."""

from __future__ import annotations

import ast
import itertools
import re
from pathlib import Path

import pytest

from tests.sources import repository

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
CI = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def one_line_commands() -> list[list[str]]:
    """The README's copy-paste commands, each as its steps."""
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    return [line.split(" && ") for block in blocks for line in block.splitlines()]


def test_the_two_commands_set_everything_up_themselves():
    first, second = one_line_commands()
    assert first[:2] == second[:2] == ["python3 -m venv .venv", ". .venv/bin/activate"]
    assert first[2:] == ["pip install -r requirements.txt", "python -m zoo.run sentiment --cell gru"]
    assert second[2] == "pip install -r requirements-dev.txt"


def test_ci_runs_the_test_command_and_the_slow_tests_as_well() -> None:
    assert one_line_commands()[1][3:] == ["python -m pytest"]
    tests = 'python -m pytest -m "not exhaustive" '
    parts = [
        "tests/zoo/tasks",
        "tests/zoo --ignore=tests/zoo/tasks",
        "tests --ignore=tests/zoo",
    ]  # all, each once
    assert CI[-3:] == [tests + part for part in parts]


def test_the_hooks_before_a_commit_are_the_checks_of_ci():
    config = (ROOT / ".pre-commit-config.yaml").read_text("utf-8")
    checks = CI[CI.index("pip install --quiet --disable-pip-version-check -r requirements-dev.txt") + 1 :]
    checks = [line for line in checks if not line.startswith("#")]
    checks = [line for line in checks if not line.startswith("python -m pytest ")]
    assert re.findall(r"entry: (.*)", config) == [*checks, "python -m pytest"]
    assert len(checks) == 3
    assert re.findall(r"repo: (.*)", config) == ["local"]


def test_requirements_have_a_reason_and_an_upper_bound():
    for name in ("requirements.txt", "requirements-dev.txt"):
        lines = (ROOT / name).read_text("utf-8").splitlines()
        for above, line in itertools.pairwise(lines):
            if line and not line.startswith(("#", "-r")):
                assert above.startswith("# "), line
                assert re.fullmatch(r"[\w-]+>=[\d.]+,<[\d.]+", line)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_modules_that_a_page_runs_exist(page: Path):
    for module in set(re.findall(r"python -m ((?:zoo|experiments)[\w.]*)", page.read_text("utf-8"))):
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), module


def links(page: Path) -> list[tuple[Path, str]]:
    """Where a page's links into the repository lead: a file or folder, and the heading in it or ""."""
    targets = re.findall(r"\]\(([^)\s#]*)(?:#([^)\s]*))?[^)]*\)", page.read_text("utf-8"))
    return [(page.parent / path if path else page, heading) for path, heading in targets if "://" not in path]


def headings(page: Path) -> set[str]:
    """The names by which links lead to the headings of a page."""
    titles = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    for target, heading in links(page):
        assert target.exists(), target
        assert not heading or heading in headings(target), f"{target} has no heading {heading}"


def sections_of_messages() -> set[str]:
    """The sections of docs/reading.md that messages name by `datasets.errors.see`."""
    calls = (node for tree in repository().values() for node in ast.walk(tree) if isinstance(node, ast.Call))
    found = set()
    for call in calls:
        if isinstance(call.func, ast.Name) and call.func.id == "see":
            (section,) = call.args
            assert isinstance(section, ast.Constant), "written where it is used, so that it is found"
            found.add(str(section.value))
    return found


def test_the_sections_that_messages_name_are_there() -> None:
    titles = re.findall(r"^## (.*)$", (ROOT / "docs" / "reading.md").read_text("utf-8"), re.MULTILINE)
    assert {"Time stamps", "Tags and spans", "Run directories"} <= sections_of_messages() <= set(titles)


def test_every_page_is_reached_from_the_readme() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop().resolve()
        if page not in reached:
            reached.add(page)
            waiting += [target for target, _ in links(page) if target.suffix == ".md"]
    assert {page.relative_to(ROOT).as_posix() for page in set(PAGES) - reached} == set()
