"""What an exported translator answers: sentences in, translations with scores out, beam search inside."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from zoo.search import Found, Language, beam_search, repeat
from zoo.serving import Server
from zoo.subwords import BEGIN, END, PADDING, UNKNOWN, Pieces
from zoo.text import chunks

TEXT = tf.TensorSpec([None], tf.string, name="text")
LANGUAGE = Language(BEGIN, END, PADDING, forbidden=(UNKNOWN,))
#: Shown for a token that the model does not know.
UNREAD = "⁇"
#: Sentences that are translated at once, of about the same length.
AT_ONCE = 64


@dataclass(frozen=True)
class Settings:
    """How a translator searches where it is not told otherwise.

    Attributes:
        width: of the beam.
        penalty: strength of the length penalty.
        longest: most tokens of a source, which is cut there, and of a translation.
    """

    width: int
    penalty: float
    longest: int


def make(model: Any, source: Pieces, target: Pieces, settings: Settings) -> Server:
    """The signatures of a translator.

    `serving_default` takes `text`, sentences `(batch,)`, and gives

        translation     (batch,) strings
        score           (batch,) log probability divided by the length penalty
        cut             (batch,) whether the translation was cut at the most tokens it may have

    `search` also takes `width`, `results` (at most `width`) and `penalty`, and gives these three as `(batch, results)`,
    the best first, and

        log_probability (batch, results)
        source_tokens   (batch, places) strings, what was read; UNREAD for what is not known, "" behind the end
        tokens          (batch, results, steps) strings, what was written; "" behind its end
        attention       (batch, results, steps, places) what share of attention each token gave to what was read

    An empty sentence is answered with an empty one, whose score is 0.
    """
    search = _search(model, source, settings)

    @tf.function(input_signature=[TEXT])
    def translate(text: tf.Tensor) -> dict[str, tf.Tensor]:
        found, _ = search(text, settings.width, 1, settings.penalty)
        return {
            "translation": target.sentences(found.tokens[:, 0]),
            "score": found.scores[:, 0],
            "cut": found.cut[:, 0],
        }

    @tf.function(
        input_signature=[
            TEXT,
            tf.TensorSpec([], tf.int32, name="width"),
            tf.TensorSpec([], tf.int32, name="results"),
            tf.TensorSpec([], tf.float32, name="penalty"),
        ]
    )
    def search_for(
        text: tf.Tensor, width: tf.Tensor, results: tf.Tensor, penalty: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        found, read = search(text, width, results, penalty)
        return {
            "translation": target.sentences(found.tokens),
            "score": found.scores,
            "cut": found.cut,
            "log_probability": found.log_probabilities,
            "source_tokens": tf.where(read == UNKNOWN, UNREAD, tf.gather(source.texts, read)),
            "tokens": tf.gather(target.texts, found.tokens),
            "attention": found.extras,
        }

    server = Server(model, [source, target], {"serving_default": translate, "search": search_for})
    server.settings = settings
    return server


def _search(model: Any, source: Pieces, settings: Settings) -> Callable[..., tuple[Found, tf.Tensor]]:
    encoder, decoder = model.get_layer("encoder"), model.get_layer("decoder")

    def search(text: tf.Tensor, width: Any, results: Any, penalty: Any) -> tuple[Found, tf.Tensor]:
        """What was found for sentences, and the numbers of the tokens that were read, `(batch, places)`."""
        ragged = source(text)[:, : settings.longest]
        lengths = tf.cast(ragged.row_lengths(), tf.int32)
        read = _ended(ragged)
        memory, start = encoder(read, training=False)
        fixed = repeat(decoder.fixed(start, memory, read != PADDING), width)

        def step(tokens: tf.Tensor, states: Any) -> tuple[tf.Tensor, Any, tf.Tensor]:
            logits, states, weights = decoder.step(tokens, states, fixed)
            return tf.cast(logits, decoder.variable_dtype), states, tf.cast(weights, tf.float32)

        # A model that repeats itself is cut soon; a character of one language may be three of another.
        limits = tf.where(lengths > 0, tf.minimum(settings.longest, 3 * lengths + 10), 0)
        states = decoder.first_states(start)
        found = beam_search(step, states, limits, LANGUAGE, width=width, results=results, penalty=penalty)
        return found, read

    return search


def _ended(ragged: tf.RaggedTensor) -> tf.Tensor:
    """Token numbers `(batch, time)` with `END` behind each sentence and padding behind that."""
    ends = tf.fill([ragged.nrows(), 1], END)
    return tf.concat([ragged, ends], axis=1).to_tensor(PADDING)


# ------------------------------------------------------------------------------------------ asking it


def translate_all(server: Server, texts: list[str]) -> list[dict[str, Any]]:
    """`translation`, `score` and `cut` of any number of sentences, in order; sentences of like lengths go together."""
    order = sorted(range(len(texts)), key=lambda n: len(texts[n]))
    found: list[dict[str, Any]] = [{} for _ in texts]
    for start in range(0, len(order), AT_ONCE):
        rows = order[start : start + AT_ONCE]
        answer = {
            name: value.numpy() for name, value in server(tf.constant([texts[n] for n in rows])).items()
        }
        for row, n in enumerate(rows):
            found[n] = {
                "translation": answer["translation"][row].decode(),
                "score": float(answer["score"][row]),
                "cut": bool(answer["cut"][row]),
            }
    return found


def candidates(
    server: Server, texts: Iterable[str], width: int, results: int, penalty: float
) -> Iterable[dict[str, Any]]:
    """For each sentence its candidates: what `search` gives, as NumPy arrays of that sentence alone."""
    for chunk in chunks(texts, AT_ONCE):
        answer = server.functions["search"](
            tf.constant(chunk), tf.constant(width), tf.constant(results), tf.constant(penalty, tf.float32)
        )
        arrays: dict[str, np.ndarray] = {name: value.numpy() for name, value in answer.items()}
        for row, text in enumerate(chunk):
            yield {"text": text, **{name: values[row] for name, values in arrays.items()}}
