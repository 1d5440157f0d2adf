from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.zoo.running import every_cell
from tests.zoo.tasks.signals.toy import KINDS, MAKERS, built, prepared, served
from zoo.serving import Server
from zoo.tasks.signals.options import AnswerOptions
from zoo.tasks.signals.task import TASK
from zoo.training.averages import statistics


def one_way(kind: str, cell: str = "gru", **options: object) -> Server:
    """An untrained model of one direction; what scales its convolutions is drawn at random."""
    ready = prepared(kind, **options)
    model = built(ready, cell, bidirectional=False, **options)
    draw = np.random.default_rng(1)
    for variable in statistics(model):
        variable.assign(draw.uniform(0.5, 1.5, variable.shape))
    return TASK.serve(model, ready.learned)


def raw(kind: str, n: int) -> np.ndarray:
    signal: Any = MAKERS[kind](n)
    attribute = {"numbers": "values", "sound": "samples", "frames": "frames"}[kind]
    array: np.ndarray = getattr(signal, attribute)
    return array


def streamed(server: Server, array: np.ndarray, cuts: list[int]) -> list[np.ndarray]:
    """The probabilities after each piece."""
    states = server.functions["init_state"](tf.constant(1))
    found = []
    for begin, end in pairwise([0, *cuts, len(array)]):
        answer = server.functions["step"](tf.constant(array[None, begin:end]), *states.values())
        states = {name: answer[name] for name in states}
        found.append(answer["probabilities"].numpy()[0])
    return found


def whole(server: Server, kind: str, array: np.ndarray) -> np.ndarray:
    more = [tf.constant(8000)] if kind == "sound" else []
    answer = server(tf.constant(array[None]), tf.constant([len(array)]), *more)
    return answer["probabilities"].numpy()[0]


@pytest.mark.parametrize("kind", KINDS)
def test_pieces_are_answered_as_the_whole(kind: str) -> None:
    """After each piece the answer is the one to all that was read."""
    server, array = one_way(kind), raw(kind, 4)
    unit = 80 if kind == "sound" else 1
    cuts = [unit, 2 * unit, 5 * unit] if kind == "sound" else [1, 3]
    for end, found in zip([*cuts, len(array)], streamed(server, array, cuts), strict=True):
        np.testing.assert_allclose(found, whole(server, kind, array[:end]), atol=1e-5)


@pytest.mark.parametrize(
    "options",
    [
        {"stride": 2},
        {"beside": True},
        {"convolutions": 0},
        {"pooling": "last"},
        {"pooling": "max"},
        {"convolutions": 2, "width": 1},
    ],
)
def test_models_of_all_forms_read_in_pieces(options: dict[str, Any]) -> None:
    server, array = (
        one_way("numbers", **options),
        np.random.default_rng(0).normal(size=(7, 2)).astype(np.float32),
    )
    for end, found in zip([2, 6, 7], streamed(server, array, [2, 6]), strict=True):
        np.testing.assert_allclose(found, whole(server, "numbers", array[:end]), atol=1e-5)


@every_cell()
def test_every_cell_reads_in_pieces(cell: str) -> None:
    server, array = one_way("numbers", cell), raw("numbers", 2)
    np.testing.assert_allclose(streamed(server, array, [2])[-1], whole(server, "numbers", array), atol=1e-5)


def test_a_model_of_both_directions_does_not() -> None:
    _, _, server = served("numbers")
    assert not {"init_state", "step"} & set(server.functions)
    assert TASK.answer(server, [MAKERS["numbers"](0)], AnswerOptions())
