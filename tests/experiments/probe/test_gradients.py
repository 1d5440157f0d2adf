from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from datasets.errors import UserError
from experiments.probe import gradients, gradients_picture, problems
from experiments.probe.gradients import Options, descend, make_learner, norms_of
from experiments.probe.learner import Learner
from experiments.probe.problems import Sequences
from experiments.probe.tables import factor

SMALL = Options(cells=("vanilla",), scales=(0.5, 2.0), length=20, units=6, steps=3)


def learner_of(cell: str, scale: float) -> Learner:
    return make_learner(SMALL, cell, scale, learning_rate=0.1, clip=1.0)


def batch_of(size: int = 8) -> Sequences:
    return problems.make("order", SMALL.length).draw(np.random.default_rng(5), size)


@pytest.mark.parametrize("cell", ["vanilla", "lstm", "gru"])
def test_norms_are_those_of_the_reference(cell: str) -> None:
    learner = learner_of(cell, 1.5)
    batch = batch_of()
    norms = norms_of(learner, batch)
    right = gradients.difference_to_reference(cell, learner, batch, norms)
    wrong = gradients.difference_to_reference(cell, learner, batch, norms * (1 + 1e-3))
    assert right is not None
    assert wrong is not None
    assert right < 1e-9
    assert wrong > 1e-4


def test_another_cell_has_no_reference() -> None:
    learner = learner_of("mean", 1.0)
    batch = batch_of()
    assert gradients.difference_to_reference("mean", learner, batch, norms_of(learner, batch)) is None


@pytest.mark.parametrize("cell", ["slstm", "min_gru", "lru", "qrnn", "lstm(peephole=true)"])
def test_every_cell_is_measured_and_compared_where_its_output_is_its_state(cell: str) -> None:
    gradients.check(dataclasses.replace(SMALL, cells=(cell,)))
    learner, batch = learner_of(cell, 1.0), batch_of(2)
    norms = norms_of(learner, batch)
    assert np.isfinite(norms[:, 1]).all()  # an output that is no state does not depend on the last one
    difference = gradients.difference_to_reference(cell, learner, batch, norms)
    assert (difference is None) == (cell in ("lru", "qrnn", "lstm(peephole=true)"))
    assert difference is None or difference < 1e-9


def test_small_recurrent_weights_lose_the_gradient_and_large_ones_do_not() -> None:
    """With half an orthogonal matrix no step keeps more than half, and tanh takes its part."""
    batch = batch_of()
    small, large = (np.nanmedian(norms_of(learner_of("vanilla", s), batch), axis=0) for s in (0.5, 2.0))
    assert factor(small[:20]) <= 0.5
    assert factor(large[:20]) > 0.7


def test_a_cell_without_a_recurrent_kernel_cannot_be_scaled() -> None:
    with pytest.raises(UserError, match="mean has no recurrent_kernel"):
        learner_of("mean", 2.0)


def test_clipping_shortens_the_step() -> None:
    clipped, free = (pd.DataFrame(descend(SMALL, "vanilla", clip)) for clip in (1e-9, 0.0))
    assert clipped["norm"][0] == free["norm"][0] > 1e-3  # before clipping
    assert clipped["loss"][0] == free["loss"][0]
    assert clipped["loss"][1] != free["loss"][1]
    assert clipped["step"].tolist() == [0, 1, 2]


def test_the_factor_of_a_step() -> None:
    assert factor(np.array([8.0, 4.0, 2.0])) == pytest.approx(0.5)
    assert factor(np.array([np.nan, 4.0, 0.0, 1.0])) == pytest.approx(0.5)
    assert np.isnan(factor(np.array([1.0])))


def test_tables_and_pictures_are_written_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = dataclasses.replace(SMALL, length=12, steps=2)
    text = gradients.run(options, tmp_path)
    frame = pd.read_csv(tmp_path / "gradients.csv")
    assert set(frame["scale"]) == {0.5, 2.0}
    assert set(frame["when"]) == {"start", "trained"}
    start = frame[(frame["scale"] == 0.5) & (frame["when"] == "start")]
    assert start["lag"].tolist() == list(range(len(start)))
    assert (start["lower"] <= start["norm"]).all()
    assert "largest relative difference" in text
    assert f"| {start['norm'][10] / start['norm'][0]:.1e} |" in text
    for name in ("gradients.png", "clipping.png"):
        assert (tmp_path / name).stat().st_size > 1000
    monkeypatch.setattr(gradients, "measure", None)
    monkeypatch.setattr(gradients, "descend", None)
    assert gradients.run(options, tmp_path) in text
    with pytest.raises(TypeError):
        gradients.run(dataclasses.replace(options, steps=4), tmp_path)


def test_seeds_are_rows_of_their_own() -> None:
    rows = [
        {**dict.fromkeys(gradients.KEY, 1), "seed": seed, "lag": lag, "norm": norm, "difference": None}
        for seed in (0, 1)
        for lag, norm in ((0, 1.0), (1, 0.5 + seed))
    ]
    text = gradients.report(pd.DataFrame(rows), pd.DataFrame(columns=gradients.CLIP_COLUMNS))
    assert "| 5.0e-01 | 0.500 |" in text
    assert "| 1.5e+00 | 1.500 |" in text


def test_what_cannot_be_scaled_is_told_before_anything_is_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gradients, "measure", None)
    with pytest.raises(UserError, match="mean has no recurrent_kernel"):
        gradients.run(dataclasses.replace(SMALL, cells=("vanilla", "mean")), tmp_path)


def measured(options: Options, cell: str, scale: float) -> list[dict[str, object]]:
    """Rows that nobody measured."""
    numbers = {"norm": 1.0, "lower": 0.5, "upper": 2.0, "difference": None}
    keys = [gradients._key(options, cell, scale, when) for when in ("start", "trained")]
    return [{**key, "lag": lag, **numbers} for key in keys for lag in range(2)]


def descended(options: Options, cell: str, clip: float) -> list[dict[str, object]]:
    """A row that nobody measured."""
    key = gradients._clip_key(options, cell, max(options.scales), clip)
    return [{**key, "step": 0, "loss": 1.0, "norm": 1.0}]


def test_pictures_show_what_was_asked_for_and_mix_nothing_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: dict[str, pd.DataFrame] = {}
    monkeypatch.setattr(gradients, "measure", measured)
    monkeypatch.setattr(gradients, "descend", descended)
    monkeypatch.setattr(gradients_picture, "draw", lambda frame, _: drawn.update(gradients=frame))
    monkeypatch.setattr(gradients_picture, "draw_clipping", lambda frame, _: drawn.update(clipping=frame))
    base = dataclasses.replace(SMALL, scales=(1.0,), length=12, steps=2)
    variants = [
        dataclasses.replace(base, seed=1), dataclasses.replace(base, units=3), dataclasses.replace(base, clip=0.5),
    ]  # fmt: skip
    for options in (base, *variants, base):
        gradients.run(options, tmp_path)
        for name in ("seed", "units"):
            assert set(drawn["gradients"][name]) == set(drawn["clipping"][name]) == {getattr(options, name)}
        assert set(drawn["gradients"]["clip"]) == {options.clip}
        assert set(drawn["clipping"]["clip"]) == {0, options.clip}
    assert len(pd.read_csv(tmp_path / "gradients.csv")) > 3 * len(drawn["gradients"])
