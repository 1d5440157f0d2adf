"""Speech: sound → text. Many to many, without a given alignment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from datasets.base import Dataset
from datasets.input_kinds import sounds
from zoo.tasks.base import Metrics, Prepared, Row, Task
from zoo.tasks.speech.options import ATTENTION, AnswerOptions, Options

if TYPE_CHECKING:
    import keras

    from datasets.formats.signals import Sound
    from zoo.data.token_layers import TokenLayers
    from zoo.factory import RecurrentFactory
    from zoo.serving import Server
    from zoo.tasks.next_tokens import NextTokens
    from zoo.tasks.speech.batches import Predictions, SpeechBatches
    from zoo.tasks.speech.learned import Learned
    from zoo.tensors import Tensor, TokenIds

#: What a nat of the loss counts beside the character error rate, where the best epoch is chosen.
SHARE_OF_LOSS = 0.01
#: Texts beside the right ones in `metrics.json`.
SAMPLES = 10


class Speech(Task[Options, "Learned", "SpeechBatches", "Predictions", AnswerOptions]):
    """See `zoo.tasks.base.Task`."""

    summary = "sound → text (many to many, aligned by CTC or attention)"
    fields = ("sound", "text")
    input_kind = sounds.KIND
    options_type = Options
    answer_options = AnswerOptions
    # Not the loss alone: that rises again while the texts still get better; nor the rate alone: at first nothing but
    # blanks are written, and it does not move.
    monitor = ("cer_and_loss", "min")
    headline = ("wer", "cer", "exact", "loss")
    defaults: Mapping[str, object] = {
        "bidirectional": True,
        "dropout": 0.2,
        "epochs": 30,
        "patience": 5,
        "learning_rate": 3e-3,
    }

    # ---- data

    def prepare(
        self, dataset: Dataset, options: Options, batch_size: int
    ) -> Prepared[Learned, SpeechBatches]:
        """See `zoo.tasks.speech.reading.prepare`."""
        from zoo.tasks.speech.reading import prepare

        return prepare(dataset, options, batch_size)

    def restore(self, stored: Mapping[str, Any], options: Options) -> Learned:
        """See `zoo.tasks.base.Task`."""
        import zoo.tasks.speech.attention
        import zoo.tasks.speech.model  # noqa: F401  (their layers are registered, and can be loaded)
        from zoo.tasks.speech.learned import Learned

        return Learned.from_json(stored, options)

    # ---- model

    def build(
        self, prepared: Prepared[Learned, SpeechBatches], recurrent: RecurrentFactory, _options: Options
    ) -> keras.Model:
        """See `zoo.tasks.speech.model` and `zoo.tasks.speech.attention`."""
        from zoo.tasks.speech import attention, model

        of_decoder = attention if prepared.learned.options.decoder == ATTENTION else model
        return of_decoder.build(prepared.learned, recurrent)

    def token_layers(self, learned: Learned) -> tuple[TokenLayers, ...]:
        """The decoder, where there is one; the rest reads no tokens."""
        from zoo.data.token_layers import Tokens
        from zoo.generation.decoder import decoder_layers

        options = learned.options
        if options.decoder != ATTENTION:
            return ()
        tokens = Tokens(options.tokens, options.lowercase, learned.tokens.vocabulary)
        return (decoder_layers(tokens, options),)

    def language_model_of(self, options: Options) -> str | None:
        """See `zoo.tasks.base.Task`."""
        return options.language_model

    def with_language_model(self, learned: Learned, language_model: NextTokens) -> Learned:
        """See `zoo.tasks.speech.fusion`."""
        from zoo.tasks.speech.fusion import refuse_misfit

        refuse_misfit(language_model, learned.tokens, str(learned.options.language_model))
        return replace(learned, language_model=language_model)

    def loss(self, _targets: TokenIds, outputs: dict[str, Tensor]) -> Tensor:
        """Minus the logarithm of the probability of each text, `(batch,)`; of a decoder, smoothed."""
        return outputs["loss"]

    # ---- metrics

    def finish(
        self,
        learned: Learned,
        model: keras.Model,
        _served: Callable[[], Server],
        batches: SpeechBatches,
        predictions: Predictions,
    ) -> Predictions:
        """The predictions with the texts that the search finds; once, after training."""
        from zoo.tasks.speech.language_model import fused_texts
        from zoo.tasks.speech.serving import searched

        alone = searched(model, learned, batches)
        if learned.language_model is None:
            return {**predictions, "texts": alone}
        return {**predictions, "texts": fused_texts(model, learned, batches), "alone": alone}

    def calibrated(
        self,
        learned: Learned,
        model: keras.Model,
        dev: SpeechBatches,
        _predictions: Callable[[], Predictions],
    ) -> keras.Model:
        """Set what a language model counts, see `zoo.tasks.speech.language_model.calibrate`."""
        from zoo.runtime.progress import log
        from zoo.tasks.speech.language_model import calibrate

        if learned.language_model is not None:
            log(calibrate(model, learned, dev))
        return model

    def calibration(self, model: keras.Model) -> tuple[str, ...]:
        """What the language model counts, where there is one."""
        from zoo.tasks.speech.language_model import has_weights, told

        return (told(model),) if has_weights(model) else ()

    def headline_of(self, learned: Learned) -> tuple[str, ...]:
        """With a language model also the word error rate without it."""
        return self.headline if learned.language_model is None else (*self.headline, "wer_alone")

    def score(self, learned: Learned, predictions: Predictions, batches: SpeechBatches) -> Metrics:
        """Error rates, of what the search found, or before it of the best token of each step of a sound, or at each
        place of a text behind the right ones; the loss, see `loss_a_token`; and the character error rate with a
        hundredth of the loss. With a language model, after the search, the error rates without it, too: `wer_alone`
        and so on.
        """
        from zoo.tasks.speech.scores import compared, loss_a_token

        loss = loss_a_token(predictions["loss"], batches, learned)
        if not np.isfinite(loss):
            return dict.fromkeys((*self.headline, self.monitor[0]), float("nan"))
        rates = compared(batches.texts, _texts(learned, predictions))
        if "alone" in predictions:
            alone = compared(batches.texts, predictions["alone"])
            rates |= {f"{name}_alone": rate for name, rate in alone.items()}
        return {**rates, "loss": loss, "cer_and_loss": rates["cer"] + SHARE_OF_LOSS * loss}

    def details(
        self, learned: Learned, predictions: Predictions, batches: SpeechBatches
    ) -> dict[str, object]:
        """The first texts beside the right ones, and tokens that train lacks."""
        pairs = zip(batches.texts[:SAMPLES], _texts(learned, predictions), strict=False)
        unknown = [token for text in batches.texts for token in learned.tokens.unknown(text)]
        return {
            "samples": [{"reference": right, "text": found} for right, found in pairs],
            "unknown_tokens": len(unknown),
            **_of_language_model(learned),
        }

    def by_length(self, learned: Learned, predictions: Predictions, batches: SpeechBatches) -> list[Row]:
        """Error rates by the number of tokens of the right text."""
        from zoo.tasks.by_length import by_length
        from zoo.tasks.speech.scores import compared
        from zoo.tasks.speech.tokens import split

        found = _texts(learned, predictions)
        lengths = np.array([len(split(text, learned.tokens.kind)) for text in batches.texts])

        def scores(which: np.ndarray) -> Metrics:
            return compared([batches.texts[n] for n in which], [found[n] for n in which])

        return by_length(lengths, scores)

    def baselines(
        self, prepared: Prepared[Learned, SpeechBatches]
    ) -> Callable[[SpeechBatches], dict[str, Metrics]]:
        """See `zoo.tasks.speech.baselines.most_likely`."""
        from zoo.tasks.speech.baselines import MOST_LIKELY, most_likely
        from zoo.tasks.speech.scores import compared

        texts = most_likely(prepared.train, prepared.learned.tokens)
        return lambda batches: {MOST_LIKELY: compared(batches.texts, texts(batches))}

    def fitted_baselines(
        self, prepared: Prepared[Learned, SpeechBatches], options: Options
    ) -> dict[str, Callable[[], Callable[[SpeechBatches], Metrics]]]:
        """Of words, the text of the nearest recording where that takes seconds."""
        from zoo.runtime.progress import log
        from zoo.tasks.speech import baselines
        from zoo.tasks.speech.scores import compared

        if options.tokens != "words":
            return {}
        train = prepared.train
        which = baselines.recordings(train, 2 * len(prepared.valid.texts))
        if not len(which):
            log(f"left out: {baselines.NEAREST}, for sounds so long it would take minutes")
            return {}

        def fit() -> Callable[[SpeechBatches], Metrics]:
            texts = baselines.fit_nearest(train, which)
            return lambda batches: compared(batches.texts, texts(batches))

        return {baselines.NEAREST: fit}

    # ---- answers

    def serve(self, model: keras.Model, learned: Learned) -> Server:
        """See `zoo.tasks.speech.serving.make`."""
        from zoo.tasks.speech.serving import make

        return make(model, learned)

    def answer(self, server: Server, inputs: Iterable[Sound], options: AnswerOptions) -> list[Row]:
        """A row for each sound: its name, text and score, and of a decoder whether the text was cut; and a picture,
        where one is wanted.
        """
        from zoo.tasks.speech.serving import answer

        return answer(server, inputs, options.picture)

    def show(self, rows: list[Row]) -> str | None:
        """Each sound, and its text below it."""
        return "\n".join(f"{row['sound']}\n  → {row['text']}  ({row['score']:.3f})" for row in rows)


def _texts(learned: Learned, predictions: Predictions) -> list[str]:
    """What the search found; before it, what the model gives."""
    if "texts" in predictions:
        return predictions["texts"]
    return learned.tokens.decode(predictions["tokens"])


def _of_language_model(learned: Learned) -> dict[str, object]:
    """Which tokens a language model does not know; nothing where there is none."""
    from zoo.tasks.speech.fusion import unknown_tokens

    if learned.language_model is None:
        return {}
    unknown = unknown_tokens(learned.tokens, learned.language_model)
    return {"unknown_to_language_model": len(unknown)}


TASK = Speech()
