"""What an exported tagger answers: plain sentences, or sentences in words, in; words and tags out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import MappingProxyType

import keras
import numpy as np
import tensorflow as tf

from datasets.formats.spans import common_forms
from zoo.data.characters import WordEncoder
from zoo.data.tokenizer import chunks
from zoo.layers import crf
from zoo.serving import Server, constant_function
from zoo.tasks.base import Row
from zoo.tasks.tagging.metrics import spans

#: A plain sentence, or one in words.
Sentence = str | Sequence[str]

SENTENCES = tf.TensorSpec([None], tf.string, name="text")
TOKENS = tf.TensorSpec([None, None], tf.string, name="tokens")


def make(
    model: keras.Model, encoder: WordEncoder, labels: tuple[str, ...], common: tuple[str, ...] | None = None
) -> Server:
    """The signatures of a tagger.

    `serving_default` takes `text`, plain sentences `(batch,)`; `tokens` takes sentences in words, `(batch, words)`
    filled up with "" on the right. Both give, at least one column wide and filled up on the right,

        tokens          (batch, words) strings, "" where there is no word
        tags            (batch, words) strings, "" where there is no word
        probability     (batch, words) of the tag, 0 where there is no word; with a CRF, given the whole sentence
        length          (batch,) words of each sentence

    and `labels` gives the names of the tags. `common` are the tags in the common form of all schemes for spans, where
    that is known; `answer` reads it.
    """
    names = tf.constant(labels)

    def tag(tokens: tf.Tensor) -> dict[str, tf.Tensor]:
        present = tokens != ""
        outputs = model(model_inputs(encoder, tokens), training=False)
        best, probability = _decide(outputs, present)
        return {
            "tokens": tokens,
            "tags": tf.where(present, tf.gather(names, best), ""),
            "probability": tf.where(present, probability, 0.0),
            "length": tf.reduce_sum(tf.cast(present, tf.int32), axis=1),
        }

    @tf.function(autograph=False, input_signature=[SENTENCES])
    def of_sentences(text: tf.Tensor) -> dict[str, tf.Tensor]:
        return tag(encoder.split(text))

    @tf.function(autograph=False, input_signature=[TOKENS])
    def of_tokens(tokens: tf.Tensor) -> dict[str, tf.Tensor]:
        return tag(_at_least_one_column(tokens))

    labels_function = constant_function("labels", names)
    functions = {"serving_default": of_sentences, "tokens": of_tokens, "labels": labels_function}
    server = Server(model, [encoder], functions)
    forms = common_forms(labels) if common is None else common
    server.configuration = MappingProxyType(dict(zip(labels, forms, strict=False)))
    return server


def model_inputs(encoder: WordEncoder, tokens: tf.Tensor) -> dict[str, tf.Tensor]:
    """The inputs for words `(batch, words)`: as training batches make them, with all distinct words in one table."""
    distinct, rows = tf.unique(tf.reshape(tokens, [-1]))
    table = encoder.character_ids(distinct).to_tensor(0, shape=[None, encoder.max_characters])
    return {
        "words": encoder.word_ids(tokens),
        "spelling": tf.reshape(rows, tf.shape(tokens)),
        "short": tf.zeros_like(table[:0]),
        "long": table,
    }


def _decide(outputs: dict[str, tf.Tensor], present: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The tag ids `(batch, words)` and the probability of each."""
    scores = outputs["scores"]
    if "path" in outputs:
        shares = crf.probabilities(scores, present, outputs["start"], outputs["transitions"])
        best = outputs["path"]
    else:
        shares = tf.nn.softmax(scores)
        best = tf.argmax(scores, axis=-1, output_type=tf.int32)
    return best, tf.cast(tf.gather(shares, best, batch_dims=2), tf.float32)


def _at_least_one_column(tokens: tf.Tensor) -> tf.Tensor:
    missing = tf.cast(tf.shape(tokens)[1] == 0, tf.int32)
    return tf.pad(tokens, [[0, 0], [0, missing]], constant_values="")


def answer(server: Server, inputs: Iterable[Sentence]) -> list[Row]:
    """A row per sentence; plain sentences are strings, those in words are sequences of strings.

    Returns:
        Rows with `tokens` and `tags`, each joined by single blanks (a blank inside a word becomes U+00A0, so that
        there are as many tags as words), and `spans`, `kind: words` each, where the tags write spans.
    """
    common = server.configuration
    rows: list[Row] = []
    for chunk in chunks(inputs, 64):
        for tokens, tags in _tag(server, chunk):
            row: Row = {
                "tokens": " ".join(token.replace(" ", "\u00a0") for token in tokens),
                "tags": " ".join(tags),
            }
            if common:
                found = spans(tokens, [common[tag] for tag in tags])
                row["spans"] = "; ".join(f"{kind}: {words}" for kind, words in found)
            rows.append(row)
    return rows


def _tag(server: Server, sentences: list[Sentence]) -> Iterable[tuple[list[str], list[str]]]:
    """Words and tags of each sentence, in order, whichever signature it needs."""
    plain = {n: sentence for n, sentence in enumerate(sentences) if isinstance(sentence, str)}
    in_words = {n: sentence for n, sentence in enumerate(sentences) if not isinstance(sentence, str)}
    tagged: dict[int, tuple[list[str], list[str]]] = {}
    for numbers, texts, signature in (
        (plain, [*plain.values()], "serving_default"),
        (in_words, _padded([*in_words.values()]), "tokens"),
    ):
        if numbers:
            outputs = server.functions[signature](tf.constant(texts, tf.string))
            answers = {name: value.numpy() for name, value in outputs.items()}
            for row, n in enumerate(numbers):
                words = slice(answers["length"][row])
                tagged[n] = _decoded(answers["tokens"][row, words]), _decoded(answers["tags"][row, words])
    return [tagged[n] for n in range(len(sentences))]


def _decoded(texts: np.ndarray) -> list[str]:
    return [text.decode() for text in texts]


def _padded(sentences: list[Sequence[str]]) -> np.ndarray:
    width = max([1, *(len(tokens) for tokens in sentences)])
    return np.array([[*tokens, *[""] * (width - len(tokens))] for tokens in sentences], object)
