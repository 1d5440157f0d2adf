"""Captioning: image → sentence. One to many: an encoder of the image, and a decoder that writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from datasets.base import Dataset, Split
from datasets.errors import UserError
from datasets.input_kinds import images
from zoo.generation import answers
from zoo.generation.answers import AnswerOptions
from zoo.generation.bleu import check_tokenizer, note_on_tokenizer, tokenizer_of
from zoo.generation.options import TOKENS
from zoo.layers import applications
from zoo.runtime.figures import picture_path, save
from zoo.tasks.base import Metrics, Prepared, Row, Task
from zoo.tasks.captioning.options import Options

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure

    from zoo.data.ragged import Ragged
    from zoo.data.subwords import SubwordTokenizer
    from zoo.data.token_layers import TokenLayers
    from zoo.factory import RecurrentFactory
    from zoo.serving import Server
    from zoo.tasks.captioning.batches import CaptionBatches, Predictions
    from zoo.tasks.captioning.learned import Learned
    from zoo.tensors import StepLabels, Tensor

#: Images with their captions in `metrics.json`.
SAMPLES = 20


class Captioning(Task[Options, "Learned", "CaptionBatches", "Predictions", AnswerOptions]):
    """See `zoo.tasks.base.Task`."""

    summary = "image → sentence (one to many)"
    fields = ("image", "captions")
    input_kind = images.KIND
    options_type = Options
    answer_options = AnswerOptions
    defaults: Mapping[str, object] = {
        "units": 128,
        "dropout": 0.0,
        "batch_size": 50,
        "learning_rate": 2e-3,
        "decay": "cosine",
        "average": 0.99,
        "epochs": 5,
    }
    # Not the loss: that rises again while the captions still get better. Nor the accuracy: where many captions are
    # right, it tells whose words the most probable ones happen to be.
    monitor = ("probability", "max")
    headline = ("true", "bleu_4", "bleu_1", "cider", "perplexity", "accuracy")

    # ---- data

    def prepare(
        self, dataset: Dataset, options: Options, batch_size: int
    ) -> Prepared[Learned, CaptionBatches]:
        """Learn the tokens on train, read every image once, and turn train and dev into arrays."""
        applications.check(
            options.encoder, options.encoder_weights, options.encoder_trainable, options.image_size
        )
        from zoo.data.subwords import SubwordTokenizer, learn
        from zoo.tasks.captioning import encoders, reading
        from zoo.tasks.captioning.batches import CaptionBatches, captions_of
        from zoo.tasks.captioning.learned import Learned
        from zoo.tasks.captioning.scores import BLANKS

        check_tokenizer(options.bleu_tokenize)
        examples = list(dataset.train)
        texts = reading.in_case(captions_of(examples)[0], options)
        tokenizer = SubwordTokenizer(
            learn(texts, options.tokens, options.vocabulary, options.min_count), options.tokens
        )
        shape, pixels = reading.shape_of(examples, options)
        pretrained = encoders.make(options, shape, pixels)
        captions, of_image = reading.tokens_of(examples, tokenizer, options)
        short = np.flatnonzero(captions.lengths <= options.max_tokens)
        if not len(short):
            raise UserError(
                f"every caption of train is longer than --max-tokens {options.max_tokens}; give more"
            )
        images = reading.images_of(examples, shape, pixels, pretrained)
        references = reading.in_case_of_captions(examples, options)
        batches = CaptionBatches.of(references, images, captions.take(short), of_image[short], batch_size)
        train = replace(batches, pretrained=pretrained)
        notes = _notes(tokenizer, captions, len(captions) - len(short), shape, pixels, options)
        notes += () if pretrained is None else encoders.notes(options.encoder, pretrained, images)
        bleu = tokenizer_of(options.bleu_tokenize, texts, BLANKS)
        notes += tuple(note_on_tokenizer(bleu, options.bleu_tokenize, BLANKS))
        learned = Learned(tokenizer, shape, pixels, options, encoders.digest_of(pretrained, options), bleu)

        def other_batches(split: Split) -> CaptionBatches:
            return reading.batches_of(split, learned, train)

        return Prepared.of(learned, train, dataset, other_batches, notes)

    def restore(self, stored: Mapping[str, Any], options: Options) -> Learned:
        """See `zoo.tasks.base.Task`."""
        import zoo.layers.decoder
        import zoo.layers.image_encoder
        import zoo.layers.pretrained  # noqa: F401  (registered, they can be loaded)
        from zoo.data.subwords import SubwordTokenizer
        from zoo.tasks.captioning.learned import Learned

        tokenizer = SubwordTokenizer(stored["pieces"], options.tokens)
        digest = stored.get("encoder_weights")
        return Learned(tokenizer, tuple(stored["shape"]), stored["pixels"], options, digest)

    # ---- model

    def build(
        self, prepared: Prepared[Learned, CaptionBatches], recurrent: RecurrentFactory, options: Options
    ) -> keras.Model:
        """See `zoo.tasks.captioning.model.build`."""
        from zoo.tasks.captioning.model import build, spread_of

        images, pretrained = prepared.train.images, prepared.train.pretrained
        spread = None if images.dtype == np.uint8 else spread_of(images)
        if pretrained is not None:
            pretrained = pretrained.copy(with_weights=options.encoder_weights != applications.NONE)
        vocabulary = prepared.learned.tokenizer.size
        return build(images.shape[1:], spread, vocabulary, recurrent, options, pretrained)

    def token_layers(self, learned: Learned) -> tuple[TokenLayers, ...]:
        """The decoder; the encoder reads no tokens."""
        from zoo.generation.decoder import decoder_layers, tokens_of

        return (decoder_layers(tokens_of(learned.tokenizer), learned.options),)

    def loss(self, _targets: StepLabels, outputs: dict[str, Tensor]) -> Tensor:
        """Cross-entropy of each right token, smoothed, `(batch, steps)`."""
        return outputs["loss"]

    # ---- metrics

    def finish(
        self,
        _learned: Learned,
        _model: keras.Model,
        served: Callable[[], Server],
        batches: CaptionBatches,
        predictions: Predictions,
    ) -> Predictions:
        """The predictions with the captions that the search finds, and where those of a few images looked; once,
        after training."""
        from zoo.tasks.captioning.pictures import MOST_MAPS
        from zoo.tasks.captioning.serving import describe_all, looked_at

        server, images = served(), batches.given
        few = np.linspace(0, len(images) - 1, min(MOST_MAPS, len(images))).round().astype(int)
        captions, attention = describe_all(server, images), looked_at(server, images[few])
        return {**predictions, "captions": captions, "attention": attention}

    def score(self, learned: Learned, predictions: Predictions, batches: CaptionBatches) -> Metrics:
        """Teacher-forced metrics on people's captions; and, after the search, how good its own ones are."""
        from zoo.generation.scores import teacher_forced_metrics
        from zoo.tasks.captioning.scores import compared, share_true

        metrics = teacher_forced_metrics(predictions["token_nll"], predictions["token_correct"])
        metrics["probability"] = float(np.exp(-predictions["token_nll"]).mean())
        if "captions" in predictions:
            captions = _texts(predictions)
            metrics |= compared(captions, batches.references, learned.bleu)
            metrics |= share_true(captions, batches.true)
            metrics["cut"] = float(np.mean([row["cut"] for row in predictions["captions"]] or [0.0]))
        return metrics

    def details(
        self, learned: Learned, predictions: Predictions, batches: CaptionBatches
    ) -> dict[str, object]:
        """sacreBLEU's signatures, how many captions differ, and the first ones."""
        from zoo.tasks.captioning.scores import signatures

        captions = _texts(predictions)
        samples = list(zip(batches.names, batches.references, predictions["captions"], strict=True))
        return {
            "signatures": signatures(captions, batches.references, learned.bleu),
            "different_captions": len(set(captions)),
            "samples": [
                {"image": name, "references": list(references), **row}
                for name, references, row in samples[:SAMPLES]
            ],
        }

    def pictures(
        self, _learned: Learned, predictions: Predictions, batches: CaptionBatches
    ) -> dict[str, Figure]:
        """Some images with their captions, and where the model looked for each word of a few."""
        from zoo.tasks.captioning.pictures import attention_maps, contact_sheet

        figures = {"captions.png": contact_sheet(_texts(predictions), batches)}
        attention = predictions["attention"]
        if attention and attention[0]["attention"].shape[-1]:
            figures["attention.png"] = attention_maps(_best(attention))
        return figures

    def baselines(
        self, prepared: Prepared[Learned, CaptionBatches]
    ) -> Callable[[CaptionBatches], dict[str, Metrics]]:
        """The first caption of the training image that looks most alike, and that of one person against the others'."""
        from zoo.tasks.captioning.scores import compared, nearest, share_true

        train, bleu = prepared.train, prepared.learned.bleu

        def score(batches: CaptionBatches) -> dict[str, Metrics]:
            captions = [train.references[n][0] for n in nearest(train.images, batches.images)]
            of_nearest = compared(captions, batches.references, bleu)
            metrics = {"nearest training image": of_nearest | share_true(captions, batches.true)}
            several = [captions for captions in batches.references if len(captions) > 1]
            if several:
                own, others = [first for first, *_ in several], [rest for _, *rest in several]
                metrics["one person"] = compared(own, others, bleu)
            return metrics

        return score

    # ---- answers

    def serve(self, model: keras.Model, learned: Learned) -> Server:
        """See `zoo.tasks.captioning.serving.make`."""
        from zoo.tasks.captioning.serving import make

        return make(model, learned.tokenizer, learned.shape, learned.pixels, learned.options.search)

    def answer(self, server: Server, inputs: Iterable[str], options: AnswerOptions) -> list[Row]:
        """A row for each image and caption: `image`, `caption`, `score`, `cut`; of many captions, their `rank`."""
        from zoo.tasks.captioning.serving import candidates

        rows, first = answers.collect_rows(candidates(server, inputs, options), "image", "caption", options)
        if options.attention:
            _draw_attention(first, options.attention)
        return rows

    def show(self, rows: list[Row]) -> str | None:
        """Each image, and its captions in full below it."""
        return answers.as_text(rows, "image", "caption")


def _notes(
    tokenizer: SubwordTokenizer,
    captions: Ragged,
    left_out: int,
    shape: tuple[int, ...],
    pixels: bool,
    options: Options,
) -> tuple[str, ...]:
    unknown = float((captions.values == 1).mean()) if len(captions.values) else 0.0
    size = " x ".join(map(str, shape[:2] if pixels else shape))
    notes = [
        f"{'images' if pixels else 'features'}: {size}; captions: {len(captions):,} in train, "
        f"{len(tokenizer.vocabulary):,} different {TOKENS[options.tokens]}, {unknown:.1%} of them unknown"
    ]
    if left_out:
        notes.append(
            f"left out: {left_out:,} captions longer than {options.max_tokens} tokens (--max-tokens)"
        )
    if len(shape) == 1 and options.attention != "none":
        notes.append("one vector an image: the decoder starts from it, and there are no parts to attend to")
    return tuple(notes)


def _texts(predictions: Predictions) -> list[str]:
    return [row["caption"] for row in predictions["captions"]]


def _draw_attention(candidates: list[dict[str, Any]], name: str) -> None:
    """Write where the best captions of the first few images looked.

    Raises:
        UserError: the file cannot be written.
    """
    from zoo.tasks.captioning.pictures import attention_maps

    save(attention_maps(_best(candidates)), picture_path("--attention", name))


def _best(candidates: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The image and the best of its candidates, as `attention_maps` takes them."""
    return [
        {"pixels": of_image["pixels"], "tokens": of_image["tokens"][0], "attention": of_image["attention"][0]}
        for of_image in candidates
    ]


TASK = Captioning()
