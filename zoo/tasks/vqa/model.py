"""The model: a convolutional grid of the image, attended to as a recurrent reading of the question asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras

from zoo.layers.embedding import Embedding
from zoo.layers.image_attention import ImageAttention
from zoo.layers.image_encoder import ImageEncoder
from zoo.tasks.classification import logits_layer, sequence_vector

if TYPE_CHECKING:
    from zoo.factory import RecurrentFactory
    from zoo.tasks.vqa.options import Options
    from zoo.tensors import Images, Tensor, TokenIds


def make(
    size: tuple[int, int],
    vocabulary: int,
    answers: int,
    recurrent: RecurrentFactory,
    options: Options,
    with_image: bool = True,
) -> keras.Model:
    """A Keras model; see `zoo.tasks.vqa.batches.QuestionBatches.load` for its inputs.

    Args:
        size: height and width of the images.
        vocabulary: how many token ids there are.
        answers: how many answers there are.
        recurrent: the factory of recurrent layers.
        options: see `zoo.tasks.vqa.task.Options`.
        with_image: False leaves the image out: the baseline of the question alone.

    Returns:
        A model with the outputs `logits` `(batch, answers)` and `attention` `(batch, hops, rows, columns)`.
    """
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    row = keras.Input((), dtype="int32", name="image")
    images = keras.Input((*size, 3), dtype="uint8", name="images")
    question = read_question(tokens, vocabulary, recurrent, options)
    if with_image:
        looked_at, attention = look(images, row, question, options)
        x = fuse(question, looked_at, options)
    else:
        x, attention = question, keras.ops.zeros_like(question[:, :1])[:, :, None, None]
    x = keras.layers.Dropout(recurrent.options.dropout)(x)
    x = keras.layers.Dense(
        options.attention_units, activation="relu", kernel_initializer="he_normal", name="hidden"
    )(x)
    logits = logits_layer(answers)(x)
    inputs = {"tokens": tokens, "image": row, "images": images}
    return keras.Model(inputs, {"logits": logits, "attention": attention}, name="vqa")


def look(images: Images, row: Tensor, question: Tensor, options: Options) -> tuple[Tensor, Tensor]:
    """What is seen of the image that each question is about, `(batch, features)`, and where, for each look."""
    grid = ImageEncoder(options.channels, options.convolutions, name="image_encoder")(images)
    rows, columns, features = grid.shape[1:]
    parts = keras.ops.reshape(grid, (-1, rows * columns, features))
    attention = ImageAttention(options.attention_units, options.hops, options.attention, name="attention")
    looked_at, weights = attention(parts, question, row)
    return looked_at, keras.ops.reshape(weights, (-1, options.hops, rows, columns))


def read_question(tokens: TokenIds, vocabulary: int, recurrent: RecurrentFactory, options: Options) -> Tensor:
    """Tokens `(batch, time)` → embedding → recurrent layers → one vector, see `sequence_vector`."""
    mask = keras.ops.not_equal(tokens, 0)
    x = Embedding(vocabulary, options.embedding, name="embedding")(tokens)
    return sequence_vector(x, mask, recurrent)


def fuse(question: Tensor, looked_at: Tensor, options: Options) -> Tensor:
    """One vector of question and image: side by side, or their product in a space that both are mapped to."""
    if options.fusion == "concatenating":
        return keras.layers.Concatenate(name="fusion")([question, looked_at])
    wide = options.attention_units * 2
    of_question = keras.layers.Dense(wide, activation="tanh", name="fusion_question")(question)
    of_image = keras.layers.Dense(wide, name="fusion_image")(looked_at)
    return keras.layers.Multiply(name="fusion")([of_question, of_image])
