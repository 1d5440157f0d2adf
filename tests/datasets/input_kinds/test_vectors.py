from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from datasets.errors import UserError
from datasets.formats.tables import Format
from datasets.input_kinds.vectors import KIND

FORM = Format()


def read(path: Path, column: str | None = None, form: Format = FORM) -> list[list[list[float]]]:
    vectors = list(KIND.read(path, column, form))
    assert all(one.dtype == np.float32 for one in vectors)
    return [one.tolist() for one in vectors]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.csv", "id,step,x,y\np,0,1,2\nq,0,5,6\np,1,3,4\n", [[[1, 2], [3, 4]], [[5, 6]]]),
        ("a.csv", "id,step,x\np,10,1\np,9,2\n", [[[2], [1]]]),
        ("a.csv", "id,x,y\np,1,2\np,3,4\n", [[[1, 2], [3, 4]]]),
        ("a.csv", "id,step,x,label\np,0,1,good\n", [[[1]]]),
        ("a.tsv", "ID\tStep\tx\np\t0\t1.5\n", [[[1.5]]]),
        ("a.jsonl", '{"id": "p", "step": 0, "x": 1}\n{"id": "p", "step": 1, "x": 2}\n', [[[1], [2]]]),
        ("a.jsonl", '{"vectors": [[1, 2], [3, 4]]}\n{"vectors": [[5, 6]]}\n', [[[1, 2], [3, 4]], [[5, 6]]]),
        ("a.txt", "[[1, 2], [3, 4]]\n\n[5, 6]\n", [[[1, 2], [3, 4]], [[5], [6]]]),
    ],
)
def test_sequences_of_a_file(
    tmp_path: Path, name: str, content: str, expected: list[list[list[float]]]
) -> None:
    path = tmp_path / name
    path.write_text(content)
    assert read(path) == expected


def test_the_column_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("who,step,x\np,0,1\n")
    assert read(tmp_path / "a.csv", "who") == [[[1]]]
    (tmp_path / "b.csv").write_text("p;0;1\np;1;2\n")
    assert read(tmp_path / "b.csv", "0", Format(delimiter="semicolon", header=False)) == [[[0, 1], [1, 2]]]
    (tmp_path / "a.jsonl").write_text('{"id": 3, "rows": [[1, 2]]}\n')
    assert read(tmp_path / "a.jsonl", "rows") == [[[1, 2]]]


def test_arguments_are_json_lists() -> None:
    first, second = KIND.parse(["[[0.5, 2], [3, 4]]", "[1, 2]"])
    assert (first.tolist(), second.tolist()) == ([[0.5, 2], [3, 4]], [[1], [2]])
    assert first.dtype == np.float32


SHAPE = "is not a list of vectors of one size, such as [[0.1, 2], [0.3, 4]]"


@pytest.mark.parametrize(
    ("argument", "told"),
    [
        ("a fine film", f"{SHAPE} (Expecting value)"),
        ("[[1, 2], [3]]", SHAPE),
        ("[]", SHAPE),
        ("[[]]", SHAPE),
        ("3", SHAPE),
        ("[[1, 2], 3]", SHAPE),
        ("[1, [2]]", "[2] is not a finite number"),
        ("[[1, null]]", "None is not a finite number"),
        ("[[1, true]]", "True is not a finite number"),
        ("[[1, NaN]]", "nan is not a finite number"),
        ("[[1, 1e39]]", "1e+39 is not a finite number"),
        ("[[1" + "0" * 400 + "]]", "0 is not a finite number"),
    ],
)
def test_an_argument_that_is_none_is_refused(argument: str, told: str) -> None:
    with pytest.raises(UserError) as refused:
        KIND.parse([argument])
    assert str(refused.value).startswith(f"{argument[:40]}: ")
    assert str(refused.value).endswith(told)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", "id,step,x\np,0,a\n", "line 2: x is 'a', not a finite number"),
        ("a.csv", "id,step,x\np,0,\n", "line 2: x is '', not a finite number"),
        ("a.csv", "id,step,x\np,0,inf\n", "line 2: x is 'inf', not a finite number"),
        ("a.csv", "id,step,x\np,now,1\n", "line 2: step is 'now', not a finite number"),
        ("a.csv", "id,step,x\np,0,1\np,0,2\n", "line 3: the sequence p has the step 0 twice"),
        ("a.csv", "who,x\np,1\n", "no column for the id among 'who', 'x'; name it with --column"),
        (
            "a.csv",
            "id,label\np,1\n",
            "no column is left for the vectors beside the id, the step and the label",
        ),
        ("a.jsonl", '{"vectors": [[1, 2], [3]]}\n', f"line 1: {SHAPE}"),
        ("a.txt", "[[1]]\nnone\n", f"line 2: {SHAPE}"),
        ("a.csv", "", "is empty"),
    ],
)
def test_what_is_wrong_with_a_file_is_told(tmp_path: Path, name: str, content: str, told: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(UserError) as refused:
        read(path)
    assert str(refused.value).startswith(str(path))
    assert told in str(refused.value)


def test_prefixes_are_the_steps_that_the_model_reads() -> None:
    assert KIND.prefixes is not None
    vectors = np.arange(3, dtype=np.float32)[:, None]
    assert [one.tolist() for one in KIND.prefixes(vectors, ["step 1", "step 2"], False)] == [
        [[0]],
        [[0], [1]],
    ]
    assert [len(one) for one in KIND.prefixes(vectors, ["step 1"], True)] == [3]
    assert KIND.examples([{"vectors": vectors}], Path())[0] is vectors
