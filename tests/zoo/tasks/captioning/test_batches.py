from __future__ import annotations

import numpy as np
import pytest

from datasets.base import Example
from datasets.errors import UserError
from datasets.formats.images import Features
from tests.zoo.generation.test_tokens import ragged, rows_of
from tests.zoo.tasks.captioning.toy import examples
from zoo.data.subwords import BEGIN, END
from zoo.tasks.captioning.batches import CaptionBatches, captions_of, feature_table


def many(dtype: type, images: int = 12, size: int = 7) -> CaptionBatches:
    """Images that hold their own number, with one to three captions of different lengths each."""
    draw = np.random.default_rng(0)
    of_image = np.repeat(np.arange(images), np.arange(images) % 3 + 1)
    captions = ragged(*([9] * draw.integers(1, 20) for _ in of_image))
    table: np.ndarray = np.broadcast_to(
        np.arange(images, dtype=dtype)[:, None, None, None], (images, 2, 2, 3)
    ).copy()
    return CaptionBatches.of(examples(images), table, captions, of_image, size)


def test_a_batch_holds_each_image_once_and_weights_for_the_tokens():
    table = np.arange(2 * 3, dtype=np.float16).reshape(2, 3)
    captions, of_image = ragged([7, 8], [4], [5]), np.array([1, 0, 1])
    batches = CaptionBatches.of(examples(2), table, captions, of_image, 4)
    assert rows_of(batches.decoded)[1] == [BEGIN, 4, END]
    (plan,) = batches.plan(None)
    batch = batches.load(plan)
    np.testing.assert_array_equal(batch.inputs["images"], table)
    assert batch.inputs["images"].dtype == np.float32
    assert batch.inputs["image"].tolist() == [1, 0, 1, 0]
    assert batch.inputs["caption"][:, :4].tolist() == [
        [BEGIN, 7, 8, END],
        [BEGIN, 4, END, 0],
        [BEGIN, 5, END, 0],
        [0] * 4,
    ]
    assert batch.targets[:, :3].tolist() == batch.inputs["caption"][:, 1:4].tolist()
    assert batch.weights.tolist() == (batch.targets != 0).tolist()
    assert batch.shared == {"images"}


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("seed", [None, [0, 1]])
def test_every_caption_comes_once_with_its_own_image(dtype, seed):
    batches = many(dtype)
    plans = batches.plan(seed)
    found = np.concatenate([plan.which for plan in plans])
    assert sorted(found) == list(range(len(batches.decoded)))
    assert seed is None or found.tolist() != sorted(found)
    for plan in plans:
        batch = batches.load(plan)
        shown = batch.inputs["images"][batch.inputs["image"]][: len(plan.which), 0, 0, 0]
        assert shown.tolist() == batches.of_image[plan.which].tolist()
        assert batch.inputs["caption"].shape == (7, plan.width)
        assert plan.width >= batches.decoded.lengths[plan.which].max()


def test_captions_of_a_drawn_image_stand_together_and_those_of_features_do_not():
    for dtype, together in ((np.uint8, True), (np.float32, False)):
        batches = many(dtype, images=30)
        order = batches.of_image[np.concatenate([plan.which for plan in batches.plan([0, 0])])]
        runs = 1 + int((np.diff(order) != 0).sum())
        assert (runs == 30) == together


def test_another_epoch_has_another_order():
    for dtype in (np.uint8, np.float32):
        first, again, other = (
            np.concatenate([plan.which for plan in many(dtype).plan([0, epoch])]).tolist()
            for epoch in (1, 1, 2)
        )
        assert first == again != other


def test_outputs_come_back_in_the_order_of_the_captions():
    batches = many(np.uint8)
    plans = batches.plan([3, 1])
    outputs = []
    for plan in plans:
        caption = batches.load(plan).inputs["caption"][:, 1:]
        rows = np.pad(plan.which, (0, 7 - len(plan.which)))
        values = 100.0 * rows[:, None] + np.arange(caption.shape[1])
        outputs.append({"token_nll": values, "token_correct": -values})
    found = batches.gather(plans, outputs)
    expected = [100 * n + k for n, length in enumerate(batches.decoded.lengths) for k in range(length - 1)]
    assert found["token_nll"].tolist() == expected
    assert found["token_correct"].tolist() == [-value for value in expected]


def test_what_an_image_knows_goes_along():
    some = examples(2, true=True)
    captions, of_image = captions_of(some)
    assert captions == ["red and blue", "blue right of red", "blue and blue", "blue right of blue"]
    assert of_image.tolist() == [0, 0, 1, 1]
    batches = CaptionBatches.of(some, np.zeros((2, 1)), ragged([1], [1], [1], [1]), of_image, 4)
    assert batches.names == ("p0", "p1")
    assert batches.references == (tuple(captions[:2]), tuple(captions[2:]))
    assert batches.true == tuple(frozenset(one) for one in batches.references)
    assert CaptionBatches.of(examples(2), np.zeros((2, 1)), ragged([1]), of_image[:1], 4).true == ()


def test_features_in_one_array():
    array = np.arange(12, dtype=np.int8).reshape(3, 4)
    rows: list[Example] = [{"image": Features(f"i{n}", array, n, np.array(0.5, np.float32))} for n in (2, 0)]
    np.testing.assert_array_equal(feature_table(rows), array[[2, 0]] * 0.5)
    assert feature_table([], (4,)).shape == (0, 4)
    with pytest.raises(UserError, match="i2: features of shape 4, where the model's are 2 x 2 x 3"):
        feature_table(rows, (2, 2, 3))
    broken: list[Example] = [{"image": Features("x", np.array([[1.0, np.nan]]), 0)}]
    with pytest.raises(UserError, match="x: features that are no finite numbers"):
        feature_table(broken)
