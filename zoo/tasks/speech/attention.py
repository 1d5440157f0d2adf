"""A decoder that attends to the steps of a sound (Chan et al. 2016, "Listen, Attend and Spell"): the model.

spectrum → convolutions that shorten time → recurrent layers → at each token the decoder of `zoo.layers.decoder`
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import keras
from keras import ops

from zoo.data.subwords import END, RESERVED
from zoo.generation.decoder import make_decoder
from zoo.keras_types import Config, LayerArguments
from zoo.layers.decoder import TokenLoss
from zoo.layers.states import summary
from zoo.tasks.sound import stretched
from zoo.tasks.speech.learned import Learned
from zoo.tasks.speech.listening import listened
from zoo.tensors import Mask, StepLogits, Tensor, TokenIds

if TYPE_CHECKING:
    from zoo.factory import RecurrentFactory

ENCODER, DECODER = "encoder", "decoder"


def build(learned: Learned, recurrent: RecurrentFactory) -> keras.Model:
    """From `vectors` `(batch, frames, bands)`, their `mask` `(batch, frames)` and `text` `(batch, tokens + 2)`, ids
    from `BEGIN` to `END`, 0 behind it, to what `TextLoss` gives.
    """
    options = learned.options
    vectors = keras.Input((None, len(learned.mean)), dtype="float32", name="vectors")
    mask = keras.Input((None,), dtype="bool", name="mask")
    text = keras.Input((None,), dtype="int32", name="text")
    heard = stretched(vectors, mask, recurrent, options)
    memory, steps, start = encoder(learned, recurrent)(list(heard))
    # As many units as the encoder gives for each step, so that `dot` can compare them.
    units = recurrent.options.units * (2 if recurrent.options.bidirectional else 1)
    decoder = make_decoder(learned.tokens.size, units, recurrent, options)
    given = (text[:, :-1], start) if options.attention == "none" else (text[:, :-1], start, memory, steps)
    outputs = TextLoss(options.label_smoothing, name="text_loss")(decoder(*given), text[:, 1:])
    return keras.Model({"vectors": vectors, "mask": mask, "text": text}, outputs, name="speech")


def encoder(learned: Learned, recurrent: RecurrentFactory) -> keras.Model:
    """The part that knows no text: from `[vectors, mask]` to a memory `(batch, steps, features)`, the mask of its
    steps, and the final states side by side `(batch, features)`.
    """
    vectors = keras.Input((None, len(learned.mean)), dtype="float32", name="spectrum")
    mask = keras.Input((None,), dtype="bool", name="spectrum_mask")
    x, steps = listened(vectors, mask, learned, recurrent)
    outputs, states = recurrent(return_sequences=True, return_state=True, name="recurrent")(x, mask=steps)
    memory = keras.layers.Dropout(recurrent.options.dropout, name="dropout_behind")(outputs)
    return keras.Model([vectors, mask], [memory, steps, summary(states)], name=ENCODER)


@keras.saving.register_keras_serializable(package="zoo")
class TextLoss(keras.layers.Layer):
    """The loss of texts, and the best token at each place after the right ones.

    Args:
        smoothing: see `zoo.layers.decoder.TokenLoss`.

    Call arguments:
        logits: `(batch, places, tokens)`.
        text: `(batch, places)`, ids with `END` behind the last, then 0.

    Returns:
        `loss` and `nll` `(batch,)`: the sums over the tokens of each text and its `END`, smoothed and not.
        `tokens` `(batch, places)`: the best ones up to the first `END`, 0 behind.
    """

    def __init__(self, smoothing: float = 0.0, **layer_arguments: Unpack[LayerArguments]) -> None:
        super().__init__(**layer_arguments)
        self.token_loss = TokenLoss(smoothing, name="token_loss", dtype=self.dtype_policy)
        self.supports_masking = True
        self.built = True

    def call(self, logits: StepLogits, text: TokenIds) -> dict[str, Tensor]:
        """See the class."""
        losses = self.token_loss(logits, text)
        there = ops.not_equal(text, 0)
        summed = {
            name: ops.sum(ops.where(there, losses[of_token], 0), axis=1)
            for name, of_token in (("loss", "loss"), ("nll", "token_nll"))
        }
        best = ops.cast(ops.argmax(logits, axis=-1), "int32")
        ended = ops.cumsum(ops.cast(ops.equal(best, END), "int32"), axis=1) > 0
        written = ops.logical_and(there, ops.logical_and(best >= RESERVED, ops.logical_not(ended)))
        return {**summed, "tokens": ops.where(written, best, 0)}

    def compute_mask(self, _inputs: Tensor, _previous_mask: Mask | None) -> None:
        """A loss has no mask."""

    def compute_output_spec(self, logits: StepLogits, text: TokenIds) -> dict[str, Tensor]:
        """See the class."""
        loss = keras.KerasTensor(logits.shape[:1], dtype=self.variable_dtype)
        return {"loss": loss, "nll": loss, "tokens": keras.KerasTensor(text.shape, dtype="int32")}

    def get_config(self) -> Config:
        """Every constructor argument."""
        return {**super().get_config(), "smoothing": self.token_loss.smoothing}
