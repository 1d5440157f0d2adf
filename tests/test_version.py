"""The version and the licence stand in several files; all say the same."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
CITATION = (ROOT / "CITATION.cff").read_text("utf-8")


def cited(key: str) -> str:
    """The value of a key of one line at the top level of CITATION.cff."""
    (value,) = re.findall(rf'^{key}: "?(.*?)"?$', CITATION, re.MULTILINE)
    return value


def test_the_changelog_begins_with_the_version() -> None:
    versions = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert versions[0] == PROJECT["version"]
    numbers = [tuple(map(int, version.split("."))) for version in versions]
    assert numbers == sorted(set(numbers), reverse=True)


def test_what_is_cited_is_this_version() -> None:
    assert cited("version") == PROJECT["version"]
    assert cited("license") == PROJECT["license"]
    assert re.findall(r'^  - name: "(.*)"$', CITATION, re.MULTILINE) == [PROJECT["authors"][0]["name"]]


def test_the_licence_is_whole() -> None:
    (name,) = PROJECT["license-files"]
    text = (ROOT / name).read_text("utf-8")
    assert "Apache License\n                           Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert PROJECT["license"] == "Apache-2.0"
