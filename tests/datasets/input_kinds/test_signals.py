from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from datasets.errors import UserError
from datasets.formats.signals import Numbers
from datasets.formats.tables import Format
from datasets.input_kinds.signals import KIND
from tests.datasets.formats.movies_made import greys, write_movie


def values(signal: object) -> list[object]:
    assert isinstance(signal, Numbers)
    listed: list[object] = signal.values.tolist()
    return listed


def test_arguments_are_lists_of_numbers_or_files(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(80), 8000)
    (tmp_path / "a.ts").write_text("@classLabel true a b\n@data\n1,2:a\n3,4:b\n")
    given = KIND.parse(["[[1, 2], [3, 4]]", str(tmp_path / "a.wav"), str(tmp_path / "a.ts")])
    assert [signal.kind for signal in given] == ["numbers", "sound", "numbers", "numbers"]
    assert values(given[0]) == [[1, 2], [3, 4]]
    assert [values(signal) for signal in given[2:]] == [[[1], [2]], [[3], [4]]]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.csv", "id,step,x,label\np,1,2,a\np,0,1,a\n", [[[1], [2]]]),
        ("a.csv", "x0,x1\n1,2\n3,4\n", [[[1], [2]], [[3], [4]]]),
        ("a.txt", "[1, 2]\n\n[[3]]\n", [[[1], [2]], [[3]]]),
        ("a.txt", "\n 1.5  2  3\n 4 5e0 6\n", [[[1.5], [2], [3]], [[4], [5], [6]]]),
        ("a.txt", "1.5\t2\n4\t5\n", [[[1.5], [2]], [[4], [5]]]),
        ("a.txt", "", []),
    ],
)
def test_files_of_numbers(tmp_path: Path, name: str, content: str, expected: list[object]) -> None:
    (tmp_path / name).write_text(content)
    assert [values(signal) for signal in KIND.read(tmp_path / name, None, Format())] == expected


def test_columns_are_those_of_training_unless_another_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("who,x\np,1\np,2\nq,3\n")
    trained = Format(trained={"id_column": "who"})
    assert len(list(KIND.read(tmp_path / "a.csv", None, trained))) == 2
    assert len(list(KIND.read(tmp_path / "a.csv", "who", Format()))) == 2


def test_folders_of_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_movie(tmp_path / f"{name}.avi", greys([10, 20]))
    assert [Path(signal.name).name for signal in KIND.read(tmp_path, None, Format())] == ["a.avi", "b.avi"]
    (tmp_path / "none").mkdir()
    for name, message in (
        ("none", "holds neither sound"),
        ("c.avi", "no such file"),
        ("c.doc", "no such file"),
    ):
        with pytest.raises(UserError, match=message):
            list(KIND.read(tmp_path / name, None, Format()))


def test_an_example_is_given_as_it_is(tmp_path: Path) -> None:
    signal = Numbers(np.zeros((1, 1), np.float32))
    assert KIND.example({"signal": signal, "label": 0}, tmp_path) is signal
