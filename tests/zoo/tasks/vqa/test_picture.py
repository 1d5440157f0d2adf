from __future__ import annotations

import io

import numpy as np
from PIL import Image

from tests.zoo.tasks.vqa.test_batches import batches
from zoo.tasks.vqa import picture


def drawn(figure) -> np.ndarray:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=50)
    return np.asarray(Image.open(file).convert("RGB"))


def texts(figure) -> str:
    return " ".join(sub.get_suptitle() for sub in figure.subfigs)


def test_a_contact_sheet_has_images_questions_and_answers():
    made = batches(4)
    predictions = {"logits": np.eye(4)[made.answers], "attention": np.full((8, 2, 3, 4), 1 / 12)}
    predictions["logits"][0] = np.roll(predictions["logits"][0], 1)
    labels = ("blue", "no", "red", "yes")
    figure = picture.contact_sheet(labels, predictions, made)
    said = texts(figure)
    assert said.count("Is right red?") == said.count("Which colour is left?") == 4
    assert said.count("(right: ") == 1
    assert all(len(sub.axes) == 3 for sub in figure.subfigs if sub.axes)
    assert drawn(figure).std() > 20


def test_where_attention_is_not_the_image_is_dark():
    white = np.full((8, 8, 3), 255, np.uint8)
    weights = np.array([[[1.0, 0.0], [0.0, 0.0]]])
    pixels = drawn(picture.sheet([(white, "q", "a", None)], [weights]))
    dark = pixels.mean(axis=2) < 80
    assert 0.05 < dark.mean() < 0.6
    plain = drawn(picture.sheet([(white, "q", "a", None)], [np.full((1, 2, 2), 0.25)]))
    assert (plain.mean(axis=2) < 80).mean() < 0.05


def test_a_long_question_takes_two_lines():
    assert picture._wrapped("word " * 30).count("\n") == 1
    assert picture._wrapped("word " * 30).endswith("…")
    assert picture._wrapped("x" * 50).split("\n") == ["x" * 34, "x" * 16]
    assert picture._wrapped("costs $5\nor less") == r"costs \$5 or less"
