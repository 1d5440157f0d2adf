"""What an exported model of questions about images answers, and how `zoo.predict` asks it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from datasets.errors import UserError
from datasets.formats.images import read_image
from zoo.data.images import Resizer, not_empty, resize
from zoo.data.tokenizer import TextEncoder
from zoo.runtime.figures import picture_path, save
from zoo.serving import Server, constant_function
from zoo.tasks.base import Row
from zoo.tasks.classification import decided

IMAGES = tf.TensorSpec([None, None, None, 3], tf.uint8, name="image")
QUESTIONS = tf.TensorSpec([None], tf.string, name="question")


def make(model: keras.Model, encoder: TextEncoder, labels: tuple[str, ...], size: tuple[int, int]) -> Server:
    """The signatures of a model of questions about images.

    `serving_default` takes `image` `(batch, height, width, 3)` uint8, of any height and width, and `question`
    `(batch,)`, one about each image. It gives

        answer          (batch,) strings
        score           (batch,) the answer's probability
        probabilities   (batch, answers), in the order that the signature `labels` tells
        attention       (batch, hops, rows, columns): the weight of each part of the image at each look

    and `size` gives the height and width that images are brought to.
    """
    names = tf.constant(labels)

    @tf.function(autograph=False, input_signature=[IMAGES, QUESTIONS])
    def reply(image: tf.Tensor, question: tf.Tensor) -> dict[str, tf.Tensor]:
        rows = tf.range(tf.shape(question)[0])
        inputs = {"tokens": encoder(question), "image": rows, "images": resize(not_empty(image), size)}
        outputs = model(inputs, training=False)
        answer, score, probabilities = decided(outputs["logits"], names)
        attention = tf.cast(outputs["attention"], tf.float32)
        return {"answer": answer, "score": score, "probabilities": probabilities, "attention": attention}

    functions = {
        "serving_default": reply,
        "labels": constant_function("labels", names),
        "size": constant_function("size", tf.constant(size)),
    }
    return Server(model, [encoder], functions)


def answer(server: Server, inputs: Iterable[tuple[str, str]], picture: str | None = None) -> list[Row]:
    """A row per question: `image`, `question`, `answer`, `score`.

    Args:
        server: see `make`.
        inputs: pairs of an image's path and a question.
        picture: file for a picture of each image, its question and where the model looked; None draws none.

    Raises:
        UserError: an image that cannot be read, a picture that cannot be written.
    """
    pairs = [(str(image), question) for image, question in inputs]
    _check_picture(picture, len(pairs))
    resizer = Resizer(tuple(server.functions["size"]()["size"].numpy().tolist()))
    rows: list[Row] = []
    panels, attention = [], []
    for chunk in (pairs[n : n + 64] for n in range(0, len(pairs), 64)):
        pixels = [resizer(read_image(Path(image))) for image, _ in chunk]
        outputs = server(tf.constant(np.stack(pixels)), tf.constant([question for _, question in chunk]))
        arrays = {name: value.numpy() for name, value in outputs.items()}
        for n, (image, question) in enumerate(chunk):
            text, score = arrays["answer"][n].decode(), float(arrays["score"][n])
            rows.append({"image": image, "question": question, "answer": text, "score": score})
            if picture is not None:
                panels.append((pixels[n], question, f"{text} ({score:.2f})", None))
                attention.append(arrays["attention"][n])
    if picture is not None:
        from zoo.tasks.vqa.picture import sheet

        save(sheet(panels, attention), picture_path("--attention", picture))
    return rows


def _check_picture(name: str | None, count: int) -> None:
    from zoo.tasks.vqa.picture import MOST_SHOWN

    if name is None:
        return
    if count > MOST_SHOWN:
        raise UserError(
            f"--attention {name}: {count:,} questions are too many for one picture; {MOST_SHOWN} fit"
        )
