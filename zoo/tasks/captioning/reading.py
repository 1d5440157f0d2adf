"""From examples with images and captions to arrays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from datasets.base import Example, Split
from zoo.data.images import Resizer, size_of
from zoo.data.ragged import Ragged
from zoo.data.subwords import SubwordTokenizer
from zoo.layers import applications
from zoo.layers.pretrained import PretrainedEncoder
from zoo.tasks.captioning import encoders
from zoo.tasks.captioning.batches import CaptionBatches, captions_of, feature_table
from zoo.tasks.captioning.learned import Learned
from zoo.tasks.captioning.options import Options


def batches_of(split: Split, learned: Learned, train: CaptionBatches) -> CaptionBatches:
    """Dev or test, with the widths of `train`; captions are whole."""
    examples = list(split)
    images = images_of(examples, learned.shape, learned.pixels, train.pretrained)
    captions, of_image = tokens_of(examples, learned.tokenizer, learned.options)
    references = in_case_of_captions(examples, learned.options)
    batches = CaptionBatches.of(references, images, captions, of_image, train.batch_size, train.widths)
    if learned.pixels and images.dtype != np.uint8:
        batches = replace(batches, pixels=images_of(examples, learned.shape, True, None))
    return batches


def shape_of(examples: list[Example], options: Options) -> tuple[tuple[int, ...], bool]:
    """The shape of the model's images or features, and whether they are pixels."""
    first = examples[0]["image"].read()
    if first.dtype == np.uint8 and first.ndim == 3:
        usual = 0 if options.encoder == applications.SMALL else applications.SIDE
        return (*size_of(first, options.image_size or usual), 3), True
    return tuple(first.shape), False


def images_of(
    examples: list[Example], shape: tuple[int, ...], pixels: bool, pretrained: PretrainedEncoder | None
) -> np.ndarray:
    """What the model is trained on: pixels, features, or what a frozen encoder makes of pixels."""
    if not pixels:
        return feature_table(examples, shape)
    if pretrained is not None and not pretrained.trainable:
        return encoders.features(pretrained, examples, shape[0])
    return Resizer((shape[0], shape[1])).table((example["image"] for example in examples), len(examples))


def tokens_of(
    examples: list[Example], tokenizer: SubwordTokenizer, options: Options
) -> tuple[Ragged, np.ndarray]:
    """The captions of all images in tokens, and the image of each."""
    texts, of_image = captions_of(examples)
    return tokenizer.encode_all(in_case(texts, options)), of_image


def in_case(texts: list[str], options: Options) -> list[str]:
    """The texts in the case in which captions are written."""
    return [text.lower() for text in texts] if options.lowercase else texts


def in_case_of_captions(examples: list[Example], options: Options) -> list[Example]:
    """The examples with all that is true of them in the case in which captions are written."""
    if not options.lowercase or "true_captions" not in examples[0]:
        return examples
    return [
        {**example, "true_captions": in_case(list(example["true_captions"]), options)} for example in examples
    ]
