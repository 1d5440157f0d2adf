from __future__ import annotations

import itertools

import numpy as np

from tests.zoo.tasks.vqa.toy import Picture, about, pictures, split
from zoo.data.tokenizer import TextEncoder
from zoo.tasks.vqa.batches import QuestionBatches, kind_of

WORDS = ["which", "colour", "is", "left", "right", "red", "?"]
ENCODER = TextEncoder(WORDS, tokens="words", lowercase=True, max_tokens=5, truncation_side="right")


def batches(count: int = 5, batch_size: int = 4) -> QuestionBatches:
    examples = [example for picture in pictures(count) for example in about(picture)]
    mixed = [examples[n] for n in np.random.default_rng(0).permutation(len(examples))]
    return QuestionBatches.of(split(mixed), ENCODER, (8, 12), batch_size)


def test_each_image_is_read_once_and_each_question_knows_its_own(monkeypatch):
    read: list[str] = []

    def read_and_count(picture: Picture) -> np.ndarray:
        read.append(picture.name)
        return np.full((8, 12, 3), int(picture.name[1]))

    monkeypatch.setattr(Picture, "read", read_and_count)
    made = batches()
    assert len(made.images) == len(read) == len(set(read)) == 5
    examples = [example for picture in pictures(5) for example in about(picture)]
    for n, row in enumerate(np.random.default_rng(0).permutation(10)):
        assert made.images[made.of_image[n]].max() == int(examples[row]["image"].name[1])
        assert made.answers[n] == examples[row]["answer"]
        assert made.texts[n] == examples[row]["question"]


def test_a_batch_has_its_images_once_and_rows_that_point_at_them():
    made = batches()
    batch = made.load(made.plan(None)[0])
    assert batch.shared == {"images"}
    assert batch.inputs["images"].shape == (2, 8, 12, 3)
    assert batch.inputs["images"].dtype == np.uint8
    planned = made.plan(None)[0]
    for row, question in enumerate(planned):
        image = batch.inputs["images"][batch.inputs["image"][row]]
        np.testing.assert_array_equal(image, made.images[made.of_image[question]])
        assert batch.targets[row] == made.answers[question]
    assert batch.inputs["tokens"].shape == (4, 8)
    assert sorted(batch.inputs["tokens"][0]) == sorted(made.tokens.pad(planned[:1], 8)[0])


def test_the_last_batch_is_filled_up_with_rows_that_do_not_count():
    made = batches()
    *_, last = (made.load(planned) for planned in made.plan(None))
    assert last.weights.tolist() == [1, 1, 0, 0]
    assert last.inputs["tokens"].shape == (4, 8)
    assert not last.inputs["tokens"][2:].any()
    assert last.inputs["image"].max() < len(last.inputs["images"])


def test_every_question_is_in_a_pass_once_image_by_image():
    made = batches(7, 3)
    for seed in (None, [0, 1], [0, 2]):
        order = np.concatenate(made.plan(seed))
        assert sorted(order) == list(range(14))
        images = made.of_image[order].tolist()
        assert sum(a != b for a, b in itertools.pairwise(images)) == 6
    assert np.concatenate(made.plan([0, 1])).tolist() == np.concatenate(made.plan([0, 1])).tolist()
    assert np.concatenate(made.plan([0, 1])).tolist() != np.concatenate(made.plan([0, 2])).tolist()


def test_outputs_come_back_in_the_order_of_the_questions():
    made = batches()
    plans = made.plan(None)
    outputs = [{"logits": np.pad(planned[:, None], ((0, 4 - len(planned)), (0, 0)))} for planned in plans]
    assert made.gather(plans, outputs)["logits"][:, 0].tolist() == list(range(10))


def test_an_empty_question_is_a_question():
    examples = [{**about(pictures(1)[0])[0], "question": ""}]
    made = QuestionBatches.of(split(examples), ENCODER, (8, 12), 2)
    batch = made.load(made.plan(None)[0])
    assert not batch.inputs["tokens"].any()
    assert batch.weights.tolist() == [1, 0]


def test_kinds_are_those_of_the_data_or_the_first_two_words():
    assert kind_of({"question": "What Colour is it?"}) == "what colour"
    assert kind_of({"question": "What Colour is it?", "kind": "colour"}) == "colour"
    assert kind_of({"question": ""}) == ""
