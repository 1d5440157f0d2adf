"""Translation: sentence → sentence, any two languages. Many to many, by an encoder and a decoder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from datasets.base import Dataset, Split
from datasets.errors import UserError
from datasets.input_kinds import texts
from datasets.options import option
from zoo.generation import answers
from zoo.generation.answers import AnswerOptions
from zoo.generation.options import ATTENTION, TOKENS, GenerationOptions
from zoo.runtime.figures import asked_for, save
from zoo.tasks.base import Metrics

if TYPE_CHECKING:
    from zoo.data.ragged import Ragged
    from zoo.data.subwords import SubwordTokenizer
    from zoo.tasks.translation.batches import PairBatches

#: Sentences with their translations in `metrics.json`.
SAMPLES = 10


@dataclass(frozen=True)
class Options(GenerationOptions):
    """What is special to sentences and their translations."""

    tokens: str = option("subwords", "what a token is, on both sides", choices=tuple(TOKENS))
    vocabulary: int = option(8000, "most different tokens of each language", minimum=1)
    max_tokens: int = option(
        100, "longer training sentences are left out, other sources cut, and translations ended", minimum=2
    )
    attention: str = option(
        "general",
        "how the decoder looks at the source; none: it sees only the encoder's last states",
        choices=ATTENTION,
    )


@dataclass(frozen=True)
class Prepared:
    """Pairs as token ids. See `zoo.tasks.base.Prepared`."""

    source: SubwordTokenizer
    target: SubwordTokenizer
    options: Options
    train: PairBatches | None = None
    valid: PairBatches | None = None
    notes: tuple[str, ...] = ()
    test_split: Split | None = None

    def test(self) -> PairBatches | None:
        """See `zoo.tasks.base.Prepared`."""
        return None if self.test_split is None else self.batches(self.test_split)

    def batches(self, split: Split) -> PairBatches:
        """Another split in the same numbers; sources are cut, targets are whole."""
        from zoo.tasks.translation.batches import PairBatches

        assert self.train is not None
        sources = self.source.encode_all(example["source"] for example in split)
        targets = self.target.encode_all(example["target"] for example in split)
        cut = sources.truncate(self.options.max_tokens, "right")
        return PairBatches.of(cut, targets, self.train.batch_size, split, self.train)

    def to_json(self) -> dict[str, Any]:
        """See `zoo.tasks.base.Prepared`."""
        return {"source": list(self.source.vocabulary), "target": list(self.target.vocabulary)}


class Translation:
    """See `zoo.tasks.base.Task`."""

    summary = "sentence → sentence (many to many, encoder and decoder)"
    fields = ("source", "target")
    input_kind = texts.KIND
    options_type = Options
    answer_options = AnswerOptions
    defaults: Mapping[str, Any] = {
        "units": 64,
        "bidirectional": True,
        "epochs": 8,
        "learning_rate": 3e-3,
        "patience": 3,
    }
    # Not the loss: that rises again while the translations still get better.
    monitor = ("accuracy", "max")
    headline = ("bleu", "chrf", "exact", "perplexity", "accuracy")

    # ---- data

    def prepare(self, dataset: Dataset, options: Options, batch_size: int) -> Prepared:
        """Learn the tokens of both languages on train and turn train and dev into numbers."""
        from zoo.data.subwords import SubwordTokenizer, learn
        from zoo.generation.tokens import taken
        from zoo.tasks.translation.batches import PairBatches

        source, target = (
            SubwordTokenizer(
                learn(_side(dataset.train, side), options.tokens, options.vocabulary, options.min_count),
                options.tokens,
            )
            for side in self.fields
        )
        sources = source.encode_all(_side(dataset.train, "source"))
        targets = target.encode_all(_side(dataset.train, "target"))
        most = options.max_tokens
        short = np.flatnonzero((sources.lengths <= most) & (targets.lengths <= most))
        if not len(short):
            raise UserError(f"every training pair is longer than --max-tokens {most}; give more")
        train = PairBatches.of(
            taken(sources, short), taken(targets, short), batch_size, _some(dataset.train, short)
        )
        notes = _notes((source, target), (sources, targets), len(sources) - len(short), options)
        prepared = Prepared(source, target, options, train, notes=tuple(notes), test_split=dataset.test)
        return replace(prepared, valid=prepared.batches(dataset.valid))

    def restore(self, stored: Mapping[str, Any], options: Options) -> Prepared:
        """See `zoo.tasks.base.Task`."""
        import zoo.layers.decoder  # noqa: F401
        from zoo.data.subwords import SubwordTokenizer

        source, target = (SubwordTokenizer(stored[side], options.tokens) for side in self.fields)
        return Prepared(source, target, options)

    # ---- model

    def build(self, prepared: Prepared, recurrent: Any, options: Options) -> Any:
        """See `zoo.tasks.translation.model.build`."""
        from zoo.tasks.translation.model import build

        return build((prepared.source.size, prepared.target.size), recurrent, options)

    def trivial_models(self, prepared: Prepared, blind: Any, options: Options) -> dict[str, Any]:
        """None: what needs no recurrence is to copy, and to look up."""
        return {}

    def loss(self, targets: Any, predictions: Any) -> Any:
        """Cross-entropy of each target token, smoothed, `(batch, steps)`."""
        return predictions["loss"]

    # ---- metrics

    def finish(self, prepared: Prepared, model: Any, batches: PairBatches, predictions: Any) -> Any:
        """The predictions with the translations found by the search, `found`; once, after training."""
        from zoo.tasks.translation.serving import translate_all

        return {**predictions, "found": translate_all(self.serve(model, prepared), batches.texts())}

    def score(self, prepared: Prepared, predictions: Mapping[str, Any], targets: PairBatches) -> Metrics:
        """Teacher-forced metrics on the reference translations; and, after the search, how good its own ones are."""
        from zoo.generation.scores import teacher_forced_metrics
        from zoo.tasks.translation import scores

        metrics = teacher_forced_metrics(predictions["token_nll"], predictions["token_correct"])
        if "found" in predictions:
            metrics |= scores.compared(_texts(predictions), targets.references())
            metrics["cut"] = float(np.mean([one["cut"] for one in predictions["found"]] or [0.0]))
        return metrics

    def details(
        self, prepared: Prepared, predictions: Mapping[str, Any], targets: PairBatches
    ) -> dict[str, Any]:
        """sacreBLEU's signatures, and the first translations."""
        from zoo.tasks.translation import scores

        sources, references, found = targets.texts(), targets.references(), predictions["found"]
        return {
            "signatures": scores.signatures(_texts(predictions), references),
            "samples": [
                {"source": source, "reference": reference, **one}
                for source, reference, one in zip(sources[:SAMPLES], references, found, strict=False)
            ],
        }

    def by_length(
        self, prepared: Prepared, predictions: Mapping[str, Any], batches: PairBatches
    ) -> list[dict[str, Any]]:
        """Scores of translations whose sources have about as many words; see `zoo.tasks.by_length.by_length`."""
        from zoo.tasks.by_length import by_length
        from zoo.tasks.translation.scores import compared

        texts, references = _texts(predictions), batches.references()
        words = np.array([len(source.split()) for source in batches.texts()])
        return by_length(
            words, lambda which: compared([texts[n] for n in which], [references[n] for n in which])
        )

    def pictures(
        self, prepared: Prepared, predictions: Mapping[str, Any], batches: PairBatches
    ) -> dict[str, Any]:
        """BLEU by length of the source."""
        from zoo.tasks.translation.pictures import by_length

        return {"by_length.png": by_length(self.by_length(prepared, predictions, batches))}

    def trivial_rows(self, prepared: Prepared, batches: PairBatches) -> dict[str, Metrics]:
        """The source as it stands, and the translation of the most similar source of train."""
        from zoo.tasks.translation.scores import compared, most_similar

        assert prepared.train is not None
        sources, references = batches.texts(), batches.references()
        return {
            "copy": compared(sources, references),
            "most similar training pair": compared(most_similar(prepared.train.split, sources), references),
        }

    # ---- answers

    def serve(self, model: Any, prepared: Prepared) -> Any:
        """See `zoo.tasks.translation.serving.make`."""
        from zoo.tasks.translation.serving import make

        return make(model, prepared.source, prepared.target, prepared.options.search)

    def answer(
        self, server: Any, inputs: Iterable[str], options: AnswerOptions | None = None
    ) -> list[dict[str, Any]]:
        """A row for each sentence and translation: `text`, `translation`, `score`, `cut`; of many, their `rank`."""
        from zoo.tasks.translation.serving import candidates

        options = options or AnswerOptions()
        options.check()
        found = candidates(server, inputs, options)
        rows, first = answers.collect_rows(found, "text", "translation", options)
        if options.attention:
            _draw_attention(first, options.attention)
        return rows

    def show(self, rows: list[dict[str, Any]]) -> str | None:
        """Each sentence, and its translations in full below it."""
        return answers.as_text(rows, "text", "translation")


def _side(split: Split, side: str) -> Iterator[str]:
    return (example[side] for example in split)


def _some(split: Split, which: np.ndarray) -> Split:
    """The examples with these numbers, which rise."""
    if len(which) == len(split):
        return split
    wanted = set(which.tolist())
    return Split(lambda: (example for n, example in enumerate(split) if n in wanted), len(which))


def _notes(
    tokenizers: tuple[SubwordTokenizer, SubwordTokenizer],
    sides: tuple[Ragged, Ragged],
    left_out: int,
    options: Options,
) -> Iterator[str]:
    unknown = [float((side.values == 1).mean()) if len(side.values) else 0.0 for side in sides]
    yield (
        f"vocabulary: {len(tokenizers[0].vocabulary):,} {TOKENS[options.tokens]} of the source and "
        f"{len(tokenizers[1].vocabulary):,} of the target learnt on train; {unknown[0]:.1%} and "
        f"{unknown[1]:.1%} of its tokens are unknown"
    )
    if left_out:
        yield f"left out: {left_out:,} training pairs longer than {options.max_tokens} tokens (--max-tokens)"


def _texts(predictions: Mapping[str, Any]) -> list[str]:
    return [one["translation"] for one in predictions["found"]]


def _draw_attention(found: list[dict[str, Any]], name: str) -> None:
    """Write the maps of the best candidates of the first few sentences.

    Raises:
        UserError: the file cannot be written.
    """
    from zoo.tasks.translation.pictures import attention_maps

    best = [
        {
            "source_tokens": one["source_tokens"],
            **{name: one[name][0] for name in ("tokens", "attention", "cut")},
        }
        for one in found
    ]
    save(attention_maps(best), asked_for("--attention", name))


TASK = Translation()
