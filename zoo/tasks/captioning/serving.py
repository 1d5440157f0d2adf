"""What an exported captioner answers: images or their features in, captions with scores out, beam search inside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from datasets.errors import UserError
from datasets.formats.image_stores import FeatureStore
from datasets.formats.images import read_image
from zoo.data.images import Resizer, not_empty, resize
from zoo.data.subwords import SubwordTokenizer
from zoo.data.tokenizer import chunks
from zoo.generation.answers import AnswerOptions
from zoo.generation.hypotheses import Hypotheses
from zoo.generation.options import SearchConfiguration
from zoo.generation.serving import EncoderOutput, generate_function, signatures
from zoo.serving import Server, constant_function
from zoo.tasks.captioning.batches import check_shape
from zoo.tasks.captioning.model import grid_of, seen

#: Images that are described at once.
AT_ONCE = 64
FEATURES = ".npz"


def make(
    model: keras.Model,
    tokenizer: SubwordTokenizer,
    shape: tuple[int, ...],
    pixels: bool,
    search: SearchConfiguration,
) -> Server:
    """The signatures of a captioner; captions end after `search.max_tokens` tokens.

    See `zoo.generation.serving.signatures`: the inputs are `image` `(batch, height, width, 3)` uint8 of any height and
    width, or, where the model was trained on features, `features` `(batch, …)` float32; a sentence is a `caption`.
    `search` also gives

        attention       (batch, results, steps, rows, columns) what share of attention each token gave to what part of
                        the image; no rows and columns without attention

    `shape` gives the shape that images are brought to, or that features must have.
    """
    inputs = tf.TensorSpec([None, None, None, 3], tf.uint8, name="image")
    if not pixels:
        inputs = tf.TensorSpec([None, *shape], tf.float32, name="features")
    encoder, decoder = model.get_layer("encoder"), model.get_layer("decoder")
    grid = (0, 0) if decoder.attention is None else grid_of(encoder)

    def encode(images: tf.Tensor) -> EncoderOutput:
        images = resize(not_empty(images), (shape[0], shape[1])) if pixels else images
        memory, start = encoder(seen(encoder, images), training=False)
        return EncoderOutput(start, memory, None, tf.fill([tf.shape(images)[0]], search.max_tokens))

    def extra_outputs(_encoded: EncoderOutput, hypotheses: Hypotheses) -> dict[str, tf.Tensor]:
        weights = hypotheses.extras
        return {"attention": tf.reshape(weights, tf.concat([tf.shape(weights)[:3], grid], 0))}

    functions = signatures(decoder, tokenizer, search, [inputs], "caption", encode, extra_outputs)
    functions["shape"] = constant_function("shape", tf.constant(shape, tf.int32))
    server = Server(model, [tokenizer], functions)
    server.configuration, server.shape, server.pixels = search, shape, pixels
    return server


def describe_all(server: Server, images: np.ndarray) -> list[dict[str, Any]]:
    """`caption`, `score` and `cut` of images or features of the model's size, in order."""
    answers = []
    for start in range(0, len(images), AT_ONCE):
        chunk = images[start : start + AT_ONCE]
        answer = server(tf.constant(chunk if server.pixels else chunk.astype(np.float32)))
        arrays = {name: value.numpy() for name, value in answer.items()}
        answers += [
            {
                "caption": arrays["caption"][row].decode(),
                "score": float(arrays["score"][row]),
                "cut": bool(arrays["cut"][row]),
            }
            for row in range(len(chunk))
        ]
    return answers


def candidates(server: Server, inputs: Iterable[str], options: AnswerOptions) -> Iterator[dict[str, Any]]:
    """For each image its candidates: what `search` or `sample` gives, as arrays of that image alone, its name and its
    `pixels`.

    Args:
        server: see `make`.
        inputs: image files; of a model of features `.npz` files of `names` and `features`, described one by one.
        options: of the search, or of the draws.

    Raises:
        UserError: a file that cannot be read, features of another shape than the model's.
    """
    for chunk in chunks(_pixels(server, inputs) if server.pixels else _features(server, inputs), AT_ONCE):
        answers = _asked(server, np.stack([values for _, values in chunk]), options)
        for (name, _), of_image in zip(chunk, answers, strict=True):
            yield {"image": name, **of_image}


def looked_at(server: Server, images: np.ndarray) -> list[dict[str, Any]]:
    """For each of a few images or features of the model's size what `search` gives, of the best caption alone."""
    return list(_asked(server, images, AnswerOptions()))


def _asked(server: Server, images: np.ndarray, options: AnswerOptions) -> Iterator[dict[str, Any]]:
    """What comes of images or features of the model's size, as arrays of each alone, with its `pixels` (None of
    features)."""
    batch = tf.constant(images if server.pixels else images.astype(np.float32))
    arrays = generate_function(server, options)(batch)
    for row, values in enumerate(images):
        shown = values if server.pixels else None
        yield {"pixels": shown} | {key: value[row] for key, value in arrays.items()}


def _pixels(server: Server, inputs: Iterable[str]) -> Iterator[tuple[str, np.ndarray]]:
    resizer = Resizer((server.shape[0], server.shape[1]))
    for name in inputs:
        if Path(name).suffix == FEATURES:
            raise UserError(f"{name}: this model was trained on images and takes none of their features")
        yield name, resizer(read_image(Path(name)))


def _features(server: Server, inputs: Iterable[str]) -> Iterator[tuple[str, np.ndarray]]:
    for name in inputs:
        if Path(name).suffix != FEATURES:
            raise UserError(
                f"{name}: this model was trained on features; give a .npz file of names and features"
            )
        store = FeatureStore(Path(name))
        for image in store.rows:
            stored = store.find(image)
            assert stored is not None
            values = stored.read()
            check_shape(f"{name}: {image}", values, tuple(server.shape))
            yield image, values
