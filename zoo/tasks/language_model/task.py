"""Language model: a text → its next characters or words. Many to many, shifted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from datasets.base import Dataset, Split
from datasets.errors import UserError
from datasets.input_kinds import texts
from datasets.options import Former, option
from zoo.generation.sampling import SamplingOptions
from zoo.tasks.base import Metrics

if TYPE_CHECKING:
    from zoo.tasks.language_model.streams import Streams
    from zoo.tasks.language_model.tokens import Text, Tokenizer


@dataclass(frozen=True)
class Options:
    """What is special to language models."""

    tokens: str = option("characters", "what is read and written", choices=("characters", "words"))
    lowercase: bool = option(False, "turn letters into lower case first")
    max_vocabulary: int = option(20000, "most frequent tokens that are told apart", minimum=1)
    min_count: int = option(0, "rarer tokens are unknown; 0 is 1 for characters, 2 for words", minimum=0)
    truncate: int = option(100, "tokens of a chunk: gradients reach back so far, states further", minimum=1)
    random_offset: bool = option(
        True, "begin each pass over the text at another token", former=[Former("turn")]
    )
    embedding: int = option(64, "size of the tokens' vectors; 0 for one-hot", minimum=0)
    input_dropout: float | None = option(
        None, "fraction of the tokens' vectors dropped, where it is not --dropout", minimum=0, maximum=0.95
    )
    tied: bool = option(False, "score tokens by their vectors, with no weights of their own")

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        if self.tied and not self.embedding:
            raise UserError("--tied: there are no vectors to share; give --embedding")


@dataclass(frozen=True)
class AnswerOptions(SamplingOptions):
    """How a trained language model goes on with a prompt."""

    length: int = option(200, "tokens to write", minimum=0)
    score: bool = option(False, "go on with nothing: tell how likely the inputs are")


@dataclass(frozen=True)
class Prepared:
    """Texts as streams. See `zoo.tasks.base.Prepared`."""

    options: Options
    tokenizer: Tokenizer
    train: Any = None
    valid: Any = None
    notes: tuple[str, ...] = ()
    test_split: Split | None = None
    fitted: dict[str, Any] = field(default_factory=dict)

    def test(self) -> Streams | None:
        """See `zoo.tasks.base.Prepared`."""
        if self.test_split is None or self.train is None:
            return None
        return self.streams(self.tokenizer.encode_text(_pieces(self.test_split)), self.train.rows)

    def streams(self, text: Text, rows: int) -> Streams:
        """The streams of a text."""
        from zoo.tasks.language_model.streams import Streams

        return Streams(text, rows, self.options.truncate, random_offset=self.options.random_offset)

    def to_json(self) -> dict[str, Any]:
        """See `zoo.tasks.base.Prepared`."""
        return {"vocabulary": list(self.tokenizer.vocabulary)}


class LanguageModel:
    """See `zoo.tasks.base.Task`."""

    summary = "a text → its next characters or words (many to many, shifted)"
    fields = ("text",)
    input_kind = texts.KIND
    options_type = Options
    answer_options = AnswerOptions
    defaults: Mapping[str, Any] = {
        "units": 128, "dropout": 0.0, "learning_rate": 6e-3, "decay": "linear", "batch_size": 16, "average": 0.99,
        "patience": 5,
    }  # fmt: skip
    monitor = ("nats", "min")
    headline = ("nats", "perplexity", "bits_per_character")

    # ---- data

    def prepare(self, dataset: Dataset, options: Options, batch_size: int) -> Prepared:
        """Learn the vocabulary on train, and lay streams over the texts."""
        from zoo.tasks.language_model.streams import streams_of
        from zoo.tasks.language_model.tokens import Tokenizer, learn

        vocabulary, text = learn(
            _pieces(dataset.train),
            kind=options.tokens,
            lowercase=options.lowercase,
            size=options.max_vocabulary,
            min_count=options.min_count or {"characters": 1, "words": 2}[options.tokens],
        )
        tokenizer = Tokenizer(vocabulary, kind=options.tokens, lowercase=options.lowercase)
        prepared = Prepared(options, tokenizer)
        rows = streams_of(text, batch_size, options.truncate)
        train = prepared.streams(text, rows)
        valid = prepared.streams(tokenizer.encode_text(_pieces(dataset.valid)), rows)
        notes = _notes(tokenizer, train, valid, options.truncate)
        return Prepared(options, tokenizer, train, valid, notes, dataset.test)

    def restore(self, stored: Mapping[str, Any], options: Options) -> Prepared:
        """See `zoo.tasks.base.Task`."""
        import zoo.layers.stateful
        import zoo.tasks.language_model.layers  # noqa: F401  (registered, they can be loaded)
        from zoo.tasks.language_model.tokens import Tokenizer

        vocabulary = [str(token) for token in stored["vocabulary"]]
        return Prepared(options, Tokenizer(vocabulary, kind=options.tokens, lowercase=options.lowercase))

    # ---- model

    def build(self, prepared: Prepared, recurrent: Any, options: Options) -> Any:
        """See `zoo.tasks.language_model.model`."""
        from zoo.tasks.language_model.model import build_model

        return build_model(prepared.tokenizer.size, prepared.train.rows, recurrent, options)

    def trivial_models(self, prepared: Prepared, blind: Any, options: Options) -> dict[str, Any]:
        """None: counting says more than a bag of all that came before."""
        return {}

    def loss(self, targets: Any, predictions: Any) -> Any:
        """What the model gives: minus the logarithm of the probability of each next token, `(rows, steps)`."""
        return predictions

    # ---- metrics

    def score(self, prepared: Prepared, predictions: np.ndarray, targets: Text) -> Metrics:
        """Over all tokens of a text.

        - nats: mean of minus the natural logarithm of a token's probability;
        - perplexity: its exponential;
        - bits_per_character: the sum to base 2, by the number of characters, whatever the tokens are.
        """
        total = float(np.sum(predictions, dtype=np.float64))
        nats = total / len(targets)
        return {
            "nats": nats,
            "perplexity": float(np.exp(np.minimum(nats, 700))),
            "bits_per_character": total / np.log(2) / targets.characters,
        }

    def details(self, prepared: Prepared, predictions: np.ndarray, targets: Text) -> dict[str, Any]:
        """How long the text is, and how much of it is not of the vocabulary."""
        from zoo.data.vocabulary import UNKNOWN

        return {
            "tokens": len(targets),
            "characters": targets.characters,
            "unknown": float((targets.ids == UNKNOWN).mean()),
            "vocabulary": len(prepared.tokenizer.vocabulary),
        }

    def trivial_rows(self, prepared: Prepared, batches: Streams) -> dict[str, Metrics]:
        """How often tokens come in train, and how often after which token; see `zoo.tasks.language_model.baselines`."""
        from zoo.data.vocabulary import UNKNOWN
        from zoo.tasks.language_model.baselines import Counts

        if "counts" not in prepared.fitted:
            classes = prepared.tokenizer.size - UNKNOWN
            prepared.fitted["counts"] = Counts(prepared.train.text, prepared.valid.text, classes)
        counts = prepared.fitted["counts"]
        rows = {"unigram": counts.unigram, "bigram": counts.bigram}
        return {name: self.score(prepared, row(batches.text), batches.text) for name, row in rows.items()}

    # ---- answers

    def serve(self, model: Any, prepared: Prepared) -> Any:
        """See `zoo.tasks.language_model.serving.make_server`."""
        from zoo.tasks.language_model.serving import make_server

        return make_server(model, prepared.tokenizer, AnswerOptions())

    def answer(
        self, server: Any, inputs: Iterable[str], options: AnswerOptions | None = None
    ) -> list[dict[str, Any]]:
        """A row for each prompt and sample: `prompt`, `continuation`, `nats` a token; or scores of the inputs."""
        from zoo.tasks.language_model.answers import continued, scored

        chosen = options or AnswerOptions()
        prompts = list(inputs)
        return scored(server, prompts) if chosen.score else continued(server, prompts, chosen)

    def show(self, rows: list[dict[str, Any]]) -> str | None:
        """Continuations in full, after their prompts; scores as the usual table."""
        if any("continuation" not in row for row in rows):
            return None
        return f"\n{'-' * 40}\n".join(row["prompt"] + row["continuation"] for row in rows)


def _pieces(split: Split) -> Iterator[str]:
    return (example["text"] for example in split)


def _notes(tokenizer: Tokenizer, train: Streams, valid: Streams, truncate: int) -> tuple[str, ...]:
    kinds = {"characters": "different characters", "words": "different words and marks"}[tokenizer.kind]
    unknown = float((valid.text.ids == 1).mean())
    notes = [
        f"vocabulary: {len(tokenizer.vocabulary):,} {kinds} learnt on train; {unknown:.2%} of dev are unknown",
        f"tokens: {len(train.text):,} train, {len(valid.text):,} dev; "
        f"{train.streams} streams in chunks of {train.steps}",
    ]
    if train.steps < truncate:
        notes.append(f"the text is shorter than a chunk of --truncate {truncate}: a chunk is the whole text")
    if train.passes > 1:
        notes.append(f"the text is short: an epoch reads it {train.passes} times")
    return tuple(notes)


TASK = LanguageModel()
