"""The digest of a data set's examples: the same for the same examples, another for any change."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets import load
from datasets.base import Dataset, Example, FileName, Info, Split
from datasets.formats.images import Features, ImageFile, write_image
from datasets.series.time_series import TimeSeries
from zoo.data.digest import digests


def dataset(*examples: Example, labels: tuple[str, ...] = (), test: Split | None = None) -> Dataset:
    split = Split(lambda: examples, len(examples))
    return Dataset(Info("made up", ("text",), labels), split, Split(lambda: (), 0), test)


def digest(*examples: Example) -> object:
    return digests(dataset(*examples))["train"]


def series(**changes: object) -> TimeSeries:
    values = np.arange(6.0).reshape(3, 2)
    time = np.array(["2020-01-01", "2020-01-02", "2020-01-03"], "datetime64[s]")
    facts = {"name": "a", "values": values, "time": time, "step": "D", "past": values, "future": values}
    return TimeSeries(**{**facts, "variables": ("x", "y"), **changes})  # type: ignore[arg-type]


VALUES = [
    "a", "b", "", b"a", "\ud800", 0, 1, 1.0, 0.5, True, None, ("a", "b"), ("ab",), (("a",), "b"), ("a", ("b",)), (),
    {"x": 1}, {"x": 2}, {"y": 1}, np.zeros(2), np.zeros(2, np.float32), np.zeros((1, 2)), np.ones(2),
    np.array(["a"], object), np.array(["b"], object), np.float32(1), series(), series(name="b"), series(step="B"),
    series(name=FileName("a")), series(hindsight=np.ones((3, 2), bool)),
    series(values=np.zeros((3, 2))), series(time=None),
    Features("x", np.zeros((2, 3)), 0), Features("x", np.eye(3), 1), Features("x", np.zeros((2, 3)), 0, np.ones(3)),
]  # fmt: skip


def test_what_follows_from_the_place_of_an_example_does_not_count() -> None:
    assert digest({"text": "a", "fold": 1}) == digest({"text": "a"})


def test_what_earlier_versions_kept_of_a_series_holds() -> None:
    """A field that came later says nothing where it is None, or no run from before could go on."""
    assert digest({"value": series()}) == {"examples": 1, "digest": "4e5520b2d79afe956608d2fbdc7adadd"}


def test_no_two_values_are_alike() -> None:
    found = [str(digest({"value": value})) for value in VALUES]
    assert len(set(found)) == len(VALUES)


@given(st.lists(st.tuples(st.text(), st.integers(0, 1)), min_size=2, max_size=5, unique=True))
def test_order_labels_and_texts_count(rows: list[tuple[str, int]]) -> None:
    examples = [{"text": text, "label": label} for text, label in rows]
    known = digest(*examples)
    assert digest(*[dict(reversed(example.items())) for example in examples]) == known
    assert digest(*examples[1:], examples[0]) != known
    assert digest({**examples[0], "label": 1 - rows[0][1]}, *examples[1:]) != known
    assert digest({**examples[0], "text": rows[0][0] + "."}, *examples[1:]) != known


def test_a_table_of_one_series_is_the_same_under_another_name(tmp_path: Path) -> None:
    tables = [tmp_path / "a.csv", tmp_path / "b.csv"]
    for table in tables:
        table.write_text("time,x\n" + "".join(f"2024-01-{day:02},{day}\n" for day in range(1, 31)))
    first, second = (digests(load(str(table), ("series", "start"), {})) for table in tables)
    assert first == second


def test_each_split_has_its_own_and_the_labels_count() -> None:
    test = Split(lambda: [{"text": "a"}], 1)
    known = digests(dataset({"text": "a"}, labels=("x", "y"), test=test))
    assert list(known) == ["train", "dev", "test"]
    assert known["train"] == known["test"] != known["dev"]
    assert list(digests(dataset({"text": "a"}))) == ["train", "dev"]
    assert digests(dataset({"text": "a"}, labels=("y", "x")))["train"] != known["train"]


def test_of_an_image_counts_what_is_in_its_file_wherever_it_lies(tmp_path: Path) -> None:
    for name, value in (("a.png", 0), ("b.png", 0), ("c.png", 9)):
        write_image(np.full((4, 4, 3), value, np.uint8), tmp_path / name)
    first, copy, other = (digest({"image": ImageFile(tmp_path / f"{name}.png")}) for name in "abc")
    assert first == copy != other


@pytest.mark.parametrize("value", [object(), {1, 2}, lambda: 0])
def test_of_what_is_unknown_only_the_kind_counts(value: object) -> None:
    assert digest({"value": value}) == digest({"value": value}) != digest({"value": "text"})
