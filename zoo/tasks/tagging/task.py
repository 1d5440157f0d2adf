"""Tagging: words → a tag each. Parts of speech, nouns, names, chunks. Many to many, aligned."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from datasets.base import Dataset, Split
from datasets.errors import UserError
from datasets.formats.spans import common_forms, recognise
from datasets.input_kinds import sentences
from zoo.data.token_layers import TokenLayers, Tokens
from zoo.tasks.base import Metrics, NoOptions, Prepared, Row, Task
from zoo.tasks.tagging.options import Options

if TYPE_CHECKING:
    import keras

    from zoo.data.characters import WordEncoder
    from zoo.factory import RecurrentFactory
    from zoo.serving import Server
    from zoo.tasks.tagging.batches import TaggedBatches
    from zoo.tensors import StepLabels, Tensor

#: Tags of nouns: NOUN and PROPN of Universal Dependencies, NN, NNS, NNP of Penn, NNG, NNB of Sejong.
NOUN = re.compile(r"(?i)noun|propn|n|nn\w*")
NOUN_OR_NOT = ("noun", "other")
#: Share of words of several characters up to which a data set counts as tagged by character.
FEW = 0.02


@dataclass(frozen=True)
class Learned:
    """The vocabularies of words and characters, and the tags. See `zoo.tasks.base.Learned`.

    `spans` are the tags in the common form of all schemes, see `datasets.formats.spans`; empty where they write none.
    """

    encoder: WordEncoder
    labels: tuple[str, ...]
    spans: tuple[str, ...]

    def to_json(self) -> dict[str, object]:
        """See `zoo.tasks.base.Learned`."""
        told_by_labels = self.spans == common_forms(self.labels)
        return {
            "words": list(self.encoder.words),
            "characters": list(self.encoder.characters),
            "labels": list(self.labels),
            **({} if told_by_labels else {"spans": list(self.spans)}),
        }


class Tagging(Task[Options, Learned, "TaggedBatches"]):
    """See `zoo.tasks.base.Task`. Predictions are the best tag of each word, `(words,)`, -1 where there is none."""

    summary = "words → a tag each (many to many, aligned)"
    fields = ("tokens", "tags")
    input_kind = sentences.KIND
    options_type = Options
    defaults: Mapping[str, object] = {
        "units": 160,
        "dropout": 0.5,
        "epochs": 24,
        "patience": 3,
        "learning_rate": 2e-3,
    }
    sizes_from: Mapping[str, Mapping[str, str]] = {
        "characters": {"embedding": "character_embedding", "units": "character_units"}
    }
    monitor = ("accuracy", "max")
    headline = ("accuracy", "unknown_accuracy", "f1", "span_f1")

    # ---- data

    def prepare(
        self, dataset: Dataset, options: Options, batch_size: int
    ) -> Prepared[Learned, TaggedBatches]:
        """Learn the vocabularies on train and turn train and dev into ids."""
        from zoo.data.characters import learn_words
        from zoo.tasks.tagging.batches import TaggedBatches

        if not (options.embedding or options.character_embedding):
            raise UserError(
                "--embedding 0 and --character-embedding 0 leave nothing of a word; give one of them"
            )
        if options.character_filters and not options.character_embedding:
            raise UserError(
                f"--character-filters {options.character_filters}: --character-embedding 0 leaves nothing to read"
            )
        if options.character_embedding and not (options.character_units or options.character_filters):
            raise UserError(
                "--character-units 0 and --character-filters 0 leave nothing that reads characters; give one of them, "
                "or --character-embedding 0"
            )
        labels, renumbered = _labels(dataset.info.labels, options.tags)
        tokens = (example["tokens"] for example in dataset.train)
        words, characters = learn_words(tokens, options.vocabulary, options.min_count)
        encoder = _encoder(words, characters, options)
        train = TaggedBatches.of(dataset.train, encoder, batch_size).with_tags(renumbered)

        def batches(split: Split) -> TaggedBatches:
            return TaggedBatches.of(split, encoder, batch_size, train).with_tags(renumbered)

        spans = () if labels == NOUN_OR_NOT else _spans(labels, train)
        notes = [_note(encoder, train), *_note_on_characters(train, options)]
        return Prepared.of(Learned(encoder, labels, spans), train, dataset, batches, notes)

    def restore(self, stored: Mapping[str, Any], options: Options) -> Learned:
        """See `zoo.tasks.base.Task`."""
        import zoo.tasks.tagging.model  # noqa: F401  (its layers are registered, and can be loaded)

        encoder = _encoder(stored["words"], stored["characters"], options)
        labels = tuple(stored["labels"])
        return Learned(encoder, labels, tuple(stored.get("spans", common_forms(labels))))

    # ---- model

    def build(
        self, prepared: Prepared[Learned, TaggedBatches], recurrent: RecurrentFactory, options: Options
    ) -> keras.Model:
        """See `zoo.tasks.tagging.model.make`."""
        from zoo.tasks.tagging.model import make

        learned = prepared.learned
        return make(learned.encoder, len(learned.labels), recurrent, options)

    def token_layers(self, learned: Learned) -> tuple[TokenLayers, ...]:
        """The words, and their characters; only the words where each is a character."""
        encoder = learned.encoder
        by_character = encoder.split_by == "characters"
        words = Tokens("characters" if by_character else "plain-words", False, encoder.words)
        parts = (TokenLayers("words", "words_embedding", "recurrent", words),)
        if by_character:
            return parts
        characters = Tokens("characters", False, encoder.characters)
        return (*parts, TokenLayers("characters", "character_embedding", "character_encoder", characters))

    def loss(self, targets: StepLabels, outputs: dict[str, Tensor]) -> Tensor:
        """See `zoo.tasks.tagging.model.loss`."""
        from zoo.tasks.tagging.model import loss

        return loss(targets, outputs)

    # ---- metrics

    def score(self, learned: Learned, predictions: np.ndarray, batches: TaggedBatches) -> Metrics:
        """Accuracy of all and of unknown words; precision, recall and F1 of spans, or of nouns with `--tags noun`."""
        from zoo.tasks.tagging import metrics as tag_metrics

        right, known, offsets = batches.tags.values, batches.known, batches.tags.offsets
        if (predictions < 0).any():  # scores that are no numbers
            return {"accuracy": float("nan")}
        metrics = tag_metrics.scores(predictions, right, known)
        if learned.labels == NOUN_OR_NOT:
            metrics |= tag_metrics.scores_of_one(0, predictions, right)
        return metrics | tag_metrics.span_scores(learned.spans, predictions, right, offsets)

    def details(self, learned: Learned, predictions: np.ndarray, batches: TaggedBatches) -> dict[str, object]:
        """A table per tag and per kind of span, and the confusion matrix."""
        from zoo.tasks.tagging import metrics as tag_metrics

        right, offsets = batches.tags.values, batches.tags.offsets
        return tag_metrics.tables(learned.labels, predictions, right, offsets, learned.spans)

    def by_length(self, _learned: Learned, predictions: np.ndarray, batches: TaggedBatches) -> list[Row]:
        """Accuracy of the words of sentences by their number of words."""
        from zoo.tasks.by_length import by_length

        lengths, right = batches.tags.lengths, predictions == batches.tags.values
        sentence = np.repeat(np.arange(len(lengths)), lengths)

        def accuracy(which: np.ndarray) -> Metrics:
            inside = np.isin(sentence, which)
            return {"accuracy": float(right[inside].mean()) if inside.any() else float("nan")}

        return by_length(lengths, accuracy)

    def baselines(
        self, prepared: Prepared[Learned, TaggedBatches]
    ) -> Callable[[TaggedBatches], dict[str, Metrics]]:
        """See `zoo.tasks.tagging.baselines.most_frequent_tag`."""
        from zoo.tasks.tagging.baselines import most_frequent_tag

        learned = prepared.learned
        predict = most_frequent_tag(prepared.train, len(learned.labels))
        return lambda batches: {"most frequent tag": self.score(learned, predict(batches), batches)}

    # ---- answers

    def serve(self, model: keras.Model, learned: Learned) -> Server:
        """See `zoo.tasks.tagging.serving.make`."""
        from zoo.tasks.tagging.serving import make

        return make(model, learned.encoder, learned.labels, learned.spans)

    def answer(self, server: Server, inputs: Iterable[str | Sequence[str]], _options: NoOptions) -> list[Row]:
        """See `zoo.tasks.tagging.serving.answer`."""
        from zoo.tasks.tagging.serving import answer

        return answer(server, inputs)


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


def _spans(labels: tuple[str, ...], train: TaggedBatches) -> tuple[str, ...]:
    """The tags in the common form, by the scheme of the training sentences; empty where these write no spans."""
    counts = np.bincount(train.tags.values, minlength=len(labels))
    scheme = recognise({label: int(count) for label, count in zip(labels, counts, strict=True) if count})
    return () if scheme is None else tuple(scheme.common(label) for label in labels)


def _encoder(words: list[str], characters: list[str], options: Options) -> WordEncoder:
    from zoo.data.characters import WordEncoder

    return WordEncoder(words, characters, max_characters=options.max_characters, split=options.split)


def _note(encoder: WordEncoder, train: TaggedBatches) -> str:
    unknown = float((train.distinct.ids[train.words.values] == 1).mean())
    return (
        f"vocabulary: {len(encoder.words):,} words and {len(encoder.characters):,} characters learnt on train; "
        f"{unknown:.1%} of its words are unknown"
    )


def _note_on_characters(train: TaggedBatches, options: Options) -> list[str]:
    """That words of one character want plain sentences to be split likewise."""
    lengths = train.distinct.characters.lengths[train.words.values]
    if options.split == "characters" or not len(lengths) or (lengths > 1).mean() > FEW:
        return []
    return [
        f"the words of train are single characters; --split characters splits plain sentences likewise, "
        f"--split {options.split} does not"
    ]


TASK = Tagging()
