"""The model: spectrum → convolutions that shorten time → recurrent layers → a token or the blank at each step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras

from zoo.tasks.classification import logits_layer
from zoo.tasks.sound import stretched
from zoo.tasks.speech.ctc import CTC, fewest_steps
from zoo.tasks.speech.learned import Learned
from zoo.tasks.speech.listening import listened

if TYPE_CHECKING:
    from zoo.factory import RecurrentFactory

RECOGNIZER, CTC_LAYER = "recognizer", "ctc"


def build(learned: Learned, recurrent: RecurrentFactory) -> keras.Model:
    """From `vectors` `(batch, frames, bands)`, their `mask` `(batch, frames)` and `text` `(batch, tokens)`, ids that
    are 0 behind the last, to what `zoo.tasks.speech.ctc.CTC` gives.
    """
    vectors = keras.Input((None, len(learned.mean)), dtype="float32", name="vectors")
    mask = keras.Input((None,), dtype="bool", name="mask")
    text = keras.Input((None,), dtype="int32", name="text")
    heard, there = vectors, mask
    if learned.options.time_stretch:
        heard, there = stretched(
            vectors, mask, recurrent, learned.options, learned.frames(fewest_steps(text))
        )
    logits, steps = recognizer(learned, recurrent)([heard, there])
    outputs = CTC(fused=learned.options.language_model is not None, name=CTC_LAYER)(logits, steps, text)
    return keras.Model({"vectors": vectors, "mask": mask, "text": text}, outputs, name="speech")


def recognizer(learned: Learned, recurrent: RecurrentFactory) -> keras.Model:
    """The part that knows no text: from `[vectors, mask]` to logits `(batch, steps, tokens)`, the blank first, and the
    mask of the steps. The convolutions see the past alone where the recurrent layers do.
    """
    vectors = keras.Input((None, len(learned.mean)), dtype="float32", name="spectrum")
    mask = keras.Input((None,), dtype="bool", name="spectrum_mask")
    x, steps = listened(vectors, mask, learned, recurrent)
    x = recurrent(return_sequences=True, name="recurrent")(x, mask=steps)
    x = keras.layers.Dropout(recurrent.options.dropout, name="dropout_behind")(x)
    logits = logits_layer(learned.tokens.size)(x)
    return keras.Model([vectors, mask], [logits, steps], name=RECOGNIZER)
