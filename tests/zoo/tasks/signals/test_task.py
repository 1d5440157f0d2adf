from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest

from datasets.base import Dataset, Split
from datasets.errors import UserError
from datasets.formats.signals import Numbers
from datasets.options import from_dict
from tests.zoo.conftest import call
from tests.zoo.running import every_cell
from tests.zoo.tasks.signals.toy import KINDS, MAKERS, built, dataset, prepared
from zoo.config import RecurrentOptions
from zoo.factory import order_agnostic_factory, recurrent_factory
from zoo.predict import main as predict
from zoo.run import main as run
from zoo.stored_types import check
from zoo.tasks.signals.features import strides_for
from zoo.tasks.signals.options import Options
from zoo.tasks.signals.streaming import functions
from zoo.tasks.signals.task import TASK

# ------------------------------------------------------------------------------------------ data


def test_scale_and_missing_values_are_learnt_on_train() -> None:
    learned = prepared("numbers").learned
    values = np.concatenate([example["signal"].values for example in dataset("numbers").train])
    np.testing.assert_allclose(learned.mean, np.nanmean(values, axis=0), atol=1e-6)
    np.testing.assert_allclose(learned.deviation, np.nanstd(values, axis=0), rtol=1e-5)
    assert learned.missing
    assert learned.labels == ("falling", "rising")


def scaled_apart(n: int) -> Numbers:
    """One channel that falls or rises, at scales from 0.001 to 1,000."""
    course = np.linspace(1, -1, 6) * (1 - 2 * (n % 2))
    return Numbers((course * 10.0 ** (n % 7 - 3))[:, None].astype(np.float32), f"series {n}")


def test_series_whose_scales_differ_are_measured_by_their_own_as_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert prepared("numbers").learned.own_scales is None
    assert prepared("numbers", normalise="series").learned.own_scales is not None
    monkeypatch.setitem(MAKERS, "numbers", scaled_apart)
    ready = prepared("numbers")
    assert ready.notes[0].startswith("the scales of series differ by a factor of")
    assert "beside 1 of 1 channels" in ready.notes[0]
    stored = json.loads(json.dumps(ready.learned.to_json()))
    assert TASK.restore(stored, Options()) == ready.learned
    check(TASK.restore(stored, Options()), stored)
    names = [layer.name for layer in built(ready).layers]
    assert "scaling" in names
    assert "own_scaling" in names
    # A model that answers before it has read all does not know what is known only then.
    assert "own_scaling" not in [layer.name for layer in built(ready, bidirectional=False).layers]
    without = prepared("numbers", normalise="train")
    assert without.learned.own_scales is None
    assert not without.notes


def test_what_is_blind_to_order_is_measured_as_the_model_that_it_stands_beside(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(MAKERS, "numbers", scaled_apart)
    ready = prepared("numbers")
    for bidirectional in (True, False):
        options = RecurrentOptions(units=5, bidirectional=bidirectional)
        blind = TASK.order_agnostic_baselines(ready, order_agnostic_factory(options), Options())
        models = [
            *(make() for make in blind.values()),
            TASK.build(ready, recurrent_factory(options), Options()),
        ]
        layers = [[layer.name for layer in model.layers] for model in models]
        assert len(layers) == 2
        assert all(("own_scaling" in names) == bidirectional for names in layers)


def test_a_model_that_is_blind_to_order_reads_pieces_on_one_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MAKERS, "numbers", scaled_apart)
    ready = prepared("numbers")
    assert functions(built(ready, cell="mean", bidirectional=False), ready.learned)


def test_the_model_of_the_smallest_series_sees_what_that_of_the_largest_sees(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(MAKERS, "numbers", scaled_apart)
    ready = prepared("numbers")
    model = built(ready)
    seen = keras.Model(model.inputs, model.get_layer("own_scaling").output)
    small, large = (
        seen({"vectors": scaled_apart(n).values[None], "mask": np.ones((1, 6), bool)})[0, :, 0]
        for n in (0, 6)
    )
    np.testing.assert_allclose(small, large, atol=1e-4)


def test_older_runs_measured_all_series_by_train() -> None:
    assert from_dict(Options, {}).normalise == "train"


def test_sound_and_movies_are_read_as_they_are_and_their_size_is_told() -> None:
    sound = prepared("sound")
    assert (sound.learned.rate, sound.learned.bands, sound.learned.step) == (8000, 8, 80)
    assert sound.train.sequences.values.shape[1] == 8
    assert "sound: 16 training signals are" in sound.notes[0]
    frames = prepared("frames", image_size=9)
    assert frames.learned.size == (9, 9)
    assert frames.train.sequences.values.dtype == np.uint8
    assert prepared("frames").learned.size == (12, 16)
    assert "MB in memory" in prepared("frames", frames_per_second=5.0).notes[0]


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_learned_goes_through_json(kind: str) -> None:
    learned = prepared(kind).learned
    stored = json.loads(json.dumps(learned.to_json()))
    again = TASK.restore(stored, Options())
    assert again == learned
    check(again, stored)


@pytest.mark.parametrize(
    ("median", "convolutions", "stride", "expected"),
    [(100, 2, 0, (1, 1)), (200, 2, 0, (2, 1)), (5000, 2, 0, (2, 2)), (5000, 0, 0, ()), (50, 3, 4, (4, 1, 1))],
)
def test_long_sequences_are_shortened(
    median: int, convolutions: int, stride: int, expected: tuple[int, ...]
) -> None:
    assert strides_for(np.array([1, median, 10**6]), convolutions, stride) == expected


@pytest.mark.parametrize("of_convolutions", [{"beside": True}, {"stride": 2}])
def test_what_is_said_of_convolutions_is_refused_where_there_are_none(
    of_convolutions: dict[str, Any],
) -> None:
    with pytest.raises(UserError, match=f"--{next(iter(of_convolutions))}.*: is of convolutions"):
        TASK.prepare(dataset("numbers"), Options(convolutions=0, **of_convolutions), 4)


def test_signals_of_other_channels_are_refused() -> None:
    data = dataset("numbers")
    odd = Numbers(np.zeros((3, 4), np.float32), "odd one")
    other = Split(lambda: [{"signal": odd, "label": 0}], 1)
    with pytest.raises(UserError, match="odd one: has 4 channels; the model reads 2"):
        TASK.prepare(Dataset(data.info, data.train, other, None), Options(), 4)
    with pytest.raises(UserError, match="series 16: is of the kind numbers; the model reads sound"):
        TASK.prepare(replace(dataset("sound"), valid=data.valid), Options(), 4)


# ------------------------------------------------------------------------------------------ model


@pytest.mark.parametrize("beside", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_padding_changes_nothing(kind: str, beside: bool) -> None:
    ready = prepared(kind, stride=2)
    model = built(ready, stride=2, beside=beside)
    batch = ready.train.load(ready.train.plan(None)[0])
    wider = {
        name: np.pad(array, [(0, 0), (0, 5), *[(0, 0)] * (array.ndim - 2)])
        for name, array in batch.inputs.items()
    }
    np.testing.assert_allclose(model(wider).numpy(), model(dict(batch.inputs)).numpy(), atol=1e-5)


def test_runs_without_the_option_were_scaled_over_the_features_of_a_step() -> None:
    assert from_dict(Options, {}).scaling == "step"
    assert Options().scaling == "batch"
    ready = prepared("numbers")
    for scaling, per_batch in (("step", False), ("batch", True)):
        layer = built(ready, scaling=scaling).get_layer("convolution_0")
        assert layer.per_batch is per_batch


@every_cell()
def test_every_cell_trains_a_model_of_signals(cell: str) -> None:
    ready = prepared("numbers")
    model = built(ready, cell)
    batch = ready.train.load(ready.train.plan((0, 0))[0])
    assert model(dict(batch.inputs)).shape == (4, 2)


def test_noise_is_there_in_training_alone() -> None:
    ready = prepared("numbers")
    model = built(ready, input_noise=1.0, dropout=0.0, scaling="step")
    inputs = dict(ready.train.load(ready.train.plan(None)[0]).inputs)
    np.testing.assert_array_equal(model(inputs).numpy(), model(inputs).numpy())
    assert not np.allclose(model(inputs, training=True).numpy(), model(inputs).numpy())


@pytest.mark.parametrize("kind", KINDS)
def test_tempos_differ_in_training_alone(kind: str) -> None:
    ready = prepared(kind)
    quiet: Any = {"input_noise": 0.0, "shift": 0.0, "dropout": 0.0, "scaling": "step"}
    model, plain = built(ready, time_stretch=0.4, **quiet), built(ready, **quiet)
    inputs = dict(ready.train.load(ready.train.plan(None)[0]).inputs)
    for variable, other in zip(plain.trainable_variables, model.trainable_variables, strict=True):
        variable.assign(other)
    np.testing.assert_array_equal(model(inputs).numpy(), plain(inputs).numpy())
    first, second = model(inputs, training=True).numpy(), model(inputs, training=True).numpy()
    assert np.isfinite(first).all()
    assert not np.allclose(first, second)
    np.testing.assert_array_equal(plain(inputs, training=True).numpy(), plain(inputs).numpy())


# ------------------------------------------------------------------------------------------ commands


def test_with_few_signals_of_dev_the_loss_on_train_chooses_the_epoch(tmp_path: Path) -> None:
    more = (
        "--epochs",
        "4",
        "--learning-rate",
        "0.05",
        "--average",
        "0",
        "--seed",
        "1",
        "--no-trained-baselines",
    )
    chosen = {}
    for choose in ("auto", "dev"):
        out = tmp_path / choose
        done = call(run, "signals", *SMALL, *FEW, *more, "--choose", choose, "--out", out)
        assert done.code == 0, done.err
        assert ("the lowest loss on train decides" in done.err) == (choose == "auto")
        history = pd.read_csv(out / "history.csv")
        best = {"auto": history["loss"], "dev": history["dev_brier"]}
        found = json.loads((out / "metrics.json").read_text("utf-8"))["best_epoch"]
        chosen[choose] = found
        assert found == 1 + best[choose].idxmin()
    assert chosen["auto"] != chosen["dev"]  # else nothing is shown


SMALL = ("--units", "4", "--filters", "6", "--epochs", "1", "--least-steps", "1", "--no-dtw")
FEW = ("--examples", "16", "--valid-examples", "8", "--test-examples", "8")


@pytest.mark.parametrize(
    "kind",
    [
        "numbers",
        pytest.param("sound", marks=pytest.mark.slow),
        pytest.param("frames", marks=pytest.mark.slow),
    ],
)
def test_a_run_ends_with_a_table_and_answers(kind: str, tmp_path: Path) -> None:
    done = call(run, "signals", "--kind", kind, "--out", tmp_path / "run", *SMALL, *FEW)
    assert done.code == 0, done.err
    for row in ("gru", "majority", "channel statistics", "bag of steps"):
        assert f"\n{row} " in done.out
    if kind != "numbers":
        return
    answered = call(predict, tmp_path / "run", "[[0, 1, 0.5], [1, 0, 0.5]]")
    assert answered.code == 0, answered.err
    assert "clockwise" in answered.out
    wrong = call(predict, tmp_path / "run", "[[0, 1], [1, 0]]")
    assert (wrong.code, wrong.err.count("\n")) == (2, 1)
    assert "has 2 channels; the model reads 3" in wrong.err
