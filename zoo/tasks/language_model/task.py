"""Language model: a text → its next characters or words. Many to many, shifted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from datasets.base import Dataset, Split
from datasets.errors import UserError
from datasets.input_kinds import prompts
from zoo.data.token_layers import TokenLayers, Tokens
from zoo.tasks.base import Metrics, Prepared, Row, Task
from zoo.tasks.language_model.batches import TextBatches
from zoo.tasks.language_model.options import AnswerOptions, Options

if TYPE_CHECKING:
    import keras

    from zoo.factory import RecurrentFactory
    from zoo.serving import Server
    from zoo.tasks.language_model.tokens import Text, Tokenizer
    from zoo.tasks.next_tokens import NextTokens
    from zoo.tensors import StepLabels, Tensor

#: A softmax over more tokens costs more than the recurrent layers.
MANY_TOKENS = 10_000
#: What many tokens are called, where they are not words.
KINDS = {"characters": "different characters", "subwords": "sub-words"}


@dataclass(frozen=True)
class Learned:
    """The vocabulary, and the options of the task. See `zoo.tasks.base.Learned`."""

    tokenizer: Tokenizer
    options: Options

    def to_json(self) -> dict[str, object]:
        """See `zoo.tasks.base.Learned`."""
        return {"vocabulary": list(self.tokenizer.vocabulary)}


class LanguageModel(Task[Options, Learned, TextBatches, np.ndarray, AnswerOptions]):
    """See `zoo.tasks.base.Task`.

    Predictions are minus the logarithm of the probability of each token of the text, `(tokens,)`.
    """

    summary = "a text → its next characters or words (many to many, shifted)"
    fields = ("text",)
    input_kind = prompts.KIND
    options_type = Options
    answer_options = AnswerOptions
    defaults: Mapping[str, object] = {
        "units": 128, "dropout": 0.0, "learning_rate": 6e-3, "decay": "linear", "batch_size": 16, "average": 0.99,
        "patience": 5,
    }  # fmt: skip
    before: Mapping[str, object] = {"least_steps": 50}
    monitor = ("nats", "min")
    examples_are_single = False
    headline = ("nats", "perplexity", "bits_per_character")

    # ---- data

    def prepare(self, dataset: Dataset, options: Options, batch_size: int) -> Prepared[Learned, TextBatches]:
        """Learn the vocabulary on train, and lay streams over the text, or put the documents into batches."""
        from zoo.data.vocabulary import most_tokens
        from zoo.tasks.language_model.tokens import learn

        documents = dataset.info.documents
        vocabulary, text = learn(
            _Pieces(dataset.train),
            kind=options.tokens,
            lowercase=options.lowercase,
            size=most_tokens(options.tokens, options.max_vocabulary),
            min_count=options.min_count or (1 if options.tokens == "characters" else 2),
            documents=documents,
        )
        tokenizer = _tokenizer(vocabulary, options)
        text = text.reversed() if options.backward else text
        batches = _document_batches if documents else _streams
        batches_of = batches(text, batch_size, options)

        def read(split: Split) -> TextBatches:
            return batches_of(tokenizer.encode_text(_Pieces(split), documents))

        train, valid = batches_of(text), read(dataset.valid)
        if not len(valid.text):
            raise UserError(
                "the text of the dev split is blank: it has no tokens; take more for it, or another"
            )

        def test() -> TextBatches | None:
            batches = None if dataset.test is None else read(dataset.test)
            if batches is None or len(batches.text):
                return batches
            from zoo.runtime.progress import log

            log("the text of the test split is blank: it has no tokens, and is not scored")
            return None

        notes = _notes(tokenizer, train, valid, options)
        return Prepared(Learned(tokenizer, options), train, valid, test, notes)

    def restore(self, stored: Mapping[str, Any], options: Options) -> Learned:
        """See `zoo.tasks.base.Task`."""
        import zoo.tasks.language_model.model  # noqa: F401  (its layers are registered, and can be loaded)

        return Learned(_tokenizer([str(token) for token in stored["vocabulary"]], options), options)

    # ---- model

    def build(
        self, prepared: Prepared[Learned, TextBatches], recurrent: RecurrentFactory, options: Options
    ) -> keras.Model:
        """See `zoo.tasks.language_model.model`."""
        from zoo.tasks.language_model.model import build_model

        return build_model(prepared.learned.tokenizer.size, prepared.train.rows, recurrent, options)

    def token_layers(self, learned: Learned) -> tuple[TokenLayers, ...]:
        """The text's; nothing else reads tokens."""
        tokenizer = learned.tokenizer
        tokens = Tokens(tokenizer.kind, tokenizer.lowercase, tokenizer.vocabulary)
        return (TokenLayers("text", "embedding", "cells", tokens, backward=tokenizer.backward),)

    def next_tokens(self, learned: Learned, model: keras.Model) -> NextTokens:
        """See `zoo.tasks.language_model.serving.Reader.next_tokens`."""
        from zoo.tasks.language_model.serving import Reader

        (layers,) = self.token_layers(learned)
        return Reader(model, learned.tokenizer).next_tokens(model, layers)

    def loss(self, _targets: StepLabels, outputs: Tensor) -> Tensor:
        """What the model gives: minus the logarithm of the probability of each next token, `(rows, steps)`."""
        return outputs

    # ---- metrics

    def score(self, _learned: Learned, predictions: np.ndarray, batches: TextBatches) -> Metrics:
        """Over all tokens of a text.

        - nats: mean of minus the natural logarithm of a token's probability;
        - perplexity: its exponential;
        - bits_per_character: the sum to base 2, by the number of characters, whatever the tokens are.
        """
        total = float(np.sum(predictions, dtype=np.float64))
        nats = total / len(batches.text)
        return {
            "nats": nats,
            "perplexity": float(np.exp(np.minimum(nats, 700))),
            "bits_per_character": total / np.log(2) / batches.text.characters,
        }

    def details(self, learned: Learned, _predictions: np.ndarray, batches: TextBatches) -> dict[str, object]:
        """How long the text is, and how much of it is not of the vocabulary."""
        from zoo.data.vocabulary import UNKNOWN

        text = batches.text
        return {
            "tokens": len(text),
            "characters": text.characters,
            "unknown": float((text.ids == UNKNOWN).mean()),
            "vocabulary": len(learned.tokenizer.vocabulary),
        }

    def baselines(
        self, prepared: Prepared[Learned, TextBatches]
    ) -> Callable[[TextBatches], dict[str, Metrics]]:
        """How often tokens come in train, and how often after which token; see `zoo.tasks.language_model.baselines`.

        Counting says more than a bag of all that came before: there is no order-agnostic baseline.
        """
        from zoo.data.vocabulary import UNKNOWN
        from zoo.tasks.language_model.baselines import Counts

        learned = prepared.learned
        counts = Counts(prepared.train.text, prepared.valid.text, learned.tokenizer.size - UNKNOWN)
        nats_of = {"unigram": counts.unigram, "bigram": counts.bigram}
        return lambda batches: {
            name: self.score(learned, nats(batches.text), batches) for name, nats in nats_of.items()
        }

    # ---- answers

    def serve(self, model: keras.Model, learned: Learned) -> Server:
        """See `zoo.tasks.language_model.serving.make_server`."""
        from zoo.tasks.language_model.serving import make_server

        return make_server(model, learned.tokenizer, AnswerOptions())

    def answer(self, server: Server, inputs: Iterable[str], options: AnswerOptions) -> list[Row]:
        """A row for each prompt and sample: `prompt`, `continuation`, `nats` a token; or scores of the inputs."""
        from zoo.tasks.language_model.answers import continued, scored

        texts = list(inputs)
        return scored(server, texts) if options.score else continued(server, texts, options)

    def show(self, rows: list[Row]) -> str | None:
        """Continuations in full, after their prompts; scores as the usual table."""
        if any("continuation" not in row for row in rows):
            return None
        return f"\n{'-' * 40}\n".join(f"{row['prompt']}{row['continuation']}" for row in rows)


@dataclass(frozen=True)
class _Pieces:
    """The texts of a split, each time anew."""

    split: Split

    def __iter__(self) -> Iterator[str]:
        return (example["text"] for example in self.split)


def _tokenizer(vocabulary: list[str], options: Options) -> Tokenizer:
    from zoo.tasks.language_model.tokens import Tokenizer

    return Tokenizer(vocabulary, kind=options.tokens, lowercase=options.lowercase, backward=options.backward)


def _streams(text: Text, batch_size: int, options: Options) -> Callable[[Text], TextBatches]:
    """What makes streams of a text, as many as the training text is long enough for."""
    from zoo.tasks.language_model.streams import Streams, streams_of

    rows = streams_of(text, batch_size, options.truncate)
    return partial(Streams, rows=rows, steps=options.truncate, random_offset=options.random_offset)


def _document_batches(text: Text, batch_size: int, options: Options) -> Callable[[Text], TextBatches]:
    """What makes batches of documents, no more side by side than there are for training."""
    from zoo.tasks.language_model.documents import DocumentBatches

    rows = min(batch_size, len(text.offsets) - 1)
    return partial(DocumentBatches, rows=rows, steps=options.truncate)


def _notes(tokenizer: Tokenizer, train: TextBatches, valid: TextBatches, options: Options) -> tuple[str, ...]:
    kinds = KINDS.get(tokenizer.kind, "different words and marks")
    unknown = float((valid.text.ids == 1).mean())
    notes = [
        f"vocabulary: {len(tokenizer.vocabulary):,} {kinds} learnt on train; {unknown:.2%} of dev are unknown",
        f"tokens: {len(train.text):,} train, {len(valid.text):,} dev; "
        f"{train.streams} {train.unit} in chunks of {train.steps}",
    ]
    if train.steps < options.truncate:
        notes.append(
            f"the text is shorter than a chunk of --truncate {options.truncate}: a chunk is the whole text"
        )
    if options.softmax == "full" and tokenizer.size > MANY_TOKENS:
        notes.append("with so many tokens a training step takes less time with --softmax sampled")
    return tuple(notes)


TASK = LanguageModel()
