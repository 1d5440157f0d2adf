"""The language model of a run: what its search answers, and how much it counts, which dev decides."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeAlias

import keras
import numpy as np
import tensorflow as tf

from zoo.tasks.speech.batches import SpeechBatches, texts_of_split
from zoo.tasks.speech.fusion import FusedSearch, unknown_tokens
from zoo.tasks.speech.learned import Learned
from zoo.tasks.speech.model import CTC_LAYER, RECOGNIZER
from zoo.tasks.speech.scores import compared

#: What is tried where the command line says nothing.
WEIGHTS, BONUSES = (0.0, 0.25, 0.5, 1.0, 2.0), (0.0, 1.0, 2.0)
#: So many dev sounds, the first, decide.
MOST_SOUNDS = 500
#: From spectra, their mask and weights to texts.
Search: TypeAlias = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]


class Fusion(tf.Module):
    """The search with a language model; a part of the exported model.

    Args:
        model: trained; it knows how much the language model counts.
        learned: with the language model.
    """

    def __init__(self, model: keras.Model, learned: Learned) -> None:
        super().__init__(name="fusion")
        assert learned.language_model is not None, "the run has a language model"
        self.tokens, self.beam = learned.tokens, learned.options.beam
        self.search = FusedSearch(learned.language_model, learned.tokens, learned.options.beam)
        self.weights = weights_of(model).value

    @classmethod
    def of(cls, model: keras.Model, learned: Learned) -> Fusion | None:
        """None where there is no language model."""
        return None if learned.language_model is None else cls(model, learned)

    def answer(
        self, logits: tf.Tensor, mask: tf.Tensor, weights: tf.Tensor | None = None
    ) -> dict[str, tf.Tensor]:
        """The best `text`, and the logarithms of its probability by CTC, `score`, and by the language model,
        `language_model_score`; `(batch,)` each.

        Args:
            logits, mask: see `FusedSearch.read`.
            weights: others than those that the model keeps.
        """
        weights = tf.convert_to_tensor(self.weights if weights is None else weights)
        beam = self.search.read(self.search.begin(tf.shape(logits)[0]), logits, mask, weights)
        return self.answer_of(beam, weights)

    def answer_of(self, beam: dict[str, tf.Tensor], weights: tf.Tensor | None = None) -> dict[str, tf.Tensor]:
        """The same of a beam."""
        weights = tf.convert_to_tensor(self.weights if weights is None else weights)
        ids, heard, language = self.search.best(beam, weights)
        return {"text": self.tokens.sentences(ids), "score": heard, "language_model_score": language}


def has_weights(model: keras.Model) -> bool:
    """Whether a language model has a say in the search of a model."""
    return any(getattr(layer, "fused", False) for layer in model.layers)


def weights_of(model: keras.Model) -> keras.Variable:
    """What the language model and the bonus of a token count, `(2,)`."""
    weights: keras.Variable = model.get_layer(CTC_LAYER).weights_of_search
    return weights


def fused_texts(model: keras.Model, learned: Learned, batches: SpeechBatches) -> list[str]:
    """The texts that the search with the language model finds for all sounds of a split, in order."""
    search = _search(model, learned)
    weights = tf.convert_to_tensor(weights_of(model).value)
    return texts_of_split(lambda vectors, mask: search(vectors, mask, weights), batches)


def _search(model: keras.Model, learned: Learned) -> Search:
    recognizer, fusion = model.get_layer(RECOGNIZER), Fusion(model, learned)

    @tf.function(
        autograph=False,
        input_signature=[
            tf.TensorSpec([None, None, len(learned.mean)]),
            tf.TensorSpec([None, None], tf.bool),
            tf.TensorSpec([2]),
        ],
    )
    def search(vectors: tf.Tensor, mask: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        logits, steps = recognizer([vectors, mask], training=False)
        return fusion.answer(tf.cast(logits, tf.float32), steps, weights)["text"]

    return search


def calibrate(model: keras.Model, learned: Learned, dev: SpeechBatches) -> str:
    """Set the weights of the search: as they are given, or with the fewest errors on dev; a sentence about it.

    Of several with as few errors in characters, those with fewer in words, then the first tried.
    """
    tried, search, some = list(_tried(learned)), _search(model, learned), _first(dev)
    found = {weights: _errors(search, weights, some) for weights in tried if len(tried) > 1}
    best = min(found, key=lambda weights: found[weights]) if found else tried[0]
    weights_of(model).assign(np.array(best, np.float32))
    return told(model) + _comparison(found, best) + _unknown(learned)


def _tried(learned: Learned) -> Iterator[tuple[float, float]]:
    """What the language model and a token may count; where the former counts nothing, nor does the latter."""
    options = learned.options
    weight, bonus = options.language_model_weight, options.length_bonus
    weights = WEIGHTS if weight is None else (weight,)
    bonuses = BONUSES if bonus is None else (bonus,)
    for pair in itertools.product(weights, bonuses):
        if pair[0] > 0 or bonus is not None or pair[1] == 0:
            yield pair


def _errors(search: Search, weights: tuple[float, float], dev: SpeechBatches) -> tuple[float, float]:
    """The rates of errors in characters and in words."""
    given = tf.constant(weights)
    rates = compared(dev.texts, texts_of_split(lambda vectors, mask: search(vectors, mask, given), dev))
    return rates["cer"], rates["wer"]


def _first(dev: SpeechBatches) -> SpeechBatches:
    """The first sounds of a split."""
    which, sounds = np.arange(min(len(dev.texts), MOST_SOUNDS)), dev.sounds
    fewer = replace(
        sounds,
        sequences=sounds.sequences.take(which),
        targets=sounds.targets[which],
        further={name: values[which] for name, values in sounds.further.items()},
    )
    return SpeechBatches(fewer, dev.texts[:MOST_SOUNDS])


# ------------------------------------------------------------------------------------------ what is told


def told(model: keras.Model) -> str:
    """How much counts in the search."""
    weight, bonus = weights_of(model).numpy()
    return f"search: the language model counts {weight:g}, and each token {bonus:g}"


def _comparison(found: dict[tuple[float, float], tuple[float, float]], best: tuple[float, float]) -> str:
    if not found:
        return ", as given"
    alone = found.get((0.0, 0.0))
    beside = "" if alone is None else f", and {alone[0]:.4f} without a language model"
    return f", which dev decides: its character error rate is {found[best][0]:.4f} then{beside}"


def _unknown(learned: Learned) -> str:
    assert learned.language_model is not None, "the run has a language model"
    unknown = unknown_tokens(learned.tokens, learned.language_model)
    return (
        f"; {len(unknown):,} of {len(learned.tokens.vocabulary):,} tokens are unknown to it"
        if unknown
        else ""
    )
