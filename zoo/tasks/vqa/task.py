"""Visual question answering: image and question → answer, with attention over the image. Two inputs to one output."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from datasets.base import Dataset, Split
from datasets.errors import UserError
from datasets.input_kinds import image_questions
from datasets.options import option
from zoo.runtime.figures import asked_for
from zoo.tasks.base import Metrics

if TYPE_CHECKING:
    from zoo.data.tokenizer import TextEncoder
    from zoo.tasks.vqa.batches import QuestionBatches


@dataclass(frozen=True)
class Options:
    """What is special to questions about images."""

    image_size: int = option(
        0,
        "pixels along the sides of the model's images; 0: as the first image, at most 64",
        minimum=0,
        maximum=512,
    )
    channels: tuple[int, ...] = option(
        (16, 32, 64, 64), "features after each convolution that halves the image", metavar="FEATURES"
    )
    convolutions: int = option(0, "further convolutions that keep the size", minimum=0)
    attention: str = option(
        "additive",
        "how a part of the image is scored by the question",
        choices=("additive", "multiplicative"),
    )
    hops: int = option(1, "how many times to look at the image", minimum=1, maximum=8)
    attention_units: int = option(64, "size of what attention sees and asks", minimum=1)
    fusion: str = option(
        "multiplicative",
        "how question and image are joined",
        choices=("multiplicative", "concatenating"),
    )
    embedding: int = option(32, "size of the token vectors", minimum=1)
    max_tokens: int = option(40, "longer questions are cut to this many tokens", minimum=1)
    vocabulary: int = option(10_000, "the most frequent tokens that are told apart", minimum=1)
    min_count: int = option(1, "tokens seen less often in training are unknown", minimum=1)


@dataclass(frozen=True)
class AnswerOptions:
    """What else is wanted of an answer."""

    attention: str | None = option(
        None, "write a picture of where the model looked at each image (.png, .pdf, .svg)", metavar="FILE"
    )

    def check(self) -> None:
        """Refuse a picture of an unknown kind, or that there is no folder for.

        Raises:
            UserError: see there.
        """
        if self.attention is not None:
            asked_for("--attention", self.attention)


@dataclass(frozen=True)
class Prepared:
    """Images as pixels of one size, questions as token ids. See `zoo.tasks.base.Prepared`."""

    encoder: TextEncoder
    labels: tuple[str, ...]
    size: tuple[int, int]
    train: QuestionBatches | None = None
    valid: QuestionBatches | None = None
    notes: tuple[str, ...] = ()
    test_split: Split | None = None

    def test(self) -> QuestionBatches | None:
        """See `zoo.tasks.base.Prepared`."""
        return None if self.test_split is None else self.batches(self.test_split)

    def batches(self, split: Split) -> QuestionBatches:
        """Another split in the same numbers and sizes."""
        from zoo.tasks.vqa.batches import QuestionBatches

        assert self.train is not None
        return QuestionBatches.of(split, self.encoder, self.size, self.train.batch_size, self.train.width)

    def to_json(self) -> dict[str, Any]:
        """See `zoo.tasks.base.Prepared`."""
        return {
            "vocabulary": list(self.encoder.vocabulary),
            "labels": list(self.labels),
            "size": list(self.size),
        }


class Vqa:
    """See `zoo.tasks.base.Task`."""

    summary = "image and question → answer, with attention over the image (two inputs to one)"
    fields = ("image", "question", "answer")
    input_kind = image_questions.KIND
    options_type = Options
    answer_options = AnswerOptions
    defaults: Mapping[str, Any] = {
        "dropout": 0.0,
        "batch_size": 96,
        "learning_rate": 3e-3,
        "average": 0.99,
        "epochs": 8,
    }
    monitor = ("accuracy", "max")
    headline = ("accuracy", "macro_f1", "loss")

    # ---- data

    def prepare(self, dataset: Dataset, options: Options, batch_size: int) -> Prepared:
        """Learn the vocabulary on train, read every image once, and turn train and dev into arrays."""
        from zoo.data.images import size_of
        from zoo.data.tokenizer import learn_vocabulary
        from zoo.tasks.vqa.batches import QuestionBatches, questions_of

        vocabulary, _ = learn_vocabulary(
            questions_of(dataset.train),
            tokens="words",
            lowercase=True,
            size=options.vocabulary,
            min_count=options.min_count,
        )
        pixels = next(iter(dataset.train))["image"].read()
        if pixels.ndim != 3:
            raise UserError(
                f"{dataset.info.name} has features in place of images; this task needs the images"
            )
        size = size_of(pixels, options.image_size)
        encoder = _encoder(vocabulary, options)
        train = QuestionBatches.of(dataset.train, encoder, size, batch_size)
        notes = (
            f"questions: {len(vocabulary):,} different tokens, {len(dataset.info.labels):,} answers; "
            f"images: {len(train.images):,} in train, {size[0]} x {size[1]} pixels",
        )
        prepared = Prepared(encoder, dataset.info.labels, size, train, None, notes, dataset.test)
        return replace(prepared, valid=prepared.batches(dataset.valid))

    def restore(self, stored: Mapping[str, Any], options: Options) -> Prepared:
        """See `zoo.tasks.base.Task`."""
        import zoo.layers.image_attention
        import zoo.layers.image_encoder  # noqa: F401  (registered, they can be loaded)

        height, width = stored["size"]
        return Prepared(_encoder(stored["vocabulary"], options), tuple(stored["labels"]), (height, width))

    # ---- model

    def build(self, prepared: Prepared, recurrent: Any, options: Options, sees: bool = True) -> Any:
        """See `zoo.tasks.vqa.model.make`."""
        from zoo.tasks.vqa import model

        return model.make(
            prepared.size, prepared.encoder.size, len(prepared.labels), recurrent, options, sees
        )

    def trivial_models(self, prepared: Prepared, blind: Any, options: Options) -> dict[str, Any]:
        """The same model with the words of the question without their order, and that without the image."""
        return {
            "bag of words": partial(self.build, prepared, blind, options),
            "bag of words, no image": partial(self.build, prepared, blind, options, sees=False),
        }

    def loss(self, targets: Any, predictions: Any) -> Any:
        """Cross-entropy `(batch,)` of the right answers."""
        import keras

        return keras.losses.sparse_categorical_crossentropy(targets, predictions["logits"], from_logits=True)

    # ---- metrics

    def score(self, prepared: Prepared, predictions: Any, targets: QuestionBatches) -> Metrics:
        """Accuracy, macro F1 over the answers, and cross-entropy in nats. See `zoo.tasks.vqa.scores`."""
        from zoo.tasks.vqa import scores

        return scores.scores(predictions["logits"], targets.answers)

    def details(self, prepared: Prepared, predictions: Any, targets: QuestionBatches) -> dict[str, Any]:
        """Accuracy by the kind of the question and by the answer, and which answers are taken for which."""
        from zoo.tasks.vqa import scores

        return scores.tables(predictions["logits"], targets, prepared.labels)

    def trivial_rows(self, prepared: Prepared, batches: QuestionBatches) -> dict[str, Metrics]:
        """The most frequent answer of train, and the most frequent one to the same question there."""
        from zoo.tasks.vqa import scores

        assert prepared.train is not None
        count = len(prepared.labels)
        rows = {
            "majority": scores.majority(prepared.train, batches, count),
            "question only": scores.same_question(prepared.train, batches, count),
        }
        return {name: scores.scores(logits, batches.answers) for name, logits in rows.items()}

    def pictures(self, prepared: Prepared, predictions: Any, batches: QuestionBatches) -> dict[str, Any]:
        """Some images with their questions, answers and where the model looked."""
        from zoo.tasks.vqa import picture

        return {"answers.png": picture.contact_sheet(prepared.labels, predictions, batches)}

    # ---- answers

    def serve(self, model: Any, prepared: Prepared) -> Any:
        """See `zoo.tasks.vqa.serving.make`."""
        from zoo.tasks.vqa import serving

        return serving.make(model, prepared.encoder, prepared.labels, prepared.size)

    def answer(
        self,
        server: Any,
        inputs: Iterable[Any],
        options: AnswerOptions = AnswerOptions(),
    ) -> list[dict[str, Any]]:
        """A row per question: image, question, answer, its probability. See `zoo.tasks.vqa.serving.answer`."""
        from zoo.tasks.vqa import serving

        options.check()
        return serving.answer(server, inputs, options.attention)


def _encoder(vocabulary: list[str], options: Options) -> TextEncoder:
    from zoo.data.tokenizer import TextEncoder

    return TextEncoder(
        vocabulary, tokens="words", lowercase=True, max_tokens=options.max_tokens, truncation_side="right"
    )


TASK = Vqa()
