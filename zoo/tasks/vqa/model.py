"""The model: a convolutional grid of the image, attended to as a recurrent reading of the question asks."""

from __future__ import annotations

from typing import Any

import keras

from zoo.layers.image_attention import ImageAttention
from zoo.layers.image_encoder import ImageEncoder
from zoo.layers.pooling import MaskedPooling


def make(
    size: tuple[int, int], vocabulary: int, answers: int, recurrent: Any, options: Any, sees: bool = True
) -> Any:
    """A Keras model; see `zoo.tasks.vqa.batches.QuestionBatches.load` for its inputs.

    Args:
        size: height and width of the images.
        vocabulary: how many token ids there are.
        answers: how many answers there are.
        recurrent: the factory of recurrent layers.
        options: see `zoo.tasks.vqa.task.Options`.
        sees: False leaves the image out: the row of the question alone.

    Returns:
        A model with the outputs `logits` `(batch, answers)` and `attention` `(batch, hops, rows, columns)`.
    """
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    row = keras.Input((), dtype="int32", name="image")
    images = keras.Input((*size, 3), dtype="uint8", name="images")
    question = read_question(tokens, vocabulary, recurrent, options)
    if sees:
        seen, attention = look(images, row, question, options)
        x = fuse(question, seen, options)
    else:
        x, attention = question, keras.ops.zeros_like(question[:, :1])[:, :, None, None]
    x = keras.layers.Dropout(recurrent.options.dropout)(x)
    x = keras.layers.Dense(
        options.attention_units, activation="relu", kernel_initializer="he_normal", name="hidden"
    )(x)
    exact = keras.config.dtype_policy().variable_dtype  # float32 under mixed precision
    logits = keras.layers.Dense(answers, dtype=exact, name="logits")(x)
    inputs = {"tokens": tokens, "image": row, "images": images}
    return keras.Model(inputs, {"logits": logits, "attention": attention}, name="vqa")


def look(images: Any, row: Any, question: Any, options: Any) -> tuple[Any, Any]:
    """What is seen of the image that each question is about, `(batch, features)`, and where, for each look."""
    grid = ImageEncoder(options.channels, options.convolutions, name="image_encoder")(images)
    rows, columns, features = grid.shape[1:]
    parts = keras.ops.reshape(grid, (-1, rows * columns, features))
    attention = ImageAttention(options.attention_units, options.hops, options.attention, name="attention")
    seen, weights = attention(parts, question, row)
    return seen, keras.ops.reshape(weights, (-1, options.hops, rows, columns))


def read_question(tokens: Any, vocabulary: int, recurrent: Any, options: Any) -> Any:
    """Tokens `(batch, time)` → embedding → recurrent layers → mean and largest output, or the last if order-blind."""
    mask = keras.ops.not_equal(tokens, 0)
    x = keras.layers.Embedding(vocabulary, options.embedding, name="embedding")(tokens)
    if recurrent.order_blind:
        return recurrent(return_sequences=False, name="recurrent")(x, mask=mask)
    x = recurrent(return_sequences=True, name="recurrent")(x, mask=mask)
    return MaskedPooling("both", name="pooling")(x, mask=mask)


def fuse(question: Any, seen: Any, options: Any) -> Any:
    """One vector of question and image: side by side, or their product in a space that both are mapped to."""
    if options.fusion == "concatenating":
        return keras.layers.Concatenate(name="fusion")([question, seen])
    wide = options.attention_units * 2
    asked = keras.layers.Dense(wide, activation="tanh", name="fusion_question")(question)
    shown = keras.layers.Dense(wide, name="fusion_image")(seen)
    return keras.layers.Multiply(name="fusion")([asked, shown])
