"""The process without the repository tells what went wrong in it, and keeps scripts apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.zoo.elsewhere import Elsewhere


def test_it_answers_what_a_script_prints_and_keeps_nothing_of_it(elsewhere: Elsewhere) -> None:
    assert elsewhere.run("x = 3\nprint(x)") == "3\n"
    with pytest.raises(AssertionError, match="NameError: name 'x' is not defined"):
        elsewhere.run("print(x)")
    assert elsewhere.run("print('on')") == "on\n"


def test_the_repository_is_not_there(elsewhere: Elsewhere) -> None:
    with pytest.raises(AssertionError, match="No module named 'zoo'"):
        elsewhere.run("import zoo")


def test_a_script_that_imports_the_repository_all_the_same_fails(tmp_path: Path) -> None:
    process = Elsewhere(tmp_path)
    with pytest.raises(AssertionError, match="the script imported"):
        process.run(f"import sys\nsys.path.append({str(REPOSITORY)!r})\nimport zoo")
    process.close()


def test_where_the_repository_can_be_imported_it_does_not_begin() -> None:
    with pytest.raises(AssertionError, match="can import the repository"):
        Elsewhere(REPOSITORY)
