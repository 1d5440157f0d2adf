from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from experiments.probe import addition
from experiments.probe.addition import CHARACTERS, draw, measure


def as_text(ids: np.ndarray) -> str:
    return "".join(CHARACTERS[character_id] for character_id in ids)


def test_questions_are_reversed_sums() -> None:
    sums = draw(0, 3000)
    asked = [as_text(row)[::-1] for row in sums.questions]
    answered = [as_text(row) for row in sums.answers]
    pairs = [tuple(map(int, text.split("+"))) for text in asked]
    assert all(len(text) == 7 for text in asked)
    assert [sum(pair) for pair in pairs] == [int(text) for text in answered]
    assert all(text == str(int(text)).ljust(4) for text in answered)
    assert len({tuple(sorted(pair)) for pair in pairs}) == 3000
    assert max(max(pair) for pair in pairs) > 900
    assert asked[0].startswith(str(pairs[0][0]))
    assert as_text(sums.questions[0]).endswith(asked[0].strip()[::-1])


def test_a_seed_gives_the_same_questions() -> None:
    assert np.array_equal(draw(1, 100).questions, draw(1, 100).questions)
    assert not np.array_equal(draw(1, 100).questions, draw(2, 100).questions)


@pytest.mark.slow
def test_a_model_learns_and_is_tried_on_other_questions(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(addition, "UNITS", 8)
    rows = measure("gru", 0, epochs=2, sums=draw(0, 4000))
    assert [row["epoch"] for row in rows] == [1, 2]
    assert rows[1]["loss"] < rows[0]["loss"] < np.log(12)
    assert 0.2 < rows[1]["accuracy"] < 1
    assert tuple(rows[0]) == addition.COLUMNS
    monkeypatch.setattr(addition, "measure", lambda *_: rows)
    text = addition.run(("gru",), (0,), 2, tmp_path)
    assert f"| gru | 2 | 1 | {rows[1]['accuracy']:.4f} |" in text
    monkeypatch.setattr(addition, "measure", None)  # what is known is not measured again
    assert addition.run(("gru",), (0,), 2, tmp_path) == text


def test_the_decoder_starts_from_what_was_read() -> None:
    model = addition.build("lstm", 0, units=4)
    decoder = model.get_layer("decoder")
    assert len(decoder._inbound_nodes[0].input_tensors) == 3  # the repeated output, h and c
    assert model.output_shape == (None, 4, 12)
