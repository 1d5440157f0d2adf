"""Visual question answering: image and question → answer, with attention over the image. Two inputs to one output."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from datasets.base import Dataset, Split
from datasets.errors import UserError
from datasets.input_kinds import image_questions
from zoo.tasks.base import Metrics, Prepared, Row, Task
from zoo.tasks.classification import cross_entropy, majority
from zoo.tasks.vqa.options import AnswerOptions, Options

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure

    from zoo.data.tokenizer import TextEncoder
    from zoo.factory import RecurrentFactory
    from zoo.serving import Server
    from zoo.tasks.vqa.batches import Predictions, QuestionBatches
    from zoo.tensors import Labels, Tensor


@dataclass(frozen=True)
class Learned:
    """The vocabulary, the answers, and height and width of the images. See `zoo.tasks.base.Learned`."""

    encoder: TextEncoder
    labels: tuple[str, ...]
    size: tuple[int, int]

    def to_json(self) -> dict[str, object]:
        """See `zoo.tasks.base.Learned`."""
        return {
            "vocabulary": list(self.encoder.vocabulary),
            "labels": list(self.labels),
            "size": list(self.size),
        }


class Vqa(Task[Options, Learned, "QuestionBatches", "Predictions", AnswerOptions]):
    """See `zoo.tasks.base.Task`."""

    summary = "image and question → answer, with attention over the image (two inputs to one)"
    fields = ("image", "question", "answer")
    input_kind = image_questions.KIND
    options_type = Options
    answer_options = AnswerOptions
    defaults: Mapping[str, object] = {
        "dropout": 0.0,
        "batch_size": 96,
        "learning_rate": 3e-3,
        "average": 0.99,
        "epochs": 8,
    }
    monitor = ("accuracy", "max")
    headline = ("accuracy", "macro_f1", "loss")
    outputs_can_be_averaged = True

    # ---- data

    def prepare(
        self, dataset: Dataset, options: Options, batch_size: int
    ) -> Prepared[Learned, QuestionBatches]:
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

        def batches(split: Split) -> QuestionBatches:
            return QuestionBatches.of(split, encoder, size, batch_size, train.width)

        return Prepared.of(Learned(encoder, dataset.info.labels, size), train, dataset, batches, notes)

    def restore(self, stored: Mapping[str, Any], options: Options) -> Learned:
        """See `zoo.tasks.base.Task`."""
        import zoo.layers.image_attention
        import zoo.layers.image_encoder  # noqa: F401  (registered, they can be loaded)

        height, width = stored["size"]
        return Learned(_encoder(stored["vocabulary"], options), tuple(stored["labels"]), (height, width))

    # ---- model

    def build(
        self,
        prepared: Prepared[Learned, QuestionBatches],
        recurrent: RecurrentFactory,
        options: Options,
        with_image: bool = True,
    ) -> keras.Model:
        """See `zoo.tasks.vqa.model.make`."""
        from zoo.tasks.vqa import model

        learned = prepared.learned
        return model.make(
            learned.size, learned.encoder.size, len(learned.labels), recurrent, options, with_image
        )

    def order_agnostic_baselines(
        self, prepared: Prepared[Learned, QuestionBatches], recurrent: RecurrentFactory, options: Options
    ) -> dict[str, Callable[[], keras.Model]]:
        """The same model with the words of the question without their order, and that without the image."""
        return {
            "bag of words": partial(self.build, prepared, recurrent, options),
            "bag of words, no image": partial(self.build, prepared, recurrent, options, with_image=False),
        }

    def loss(self, targets: Labels, outputs: dict[str, Tensor]) -> Tensor:
        """Cross-entropy `(batch,)` of the right answers."""
        return cross_entropy(targets, outputs["logits"])

    # ---- metrics

    def score(self, _learned: Learned, predictions: Predictions, batches: QuestionBatches) -> Metrics:
        """Accuracy, macro F1 over the answers, and cross-entropy in nats. See `zoo.tasks.vqa.scores`."""
        from zoo.tasks.vqa.scores import scores

        return scores(predictions["logits"], batches.answers)

    def details(
        self, learned: Learned, predictions: Predictions, batches: QuestionBatches
    ) -> dict[str, object]:
        """Accuracy by the kind of the question and by the answer, and which answers are taken for which."""
        from zoo.tasks.vqa.scores import tables

        return tables(predictions["logits"], batches, learned.labels)

    def baselines(
        self, prepared: Prepared[Learned, QuestionBatches]
    ) -> Callable[[QuestionBatches], dict[str, Metrics]]:
        """The most frequent answer of train, and the most frequent one to the same question there."""
        from zoo.tasks.vqa.scores import same_question, scores

        train, classes = prepared.train, len(prepared.learned.labels)

        def score(batches: QuestionBatches) -> dict[str, Metrics]:
            logits = {
                "majority": majority(train.answers, classes, len(batches.answers)),
                "question only": same_question(train, batches, classes),
            }
            return {name: scores(values, batches.answers) for name, values in logits.items()}

        return score

    def pictures(
        self, learned: Learned, predictions: Predictions, batches: QuestionBatches
    ) -> dict[str, Figure]:
        """Some images with their questions, answers and where the model looked."""
        from zoo.tasks.vqa.picture import contact_sheet

        return {"answers.png": contact_sheet(learned.labels, predictions, batches)}

    # ---- answers

    def serve(self, model: keras.Model, learned: Learned) -> Server:
        """See `zoo.tasks.vqa.serving.make`."""
        from zoo.tasks.vqa import serving

        return serving.make(model, learned.encoder, learned.labels, learned.size)

    def answer(self, server: Server, inputs: Iterable[tuple[str, str]], options: AnswerOptions) -> list[Row]:
        """A row per question: image, question, answer, its probability. See `zoo.tasks.vqa.serving.answer`."""
        from zoo.tasks.vqa import serving

        return serving.answer(server, inputs, options.attention)


def _encoder(vocabulary: list[str], options: Options) -> TextEncoder:
    from zoo.data.tokenizer import TextEncoder

    return TextEncoder(
        vocabulary, tokens="words", lowercase=True, max_tokens=options.max_tokens, truncation_side="right"
    )


TASK = Vqa()
