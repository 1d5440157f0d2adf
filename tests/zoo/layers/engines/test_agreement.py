"""Any engine gives what `loop` gives, on layers, sequences, masks and states drawn at random."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.zoo import parity
from tests.zoo.running import WIDEST, cell_class, randomise, results
from zoo.layers.recurrent import Recurrent

#: Largest difference: absolute, and as a share of the number; what a long sum rounds is no fault.
TOLERANCES = {"float64": 1e-10, "float32": 1e-5}
SIZES = st.integers(1, 5)
EXAMPLES = 8 if keras.backend.backend() == "tensorflow" else 2


@dataclass(frozen=True)
class Drawn:
    """A layer and the problem it is shown."""

    cell: str
    options: dict[str, Any]
    layers: int
    bidirectional: bool
    sequences: bool
    training: bool
    batch: int
    time: int
    features: int
    units: int
    masked: float | None  # the share of steps without an input; None for no mask
    engine: str
    dtype: str
    seed: int


CELLS = st.sampled_from(
    [
        ("vanilla", {}),
        ("vanilla", {"activation": "relu"}),
        ("lstm", {}),
        ("lstm", {"activation": "relu", "recurrent_activation": "tanh"}),
        ("gru", {"reset_after": True}),
        ("gru", {"reset_after": False}),
        ("ind_rnn", {}),
        ("mgu", {}),
        ("slstm", {}),
        ("brc", {}),
        ("brc", {"neuromodulated": True}),
    ]
)
#: Those that are linear in their state.
LINEAR = st.sampled_from(
    [
        ("min_gru", {}),
        ("min_lstm", {}),
        ("rg_lru", {}),
        ("lru", {}),
        ("qrnn", {}),
        ("qrnn", {"window": 1}),
    ]
)


def drawn_with(cells: st.SearchStrategy, engines: list[str]) -> st.SearchStrategy[Drawn]:
    """One of these cells on one of these engines, and all else at random."""
    return st.builds(
        lambda cell, use_bias, **rest: Drawn(cell=cell[0], options={**cell[1], "use_bias": use_bias}, **rest),
        cells,
        st.booleans(),
        layers=st.just(1),
        bidirectional=st.booleans(),
        sequences=st.booleans(),
        training=st.booleans(),
        batch=st.integers(1, 11),  # from 8 rows on, the batch is split over the cores
        time=SIZES,
        features=SIZES,
        units=SIZES,
        masked=st.none() | st.sampled_from([0.0, 0.3, 1.0]),
        engine=st.sampled_from(engines),
        dtype=st.sampled_from(sorted({"float32", WIDEST})),
        seed=st.integers(0, 2**16),
    )


def layer_of(drawn: Drawn, engine: str) -> Recurrent:
    """The layer, on one engine; with the same weights on each."""
    layer = Recurrent(
        cell_class(drawn.cell)(drawn.units, dtype=drawn.dtype, **drawn.options),
        layers=drawn.layers,
        bidirectional=drawn.bidirectional,
        return_sequences=drawn.sequences,
        return_state=True,
        engine=engine,
        dtype=drawn.dtype,
    )
    layer.build((None, None, drawn.features))
    randomise(layer, drawn.seed)
    return layer


def problem_of(drawn: Drawn) -> parity.Problem:
    """Normal numbers, and a mask with gaps."""
    random = np.random.default_rng(drawn.seed)
    ways = 2 if drawn.bidirectional else 1

    sizes = cell_class(drawn.cell)(drawn.units, **drawn.options).state_size

    def states() -> list[list[list[np.ndarray]]]:
        return [
            [[random.normal(size=(drawn.batch, size)) for size in sizes] for _ in range(ways)]
            for _ in range(drawn.layers)
        ]

    steps = (drawn.batch, drawn.time)
    outputs = (*steps, ways * drawn.units) if drawn.sequences else (drawn.batch, ways * drawn.units)
    mask = None if drawn.masked is None else random.random(steps) >= drawn.masked
    inputs = random.normal(size=(*steps, drawn.features))
    kind = parity.Kind(drawn.cell, drawn.options)
    first = [[parity.possible(kind, of_cell) for of_cell in row] for row in states()]
    return parity.Problem(inputs, mask, first, random.normal(size=outputs), states())


#: All that the loops can be asked for at once, and the batch split in two.
EVERYTHING: dict[str, Any] = {
    **{"layers": 2, "bidirectional": True, "sequences": True, "training": True, "masked": 0.3},
    **{"batch": 9, "time": 4, "features": 3, "units": 5, "dtype": "float32", "seed": 1},
}


@pytest.mark.parametrize(
    "drawn",
    [
        Drawn("gru", {"reset_after": False}, engine="fused", **(EVERYTHING | {"sequences": False})),
        Drawn("qrnn", {}, engine="parallel", **EVERYTHING),
        pytest.param(Drawn("lstm", {}, engine="fused", **EVERYTHING), marks=pytest.mark.slow),
    ],
    ids=lambda drawn: drawn.cell,
)
def test_an_engine_that_is_asked_for_everything_gives_what_the_reference_gives(drawn: Drawn) -> None:
    check(drawn)


# Every example compiles, so they are few, the same each time, and not made smaller where one fails.
@pytest.mark.slow
@settings(max_examples=EXAMPLES, derandomize=True, phases=[Phase.generate])
@given(drawn_with(CELLS, ["fused", "hoisted"]))
def test_an_engine_gives_what_the_reference_gives(drawn: Drawn) -> None:
    check(drawn)


@pytest.mark.slow
@settings(max_examples=2 * EXAMPLES, derandomize=True, phases=[Phase.generate], deadline=None)
@given(drawn_with(LINEAR, ["parallel"]))
def test_all_steps_at_once_are_what_the_reference_gives(drawn: Drawn) -> None:
    check(drawn)


def check(drawn: Drawn) -> None:
    """The engine and `loop` give the same outputs, states and gradients."""
    problem = problem_of(drawn)
    expected = results(layer_of(drawn, "loop"), problem, drawn.training)
    got = results(layer_of(drawn, drawn.engine), problem, drawn.training)
    assert {value.dtype.name for value in got.values()} == {drawn.dtype}
    parity.assert_equal(got, expected, TOLERANCES[drawn.dtype])
    keras.backend.clear_session()
