"""What an exported translator answers: sentences in, translations with scores out, beam search inside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import keras
import tensorflow as tf

from zoo.data.subwords import END, PADDING, SubwordTokenizer
from zoo.data.tokenizer import chunks
from zoo.data.vocabulary import UNKNOWN
from zoo.generation.answers import AnswerOptions
from zoo.generation.hypotheses import Hypotheses
from zoo.generation.options import SearchConfiguration
from zoo.generation.serving import EncoderOutput, generate_function, signatures
from zoo.serving import Server

TEXT = tf.TensorSpec([None], tf.string, name="text")
#: Shown for a token that the model does not know.
UNREAD = "⁇"
#: Sentences that are translated at once, of about the same length.
AT_ONCE = 64


def make(
    model: keras.Model, source: SubwordTokenizer, target: SubwordTokenizer, search: SearchConfiguration
) -> Server:
    """The signatures of a translator; sources are cut after `search.max_tokens` tokens.

    See `zoo.generation.serving.signatures`: the inputs are `text`, sentences `(batch,)`; what is written is a
    `translation`. `search` also gives

        source_tokens   (batch, places) strings, what was read; UNREAD for what is not known, "" behind the end
        attention       (batch, results, steps, places) what share of attention each token gave to what was read

    An empty sentence is answered with an empty one, whose score is 0.
    """

    def extra_outputs(encoded: EncoderOutput, hypotheses: Hypotheses) -> dict[str, tf.Tensor]:
        tokens = tf.where(encoded.read == UNKNOWN, UNREAD, tf.gather(source.texts, encoded.read))
        return {"source_tokens": tokens, "attention": hypotheses.extras}

    encode = _encode_function(model.get_layer("encoder"), source, search.max_tokens)
    decoder = model.get_layer("decoder")
    functions = signatures(decoder, target, search, [TEXT], "translation", encode, extra_outputs)
    server = Server(model, [source, target], functions)
    server.configuration = search
    return server


def _encode_function(
    encoder: keras.Model, source: SubwordTokenizer, longest: int
) -> Callable[[tf.Tensor], EncoderOutput]:
    def encode(text: tf.Tensor) -> EncoderOutput:
        ragged = source(text, longest)
        lengths = tf.cast(ragged.row_lengths(), tf.int32)
        read = _ended(ragged)
        memory, start = encoder(read, training=False)
        # A model that repeats itself is cut soon; a character of one language may be three of another.
        limits = tf.where(lengths > 0, tf.minimum(longest, 3 * lengths + 10), 0)
        return EncoderOutput(start, memory, read != PADDING, limits, read)

    return encode


def _ended(ragged: tf.RaggedTensor) -> tf.Tensor:
    """Token ids `(batch, time)` with `END` behind each sentence and padding behind that; at least one step."""
    ends = tf.fill([ragged.nrows(), 1], END)
    ids = tf.concat([ragged, ends], axis=1).to_tensor(PADDING)
    return tf.pad(ids, [[0, 0], [0, tf.cast(tf.shape(ids)[1] == 0, tf.int32)]])


# ------------------------------------------------------------------------------------------ asking it


def translate_all(server: Server, texts: list[str]) -> list[dict[str, Any]]:
    """`translation`, `score` and `cut` of any number of sentences, in order; sentences of like lengths go together."""
    order = sorted(range(len(texts)), key=lambda n: len(texts[n]))
    answers: list[dict[str, Any]] = [{} for _ in texts]
    for start in range(0, len(order), AT_ONCE):
        rows = order[start : start + AT_ONCE]
        answer = {
            name: value.numpy() for name, value in server(tf.constant([texts[n] for n in rows])).items()
        }
        for row, n in enumerate(rows):
            answers[n] = {
                "translation": answer["translation"][row].decode(),
                "score": float(answer["score"][row]),
                "cut": bool(answer["cut"][row]),
            }
    return answers


def candidates(server: Server, texts: Iterable[str], options: AnswerOptions) -> Iterator[dict[str, Any]]:
    """For each sentence its candidates: what `search` or `sample` gives, as NumPy arrays of that sentence alone."""
    ask = generate_function(server, options)
    for chunk in chunks(texts, AT_ONCE):
        arrays = ask(tf.constant(chunk))
        for row, text in enumerate(chunk):
            yield {"text": text, **{name: values[row] for name, values in arrays.items()}}
