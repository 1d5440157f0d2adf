"""Translation: sentence → sentence, any two languages. Many to many, by an encoder and a decoder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from datasets.base import Dataset, Split
from datasets.errors import UserError
from datasets.input_kinds import sources
from zoo.data.scripts import separated
from zoo.data.token_layers import TokenLayers
from zoo.generation import answers
from zoo.generation.answers import AnswerOptions
from zoo.generation.bleu import AUTO, check_tokenizer, note_on_tokenizer, tokenizer_of
from zoo.generation.options import TOKENS
from zoo.runtime.figures import picture_path, save
from zoo.tasks.base import Metrics, Prepared, Row, Task
from zoo.tasks.translation.options import Options

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure

    from zoo.data.ragged import Ragged
    from zoo.data.subwords import SubwordTokenizer
    from zoo.factory import RecurrentFactory
    from zoo.serving import Server
    from zoo.tasks.translation.batches import PairBatches, Predictions
    from zoo.tensors import StepLabels, Tensor

#: Sentences with their translations in `metrics.json`.
SAMPLES = 10


@dataclass(frozen=True)
class Learned:
    """The tokens of both languages, and those that BLEU counts. See `zoo.tasks.base.Learned`."""

    source: SubwordTokenizer
    target: SubwordTokenizer
    options: Options
    bleu: str = AUTO

    def to_json(self) -> dict[str, object]:
        """See `zoo.tasks.base.Learned`."""
        return {"source": list(self.source.vocabulary), "target": list(self.target.vocabulary)}


class Translation(Task[Options, Learned, "PairBatches", "Predictions", AnswerOptions]):
    """See `zoo.tasks.base.Task`."""

    summary = "sentence → sentence (many to many, encoder and decoder)"
    fields = ("source", "target")
    input_kind = sources.KIND
    options_type = Options
    answer_options = AnswerOptions
    defaults: Mapping[str, object] = {
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

    def prepare(self, dataset: Dataset, options: Options, batch_size: int) -> Prepared[Learned, PairBatches]:
        """Learn the tokens of both languages on train and turn train and dev into ids."""
        from zoo.data.subwords import SubwordTokenizer, learn
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
            sources.take(short), targets.take(short), batch_size, _some(dataset.train, short)
        )
        notes = _notes((source, target), (sources, targets), len(sources) - len(short), options)

        def batches(split: Split) -> PairBatches:
            return _batches(split, learned, train)

        check_tokenizer(options.bleu_tokenize)
        bleu = tokenizer_of(options.bleu_tokenize, _side(dataset.train, "target"))
        learned = Learned(source, target, options, bleu)
        return Prepared.of(
            learned, train, dataset, batches, [*notes, *note_on_tokenizer(bleu, options.bleu_tokenize)]
        )

    def restore(self, stored: Mapping[str, Any], options: Options) -> Learned:
        """See `zoo.tasks.base.Task`."""
        import zoo.layers.decoder  # noqa: F401  (registered, it can be loaded)
        from zoo.data.subwords import SubwordTokenizer

        source, target = (SubwordTokenizer(stored[side], options.tokens) for side in self.fields)
        return Learned(source, target, options)

    # ---- model

    def build(
        self, prepared: Prepared[Learned, PairBatches], recurrent: RecurrentFactory, options: Options
    ) -> keras.Model:
        """See `zoo.tasks.translation.model.build`."""
        from zoo.tasks.translation.model import build

        learned = prepared.learned
        return build((learned.source.size, learned.target.size), recurrent, options)

    def token_layers(self, learned: Learned) -> tuple[TokenLayers, ...]:
        """The encoder, then the decoder."""
        from zoo.data.subwords import RESERVED
        from zoo.generation.decoder import decoder_layers, tokens_of

        encoder = TokenLayers("encoder", "source_embedding", "recurrent", tokens_of(learned.source), RESERVED)
        return (encoder, decoder_layers(tokens_of(learned.target), learned.options))

    def loss(self, _targets: StepLabels, outputs: dict[str, Tensor]) -> Tensor:
        """Cross-entropy of each target token, smoothed, `(batch, steps)`."""
        return outputs["loss"]

    # ---- metrics

    def finish(
        self,
        _learned: Learned,
        _model: keras.Model,
        served: Callable[[], Server],
        batches: PairBatches,
        predictions: Predictions,
    ) -> Predictions:
        """The predictions with the translations that the search finds, `translations`; once, after training."""
        from zoo.tasks.translation.serving import translate_all

        translations = translate_all(served(), batches.texts())
        return {**predictions, "translations": translations}

    def score(self, learned: Learned, predictions: Predictions, batches: PairBatches) -> Metrics:
        """Teacher-forced metrics on the reference translations; and, after the search, how good its own ones are."""
        from zoo.generation.scores import teacher_forced_metrics
        from zoo.tasks.translation import scores

        metrics = teacher_forced_metrics(predictions["token_nll"], predictions["token_correct"])
        if "translations" in predictions:
            metrics |= scores.compared(_texts(predictions), batches.references(), learned.bleu)
            metrics["cut"] = float(np.mean([row["cut"] for row in predictions["translations"]] or [0.0]))
        return metrics

    def details(self, learned: Learned, predictions: Predictions, batches: PairBatches) -> dict[str, object]:
        """sacreBLEU's signatures, and the first translations."""
        from zoo.tasks.translation import scores

        sources, references = batches.texts(), batches.references()
        first = zip(sources[:SAMPLES], references, predictions["translations"], strict=False)
        return {
            "signatures": scores.signatures(_texts(predictions), references, learned.bleu),
            "samples": [
                {"source": source, "reference": reference, **row} for source, reference, row in first
            ],
        }

    def by_length(self, learned: Learned, predictions: Predictions, batches: PairBatches) -> list[Row]:
        """Scores of translations whose sources have about as many words; see `zoo.tasks.by_length.by_length`."""
        from zoo.tasks.by_length import by_length
        from zoo.tasks.translation.scores import compared

        texts, references = _texts(predictions), batches.references()
        words = np.array([len(separated(source)) for source in batches.texts()])

        def scores(which: np.ndarray) -> Metrics:
            return compared([texts[n] for n in which], [references[n] for n in which], learned.bleu)

        return by_length(words, scores)

    def pictures(self, learned: Learned, predictions: Predictions, batches: PairBatches) -> dict[str, Figure]:
        """BLEU by length of the source."""
        from zoo.tasks.translation.pictures import by_length

        return {"by_length.png": by_length(self.by_length(learned, predictions, batches))}

    def baselines(
        self, prepared: Prepared[Learned, PairBatches]
    ) -> Callable[[PairBatches], dict[str, Metrics]]:
        """The source as it stands, and the translation of the most similar source of train."""
        from zoo.tasks.translation.scores import compared, most_similar

        train, bleu = prepared.train.split, prepared.learned.bleu

        def score(batches: PairBatches) -> dict[str, Metrics]:
            sources, references = batches.texts(), batches.references()
            similar = most_similar(train, sources)
            return {
                "copy": compared(sources, references, bleu),
                "most similar training pair": compared(similar, references, bleu),
            }

        return score

    # ---- answers

    def serve(self, model: keras.Model, learned: Learned) -> Server:
        """See `zoo.tasks.translation.serving.make`."""
        from zoo.tasks.translation.serving import make

        return make(model, learned.source, learned.target, learned.options.search)

    def answer(self, server: Server, inputs: Iterable[str], options: AnswerOptions) -> list[Row]:
        """A row for each sentence and translation: `text`, `translation`, `score`, `cut`; of many, their `rank`."""
        from zoo.tasks.translation.serving import candidates

        rows, first = answers.collect_rows(
            candidates(server, inputs, options), "text", "translation", options
        )
        if options.attention:
            _draw_attention(first, options.attention)
        return rows

    def show(self, rows: list[Row]) -> str | None:
        """Each sentence, and its translations in full below it."""
        return answers.as_text(rows, "text", "translation")


def _batches(split: Split, learned: Learned, train: PairBatches) -> PairBatches:
    """Dev or test: sources are cut, targets are whole."""
    from zoo.tasks.translation.batches import PairBatches

    sources = learned.source.encode_all(_side(split, "source"))
    targets = learned.target.encode_all(_side(split, "target"))
    cut = sources.truncate(learned.options.max_tokens, "right")
    return PairBatches.of(cut, targets, train.batch_size, split, train)


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


def _texts(predictions: Predictions) -> list[str]:
    return [row["translation"] for row in predictions["translations"]]


def _draw_attention(candidates: list[dict[str, Any]], name: str) -> None:
    """Write the maps of the best candidates of the first few sentences.

    Raises:
        UserError: the file cannot be written.
    """
    from zoo.tasks.translation.pictures import attention_maps

    best = [
        {
            "source_tokens": of_sentence["source_tokens"],
            **{name: of_sentence[name][0] for name in ("tokens", "attention", "cut")},
        }
        for of_sentence in candidates
    ]
    save(attention_maps(best), picture_path("--attention", name))


TASK = Translation()
