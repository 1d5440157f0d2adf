"""The one table of what has to agree, and the problems it is shown on. Imports neither Keras nor torch.

A row is a cell with its options, crossed with the ways of running it (layers, directions, bias, lengths).
Engines join by themselves: the tests cross each row with `zoo.layers.engines.ENGINES`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures" / "torch"
PACKAGES = FIXTURES.parent / "packages"
BATCH, TIME, FEATURES, UNITS = 5, 6, 3, 4
#: A full row, one step, and a row that is all padding.
LENGTHS = {"full": (6, 6, 6, 6, 6), "ragged": (6, 3, 1, 4, 0)}


#: What torch gave, by name.
Record: TypeAlias = Mapping[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Kind:
    """A cell with its options, and who else computes the same."""

    cell: str  # a module of zoo.cells
    options: dict[str, Any] = field(default_factory=dict)
    states: int = 1
    reference: bool = True  # zoo.reference has it
    keras: str | None = None  # the built-in layer
    torch: str | None = None  # the torch.nn module
    product: bool = True  # its state enters a product, so that recurrent dropout has a meaning

    @property
    def id(self) -> str:
        return "-".join([self.cell, *(f"{name}={value}" for name, value in self.options.items())])


@dataclass(frozen=True, eq=False)
class Case:
    """A row of the table."""

    kind: Kind
    layers: int
    bidirectional: bool
    use_bias: bool
    lengths: str

    @property
    def directions(self) -> int:
        return 2 if self.bidirectional else 1

    @property
    def id(self) -> str:
        way = "both" if self.bidirectional else "forward"
        return f"{self.kind.id}-{self.layers}-{way}-{'bias' if self.use_bias else 'nobias'}-{self.lengths}"

    @property
    def mask(self) -> np.ndarray | None:
        """`(batch, time)`, or None where every row is full."""
        if self.lengths == "full":
            return None
        return np.arange(TIME) < np.array(LENGTHS[self.lengths])[:, None]


KINDS = [
    Kind("vanilla", keras="SimpleRNN", torch="RNN"),
    Kind("vanilla", {"activation": "relu"}, keras="SimpleRNN", torch="RNN"),
    Kind("lstm", states=2, keras="LSTM", torch="LSTM"),
    Kind("lstm", {"projection": 3}, states=2, torch="LSTM"),
    Kind("lstm", {"peephole": True}, states=2),
    Kind("lstm", {"coupled": True}, states=2),
    Kind("lstm", {"peephole": True, "coupled": True, "output_activation": "linear"}, states=2),
    Kind("lstm", {"layer_norm": True}, states=2),
    Kind("lstm", {"layer_norm": True, "projection": 3, "peephole": True, "coupled": True}, states=2),
    Kind("lstm", {"zoneout_c": 0.3, "zoneout_h": 0.2}, states=2),
    Kind("gru", {"reset_after": True}, keras="GRU", torch="GRU"),
    Kind("gru", {"reset_after": False}, keras="GRU"),
    Kind("gru", {"reset_after": True, "layer_norm": True}),
    Kind("gru", {"reset_after": False, "layer_norm": True}),
    Kind("gru", {"reset_after": True, "zoneout_h": 0.2}),
    Kind("keras_simple_rnn", reference=False, keras="SimpleRNN", torch="RNN"),
    Kind("keras_lstm", states=2, reference=False, keras="LSTM", torch="LSTM"),
    Kind("keras_gru", {"reset_after": True}, reference=False, keras="GRU", torch="GRU"),
    Kind("ind_rnn"),
    Kind("mgu"),
    Kind("slstm", states=4),
    Kind("slstm", {"forget_gate": "exponential"}, states=4),
    Kind("brc"),
    Kind("brc", {"neuromodulated": True}),
    Kind("mean", states=2, reference=False, product=False),
    Kind("min_gru", product=False),
    Kind("min_lstm", product=False),
    Kind("rg_lru", product=False),
    Kind("lru", states=2, product=False),
    Kind("qrnn", {"window": 1}, product=False),
    Kind("qrnn", states=2, reference=False, product=False),
]

#: layers, bidirectional, use_bias, lengths
WAYS = [
    (1, False, True, "ragged"),
    (1, False, False, "full"),
    (1, True, True, "full"),
    (2, False, True, "ragged"),
    (2, True, True, "ragged"),
    (2, True, False, "ragged"),
]

TABLE = [Case(kind, *way) for kind in KINDS for way in WAYS]

#: The ways that each engine but `loop` is run in; together they have each setting of each column.
ENGINE_WAYS = [WAYS[1], WAYS[4]]
#: The one in which every engine is run in float32 too. A dtype reaches each layer and direction in the same way, and
#: one layer is compiled in a quarter of the time.
FLOAT32_WAYS = [WAYS[0]]


@dataclass
class Problem:
    """Numbers to run a case on; the loss sums all outputs and final states, each times a number of its own.

    `states` and `states_factors` are `[layer][direction][state]`, each `(batch, size)`.
    """

    inputs: np.ndarray  # (batch, time, features)
    mask: np.ndarray | None
    states: list[list[list[np.ndarray]]]
    outputs_factor: np.ndarray  # (batch, time, directions * units)
    states_factors: list[list[list[np.ndarray]]]


def state_sizes(case: Case) -> list[int]:
    kind = case.kind
    if kind.cell == "mean":
        return [UNITS, 1]
    if kind.cell == "qrnn":
        return [UNITS, 3 * UNITS][: kind.states]
    return [output_size(kind), *[UNITS] * (kind.states - 1)]


def output_size(kind: Kind) -> int:
    """Size of the outputs of one direction."""
    return kind.options.get("projection", UNITS)


def problem(case: Case) -> Problem:
    """The case's recorded problem where torch has one, else one made here."""
    if case.kind.torch:
        return recorded_problem(case, np.load(fixture(case), allow_pickle=False))
    return drawn_problem(case)


def drawn_problem(case: Case) -> Problem:
    """A problem with numbers from a normal distribution, the same each time."""
    draw = np.random.default_rng(1).normal

    def draw_states() -> list[list[list[np.ndarray]]]:
        return [
            [[draw(size=(BATCH, size)) for size in state_sizes(case)] for _ in range(case.directions)]
            for _ in range(case.layers)
        ]

    states = [[possible(case.kind, states) for states in row] for row in draw_states()]
    inputs, factor = (
        draw(size=(BATCH, TIME, FEATURES)),
        draw(size=(BATCH, TIME, case.directions * output_size(case.kind))),
    )
    return Problem(inputs, case.mask, states, factor, draw_states())


def possible(kind: Kind, states: list[np.ndarray]) -> list[np.ndarray]:
    """Drawn states as the cell can have them: a count is a number of steps, and sums of weights are positive."""
    if kind.cell == "mean":
        return [states[0], np.full_like(states[1], 2.0)]
    if kind.cell == "slstm":
        h, c, n, m = states
        return [h, c, 0.5 + np.abs(n), m]
    return states


# ---- what torch gave, recorded by tests/fixtures/record_torch.py


def fixture(case: Case) -> Path:
    """The recording of the case's cell in torch: the zoo's own cells and the built-in ones share it."""
    kind = case.kind
    options = {name: value for name, value in kind.options.items() if name in ("activation", "projection")}
    return FIXTURES / f"{Case(Kind(kind.torch or '', options), *way_of(case)).id}.npz"


def way_of(case: Case) -> tuple[int, bool, bool, str]:
    return case.layers, case.bidirectional, case.use_bias, case.lengths


def recorded_problem(case: Case, record: Record) -> Problem:
    return Problem(
        inputs=record["inputs"],
        mask=case.mask,
        states=unstacked(case, record, "initial"),
        outputs_factor=record["outputs_factor"],
        states_factors=unstacked(case, record, "final_factor"),
    )


def unstacked(case: Case, record: Record, name: str) -> list[list[list[np.ndarray]]]:
    """`[layer][direction][state]` from torch's `(layers * directions, batch, units)`, for h and for c."""
    arrays = [record[f"{name}_{letter}"] for letter in "hc"[: case.kind.states]]
    return [
        [[array[layer * case.directions + way] for array in arrays] for way in range(case.directions)]
        for layer in range(case.layers)
    ]


# ---- what other packages gave, recorded by tests/fixtures/record_packages.py


def package_case(kind: Kind) -> Case:
    """One layer forward, on full sequences."""
    return Case(kind, 1, False, True, "full")


def package_fixture(kind: Kind) -> Path:
    """The recording of a kind, where there is one."""
    return PACKAGES / f"{kind.id}.npz"


# ---- results by name, so that they can be compared one by one


def named_states(prefix: str, states: Sequence[Sequence[Sequence[np.ndarray]]]) -> dict[str, np.ndarray]:
    """Every state of `[layer][direction][state]` under a name of its own."""
    return {
        f"{prefix} layer {layer} direction {way} state {n}": np.asarray(state)
        for layer, row in enumerate(states)
        for way, cell_states in enumerate(row)
        for n, state in enumerate(cell_states)
    }


def assert_equal(got: dict[str, np.ndarray], expected: dict[str, np.ndarray], tolerance: float) -> None:
    """The same names, and the same numbers up to `tolerance`, absolute and relative."""
    assert sorted(got) == sorted(expected)
    for name, value in expected.items():
        np.testing.assert_allclose(got[name], value, rtol=tolerance, atol=tolerance, err_msg=name)
