from __future__ import annotations

from pathlib import Path

import pytest

from datasets.errors import UserError
from datasets.formats.label_lines import has_labels, labelled_lines

FASTTEXT = "__label__pos a good film\n\n__label__neg\tdull , and slow \n__label__pos\n"
TREC = "DESC:manner How did it end ?\nENTY:animal What barks ?\n" * 3


def written(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.txt", FASTTEXT, True),
        ("a.train", FASTTEXT, True),
        ("a.csv", FASTTEXT, False),
        ("a.label", TREC, True),
        ("a.txt", TREC, True),
        ("a.txt", "text\tlabel\n" + "one film\tpos\n" * 9, False),
        ("a.txt", "".join(f"word{n} and more\n" for n in range(99)), False),
        ("a.txt", "1 good\n0 bad\n1 fine\n", False),
        ("a.txt", "\n", False),
    ],
)
def test_files_whose_lines_begin_with_labels(tmp_path: Path, name: str, content: str, expected: bool) -> None:
    assert has_labels(written(tmp_path / name, content), "utf-8") is expected


def test_labels_and_texts(tmp_path: Path) -> None:
    assert list(labelled_lines(written(tmp_path / "a.txt", FASTTEXT), "utf-8")) == [
        (1, "pos", "a good film"),
        (3, "neg", "dull , and slow"),
        (4, "pos", ""),
    ]
    assert next(labelled_lines(written(tmp_path / "a.label", TREC), "utf-8")) == (
        1,
        "DESC:manner",
        "How did it end ?",
    )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("no label here", "line 2: begins with no label, which is __label__ and a name"),
        ("__label__ no name", "line 2: begins with no label"),
        ("__label__a __label__b text", "line 2: has several labels; a text has one class, leave one"),
    ],
)
def test_lines_without_one_label_are_refused(tmp_path: Path, line: str, told: str) -> None:
    path = written(tmp_path / "a.txt", f"__label__pos good\n{line}\n")
    with pytest.raises(UserError, match=told):
        list(labelled_lines(path, "utf-8"))
