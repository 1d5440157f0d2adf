"""Tagging: words → a tag each. Parts of speech, nouns, names, chunks. Many to many, aligned."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from datasets.base import Dataset, Split
from datasets.errors import UserError
from datasets.input_kinds import sentences
from datasets.options import option
from zoo.tasks.base import Metrics

if TYPE_CHECKING:
    from zoo.data.characters import WordEncoder
    from zoo.tasks.tagging.batches import TaggedBatches

#: Tags of nouns: NOUN and PROPN of Universal Dependencies, NN, NNS, NNP of Penn, NNG, NNB of Sejong.
NOUN = re.compile(r"(?i)noun|propn|n|nn\w*")
NOUN_OR_NOT = ("noun", "other")


@dataclass(frozen=True)
class Options:
    """What is special to sentences with a tag for each word."""

    tags: str = option("all", "which tags: all, or only whether a word is a noun", choices=("all", "noun"))
    embedding: int = option(100, "size of the word vectors; 0: none", minimum=0)
    vocabulary: int = option(50_000, "the most frequent words that have a vector of their own", minimum=1)
    min_count: int = option(2, "words seen less often in training are unknown", minimum=1)
    word_dropout: float = option(
        0.1, "share of words that are unknown for once in training", minimum=0, maximum=0.95
    )
    character_embedding: int = option(
        32, "size of the character vectors; 0: words are not spelt out", minimum=0
    )
    character_units: int = option(64, "units of the cell that reads a word, in each direction", minimum=1)
    max_characters: int = option(24, "longer words lose their middle", minimum=8)
    crf: bool = option(False, "score whole sequences of tags (conditional random field)")
    split: str = option(
        "words",
        "how a plain sentence becomes words: words also parts punctuation, spaces goes by blanks alone",
        choices=("words", "spaces"),
    )


@dataclass(frozen=True)
class Prepared:
    """Sentences as numbers of words and characters. See `zoo.tasks.base.Prepared`."""

    encoder: WordEncoder
    labels: tuple[str, ...]
    renumbered: np.ndarray | None = None
    train: TaggedBatches | None = None
    valid: TaggedBatches | None = None
    notes: tuple[str, ...] = ()
    test_split: Split | None = None

    def test(self) -> TaggedBatches | None:
        """See `zoo.tasks.base.Prepared`."""
        return None if self.test_split is None else self.batches(self.test_split)

    def batches(self, split: Split) -> TaggedBatches:
        """Another split in the same numbers."""
        from zoo.tasks.tagging.batches import TaggedBatches

        assert self.train is not None
        assert self.renumbered is not None
        made = TaggedBatches.of(split, self.encoder, self.train.batch_size, self.train)
        return made.with_tags(self.renumbered)

    def to_json(self) -> dict[str, Any]:
        """See `zoo.tasks.base.Prepared`."""
        return {
            "words": list(self.encoder.words),
            "characters": list(self.encoder.characters),
            "labels": list(self.labels),
        }


class Tagging:
    """See `zoo.tasks.base.Task`."""

    summary = "words → a tag each (many to many, aligned)"
    fields = ("tokens", "tags")
    input_kind = sentences.KIND
    options_type = Options
    defaults: Mapping[str, Any] = {
        "units": 160,
        "dropout": 0.5,
        "epochs": 12,
        "learning_rate": 2e-3,
    }
    monitor = ("accuracy", "max")
    headline = ("accuracy", "unknown_accuracy", "f1", "span_f1")

    # ---- data

    def prepare(self, dataset: Dataset, options: Options, batch_size: int) -> Prepared:
        """Learn the vocabularies on train and turn train and dev into numbers."""
        from zoo.data.characters import learn_words
        from zoo.tasks.tagging.batches import TaggedBatches

        if not (options.embedding or options.character_embedding):
            raise UserError(
                "--embedding 0 and --character-embedding 0 leave nothing of a word; give one of them"
            )
        labels, renumbered = _labels(dataset.info.labels, options.tags)
        tokens = (example["tokens"] for example in dataset.train)
        words, characters = learn_words(tokens, options.vocabulary, options.min_count)
        encoder = _encoder(words, characters, options)
        train = TaggedBatches.of(dataset.train, encoder, batch_size).with_tags(renumbered)
        prepared = Prepared(
            encoder, labels, renumbered, train, notes=(_note(encoder, train),), test_split=dataset.test
        )
        return replace(prepared, valid=prepared.batches(dataset.valid))

    def restore(self, stored: Mapping[str, Any], options: Options) -> Prepared:
        """See `zoo.tasks.base.Task`."""
        import zoo.layers.crf
        import zoo.layers.word_dropout  # noqa: F401

        encoder = _encoder(stored["words"], stored["characters"], options)
        return Prepared(encoder, tuple(stored["labels"]))

    # ---- model

    def build(self, prepared: Prepared, recurrent: Any, options: Options) -> Any:
        """Word vectors beside vectors of a word's characters → recurrent layers → a score for each tag.

        The outputs are `scores` `(batch, time, tags)` and with `--crf` also `path` `(batch, time)`, `start` and
        `transitions`. For the inputs see `zoo.tasks.tagging.batches.TaggedBatches.load`.
        """
        import keras

        from zoo.layers.crf import LinearChainCRF

        dropout = recurrent.options.dropout
        inputs = {
            name: keras.Input((None,), dtype="int32", name=name)
            for name in ("words", "spelling", "short", "long")
        }
        mask = keras.ops.not_equal(inputs["words"], 0)
        parts = [_word_vectors(inputs["words"], prepared, options)] if options.embedding else []
        if options.character_embedding:
            parts.append(_character_vectors(inputs, prepared, recurrent, options))
        x = parts[0] if len(parts) == 1 else keras.layers.Concatenate()(parts)
        x = keras.layers.Dropout(dropout)(x)
        x = recurrent(return_sequences=True, name="recurrent")(x, mask=mask)
        x = keras.layers.Dropout(dropout)(x)
        exact = keras.config.dtype_policy().variable_dtype  # float32 under mixed precision
        scores = keras.layers.Dense(len(prepared.labels), dtype=exact, name="scores")(x)
        outputs = {"scores": scores}
        if options.crf:
            path, start, transitions = LinearChainCRF(len(prepared.labels), dtype=exact, name="crf")(
                scores, mask=mask
            )
            outputs |= {"path": path, "start": start, "transitions": transitions}
        return keras.Model(inputs, outputs, name="tagging")

    def trivial_models(self, prepared: Prepared, blind: Any, options: Options) -> dict[str, Any]:
        """None: what needs no order of the words is the most frequent tag of each."""
        return {}

    def loss(self, targets: Any, predictions: Any) -> Any:
        """Cross-entropy of each word `(batch, time)`, or what the word adds to that of the sequence of tags."""
        import keras

        from zoo.layers.crf import log_likelihoods

        tags = keras.ops.maximum(targets, 0)
        scores = predictions["scores"]
        if "path" not in predictions:
            return keras.losses.sparse_categorical_crossentropy(tags, scores, from_logits=True)
        mask = keras.ops.greater_equal(targets, 0)
        return -log_likelihoods(scores, tags, mask, predictions["start"], predictions["transitions"])

    # ---- metrics

    def score(self, prepared: Prepared, predictions: np.ndarray, targets: TaggedBatches) -> Metrics:
        """Accuracy of all and of unknown words; precision, recall and F1 of spans, or of nouns with `--tags noun`."""
        from zoo.tasks.tagging import metrics as tag_scores

        right, known, offsets = targets.tags.values, targets.known, targets.tags.offsets
        if (predictions < 0).any():  # scores that are no numbers
            return {"accuracy": float("nan")}
        metrics = tag_scores.scores(predictions, right, known)
        if prepared.labels == NOUN_OR_NOT:
            metrics |= tag_scores.scores_of_one(0, predictions, right)
        return metrics | tag_scores.span_scores(prepared.labels, predictions, right, offsets)

    def details(self, prepared: Prepared, predictions: np.ndarray, targets: TaggedBatches) -> dict[str, Any]:
        """A table per tag and per kind of span, and the confusion matrix."""
        from zoo.tasks.tagging import metrics as tag_scores

        return tag_scores.tables(prepared.labels, predictions, targets.tags.values, targets.tags.offsets)

    def by_length(
        self, prepared: Prepared, predictions: np.ndarray, batches: TaggedBatches
    ) -> list[dict[str, Any]]:
        """Accuracy of the words of sentences by their number of words."""
        from zoo.tasks.by_length import by_length

        lengths, right = batches.tags.lengths, predictions == batches.tags.values
        sentence = np.repeat(np.arange(len(lengths)), lengths)

        def accuracy(which: np.ndarray) -> Metrics:
            inside = np.isin(sentence, which)
            return {"accuracy": float(right[inside].mean()) if inside.any() else float("nan")}

        return by_length(lengths, accuracy)

    def trivial_rows(self, prepared: Prepared, batches: TaggedBatches) -> dict[str, Metrics]:
        """The tag that each word has most often in train; for unknown words the tag that is most frequent there."""
        train = prepared.train
        assert train is not None
        shape = (len(train.distinct.keys), len(prepared.labels))
        counts = np.zeros(shape, np.int64)
        np.add.at(counts, (train.words.values, train.tags.values), 1)
        majority = counts.sum(axis=0).argmax()
        best = counts.argmax(axis=1)
        keys = train.distinct.keys
        of_distinct = [best[keys[word]] if word in keys else majority for word in batches.distinct.keys]
        predictions = np.array(of_distinct, np.int32)[batches.words.values]
        return {"most frequent tag": self.score(prepared, predictions, batches)}

    # ---- answers

    def serve(self, model: Any, prepared: Prepared) -> Any:
        """See `zoo.tasks.tagging.serving.make`."""
        from zoo.tasks.tagging import serving as tagging_server

        return tagging_server.make(model, prepared.encoder, prepared.labels)

    def answer(self, server: Any, inputs: Iterable[Any]) -> list[dict[str, Any]]:
        """A row per sentence: its words and its tags, each separated by blanks, and spans where tags write spans."""
        from zoo.tasks.tagging import serving as tagging_server

        return tagging_server.answer(server, inputs)


def _labels(names: tuple[str, ...], wanted: str) -> tuple[tuple[str, ...], np.ndarray]:
    """The tags that are learnt, and for each tag of the data its number among them."""
    if wanted == "all":
        return names, np.arange(len(names))
    is_noun = np.array([NOUN.fullmatch(name) is not None for name in names])
    if not is_noun.any() or is_noun.all():
        listed = ", ".join(names[:8])
        raise UserError(
            f"--tags noun: which of the tags are nouns? none of {listed} is called NOUN, PROPN or NN"
        )
    return NOUN_OR_NOT, np.where(is_noun, 0, 1)


def _word_vectors(words: Any, prepared: Prepared, options: Options) -> Any:
    """`(batch, time)` to `(batch, time, embedding)`."""
    import keras

    from zoo.layers.word_dropout import WordDropout

    seen = WordDropout(options.word_dropout, name="word_dropout")(words)
    size = len(prepared.encoder.words) + 2
    return keras.layers.Embedding(size, options.embedding, name="words_embedding")(seen)


def _character_vectors(
    inputs: Mapping[str, Any], prepared: Prepared, recurrent: Any, options: Options
) -> Any:
    """Each distinct word is read once, forwards and backwards, and then stands wherever it occurs in the batch."""
    import keras

    size = len(prepared.encoder.characters) + 2
    embedding = keras.layers.Embedding(size, options.character_embedding, name="character_embedding")
    reader = recurrent(
        return_sequences=False,
        bidirectional=True,
        layers=1,
        units=options.character_units,
        name="character_encoder",
    )
    read = [
        reader(embedding(inputs[name]), mask=keras.ops.not_equal(inputs[name], 0))
        for name in ("short", "long")
    ]
    return keras.ops.take(keras.ops.concatenate(read, axis=0), inputs["spelling"], axis=0)


def _encoder(words: list[str], characters: list[str], options: Options) -> WordEncoder:
    from zoo.data.characters import WordEncoder

    return WordEncoder(words, characters, max_characters=options.max_characters, split=options.split)


def _note(encoder: WordEncoder, train: TaggedBatches) -> str:
    unknown = float((train.distinct.ids[train.words.values] == 1).mean())
    return (
        f"vocabulary: {len(encoder.words):,} words and {len(encoder.characters):,} characters learnt on train; "
        f"{unknown:.1%} of its words are unknown"
    )


TASK = Tagging()
