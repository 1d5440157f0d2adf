from __future__ import annotations

import json
import math

import numpy as np
import pytest
import tensorflow as tf

from datasets.errors import UserError
from zoo.training.checkpoint import Progress, load, save

PROGRESS = Progress(
    epoch=2,
    batch=7,
    loss_sum=0.1 + 0.2,
    weight_sum=3.0,
    norm_sum=math.pi,
    history=[{"epoch": 1, "loss": 1 / 3}],
    best=0.75,
    best_epoch=1,
    waited=1,
    seconds=1.25,
    processor_seconds=2.5,
    finished=True,
)


def variables(factor: float = 1.0) -> list[tf.Variable]:
    return [
        tf.Variable(factor * np.arange(6.0).reshape(2, 3), dtype=tf.float32),
        tf.Variable(int(factor * 2), dtype=tf.int64),
        tf.Variable([int(factor), 2], dtype=tf.uint32),
    ]


def test_everything_comes_back(tmp_path):
    path, kept = tmp_path / "state.npz", variables(3)
    save(path, PROGRESS, kept, [np.array([1.5]), np.array([[2]], np.int64)])
    found = variables()
    progress, best = load(path, found)
    assert progress == PROGRESS
    for a, b in zip(found, kept, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    assert best is not None
    assert [array.dtype for array in best] == [np.float64, np.int64]
    assert [array.tolist() for array in best] == [[1.5], [[2]]]


def test_without_a_best_there_is_none(tmp_path):
    save(tmp_path / "state.npz", Progress(), variables(), None)
    assert load(tmp_path / "state.npz", variables()) == (Progress(), None)


def test_more_than_ten_variables_keep_their_order(tmp_path):
    many = [tf.Variable(float(n)) for n in range(12)]
    save(tmp_path / "state.npz", Progress(), many, None)
    found = [tf.Variable(0.0) for _ in many]
    load(tmp_path / "state.npz", found)
    assert [float(v) for v in found] == list(range(12))


def test_another_models_checkpoint_is_refused_and_changes_nothing(tmp_path):
    save(tmp_path / "state.npz", Progress(), variables(5), None)
    others = [*variables(1)[:2], tf.Variable([7.0])]
    with pytest.raises(UserError, match="belongs to another model") as caught:
        load(tmp_path / "state.npz", others)
    assert caught.value.exit_code == 1
    np.testing.assert_array_equal(others[0].numpy(), variables(1)[0].numpy())


def damages(whole: bytes) -> dict[str, bytes]:
    flipped = bytearray(whole)
    flipped[len(flipped) // 3] ^= 0xFF
    return {
        "empty": b"",
        "no archive": b"something else",
        "cut": whole[: len(whole) // 2],
        "end lost": whole[:-10],
        "flipped": bytes(flipped),
        "array": b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }"
        + b" " * 59
        + b"\n"
        + b"\0" * 8,
    }


@pytest.mark.parametrize("damage", damages(bytes(99)).keys())
def test_a_damaged_checkpoint_is_told_in_one_line(damage, tmp_path):
    path, found = tmp_path / "state.npz", variables()
    save(path, PROGRESS, variables(3), [np.array([1.5])])
    path.write_bytes(damages(path.read_bytes())[damage])
    with pytest.raises(UserError, match=r"checkpoint cannot be read.*start the run again") as caught:
        load(path, found)
    assert str(path) in str(caught.value)
    np.testing.assert_array_equal(found[0].numpy(), variables()[0].numpy())


def test_any_flipped_bit_is_told_or_harmless(tmp_path):
    path = tmp_path / "state.npz"
    save(path, PROGRESS, variables(3), [np.array([1.5])])
    whole, told = path.read_bytes(), 0
    for position in range(0, len(whole), 7):
        damaged = bytearray(whole)
        damaged[position] ^= 0x55
        path.write_bytes(damaged)
        found = variables()
        try:
            progress, best = load(path, found)
        except UserError:
            told += 1
            continue
        assert progress == PROGRESS
        assert best is not None
        assert best[0].tolist() == [1.5]
        np.testing.assert_array_equal(found[0].numpy(), variables(3)[0].numpy())
    assert told > len(whole) // 7 // 2


@pytest.mark.parametrize("progress", ["{}x", '{"epochs": 3}', "[1]", "7"])
def test_progress_of_another_version_is_told(progress, tmp_path):
    path = tmp_path / "state.npz"
    np.savez(path, counts=[1, 0], variable_0=np.zeros(1), progress=np.frombuffer(progress.encode(), np.uint8))
    with pytest.raises(UserError, match="cannot be read"):
        load(path, [tf.Variable([0.0])])


def test_pickles_are_not_read(tmp_path):
    path = tmp_path / "state.npz"
    np.savez(
        path,
        counts=[1, 0],
        variable_0=np.array([{"a": 1}], dtype=object),
        progress=np.frombuffer(json.dumps({}).encode(), np.uint8),
    )
    with pytest.raises(UserError, match="allow_pickle"):
        load(path, [tf.Variable([0.0])])


def test_a_full_disk_keeps_the_earlier_checkpoint(small_disk):
    path = small_disk / "state.npz"
    save(path, PROGRESS, variables(), None)
    with pytest.raises(UserError, match="no space left") as caught:
        save(path, Progress(), [tf.zeros([100_000])], None)
    assert caught.value.exit_code == 1
    assert load(path, variables())[0] == PROGRESS
    assert [file.name for file in small_disk.iterdir()] == ["state.npz"]
