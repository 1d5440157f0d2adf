from __future__ import annotations

from collections.abc import Iterator

from datasets.base import Example, Split


def test_a_split_is_read_again_at_each_pass() -> None:
    passes: list[int] = []

    def read() -> Iterator[Example]:
        passes.append(1)
        return ({"n": number} for number in range(3))

    split = Split(read, 3)
    assert len(split) == 3
    assert passes == []
    assert list(split) == list(split) == [{"n": 0}, {"n": 1}, {"n": 2}]
    assert len(passes) == 2
