"""Sentiment, and any other classification of texts: text → label and score. Many to one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from datasets.base import Dataset, Split
from datasets.errors import UserError
from datasets.input_kinds import texts
from datasets.options import Former, option
from zoo.tasks.base import Metrics

if TYPE_CHECKING:
    from zoo.data.tokenizer import TextEncoder
    from zoo.tasks.sentiment.batches import SequenceBatches


@dataclass(frozen=True)
class Options:
    """What is special to texts with one label each."""

    tokens: str = option("words", "what a token is", choices=("words", "characters"))
    lowercase: bool = option(True, "turn letters into lower case")
    max_tokens: int = option(400, "longer texts are cut to this many tokens", minimum=1)
    truncation_side: str = option(
        "left",
        "from which side a text that is too long is cut: left keeps its end",
        choices=("left", "right"),
        former=[Former("keep", {"end": "left", "start": "right"})],
    )
    vocabulary: int = option(20_000, "the most frequent tokens that are told apart", minimum=1)
    min_count: int = option(2, "tokens seen less often in training are unknown", minimum=1)
    embedding: int = option(64, "size of the token vectors", minimum=1)
    pooling: str = option(
        "auto",
        "how the outputs of all steps become one: auto takes both mean and max, or last for an order-blind cell",
        choices=("auto", "last", "mean", "max", "both"),
    )


@dataclass(frozen=True)
class Prepared:
    """Texts as token ids. See `zoo.tasks.base.Prepared`."""

    encoder: TextEncoder
    labels: tuple[str, ...]
    train: SequenceBatches | None = None
    valid: SequenceBatches | None = None
    notes: tuple[str, ...] = ()
    test_split: Split | None = None

    def test(self) -> SequenceBatches | None:
        """See `zoo.tasks.base.Prepared`."""
        if self.test_split is None or self.train is None:
            return None
        return _batches(self.test_split, self.encoder, self.train.batch_size, self.train.widths)

    def to_json(self) -> dict[str, Any]:
        """See `zoo.tasks.base.Prepared`."""
        return {"vocabulary": list(self.encoder.vocabulary), "labels": list(self.labels)}


class Sentiment:
    """See `zoo.tasks.base.Task`."""

    summary = "text → label and score (many to one)"
    fields = ("text", "label")
    input_kind = texts.KIND
    options_type = Options
    defaults: Mapping[str, Any] = {"dropout": 0.3}
    # Not accuracy: the loss also turns when a model grows too sure of what it has learned by heart.
    monitor = ("loss", "min")
    headline = ("accuracy", "macro_f1", "auc", "loss")

    # ---- data

    def prepare(self, dataset: Dataset, options: Options, batch_size: int) -> Prepared:
        """Learn the vocabulary on train and turn train and dev into token ids."""
        from zoo.data.tokenizer import learn_vocabulary
        from zoo.tasks.sentiment.batches import SequenceBatches

        vocabulary, tokens = learn_vocabulary(
            _texts(dataset.train),
            tokens=options.tokens,
            lowercase=options.lowercase,
            size=options.vocabulary,
            min_count=options.min_count,
        )
        if not vocabulary:
            raise UserError(
                f"no token is in the training texts {options.min_count} times; give a smaller --min-count"
            )
        encoder = _encoder(vocabulary, options)
        train = SequenceBatches.of(
            tokens.truncate(options.max_tokens, options.truncation_side), _labels(dataset.train), batch_size
        )
        return Prepared(
            encoder,
            dataset.info.labels,
            train,
            _batches(dataset.valid, encoder, batch_size, train.widths),
            (_vocabulary_note(vocabulary, tokens), *_cut_note(tokens.lengths, options)),
            dataset.test,
        )

    def restore(self, stored: Mapping[str, Any], options: Options) -> Prepared:
        """See `zoo.tasks.base.Task`."""
        return Prepared(_encoder(stored["vocabulary"], options), tuple(stored["labels"]))

    # ---- model

    def build(self, prepared: Prepared, recurrent: Any, options: Options) -> Any:
        """Tokens `(batch, time)` → embedding → recurrent layers → pooling → logits `(batch, classes)`."""
        import keras

        from zoo.layers.pooling import MaskedPooling

        pooling = options.pooling
        if pooling == "auto":
            pooling = "last" if recurrent.order_blind else "both"
        dropout = recurrent.options.dropout
        tokens = keras.Input((None,), dtype="int32", name="tokens")
        mask = keras.ops.not_equal(tokens, 0)
        x = keras.layers.Embedding(prepared.encoder.size, options.embedding, name="embedding")(tokens)
        x = keras.layers.Dropout(dropout)(x)
        x = recurrent(return_sequences=pooling != "last", name="recurrent")(x, mask=mask)
        if pooling != "last":
            x = MaskedPooling(pooling, name="pooling")(x, mask=mask)
        x = keras.layers.Dropout(dropout)(x)
        logits = keras.layers.Dense(len(prepared.labels), dtype=_at_least_float32(), name="logits")(x)
        return keras.Model({"tokens": tokens}, logits, name="sentiment")

    def trivial_models(self, prepared: Prepared, blind: Any, options: Options) -> dict[str, Any]:
        """The bag of embeddings: the same model around the mean of the embeddings."""
        return {"bag of embeddings": partial(self.build, prepared, blind, options)}

    def loss(self, targets: Any, predictions: Any) -> Any:
        """Cross-entropy `(batch,)` of class ids and logits."""
        import keras

        return keras.losses.sparse_categorical_crossentropy(targets, predictions, from_logits=True)

    # ---- metrics

    def score(self, prepared: Prepared, predictions: np.ndarray, targets: np.ndarray) -> Metrics:
        """Accuracy, macro F1, cross-entropy in nats, and the area under the ROC curve for two classes.

        All are NaN where a prediction is not finite.
        """
        from sklearn import metrics

        if not np.isfinite(predictions).all():
            return dict.fromkeys(("accuracy", "macro_f1", "loss"), math.nan)
        classes = np.arange(len(prepared.labels))
        chosen = predictions.argmax(axis=1)
        probabilities = _softmax(predictions)
        scores = {
            "accuracy": metrics.accuracy_score(targets, chosen),
            "macro_f1": metrics.f1_score(targets, chosen, labels=classes, average="macro", zero_division=0),
            "loss": metrics.log_loss(targets, probabilities, labels=classes),
        }
        if len(classes) == 2 and len(np.unique(targets)) == 2:
            scores["auc"] = metrics.roc_auc_score(targets, probabilities[:, 1])
        return {name: float(value) for name, value in scores.items()}

    def details(self, prepared: Prepared, predictions: np.ndarray, targets: np.ndarray) -> dict[str, Any]:
        """The confusion matrix: a row per true class, a column per predicted class."""
        from sklearn import metrics

        classes = np.arange(len(prepared.labels))
        matrix = metrics.confusion_matrix(targets, predictions.argmax(axis=1), labels=classes)
        return {"labels": list(prepared.labels), "confusion_matrix": matrix.tolist()}

    def by_length(
        self, prepared: Prepared, predictions: np.ndarray, batches: SequenceBatches
    ) -> list[dict[str, Any]]:
        """Metrics by the number of tokens that the model reads."""
        from zoo.tasks.by_length import by_length

        return by_length(
            batches.tokens.lengths,
            lambda which: self.score(prepared, predictions[which], batches.targets[which]),
        )

    def trivial_rows(self, prepared: Prepared, batches: SequenceBatches) -> dict[str, Metrics]:
        """The majority class: every text gets the class frequencies of train."""
        assert prepared.train is not None
        counts = np.bincount(prepared.train.targets, minlength=len(prepared.labels))
        logits = np.log(np.maximum(counts, 1e-9) / counts.sum())
        predictions = np.tile(logits, (len(batches.targets), 1))
        return {"majority": self.score(prepared, predictions, batches.targets)}

    # ---- answers

    def serve(self, model: Any, prepared: Prepared) -> Any:
        """Texts `(batch,)` → `label` `(batch,)`, `score` `(batch,)` and `probabilities` `(batch, classes)`."""
        import tensorflow as tf

        from zoo.serving import Server

        encoder = prepared.encoder
        names = tf.constant(prepared.labels)

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
        def classify(text: tf.Tensor) -> dict[str, tf.Tensor]:
            logits = model({"tokens": encoder(text)}, training=False)
            probabilities = tf.nn.softmax(tf.cast(logits, tf.float32))
            return {
                "label": tf.gather(names, tf.argmax(probabilities, axis=1)),
                "score": tf.reduce_max(probabilities, axis=1),
                "probabilities": probabilities,
            }

        @tf.function(input_signature=[])
        def labels() -> dict[str, tf.Tensor]:
            return {"labels": tf.identity(names)}

        return Server(model, [encoder], {"serving_default": classify, "labels": labels})

    def answer(self, server: Any, inputs: Iterable[Any]) -> list[dict[str, Any]]:
        """A row per text: label, score, and the probability of each class."""
        import tensorflow as tf

        from zoo.data.tokenizer import chunks

        names = [name.decode() for name in server.functions["labels"]()["labels"].numpy()]
        rows = []
        for chunk in chunks(inputs, 256):
            answer = {name: value.numpy() for name, value in server(tf.constant(chunk)).items()}
            for text, label, score, probabilities in zip(
                chunk, answer["label"], answer["score"], answer["probabilities"], strict=True
            ):
                shares = {f"p({name})": float(p) for name, p in zip(names, probabilities, strict=True)}
                rows.append({"text": text, "label": label.decode(), "score": float(score), **shares})
        return rows


def _texts(split: Split) -> Iterable[str]:
    return (example["text"] for example in split)


def _labels(split: Split) -> np.ndarray:
    return np.fromiter((example["label"] for example in split), np.int64, len(split))


def _batches(split: Split, encoder: TextEncoder, batch_size: int, widths: np.ndarray) -> SequenceBatches:
    from zoo.tasks.sentiment.batches import SequenceBatches

    tokens = encoder.encode_all(_texts(split)).truncate(encoder.max_tokens, encoder.truncation_side)
    return SequenceBatches.of(tokens, _labels(split), batch_size, widths)


def _encoder(vocabulary: list[str], options: Options) -> TextEncoder:
    from zoo.data.tokenizer import TextEncoder

    return TextEncoder(
        vocabulary,
        tokens=options.tokens,
        lowercase=options.lowercase,
        max_tokens=options.max_tokens,
        truncation_side=options.truncation_side,
    )


def _vocabulary_note(vocabulary: list[str], tokens: Any) -> str:
    unknown = float((tokens.values == 1).mean()) if len(tokens.values) else 0.0
    return f"vocabulary: {len(vocabulary):,} tokens learnt on train; {unknown:.1%} of its tokens are unknown"


def _cut_note(lengths: np.ndarray, options: Options) -> tuple[str, ...]:
    cut = int((lengths > options.max_tokens).sum())
    if not cut:
        return ()
    kept = "end" if options.truncation_side == "left" else "start"
    return (
        f"truncation: {cut:,} of {len(lengths):,} training texts ({cut / len(lengths):.1%}) are longer than "
        f"{options.max_tokens} tokens; their {kept} stays (--max-tokens, --truncation-side)",
    )


def _softmax(logits: np.ndarray) -> np.ndarray:
    shares = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


def _at_least_float32() -> str:
    """The last layer computes in float32 under mixed precision, so that small differences of logits survive."""
    import keras

    policy = keras.config.dtype_policy()
    return policy.variable_dtype


TASK = Sentiment()
