from __future__ import annotations

import numpy as np
import pytest
import scipy.signal
import tensorflow as tf

from zoo.data.log_mel import FLOOR, LogMel, resampled, resampled_length

RATE = 8000
FEATURES = LogMel(RATE, 20, 80)
NOISE = np.random.default_rng(0).normal(size=(1, 1700)).astype(np.float32) / 5


def bands(samples: np.ndarray, features: LogMel = FEATURES) -> np.ndarray:
    return features(tf.constant(samples, tf.float32)).numpy()


def to(samples: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    return resampled(tf.constant(samples, tf.float32), tf.constant(rate), wanted).numpy()


def tone(pitch: float, rate: int, seconds: float = 0.5) -> np.ndarray:
    return np.sin(2 * np.pi * pitch * np.arange(int(seconds * rate)) / rate).astype(np.float32)[None]


# ------------------------------------------------------------------------------------------ log-mel


def test_a_frame_hears_the_window_that_ends_with_its_step() -> None:
    """Beside NumPy, with the filters of `tf.signal`, whose formula is that of HTK."""
    found = bands(NOISE)
    assert found.shape == (1, 21, 20)
    window, size = 200, 256
    heard = np.concatenate([np.zeros(window - 80), NOISE[0]])
    weights = tf.signal.linear_to_mel_weight_matrix(20, size // 2 + 1, RATE, 20.0, RATE / 2).numpy()
    hann = np.hanning(window + 1)[:-1]
    for frame in (0, 7, 20):
        part = heard[80 * frame : 80 * frame + window]
        energy = np.abs(np.fft.rfft(part * hann, size)) ** 2
        np.testing.assert_allclose(found[0, frame], np.log(energy @ weights + FLOOR), atol=1e-3)


def test_frames_do_not_look_ahead_and_padding_changes_none() -> None:
    whole = bands(NOISE)
    np.testing.assert_allclose(bands(NOISE[:, :800]), whole[:, :10], atol=1e-5)
    np.testing.assert_allclose(bands(np.pad(NOISE, [(0, 0), (0, 500)]))[:, :21], whole, atol=1e-5)


@pytest.mark.parametrize(("samples", "frames"), [(0, 1), (1, 1), (79, 1), (80, 1), (160, 2), (239, 2)])
def test_there_is_a_frame_for_each_whole_step_and_one_at_least(samples: int, frames: int) -> None:
    assert bands(NOISE[:, :samples]).shape[1] == frames
    assert int(FEATURES.frames(tf.constant(samples))) == frames


def test_a_higher_pitch_is_in_a_higher_band() -> None:
    loudest = [bands(tone(pitch, RATE)).mean(axis=1).argmax() for pitch in (200, 600, 1500, 3000)]
    assert loudest == sorted(set(loudest))


# ------------------------------------------------------------------------------------------ resampling


@pytest.mark.parametrize("rate", [6000, 11025, 16000, 22050, 44100, 48000])
@pytest.mark.parametrize("pitch", [300, 1000, 2200])
def test_a_tone_is_the_same_tone_at_another_rate(rate: int, pitch: float) -> None:
    found, expected = to(tone(pitch, rate), rate, RATE), tone(pitch, RATE)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found[0, 200:-200], expected[0, 200:-200], atol=5e-3)


def test_what_is_too_high_for_the_rate_is_left_out() -> None:
    assert np.abs(to(tone(9000, 44100), 44100, RATE)[0, 200:-200]).max() < 0.01
    passed = to(tone(3000, 44100), 44100, RATE)
    assert np.abs(passed).max() > 0.9


def test_it_agrees_with_scipy() -> None:
    smooth = scipy.signal.resample_poly(NOISE[0], 1, 4)  # far below the band's edge
    found = to(smooth[None], 2000, RATE)[0]
    expected = scipy.signal.resample_poly(smooth, 4, 1)
    np.testing.assert_allclose(found[100:-100], expected[100:-100], atol=0.04)


def test_samples_of_the_wanted_rate_do_not_change() -> None:
    np.testing.assert_array_equal(to(NOISE, RATE, RATE), NOISE)


@pytest.mark.parametrize(("length", "rate"), [(0, 16000), (1, 16000), (5, 16000), (10000, 16000), (7, 44101)])
def test_lengths_are_those_that_are_told(length: int, rate: int) -> None:
    samples = np.zeros((2, length), np.float32)
    told = int(resampled_length(tf.constant(length), tf.constant(rate), RATE))
    assert to(samples, rate, RATE).shape == (2, told)


def test_padding_changes_no_sample() -> None:
    alone = to(NOISE, 16000, RATE)
    padded = to(np.pad(NOISE, [(0, 0), (0, 9000)]), 16000, RATE)
    np.testing.assert_allclose(padded[:, : alone.shape[1]], alone, atol=1e-5)
