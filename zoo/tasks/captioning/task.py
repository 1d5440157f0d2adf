"""Captioning: image → sentence. One to many: an encoder of the image, and a decoder that writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from datasets.base import Dataset, Split
from datasets.errors import UserError
from datasets.input_kinds import images
from datasets.options import option
from zoo.generation import answers
from zoo.generation.answers import AnswerOptions
from zoo.generation.options import ATTENTION, TOKENS, GenerationOptions
from zoo.layers import applications
from zoo.runtime.figures import asked_for, save
from zoo.tasks.base import Metrics

if TYPE_CHECKING:
    from zoo.data.ragged import Ragged
    from zoo.data.subwords import SubwordTokenizer
    from zoo.layers.pretrained import PretrainedEncoder
    from zoo.tasks.captioning.batches import CaptionBatches

#: Images with their captions in `metrics.json`.
SAMPLES = 20


@dataclass(frozen=True)
class Options(GenerationOptions):
    """What is special to captions of images."""

    image_size: int = option(
        0,
        "pixels along the sides of the model's images; 0: as the first image, at most 64, and "
        f"{applications.SIDE} where the encoder is not small",
        minimum=0,
        maximum=512,
    )
    encoder: str = option(
        applications.SMALL,
        "what reads the images: a small convolutional network, or one of keras.applications",
        choices=(applications.SMALL, *applications.APPLICATIONS),
    )
    encoder_weights: str = option(
        applications.NONE,
        "what another encoder begins with: none (random), imagenet (from Keras' hub) or a file NAME.weights.h5",
        metavar="WEIGHTS",
    )
    encoder_trainable: bool | None = option(
        None, "train that encoder along; by default only where it begins with random weights"
    )
    channels: tuple[int, ...] = option(
        (32, 64, 64), "of the small encoder: features of each convolution that halves the image", metavar="FEATURES"
    )  # fmt: skip
    convolutions: int = option(0, "of the small encoder: further convolutions that keep the size", minimum=0)
    tokens: str = option("words", "what a token is", choices=tuple(TOKENS))
    lowercase: bool = option(False, "learn and write captions in lower case")
    max_tokens: int = option(50, "longer training captions are left out, and written ones ended", minimum=2)
    attention: str = option(
        "general",
        "how the decoder looks at the parts of the image; none: it starts from a vector and sees no more",
        choices=ATTENTION,
    )
    beam: int = option(3, "sequences that the search follows at once; 1: greedy", minimum=1, maximum=100)


@dataclass(frozen=True)
class Prepared:
    """Images of one size, or features, with captions as token ids. See `zoo.tasks.base.Prepared`."""

    tokenizer: SubwordTokenizer
    shape: tuple[int, ...]
    pixels: bool
    options: Options
    train: CaptionBatches | None = None
    valid: CaptionBatches | None = None
    notes: tuple[str, ...] = ()
    test_split: Split | None = None
    pretrained: PretrainedEncoder | None = None

    def test(self) -> CaptionBatches | None:
        """See `zoo.tasks.base.Prepared`."""
        return None if self.test_split is None else self.batches(self.test_split)

    def batches(self, split: Split) -> CaptionBatches:
        """Another split in the same numbers and sizes; captions are whole."""
        from zoo.tasks.captioning.batches import CaptionBatches

        assert self.train is not None
        examples = list(split)
        images = _images(examples, self.shape, self.pixels, self.pretrained)
        captions, of_image = _captions(examples, self.tokenizer, self.options)
        size, widths = self.train.batch_size, self.train.widths
        known = _known(examples, self.options)
        batches = CaptionBatches.of(known, images, captions, of_image, size, widths)
        if self.pixels and images.dtype != np.uint8:
            batches = replace(batches, pixels=_images(examples, self.shape, True, None))
        return batches

    def to_json(self) -> dict[str, Any]:
        """See `zoo.tasks.base.Prepared`."""
        stored = {"pieces": list(self.tokenizer.vocabulary), "shape": list(self.shape), "pixels": self.pixels}
        if self.pretrained is not None and self.options.encoder_weights != applications.NONE:
            from zoo.tasks.captioning.encoders import digest

            stored["encoder_weights"] = digest(self.pretrained.network.get_weights())
        return stored


class Captioning:
    """See `zoo.tasks.base.Task`."""

    summary = "image → sentence (one to many)"
    fields = ("image", "captions")
    input_kind = images.KIND
    options_type = Options
    answer_options = AnswerOptions
    defaults: Mapping[str, Any] = {
        "units": 128,
        "dropout": 0.0,
        "batch_size": 50,
        "learning_rate": 2e-3,
        "decay": "cosine",
        "average": 0.99,
        "epochs": 5,
    }
    # Not the loss: that rises again while the captions still get better.
    monitor = ("accuracy", "max")
    headline = ("true", "bleu_4", "bleu_1", "cider", "perplexity", "accuracy")

    # ---- data

    def prepare(self, dataset: Dataset, options: Options, batch_size: int) -> Prepared:
        """Learn the tokens on train, read every image once, and turn train and dev into arrays."""
        applications.check(
            options.encoder, options.encoder_weights, options.encoder_trainable, options.image_size
        )
        from zoo.data.subwords import SubwordTokenizer, learn
        from zoo.generation.tokens import taken
        from zoo.tasks.captioning import encoders
        from zoo.tasks.captioning.batches import CaptionBatches, captions_of

        examples = list(dataset.train)
        texts = _cased(captions_of(examples)[0], options)
        tokenizer = SubwordTokenizer(
            learn(texts, options.tokens, options.vocabulary, options.min_count), options.tokens
        )
        shape, pixels = _shape(examples, options)
        pretrained = encoders.make(options, shape, pixels)
        captions, of_image = _captions(examples, tokenizer, options)
        short = np.flatnonzero(captions.lengths <= options.max_tokens)
        if not len(short):
            raise UserError(
                f"every caption of train is longer than --max-tokens {options.max_tokens}; give more"
            )
        images = _images(examples, shape, pixels, pretrained)
        known = _known(examples, options)
        train = CaptionBatches.of(known, images, taken(captions, short), of_image[short], batch_size)
        notes = _notes(tokenizer, captions, len(captions) - len(short), shape, pixels, options)
        notes += () if pretrained is None else encoders.notes(options.encoder, pretrained, images)
        prepared = Prepared(tokenizer, shape, pixels, options, train, None, notes, dataset.test, pretrained)
        return replace(prepared, valid=prepared.batches(dataset.valid))

    def restore(self, stored: Mapping[str, Any], options: Options) -> Prepared:
        """See `zoo.tasks.base.Task`."""
        import zoo.layers.decoder
        import zoo.layers.image_encoder
        import zoo.layers.pretrained  # noqa: F401  (registered, they can be loaded)
        from zoo.data.subwords import SubwordTokenizer

        tokenizer = SubwordTokenizer(stored["pieces"], options.tokens)
        return Prepared(tokenizer, tuple(stored["shape"]), stored["pixels"], options)

    # ---- model

    def build(self, prepared: Prepared, recurrent: Any, options: Options) -> Any:
        """See `zoo.tasks.captioning.model.build`."""
        from zoo.tasks.captioning.model import build, spread_of

        assert prepared.train is not None
        images = prepared.train.images
        spread = None if images.dtype == np.uint8 else spread_of(images)
        pretrained = prepared.pretrained
        if pretrained is not None:
            pretrained = pretrained.copy(with_weights=options.encoder_weights != applications.NONE)
        return build(images.shape[1:], spread, prepared.tokenizer.size, recurrent, options, pretrained)

    def trivial_models(self, prepared: Prepared, blind: Any, options: Options) -> dict[str, Any]:
        """None: what needs no recurrence is to look captions up."""
        return {}

    def loss(self, targets: Any, predictions: Any) -> Any:
        """Cross-entropy of each right token, smoothed, `(batch, steps)`."""
        return predictions["loss"]

    # ---- metrics

    def finish(self, prepared: Prepared, model: Any, batches: CaptionBatches, predictions: Any) -> Any:
        """The predictions with the captions found by the search, `found`, and where those of a few images looked,
        `looked`; once, after training."""
        from zoo.tasks.captioning.pictures import MOST_MAPS
        from zoo.tasks.captioning.serving import describe_all, looked_at

        server, images = self.serve(model, prepared), batches.given
        few = np.linspace(0, len(images) - 1, min(MOST_MAPS, len(images))).round().astype(int)
        return {
            **predictions,
            "found": describe_all(server, images),
            "looked": looked_at(server, images[few]),
        }

    def score(self, prepared: Prepared, predictions: Mapping[str, Any], targets: CaptionBatches) -> Metrics:
        """Teacher-forced metrics on people's captions; and, after the search, how good its own ones are."""
        from zoo.generation.scores import teacher_forced_metrics
        from zoo.tasks.captioning import scores

        metrics = teacher_forced_metrics(predictions["token_nll"], predictions["token_correct"])
        if "found" in predictions:
            captions = _texts(predictions)
            metrics |= scores.compared(captions, targets.references) | _true(captions, targets)
            metrics["cut"] = float(np.mean([one["cut"] for one in predictions["found"]] or [0.0]))
        return metrics

    def details(
        self, prepared: Prepared, predictions: Mapping[str, Any], targets: CaptionBatches
    ) -> dict[str, Any]:
        """sacreBLEU's signatures, how many captions differ, and the first ones."""
        from zoo.tasks.captioning import scores

        captions = _texts(predictions)
        samples = zip(targets.names, targets.references, predictions["found"], strict=True)
        return {
            "signatures": scores.signatures(captions, targets.references),
            "different_captions": len(set(captions)),
            "samples": [
                {"image": name, "references": list(references), **one}
                for name, references, one in list(samples)[:SAMPLES]
            ],
        }

    def pictures(
        self, prepared: Prepared, predictions: Mapping[str, Any], batches: CaptionBatches
    ) -> dict[str, Any]:
        """Some images with their captions, and where the model looked for each word of a few."""
        from zoo.tasks.captioning.pictures import attention_maps, contact_sheet

        drawn = {"captions.png": contact_sheet(_texts(predictions), batches)}
        looked = predictions["looked"]
        if looked and looked[0]["attention"].shape[-1]:
            drawn["attention.png"] = attention_maps(_best(looked))
        return drawn

    def trivial_rows(self, prepared: Prepared, batches: CaptionBatches) -> dict[str, Metrics]:
        """The first caption of the training image that looks most alike, and that of one person against the others'."""
        from zoo.tasks.captioning.scores import compared, nearest

        train = prepared.train
        assert train is not None
        found = [train.references[n][0] for n in nearest(train.images, batches.images)]
        rows = {"nearest training image": compared(found, batches.references) | _true(found, batches)}
        several = [captions for captions in batches.references if len(captions) > 1]
        if several:
            rows["one person"] = compared([own for own, *_ in several], [others for _, *others in several])
        return rows

    # ---- answers

    def serve(self, model: Any, prepared: Prepared) -> Any:
        """See `zoo.tasks.captioning.serving.make`."""
        from zoo.tasks.captioning.serving import make

        return make(model, prepared.tokenizer, prepared.shape, prepared.pixels, prepared.options.search)

    def answer(
        self, server: Any, inputs: Iterable[str], options: AnswerOptions | None = None
    ) -> list[dict[str, Any]]:
        """A row for each image and caption: `image`, `caption`, `score`, `cut`; of many captions, their `rank`."""
        from zoo.tasks.captioning.serving import candidates

        options = options or AnswerOptions()
        options.check()
        found = candidates(server, inputs, options)
        rows, first = answers.collect_rows(found, "image", "caption", options)
        if options.attention:
            _draw_attention(first, options.attention)
        return rows

    def show(self, rows: list[dict[str, Any]]) -> str | None:
        """Each image, and its captions in full below it."""
        return answers.as_text(rows, "image", "caption")


def _shape(examples: list[Any], options: Options) -> tuple[tuple[int, ...], bool]:
    """The shape of the model's images or features, and whether they are pixels."""
    from zoo.data.images import size_of

    first = examples[0]["image"].read()
    if first.dtype == np.uint8 and first.ndim == 3:
        usual = 0 if options.encoder == applications.SMALL else applications.SIDE
        return (*size_of(first, options.image_size or usual), 3), True
    return tuple(first.shape), False


def _images(
    examples: list[Any], shape: tuple[int, ...], pixels: bool, pretrained: PretrainedEncoder | None
) -> np.ndarray:
    """What the model is trained on: pixels, features, or what a frozen encoder makes of pixels."""
    from zoo.data.images import Resizer
    from zoo.tasks.captioning.batches import feature_table

    if not pixels:
        return feature_table(examples, shape)
    if pretrained is not None and not pretrained.trainable:
        from zoo.tasks.captioning.encoders import features

        return features(pretrained, examples, shape[0])
    return Resizer((shape[0], shape[1])).table((example["image"] for example in examples), len(examples))


def _captions(
    examples: list[Any], tokenizer: SubwordTokenizer, options: Options
) -> tuple[Ragged, np.ndarray]:
    """The captions of all images in tokens, and the image of each."""
    from zoo.tasks.captioning.batches import captions_of

    texts, of_image = captions_of(examples)
    return tokenizer.encode_all(_cased(texts, options)), of_image


def _known(examples: list[Any], options: Options) -> list[Any]:
    """The examples with all that is true of them in the case in which captions are written."""
    if not options.lowercase or "true_captions" not in examples[0]:
        return examples
    return [{**one, "true_captions": _cased(list(one["true_captions"]), options)} for one in examples]


def _cased(texts: list[str], options: Options) -> list[str]:
    return [text.lower() for text in texts] if options.lowercase else texts


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


def _texts(predictions: Mapping[str, Any]) -> list[str]:
    return [one["caption"] for one in predictions["found"]]


def _true(captions: list[str], batches: CaptionBatches) -> Metrics:
    """The share of captions that are among all that is right, where the data know all of that."""
    if not batches.true:
        return {}
    right = [caption in true for caption, true in zip(captions, batches.true, strict=True)]
    return {"true": float(np.mean(right))}


def _draw_attention(found: list[dict[str, Any]], name: str) -> None:
    """Write where the best captions of the first few images looked.

    Raises:
        UserError: the file cannot be written.
    """
    from zoo.tasks.captioning.pictures import attention_maps

    save(attention_maps(_best(found)), asked_for("--attention", name))


def _best(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The image and the best of its candidates, as `attention_maps` takes them."""
    return [
        {"pixels": one["pixels"], "tokens": one["tokens"][0], "attention": one["attention"][0]}
        for one in found
    ]


TASK = Captioning()
