"""Images with questions, in batches whose images are each there once, however many questions they have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from datasets.base import Example, Split
from zoo.data.images import Resizer
from zoo.data.ragged import Ragged, bucket_widths
from zoo.tasks.base import Batch

if TYPE_CHECKING:
    from datasets.formats.images import Image
    from zoo.data.tokenizer import TextEncoder

#: `logits` `(questions, answers)` and `attention` `(questions, hops, rows, columns)`.
Predictions = dict[str, np.ndarray]


@dataclass(frozen=True)
class QuestionBatches:
    """Questions about images; all questions about an image are in one batch, or in neighbouring ones.

    Attributes:
        images: `(images, height, width, 3)` uint8.
        of_image: `(questions,)` the row in `images` that each question is about.
        tokens: the questions.
        answers: `(questions,)` class ids.
        kinds: what kind of question each is.
        texts: the questions as they were written.
        batch_size: questions of a batch.
        width: tokens that questions are padded to.
    """

    images: np.ndarray
    of_image: np.ndarray
    tokens: Ragged
    answers: np.ndarray
    kinds: tuple[str, ...]
    texts: tuple[str, ...]
    batch_size: int
    width: int

    @classmethod
    def of(
        cls, split: Split, encoder: TextEncoder, size: tuple[int, int], batch_size: int, width: int = 0
    ) -> QuestionBatches:
        """Read a split: each image once, in the order of its first question, made of this height and width."""
        examples = list(split)
        distinct: dict[str, Image] = {}
        for example in examples:
            distinct.setdefault(example["image"].name, example["image"])
        rows = {name: row for row, name in enumerate(distinct)}
        images = Resizer(size).table(distinct.values(), len(distinct))
        texts = tuple(example["question"] for example in examples)
        tokens = encoder.encode_all(texts).truncate(encoder.max_tokens, encoder.truncation_side)
        return cls(
            images,
            np.fromiter((rows[example["image"].name] for example in examples), np.int32, len(examples)),
            tokens,
            np.fromiter((example["answer"] for example in examples), np.int64, len(examples)),
            tuple(kind_of(example) for example in examples),
            texts,
            batch_size,
            max(width, int(bucket_widths(tokens.lengths, 1)[-1])),
        )

    def plan(self, seed: Sequence[int] | None) -> list[np.ndarray]:
        """The questions of each batch: image by image, in an order that `seed` decides, or as they are."""
        place = np.arange(len(self.images))
        if seed is not None:
            place = np.random.default_rng(seed).permutation(place)
        questions = np.argsort(place[self.of_image], kind="stable")
        starts = range(0, len(questions), self.batch_size)
        return [questions[start : start + self.batch_size] for start in starts]

    def load(self, planned: np.ndarray) -> Batch:
        """See `zoo.tasks.base.Batches`.

        The inputs are `tokens` `(batch_size, width)`, `images` `(images of this batch, height, width, 3)` uint8 and
        `image` `(batch_size,)`, each question's row in `images`.
        """
        missing = self.batch_size - len(planned)
        shown, image = np.unique(self.of_image[planned], return_inverse=True)
        tokens = self.tokens.pad(planned, self.width)
        return Batch(
            {
                "tokens": np.pad(tokens, ((0, missing), (0, 0))),
                "image": np.pad(image.astype(np.int32), (0, missing)),
                "images": self.images[shown],
            },
            np.pad(self.answers[planned], (0, missing)),
            np.pad(np.ones(len(planned), np.float32), (0, missing)),
            frozenset({"images"}),
        )

    def gather(self, plans: list[np.ndarray], outputs: list[Predictions]) -> Predictions:
        """See `zoo.tasks.base.Batches`: each output of the model, a row a question."""
        gathered = {}
        for name, example in outputs[0].items():
            gathered[name] = np.zeros((len(self.answers), *example.shape[1:]), example.dtype)
            for planned, output in zip(plans, outputs, strict=True):
                gathered[name][planned] = output[name][: len(planned)]
        return gathered


def kind_of(example: Example) -> str:
    """The kind of a question: as the data tell it, else its first two words."""
    return example.get("kind") or " ".join(example["question"].casefold().split()[:2])


def questions_of(split: Split) -> Iterator[str]:
    """The text of every question."""
    return (example["question"] for example in split)
