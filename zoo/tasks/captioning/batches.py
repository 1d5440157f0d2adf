"""Images with captions, in batches whose images are each there once, however many captions they have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from datasets.base import Example
from datasets.errors import UserError
from zoo.data.ragged import Ragged
from zoo.data.subwords import BEGIN, END
from zoo.generation.tokens import gather_tokens, sentence_widths, slices, with_special_tokens
from zoo.tasks.base import Batch

if TYPE_CHECKING:
    from zoo.layers.pretrained import PretrainedEncoder

#: `token_nll` and `token_correct`, `(tokens,)`. After the search also `captions`, a row an image: `caption`, `score`,
#: `cut`; and `attention`, for a few images what the signature `search` gives.
Predictions = dict[str, Any]
#: Batches whose captions are sorted by length together, after being shuffled.
POOL = 50


@dataclass(frozen=True)
class CaptionPlan:
    """Which captions make up one batch, how wide they are padded, and to how many rows."""

    which: np.ndarray
    width: int
    size: int


@dataclass(frozen=True)
class CaptionBatches:
    """Captions of images; each caption is an example.

    Attributes:
        images: pixels `(images, height, width, 3)` uint8, or features `(images, …)` float.
        of_image: `(captions,)` the row in `images` of each caption.
        decoded: the captions, each from `BEGIN` to `END`.
        batch_size: captions of a batch.
        widths: rising, the last at least as long as the longest caption.
        names: of the images.
        references: all captions of each image, as texts.
        true: all sentences that are right for each image, where the data know them; else empty.
        pixels: where `images` are features that a frozen encoder made, the images themselves, unless nobody will look
            at them.
        pretrained: in the training split, the network of keras.applications that encodes the images, if one does.
    """

    images: np.ndarray
    of_image: np.ndarray
    decoded: Ragged
    batch_size: int
    widths: np.ndarray
    names: tuple[str, ...]
    references: tuple[tuple[str, ...], ...]
    true: tuple[frozenset[str], ...] = ()
    pixels: np.ndarray | None = None
    pretrained: PretrainedEncoder | None = None

    @classmethod
    def of(
        cls,
        examples: list[Example],
        images: np.ndarray,
        captions: Ragged,
        of_image: np.ndarray,
        batch_size: int,
        known: np.ndarray | None = None,
    ) -> CaptionBatches:
        """Batches of captions that have neither `BEGIN` nor `END` yet, with the widths `known` where there are.

        Args:
            examples: of a split, in the order of `images`.
            images, of_image, batch_size: see the class.
            captions: in tokens, in the order of `of_image`.
            known: widths of other batches, to be taken again.
        """
        decoded = with_special_tokens(captions, [BEGIN], [END])
        return cls(
            images,
            of_image,
            decoded,
            batch_size,
            sentence_widths(decoded.lengths, known),
            tuple(example["image"].name for example in examples),
            tuple(tuple(example["captions"]) for example in examples),
            tuple(frozenset(example["true_captions"]) for example in examples if "true_captions" in example),
        )

    @property
    def given(self) -> np.ndarray:
        """What the exported model takes: pixels where the data have images, else features."""
        return self.images if self.pixels is None else self.pixels

    def plan(self, seed: Sequence[int] | None) -> list[CaptionPlan]:
        """See `zoo.tasks.base.Batches`.

        Captions of an image that has to be encoded from pixels stand in one batch or in neighbouring ones; features
        cost nothing, and their captions are shuffled one by one.
        """
        if seed is None:
            return [self._planned(rows) for rows in slices(np.arange(len(self.decoded)), self.batch_size)]
        random = np.random.default_rng(seed)
        if self.images.dtype == np.uint8:
            place = random.permutation(len(self.images))
            order = np.argsort(place[self.of_image], kind="stable")
            return [self._planned(rows) for rows in slices(order, self.batch_size)]
        buckets = np.searchsorted(self.widths, self.decoded.lengths)
        plans = []
        for pool in slices(random.permutation(len(self.decoded)), POOL * self.batch_size):
            ordered = pool[np.argsort(buckets[pool], kind="stable")]
            plans += [self._planned(rows) for rows in slices(ordered, self.batch_size)]
        return [plans[k] for k in random.permutation(len(plans))]

    def _planned(self, rows: np.ndarray) -> CaptionPlan:
        width = int(self.widths[np.searchsorted(self.widths, self.decoded.lengths[rows].max())])
        return CaptionPlan(rows, width, self.batch_size)

    def load(self, planned: CaptionPlan) -> Batch:
        """See `zoo.tasks.base.Batches`.

        The inputs are `images`, those of this batch; `image` `(batch,)`, the row there of each caption; and `caption`
        `(batch, time + 1)`. Targets `(batch, time)` are the latter from the second token on.
        """
        missing = planned.size - len(planned.which)
        shown, image = np.unique(self.of_image[planned.which], return_inverse=True)
        caption = np.pad(self.decoded.pad(planned.which, planned.width), ((0, missing), (0, 0)))
        images = self.images[shown]
        return Batch(
            {
                "images": images if images.dtype == np.uint8 else images.astype(np.float32),
                "image": np.pad(image.astype(np.int32), (0, missing)),
                "caption": caption,
            },
            caption[:, 1:],
            (caption[:, 1:] != 0).astype(np.float32),
            frozenset({"images"}),
        )

    def gather(self, plans: list[CaptionPlan], outputs: list[dict[str, np.ndarray]]) -> Predictions:
        """`token_nll` and `token_correct` of every token (`END` included), of all captions in order, `(tokens,)`."""
        which, widths = [plan.which for plan in plans], [plan.width - 1 for plan in plans]
        return gather_tokens(self.decoded.lengths - 1, which, widths, outputs)


def feature_table(examples: list[Example], shape: tuple[int, ...] | None = None) -> np.ndarray:
    """The features of all images, `(images, …)` float32.

    Args:
        examples: of a split.
        shape: of the features of an image; None takes that of the first.

    Raises:
        UserError: features of another shape than the others, or that are no numbers.
    """
    table = None
    for row, example in enumerate(examples):
        values = example["image"].read()
        if table is None:
            shape = values.shape if shape is None else shape
            table = np.empty((len(examples), *shape), np.float32)
        check_shape(example["image"].name, values, table.shape[1:])
        table[row] = values
    return np.zeros((0, *(shape or ())), np.float32) if table is None else table


def check_shape(name: str, values: np.ndarray, shape: tuple[int, ...]) -> None:
    """Raise UserError unless features of an image are finite numbers of this shape."""
    if values.shape != shape:
        raise UserError(
            f"{name}: features of shape {_text(values.shape)}, where the model's are {_text(shape)}"
        )
    if not np.isfinite(values).all():
        raise UserError(f"{name}: features that are no finite numbers")


def _text(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "a single number"


def captions_of(examples: Iterable[Example]) -> tuple[list[str], np.ndarray]:
    """All captions of all images, and the image's number of each."""
    texts, image = [], []
    for number, example in enumerate(examples):
        texts += example["captions"]
        image += [number] * len(example["captions"])
    return texts, np.array(image, np.int64)
