"""What the captioning task learns from its data."""

from __future__ import annotations

from dataclasses import dataclass

from zoo.data.subwords import SubwordTokenizer
from zoo.generation.bleu import AUTO
from zoo.tasks.captioning.options import Options


@dataclass(frozen=True)
class Learned:
    """The tokens, and what images look like. See `zoo.tasks.base.Learned`.

    Attributes:
        tokenizer: of the captions.
        shape: of the images, `(height, width, 3)`, or of their features.
        pixels: whether the data have images, not features.
        options: of the task.
        encoder_digest: fingerprint of the weights that a network of keras.applications began with, if it had any.
        bleu: the tokeniser whose tokens BLEU counts.
    """

    tokenizer: SubwordTokenizer
    shape: tuple[int, ...]
    pixels: bool
    options: Options
    encoder_digest: str | None = None
    bleu: str = AUTO

    def to_json(self) -> dict[str, object]:
        """See `zoo.tasks.base.Learned`."""
        stored = {"pieces": list(self.tokenizer.vocabulary), "shape": list(self.shape), "pixels": self.pixels}
        return stored | ({"encoder_weights": self.encoder_digest} if self.encoder_digest else {})
