"""Sentiment, and any other classification of texts: text → label and score. Many to one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from datasets.base import Dataset, Split
from datasets.input_kinds import texts
from datasets.options import Former, option
from zoo.data.token_layers import TokenLayers, Tokens
from zoo.tasks.base import Metrics, NoOptions, Prepared, Row
from zoo.tasks.classification import (
    AT_ONCE,
    SequenceClassification,
    label_rows,
    label_server,
    logits_layer,
    sequence_vector,
)
from zoo.tasks.sentiment.ngrams import LONGEST_NGRAMS, ngram_buckets, ngram_vectors
from zoo.tasks.sequence_batches import SequenceBatches

if TYPE_CHECKING:
    import keras

    from zoo.data.tokenizer import TextEncoder
    from zoo.factory import RecurrentFactory
    from zoo.serving import Server
    from zoo.tasks.sentiment.base import BaseClassifier
    from zoo.tasks.sentiment.tfidf import Tfidf
    from zoo.tasks.sentiment.tokens import TextsInTokens

#: Training texts from which on a linear classifier has a share in the answer unless it is said.
ENOUGH_FOR_BASE = 100


@dataclass(frozen=True)
class Options:
    """What is special to texts with one label each."""

    tokens: str = option(
        "auto",
        "what a token is: auto takes characters where the script has no blanks or too many words of dev are unknown",
        choices=("auto", "words", "characters", "subwords"),
    )
    lowercase: bool = option(True, "turn letters into lower case")
    max_tokens: int = option(400, "longer texts are cut to this many tokens", minimum=1)
    truncation_side: str = option(
        "left",
        "from which side a text that is too long is cut: left keeps its end",
        choices=("left", "right"),
        former=[Former("keep", {"end": "left", "start": "right"})],
    )
    vocabulary: int = option(
        0, "most tokens that are told apart; 0 takes 20,000, or 8,000 sub-words", minimum=0
    )
    min_count: int = option(
        0,
        "words and characters seen less often in training are unknown; 0 takes 1 of fewer than 10,000 texts, else 2",
        minimum=0,
    )
    embedding: int = option(64, "size of the token vectors", minimum=1, maximum=65_536)
    ngrams: int = option(
        0,
        "runs of up to so many neighbouring tokens have vectors, too; 0 takes 2 of words and 3 of characters where "
        "there are 5,000 texts, else 1",
        minimum=0,
        maximum=8,
        before=1,
    )
    pooling: str = option(
        "auto",
        "how the outputs of all steps become one: auto takes both mean and max, or last for an order-agnostic cell",
        choices=("auto", "last", "mean", "max", "both", "all"),
    )
    base: str = option(
        "auto",
        "tfidf: the linear classifier beside the model has a share in its answer, which dev decides; auto: where it "
        "is fitted anyway, of 100 texts or more",
        choices=("auto", "none", "tfidf"),
        before="none",
    )
    word_dropout: float = option(
        0.0, "share of tokens that are made unknown in training", minimum=0.0, maximum=0.9
    )
    adversarial: float = option(
        0.0,
        "size of the noise on a text's vectors, by theirs, that raises the loss; the model is trained on it",
        minimum=0.0,
        maximum=1.0,
    )
    tfidf: bool = option(True, "also fit TF-IDF with logistic regression, to stand beside the model")


@dataclass(frozen=True)
class Learned:
    """The vocabulary and the labels. See `zoo.tasks.base.Learned`.

    Attributes:
        encoder: texts to token ids.
        labels: class n is `labels[n]`.
        tokens_chosen: whether the data chose what a token is, so that the options do not tell.
        ngram_buckets: how many ids n-grams share; 0 where they have no vectors.
        base_features: n-grams of the linear classifier that has a share in the answer; 0 where none has.
        base: this classifier where it was just fitted; a loaded model has it among its weights.
    """

    encoder: TextEncoder
    labels: tuple[str, ...]
    tokens_chosen: bool = False
    ngram_buckets: int = 0
    base_features: int = 0
    base: Tfidf | None = field(default=None, compare=False)

    def to_json(self) -> dict[str, object]:
        """See `zoo.tasks.base.Learned`."""
        chosen = {"tokens": self.encoder.tokens} if self.tokens_chosen else {}
        ngrams = {"ngram_buckets": self.ngram_buckets} if self.ngram_buckets else {}
        base = {"base_features": self.base_features} if self.base_features else {}
        return {
            "vocabulary": list(self.encoder.vocabulary),
            "labels": list(self.labels),
            **chosen,
            **ngrams,
            **base,
        }


class Sentiment(SequenceClassification[Options, Learned]):
    """See `zoo.tasks.base.Task`, and `SequenceClassification` for the metrics."""

    summary = "text → label and score (many to one)"
    fields = ("text", "label")
    input_kind = texts.KIND
    options_type = Options
    defaults: Mapping[str, object] = {"dropout": 0.3}

    # ---- data

    def prepare(
        self, dataset: Dataset, options: Options, batch_size: int
    ) -> Prepared[Learned, SequenceBatches]:
        """Learn the vocabulary on train and turn train and dev into token ids."""
        from zoo.tasks.sentiment.tokens import learn_tokens

        tokens = learn_tokens(
            dataset,
            options.tokens,
            lowercase=options.lowercase,
            size=options.vocabulary,
            min_count=options.min_count,
        )
        return self._prepared(dataset, options, batch_size, tokens)

    def prepare_from(
        self, dataset: Dataset, options: Options, batch_size: int, tokens: Tokens
    ) -> Prepared[Learned, SequenceBatches]:
        """With the tokens of the run, where its texts are split as they are here."""
        from zoo.tasks.sentiment.tokens import known_tokens

        kind = tokens.kind if tokens.kind in ("characters", "subwords") else "words"
        alike = tokens.kind != "words" and tokens.lowercase == options.lowercase
        if not alike or options.tokens not in ("auto", kind):
            return self.prepare(dataset, options, batch_size)
        known = known_tokens(dataset, kind, tokens.vocabulary, options.lowercase)
        return self._prepared(dataset, options, batch_size, known)

    def _prepared(
        self, dataset: Dataset, options: Options, batch_size: int, tokens: TextsInTokens
    ) -> Prepared[Learned, SequenceBatches]:
        from zoo.tasks.sentiment.base import INPUT, BaseClassifier
        from zoo.tasks.sentiment.tfidf import counted_in

        encoder = _encoder(tokens.vocabulary, tokens.kind, options)
        targets, classes = _labels(dataset.train), len(dataset.info.labels)
        auto_base = options.tfidf and len(targets) >= ENOUGH_FOR_BASE
        has_base = options.base == "tfidf" or (options.base == "auto" and auto_base)
        of_texts = dataset.train, targets, classes, counted_in(encoder), options.lowercase
        base = BaseClassifier.of(*of_texts) if has_base else None
        train = SequenceBatches.of(
            tokens.train.truncate(options.max_tokens, options.truncation_side),
            targets,
            batch_size,
            examples=dataset.train,
            further={INPUT: np.zeros((len(targets), classes), np.float32)} if base else {},
        )
        notes = *tokens.notes, *_cut_note(tokens.train.lengths, options)
        batches = partial(_batches, encoder=encoder, batch_size=batch_size, widths=train.widths, base=base)
        buckets = ngram_buckets(options.ngrams, len(dataset.train), len(tokens.train.values))
        learned = Learned(
            encoder,
            dataset.info.labels,
            options.tokens == "auto",
            buckets,
            len(base.classifier.ngrams) if base else 0,
            base.classifier if base else None,
        )
        return Prepared.of(learned, train, dataset, batches, notes)

    def restore(self, stored: Mapping[str, Any], options: Options) -> Learned:
        """See `zoo.tasks.base.Task`."""
        encoder = _encoder(stored["vocabulary"], stored.get("tokens", options.tokens), options)
        buckets, features = (stored.get(name, 0) for name in ("ngram_buckets", "base_features"))
        return Learned(encoder, tuple(stored["labels"]), "tokens" in stored, buckets, features)

    # ---- model

    def build(
        self, prepared: Prepared[Learned, SequenceBatches], recurrent: RecurrentFactory, options: Options
    ) -> keras.Model:
        """Tokens `(batch, time)` → embedding → recurrent layers → pooling → logits `(batch, classes)`.

        To a token's vector those of the n-grams that end with it are added, but not for a cell that is to be blind to
        the order of its inputs. Nor has the linear classifier, which knows neighbours, a share in its
        answer.
        """
        import keras

        from zoo.layers.adversarial_noise import AdversarialNoise
        from zoo.layers.embedding import Embedding
        from zoo.layers.logits import logits_dtype
        from zoo.layers.word_dropout import WordDropout
        from zoo.tasks.sentiment.base import INPUT, LAYER
        from zoo.tasks.sentiment.base_layer import Base

        dropout, learned = recurrent.options.dropout, prepared.learned
        tokens = keras.Input((None,), dtype="int32", name="tokens")
        mask = keras.ops.not_equal(tokens, 0)
        inputs = {"tokens": tokens}
        some_unknown = WordDropout(options.word_dropout, name="word_dropout")(tokens)
        x = Embedding(learned.encoder.size, options.embedding, name="embedding")(some_unknown)
        if learned.ngram_buckets and not recurrent.order_agnostic:
            longest = options.ngrams or LONGEST_NGRAMS[learned.encoder.tokens]
            for length in range(2, longest + 1):
                x = x + ngram_vectors(some_unknown, length, learned.ngram_buckets, options.embedding)
        x = keras.layers.Dropout(dropout)(x)
        if options.adversarial:
            x = AdversarialNoise(options.adversarial, name="adversarial_noise")(x, mask=mask)
        x = sequence_vector(x, mask, recurrent, options.pooling)
        x = keras.layers.Dropout(dropout)(x)
        logits = logits_layer(len(learned.labels))(x)
        if learned.base_features:
            inputs[INPUT] = keras.Input((len(learned.labels),), name=INPUT)
        if learned.base_features and not recurrent.order_agnostic:
            layer = Base(learned.base_features, name=LAYER, dtype=logits_dtype())
            logits = layer(logits, inputs[INPUT])
            if learned.base:
                layer.assign(learned.base)
        return keras.Model(inputs, logits, name="sentiment")

    def calibrated(
        self,
        _learned: Learned,
        model: keras.Model,
        dev: SequenceBatches,
        predictions: Callable[[], np.ndarray],
    ) -> keras.Model:
        """Set the share of the linear classifier, see `zoo.tasks.sentiment.base.share`."""
        from zoo.runtime.progress import log
        from zoo.tasks.sentiment.base import base_layers, share

        for layer in base_layers(model):
            log(share(layer, predictions(), dev))
        return model

    def calibration(self, model: keras.Model) -> tuple[str, ...]:
        """The shares of the recurrent model and of the linear classifier."""
        from zoo.tasks.sentiment.base import base_layers

        return tuple(layer.told() for layer in base_layers(model))

    def token_layers(self, learned: Learned) -> tuple[TokenLayers, ...]:
        """The text's; nothing else reads tokens."""
        encoder = learned.encoder
        kind = "plain-words" if encoder.tokens == "words" else encoder.tokens
        return (
            TokenLayers(
                "text", "embedding", "recurrent", Tokens(kind, encoder.lowercase, encoder.vocabulary)
            ),
        )

    def order_agnostic_baselines(
        self, prepared: Prepared[Learned, SequenceBatches], recurrent: RecurrentFactory, options: Options
    ) -> dict[str, Callable[[], keras.Model]]:
        """The bag of embeddings: the same model around the mean of the embeddings."""
        return {"bag of embeddings": partial(self.build, prepared, recurrent, options)}

    # ---- metrics

    def fitted_baselines(
        self, prepared: Prepared[Learned, SequenceBatches], options: Options
    ) -> dict[str, Callable[[], Callable[[SequenceBatches], Metrics]]]:
        """TF-IDF with logistic regression, see `zoo.tasks.sentiment.tfidf`."""
        from zoo.tasks.sentiment.base import baseline
        from zoo.tasks.sentiment.tfidf import KINDS, counted_in

        if not options.tfidf:
            return {}
        encoder = prepared.learned.encoder
        return {
            KINDS[counted_in(encoder)].row: partial(
                baseline, prepared.train, len(prepared.learned.labels), encoder
            )
        }

    # ---- answers

    def serve(self, model: keras.Model, learned: Learned) -> Server:
        """Texts `(batch,)` → `label`, `score` and `probabilities`, see `zoo.tasks.classification.label_server`."""
        import tensorflow as tf

        from zoo.tasks.sentiment.base import served_base

        encoder = learned.encoder
        signature = [tf.TensorSpec([None], tf.string, name="text")]

        def inputs_of(text: tf.Tensor) -> dict[str, tf.Tensor]:
            return {"tokens": encoder(text), **served_base(model, encoder, text)}

        return label_server(model, learned.labels, signature, inputs_of, [encoder])

    def answer(self, server: Server, inputs: Iterable[str], _options: NoOptions) -> list[Row]:
        """A row per text: label, score, and the probability of each class."""
        import tensorflow as tf

        from zoo.data.tokenizer import chunks

        return [
            row
            for texts in chunks(inputs, AT_ONCE)
            for row in label_rows(server, "text", texts, [tf.constant(texts)])
        ]


def _labels(split: Split) -> np.ndarray:
    return np.fromiter((example["label"] for example in split), np.int64, len(split))


def _batches(
    split: Split, encoder: TextEncoder, batch_size: int, widths: np.ndarray, base: BaseClassifier | None
) -> SequenceBatches:
    from zoo.tasks.sentiment.tokens import texts_of

    tokens = encoder.encode_all(texts_of(split)).truncate(encoder.max_tokens, encoder.truncation_side)
    return SequenceBatches.of(tokens, _labels(split), batch_size, widths, split, _further(base, split))


def _further(base: BaseClassifier | None, split: Split) -> dict[str, np.ndarray]:
    """Inputs of the model beside tokens."""
    from zoo.tasks.sentiment.base import INPUT

    return {INPUT: base.logits(split)} if base else {}


def _encoder(vocabulary: list[str], tokens: str, options: Options) -> TextEncoder:
    from zoo.data.subword_texts import text_encoder

    return text_encoder(
        vocabulary,
        tokens=tokens,
        lowercase=options.lowercase,
        max_tokens=options.max_tokens,
        truncation_side=options.truncation_side,
    )


def _cut_note(lengths: np.ndarray, options: Options) -> tuple[str, ...]:
    cut = int((lengths > options.max_tokens).sum())
    if not cut:
        return ()
    kept = "end" if options.truncation_side == "left" else "start"
    return (
        f"truncation: {cut:,} of {len(lengths):,} training texts ({cut / len(lengths):.1%}) are longer than "
        f"{options.max_tokens} tokens; their {kept} stays (--max-tokens, --truncation-side)",
    )


TASK = Sentiment()
