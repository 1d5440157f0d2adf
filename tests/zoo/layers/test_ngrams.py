from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from zoo.layers.ngrams import EACH, LAST, NGramIds

IDS = np.random.default_rng(0).integers(0, 50, (20, 30)).astype("int32")


def expected(tokens: list[int], buckets: int) -> int:
    """The same with Python's numbers."""
    if min(tokens) < 2:
        return 0
    mixed = 0
    for token in tokens:
        mixed = (mixed + token) * EACH % 2**32
        mixed ^= mixed >> 15
    mixed = mixed * LAST % 2**32
    return (mixed ^ mixed >> 13) % (buckets - 1) + 1


@pytest.mark.parametrize("length", [2, 3])
def test_the_ids_are_those_of_the_hash(length: int) -> None:
    found = np.asarray(NGramIds(length, 1000)(IDS))
    assert found.shape == IDS.shape
    for row, ids in zip(found, IDS, strict=True):
        padded = [0] * (length - 1) + ids.tolist()
        assert row.tolist() == [expected(padded[n : n + length], 1000) for n in range(len(ids))]


def test_different_pairs_rarely_share_an_id_and_order_counts() -> None:
    first, second = np.meshgrid(np.arange(2, 102), np.arange(2, 102))
    pairs = np.stack([first.ravel(), second.ravel()], axis=1).astype("int32")
    ids = np.asarray(NGramIds(2, 1 << 20)(pairs))[:, 1]
    assert len(set(ids.tolist())) > 9_900  # of 10,000 drawn at random 48 share one
    swapped = np.asarray(NGramIds(2, 1 << 20)(pairs[:, ::-1]))[:, 1]
    assert (ids == swapped).sum() < 110  # 100 pairs are of two tokens that are the same


def test_padding_changes_no_id() -> None:
    padded = np.pad(IDS, ((0, 0), (0, 4)))
    found = np.asarray(NGramIds(3, 64)(padded))
    np.testing.assert_array_equal(found[:, :30], NGramIds(3, 64)(IDS))
    assert (found[:, 30:] == 0).all()


@pytest.mark.parametrize("steps", [0, 1, 30])
def test_saved_and_traced_it_gives_the_same(steps: int, tmp_path) -> None:
    tokens = keras.Input((None,), dtype="int32")
    model = keras.Model(tokens, NGramIds(3, 64, name="ngrams")(tokens))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    traced = tf.function(again, input_signature=[tf.TensorSpec([None, None], tf.int32)])
    np.testing.assert_array_equal(traced(IDS[:, :steps]), NGramIds(3, 64)(IDS[:, :steps]))


@pytest.mark.parametrize(("length", "buckets"), [(1, 64), (2, 1)])
def test_fewer_than_two_are_refused(length: int, buckets: int) -> None:
    with pytest.raises(ValueError, match="must be at least 2"):
        NGramIds(length, buckets)
