"""What an exported translator answers: sentences in, translations with scores out, beam search inside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import tensorflow as tf

from zoo.search import Found
from zoo.serving import Server
from zoo.subwords import END, PADDING, UNKNOWN, Pieces
from zoo.text import chunks
from zoo.writing.answers import AnswerOptions
from zoo.writing.serving import PENALTY, RESULTS, SAMPLING, WIDTH, Settings, asker, draw, write

TEXT = tf.TensorSpec([None], tf.string, name="text")
#: Shown for a token that the model does not know.
UNREAD = "⁇"
#: Sentences that are translated at once, of about the same length.
AT_ONCE = 64


def make(model: Any, source: Pieces, target: Pieces, settings: Settings) -> Server:
    """The signatures of a translator; sources are cut after `settings.longest` tokens.

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

    `sample` takes `text`, `temperature`, `top_k`, `top_p` and `seed`, and gives a `translation`, drawn token by token,
    its log probability as `score`, and `cut`, each `(batch,)`.

    An empty sentence is answered with an empty one, whose score is 0.
    """
    reader, decoder = _reader(model, source, settings), model.get_layer("decoder")

    def search(text: tf.Tensor, width: Any, results: Any, penalty: Any) -> tuple[Found, tf.Tensor]:
        read, start, memory, limits = reader(text)
        return write(decoder, start, memory, read != PADDING, limits, width, results, penalty), read

    @tf.function(input_signature=[TEXT])
    def translate(text: tf.Tensor) -> dict[str, tf.Tensor]:
        found, _ = search(text, settings.width, 1, settings.penalty)
        return _best(found)

    def _best(found: Found) -> dict[str, tf.Tensor]:
        return {
            "translation": target.sentences(found.tokens[:, 0]),
            "score": found.scores[:, 0],
            "cut": found.cut[:, 0],
        }

    @tf.function(input_signature=[TEXT, WIDTH, RESULTS, PENALTY])
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

    @tf.function(input_signature=[TEXT, *SAMPLING])
    def sample(text: tf.Tensor, *how: tf.Tensor) -> dict[str, tf.Tensor]:
        read, start, memory, limits = reader(text)
        found = draw(decoder, start, memory, read != PADDING, limits, *how)
        return _best(found)

    functions = {"serving_default": translate, "search": search_for, "sample": sample}
    server = Server(model, [source, target], functions)
    server.settings = settings
    return server


def _reader(model: Any, source: Pieces, settings: Settings) -> Callable[[tf.Tensor], tuple[tf.Tensor, ...]]:
    """From sentences to the numbers of their tokens `(batch, places)`, start and memory of the decoder, and limits."""
    encoder = model.get_layer("encoder")

    def reader(text: tf.Tensor) -> tuple[tf.Tensor, ...]:
        ragged = source(text)[:, : settings.longest]
        lengths = tf.cast(ragged.row_lengths(), tf.int32)
        read = _ended(ragged)
        memory, start = encoder(read, training=False)
        # A model that repeats itself is cut soon; a character of one language may be three of another.
        limits = tf.where(lengths > 0, tf.minimum(settings.longest, 3 * lengths + 10), 0)
        return read, start, memory, limits

    return reader


def _ended(ragged: tf.RaggedTensor) -> tf.Tensor:
    """Token numbers `(batch, time)` with `END` behind each sentence and padding behind that; at least one step."""
    ends = tf.fill([ragged.nrows(), 1], END)
    numbers = tf.concat([ragged, ends], axis=1).to_tensor(PADDING)
    return tf.pad(numbers, [[0, 0], [0, tf.cast(tf.shape(numbers)[1] == 0, tf.int32)]])


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


def candidates(server: Server, texts: Iterable[str], options: AnswerOptions) -> Iterator[dict[str, Any]]:
    """For each sentence its candidates: what `search` or `sample` gives, as NumPy arrays of that sentence alone."""
    ask = asker(server, options)
    for chunk in chunks(texts, AT_ONCE):
        arrays = ask(tf.constant(chunk))
        for row, text in enumerate(chunk):
            yield {"text": text, **{name: values[row] for name, values in arrays.items()}}
