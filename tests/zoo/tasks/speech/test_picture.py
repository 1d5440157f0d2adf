from __future__ import annotations

import numpy as np

from tests.zoo.tasks.speech.toy import dataset, prepared
from zoo.tasks.speech.options import ATTENTION
from zoo.tasks.speech.picture import Heard, draw, written


def test_each_run_of_a_best_token_is_written_once() -> None:
    best = np.array([0, 2, 2, 1, 0, 2, 0, 1])
    assert written(np.eye(3)[best]) == [(1, 3), (3, 4), (5, 6), (7, 8)]
    assert written(np.eye(3)[[0, 0]]) == []
    assert written(np.zeros((0, 3))) == []


def test_a_token_of_a_decoder_is_dark_where_it_looked() -> None:
    learned = prepared(decoder=ATTENTION).learned
    samples, rate = next(iter(dataset().train))["sound"].read()
    weights = np.eye(3, 5)
    figure = draw([Heard("a.wav", samples, rate, "a b", weights, ["a", " ", "·"])], learned)
    _, below = figure.axes
    assert [label.get_text() for label in below.get_yticklabels()] == ["a", "␣", "·"]
    (drawn,) = below.images
    np.testing.assert_array_equal(drawn.get_array(), weights)
    assert drawn.get_extent() == [0, len(samples) / rate, 2.5, -0.5]


def test_a_sound_has_its_spectrum_and_the_names_of_its_tokens() -> None:
    learned = prepared().learned
    samples, rate = next(iter(dataset().train))["sound"].read()
    steps = np.eye(learned.tokens.size)[[0, 1, 1, 0, 1, 2, 0]]
    figure = draw([Heard("a.wav", samples, rate, "text", steps)], learned)
    above, below = figure.axes
    assert above.get_title() == "a.wav: text"
    first, second = (token.replace(" ", "␣") for token in learned.tokens.vocabulary[:2])
    assert [text.get_text() for text in below.texts] == [first, first, second]
