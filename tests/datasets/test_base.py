from __future__ import annotations

from datasets.base import Split


def test_a_split_is_read_again_at_each_pass():
    passes = []

    def read():
        passes.append(1)
        return ({"n": number} for number in range(3))

    split = Split(read, 3)
    assert len(split) == 3
    assert passes == []
    assert list(split) == list(split) == [{"n": 0}, {"n": 1}, {"n": 2}]
    assert len(passes) == 2
