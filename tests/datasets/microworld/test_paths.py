from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest

import datasets
from datasets.base import Dataset
from datasets.errors import UserError
from datasets.microworld.paths import FAR, LABELS, NEAR, RATE, Film, Options, Tones, load, path

FIELDS = ("signal", "label")
SMALL = {"examples": 80, "valid_examples": 16, "test_examples": 40}


def small(**options: object) -> Dataset:
    return datasets.load("microworld", FIELDS, {**SMALL, **options})


def steps_of(label: int, seed: int = 0) -> np.ndarray:
    return path(np.random.default_rng(seed), label, 0.0)


def read_label(steps: np.ndarray) -> int:
    """The label, as someone tells it who sees the order of the steps of a path without jitter."""
    change = np.diff(steps[:, 2])
    move = int(change.sum() < 0)
    moving = np.concatenate([[False], change != 0]) | np.concatenate([change != 0, [False]])
    round_ = steps[~moving]
    angle = np.unwrap(np.arctan2(round_[:, 1], round_[:, 0]))
    turned = (angle[-1] - angle[0]) / (2 * np.pi)
    return int(np.ravel_multi_index((int(turned < 0), int(abs(turned) > 2.3), move), (2, 2, 2)))


@pytest.mark.parametrize("seed", range(20))
def test_the_order_of_the_steps_tells_the_label(seed: int) -> None:
    for label in range(len(LABELS)):
        assert read_label(steps_of(label, seed)) == label


def bag(steps: np.ndarray) -> tuple[int, float]:
    """What there is to know without order, but for the angle that it begins with: how many steps, how large."""
    sizes = Counter(np.round(steps[:, 2], 4).tolist())
    return len(steps), sizes.most_common(1)[0][0]


def test_without_order_every_label_looks_the_same() -> None:
    """Going round, the angles are evenly spaced ones; and each size of the circle is as frequent for each label."""
    for label, seed in itertools.product(range(len(LABELS)), range(5)):
        steps = steps_of(label, seed)
        at = steps[np.abs(steps[:, 2] - bag(steps)[1]) < 1e-6]
        angles = np.sort(np.arctan2(at[:, 1], at[:, 0]))
        count = len(np.unique(np.round(angles, 3)))
        gaps = np.diff(np.unique(np.round(angles, 3)))
        np.testing.assert_allclose(gaps, 2 * np.pi / count, atol=5e-3)
    for label in range(len(LABELS)):
        large = np.mean([bag(steps_of(label, seed))[1] > (FAR + NEAR) / 2 for seed in range(300)])
        assert 0.4 < large < 0.6


def test_the_ceiling_is_the_share_of_labels_that_are_not_changed() -> None:
    data = small(noise=0.25, jitter=0.0)
    assert data.info.ceiling == {"accuracy": 0.75}
    assert data.test is not None
    right = [read_label(example["signal"].values) == example["label"] for example in data.test]
    assert np.mean(right) == 0.75
    assert data.info.synthetic
    assert data.info.labels == LABELS


def test_the_test_split_does_not_depend_on_the_sizes_of_the_others() -> None:
    one, other = small(), small(examples=160, valid_examples=8)
    assert one.test is not None
    assert other.test is not None
    for a, b in zip(one.test, other.test, strict=True):
        np.testing.assert_array_equal(a["signal"].values, b["signal"].values)
        assert a["label"] == b["label"]


def test_frames_show_the_shape_where_it_is() -> None:
    steps = np.array([[0.5, -0.5, 1.0], [-0.5, 0.5, 0.5]], np.float32)
    frames = Film(steps).read(0)
    assert frames.shape == (2, 32, 32, 3)
    bright = frames[..., 0] > 150
    assert bright[0, 8, 24]
    assert bright[1, 24, 8]
    assert bright[0].sum() > 2 * bright[1].sum()
    assert len(Film(steps_of(0)).read(5)) == -(-len(steps_of(0)) // 2)


def test_tones_are_as_high_as_the_shape_is_to_the_right() -> None:
    def highest(across: float) -> float:
        samples, rate = Tones(np.array([[across, 0, 1]], np.float32)).read()
        spectrum = np.abs(np.fft.rfft(samples[: int(0.03 * rate)], 8000))
        return float(spectrum[:1000].argmax())

    assert RATE == 8000
    assert highest(-1) < highest(0) < highest(1)


def test_kinds_are_the_same_paths() -> None:
    numbers, film, tones = (next(iter(small(kind=kind).train)) for kind in ("numbers", "frames", "sound"))
    np.testing.assert_array_equal(numbers["signal"].values, film["signal"].steps)
    np.testing.assert_array_equal(numbers["signal"].values, tones["signal"].steps)
    assert numbers["label"] == film["label"] == tones["label"]


@pytest.mark.parametrize("options", [{"examples": 1}, {"noise": 0.9}, {"jitter": -1.0}])
def test_what_means_nothing_is_refused(options: dict[str, float]) -> None:
    with pytest.raises(UserError):
        load("microworld", Options(**options))  # type: ignore[arg-type]
