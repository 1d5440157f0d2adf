from __future__ import annotations

import pytest

import datasets
from datasets.base import Dataset, Split
from datasets.errors import UserError
from datasets.microworld import korean

FIELDS = ("source", "target")


def load(**options: object) -> Dataset:
    return datasets.load(
        "microworld", FIELDS, {"examples": 600, "valid_examples": 50, "test_examples": 100, **options}
    )


def rows(split: Split | None) -> list[tuple[str, str]]:
    return [(example["source"], example["target"]) for example in split or ()]


def test_the_same_every_time_and_another_seed_is_another_world() -> None:
    assert rows(load().train) == rows(load().train)
    assert rows(load().train) != rows(load(data_seed=1).train)
    assert rows(load(examples=20).test) == rows(load().test)


def test_no_sentence_comes_twice_and_each_has_one_translation() -> None:
    data = load()
    everything = [pair for split in (data.train, data.valid, data.test) for pair in rows(split)]
    assert len({source for source, _ in everything}) == len({target for _, target in everything}) == 750


def test_reversed_it_is_korean_to_english() -> None:
    assert rows(load(reverse=True).test) == [(target, source) for source, target in rows(load().test)]


@pytest.mark.parametrize("clauses", [1, 3])
def test_clauses_are_counted(clauses: int) -> None:
    data = load(clauses=clauses, examples=200)
    counts = {1 + source.count(", and ") + source.count(", but ") for source, _ in rows(data.train)}
    assert counts == set(range(1, clauses + 1))
    longer = load(clauses=1, test_clauses=4)
    assert max(source.count(", ") for source, _ in rows(longer.test)) == 3
    assert max(source.count(", ") for source, _ in rows(longer.train)) == 0


def test_each_side_says_the_same() -> None:
    """Colours in order of mention: Korean says them all, and particles follow the sound before them."""
    for source, target in rows(load(clauses=1).train):
        words = source.lower().rstrip(".").split()
        told = sorted(korean.COLOURS[word] for word in words if word in korean.COLOURS)
        assert told == sorted(word for word in target.split() if word in korean.COLOURS.values())
        assert ("not" in words) == target.endswith("없다.")
        assert target.endswith(".")
        assert source[0].isupper()
        for shape in korean.SHAPES.values():
            closed = korean.ends_in_consonant(shape)
            for right, wrong in (("이", "가"), ("을", "를"), ("은", "는")):
                assert f"{shape}{wrong if closed else right} " not in target


def test_the_ceiling_is_known() -> None:
    info = load().info
    assert info.synthetic
    assert info.ceiling == {"bleu": 100.0, "chrf": 100.0}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"examples": 1}, "--examples 1: at least 2"),
        ({"clauses": 0}, "--clauses 0: must be from 1 to 50"),
        ({"clauses": 1, "examples": 100_000}, "--examples: these settings leave room for about"),
    ],
)
def test_settings_that_mean_nothing_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        load(**options)
