"""Who may import whom: the table of docs/architecture.md is the rule, and no import leads back to where it began.

Each rule is a function from sources to complaints. It is applied to the repository, and to a source that breaks it.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.sources import PACKAGES, ROOT, Rule, Sources, imported, imported_files, repository, top


@dataclass(frozen=True)
class Row:
    """A row of the table in docs/architecture.md.

    Attributes:
        room: a file (`zoo/run.py`), a folder with all that is below it (`zoo/cells/`), or each folder of a kind
            (`zoo/tasks/*/`), where each is a room of its own.
        imports: rooms that it may import, besides itself and the ground.
        libraries: packages from elsewhere that it may import.
        ground: whether every room may import it.
    """

    room: str
    imports: frozenset[str]
    libraries: frozenset[str]
    ground: bool = False


def table() -> list[Row]:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table_lines()]
    return [
        Row(quoted(room)[0], frozenset(quoted(ours)), frozenset(quoted(libraries)), room.endswith("(ground)"))
        for room, _, ours, libraries in rows
    ]


def table_lines() -> list[str]:
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    lines = text.partition("\n## The rooms\n")[2].partition("\n## ")[0].splitlines()
    return [line for line in lines if line.startswith("| `")]


def quoted(cell: str) -> list[str]:
    """What stands between backticks."""
    return re.findall(r"`([^`]+)`", cell)


def folder(path: str, row: Row) -> str:
    """The part of the path that is the room itself."""
    return "/".join(path.split("/")[: row.room.count("/")]) if row.room.endswith("/") else path


def row_of(path: str, rows: list[Row]) -> Row | None:
    """The row of a file: the most special one that it fits."""
    fitting = [
        row for row in rows if path == row.room or (row.room.endswith("/") and _lies_in(path, row.room))
    ]
    return max(fitting, key=lambda row: (row.room == path, row.room.count("/")), default=None)


def _lies_in(path: str, room: str) -> bool:
    return re.match(re.escape(room).replace(re.escape("*"), "[^/]+"), path) is not None


def reached(start: str, graph: dict[str, set[str]]) -> set[str]:
    """All files that importing `start` leads to."""
    waiting, seen = list(graph[start]), set(graph[start])
    while waiting:
        for file in graph.get(waiting.pop(), set()) - seen:
            seen.add(file)
            waiting.append(file)
    return seen


# ------------------------------------------------------------------------------------------ the rules


def rooms_import_what_their_row_allows(sources: Sources) -> Iterator[str]:
    """The table of docs/architecture.md is the rule: who imports whom, and which libraries."""
    rows = table()
    for path, tree in sources.items():
        if path.startswith("tests/"):
            continue
        own = row_of(path, rows)
        if own is None:
            yield f"{path} is in no row of docs/architecture.md"
            continue
        for file in imported_files(tree, path, sources):
            row = row_of(file, rows)
            same = row is own and folder(file, own) == folder(path, own)
            if not same and (row is None or not (row.ground or row.room in own.imports)):
                yield f"{path} imports {file}"
        for library in {top(module) for module in imported(ast.walk(tree), path)} - {*PACKAGES}:
            if library not in {*sys.stdlib_module_names, "_typeshed", *own.libraries}:
                yield f"{path} imports the library {library}"


def every_row_has_a_room_and_a_rule(sources: Sources) -> Iterator[str]:
    """No row of the table speaks of nothing, and none leaves its rule open."""
    rows = table()
    for row in rows:
        if not any(row_of(path, rows) is row for path in sources):
            yield f"nothing is in the room {row.room}"
        yield from (
            f"{row.room} may import {room}, which is no row"
            for room in row.imports
            if room not in {r.room for r in rows}
        )
    yield from (
        f"a column is empty: {line}" for line in table_lines() if re.search(r"\|\s*[-–—]?\s*\|", line)
    )


def no_import_leads_back(sources: Sources) -> Iterator[str]:
    """No circle of imports, by way of however many modules; imports for types and in functions count."""
    graph = {path: set(imported_files(tree, path, sources)) for path, tree in sources.items()}
    for path in graph:
        if path in (onwards := reached(path, graph)):
            circle = sorted(file for file in onwards if path in reached(file, graph))
            yield f"{path} imports itself, in the circle {', '.join(circle)}"


BROKEN: list[tuple[Rule, dict[str, str]]] = [
    (rooms_import_what_their_row_allows, {"datasets/errors.py": "from zoo.cli.flags import Parser"}),
    (
        rooms_import_what_their_row_allows,
        {"datasets/formats/lines.py": "def f():\n    import experiments.report"},
    ),
    (rooms_import_what_their_row_allows, {"zoo/cells/gru.py": "import tensorflow as tf"}),
    (rooms_import_what_their_row_allows, {"zoo/cells/gru.py": "from zoo.layers.recurrent import Recurrent"}),
    (rooms_import_what_their_row_allows, {"zoo/layers/recurrent.py": "def f():\n    from jax import lax"}),
    (rooms_import_what_their_row_allows, {"zoo/layers/recurrent.py": "from .. import tasks"}),
    (rooms_import_what_their_row_allows, {"zoo/reference/gru.py": "import keras"}),
    (rooms_import_what_their_row_allows, {"zoo/reference/gru.py": "from zoo.cells import gru"}),
    (
        rooms_import_what_their_row_allows,
        {"zoo/tasks/vqa/task.py": "from zoo.tasks.sentiment.batches import A"},
    ),
    (rooms_import_what_their_row_allows, {"zoo/nowhere.py": "import math"}),
    (no_import_leads_back, {"zoo/a.py": "from zoo import b", "zoo/b.py": "def f():\n    import zoo.a"}),
    (
        no_import_leads_back,
        {
            "zoo/a.py": "from zoo.b import B",
            "zoo/b.py": "from zoo.c import C",
            "zoo/c.py": "if TYPE_CHECKING:\n    from zoo.a import A",
        },
    ),
    (every_row_has_a_room_and_a_rule, {"zoo/run.py": ""}),
]
FINE = {
    "datasets/base.py": "",
    "zoo/__init__.py": "",
    "zoo/tasks/__init__.py": "",
    "zoo/tasks/base.py": "import math\nfrom datasets.base import Dataset",
    "zoo/tasks/sentiment/task.py": "from zoo.tasks import base\nfrom zoo.tasks.sentiment.batches import A",
    "zoo/tasks/sentiment/batches.py": "import numpy",
    "zoo/layers/engines/fused.py": "def f():\n    import tensorflow as tf",
    "tests/test_zoo.py": "import zoo.tasks.base, anything",
}


@pytest.fixture(scope="module")
def sources() -> Sources:
    return repository()


@pytest.mark.parametrize(
    "rule", [rooms_import_what_their_row_allows, every_row_has_a_room_and_a_rule, no_import_leads_back]
)
def test_the_repository_keeps_the_rule(rule: Rule, sources: Sources) -> None:
    assert sorted(set(rule(sources))) == []


@pytest.mark.parametrize("rule", [rooms_import_what_their_row_allows, no_import_leads_back])
def test_the_rule_allows_what_is_right(rule: Rule) -> None:
    assert list(rule({path: ast.parse(text) for path, text in FINE.items()})) == []


@pytest.mark.parametrize(("rule", "files"), BROKEN)
def test_the_rule_sees_what_breaks_it(rule: Rule, files: dict[str, str]) -> None:
    assert list(rule({path: ast.parse(text) for path, text in files.items()}))


def test_a_file_is_in_its_most_special_row() -> None:
    rows = [
        Row(room, frozenset(), frozenset()) for room in ("zoo/", "zoo/tasks/", "zoo/tasks/*/", "zoo/run.py")
    ]
    rooms = {
        path: row_of(path, rows)
        for path in ("zoo/run.py", "zoo/a.py", "zoo/tasks/base.py", "zoo/tasks/a/b.py")
    }
    assert [row and row.room for row in rooms.values()] == [
        "zoo/run.py",
        "zoo/",
        "zoo/tasks/",
        "zoo/tasks/*/",
    ]
    assert row_of("elsewhere.py", rows) is None
