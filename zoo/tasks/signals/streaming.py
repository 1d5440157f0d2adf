"""Signals in pieces, as they arrive: states in, states out, and the answer to all that was read so far.

A model reads so if it runs in one direction: nothing that it says of a step then depends on a later one.
"""

from __future__ import annotations

from typing import TypeAlias

import keras
import tensorflow as tf

from datasets.formats.signals import FRAMES, NUMBERS, SOUND
from zoo.data.images import resize
from zoo.data.log_mel import LogMel
from zoo.layers.convolution import TimeConvolution
from zoo.layers.pieces import convolution_states, convolve_piece, recurrent_states, run_piece
from zoo.layers.pooling import MaskedPooling
from zoo.layers.recurrent import Recurrent
from zoo.tasks.classification import decided
from zoo.tasks.signals.learned import Learned

States: TypeAlias = dict[str, tf.Tensor]
Functions: TypeAlias = dict[str, tf.types.experimental.PolymorphicFunction]


def functions(model: keras.Model, learned: Learned) -> Functions:
    """`init_state` and `step` of an exported model; none where it reads in both directions, or is several models.

    `init_state` takes a scalar `batch_size` and gives the states. `step` takes these by name and the next piece, of the
    same length for all rows: `vectors`, `samples` at the model's own rate, or `frames`. It gives the new states, with
    `label`, `score` and `probabilities` of all that was read. Pieces but the last are of a multiple of the steps that
    the convolutions make one of; of sound, of that many steps of the spectrum.
    """
    recurrent = next((layer for layer in model.layers if layer.name == "recurrent"), None)
    if recurrent is None or recurrent.bidirectional:  # none where it is the mean of several models
        return {}
    stream = _Stream(model, learned, recurrent)
    labels = tf.constant(learned.labels)
    first = stream.begin(tf.constant(1))
    specs = [
        tf.TensorSpec([None, *state.shape[1:]], state.dtype, name=f"state_{n}")
        for n, state in enumerate(first.values())
    ]

    def numbered(states: States) -> dict[str, tf.Tensor]:
        return {f"state_{n}": state for n, state in enumerate(states.values())}

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([], tf.int32, name="batch_size")])
    def init_state(batch_size: tf.Tensor) -> dict[str, tf.Tensor]:
        return numbered(stream.begin(batch_size))

    @tf.function(autograph=False, input_signature=[_piece(learned), *specs])
    def step(piece: tf.Tensor, *given: tf.Tensor) -> dict[str, tf.Tensor]:
        states = dict(zip(first, given, strict=True))
        logits = stream.read(piece, states)
        label, score, probabilities = decided(logits, labels)
        return {"label": label, "score": score, "probabilities": probabilities, **numbered(states)}

    return {"init_state": init_state, "step": step}


def _piece(learned: Learned) -> tf.TensorSpec:
    """What a piece of a signal is, by its kind."""
    specs = {
        NUMBERS: tf.TensorSpec([None, None, len(learned.mean)], tf.float32, name="vectors"),
        SOUND: tf.TensorSpec([None, None], tf.float32, name="samples"),
        FRAMES: tf.TensorSpec([None, None, None, None, 3], tf.uint8, name="frames"),
    }
    return specs[learned.kind]


#: Layers that see one step each.
FIRST = ("frame_features", "scaling", "frame_encoder", "frame_vector")


class _Stream:
    """A model whose layers read pieces; states are tensors by name, with the batch as their first axis."""

    def __init__(self, model: keras.Model, learned: Learned, recurrent: Recurrent) -> None:
        layers = {layer.name: layer for layer in model.layers}
        self.learned, self.recurrent = learned, recurrent
        self.first = [layers[name] for name in FIRST if name in layers]
        self.convolutions: list[TimeConvolution] = [
            layer for name, layer in layers.items() if name.startswith("convolution_")
        ]
        self.pooling: MaskedPooling | None = layers.get("pooling")
        self.beside: MaskedPooling | None = layers.get("pooling_beside")
        self.logits = layers["logits"]
        self.spectrum = LogMel(learned.rate, learned.bands, learned.step) if learned.kind == SOUND else None

    def begin(self, batch_size: tf.Tensor) -> States:
        """The states before the first piece."""
        states: States = {}
        if self.spectrum is not None:
            states |= self.spectrum.states(batch_size)
        states |= convolution_states(self.convolutions, batch_size)
        states |= recurrent_states(self.recurrent, batch_size)
        if self.pooling is not None:
            states |= _nothing_pooled("pooled", batch_size, self.recurrent.output_size)
        if self.beside is not None:
            states |= _nothing_pooled("beside", batch_size, self.convolutions[-1].filters)
        return states

    def read(self, piece: tf.Tensor, states: States) -> tf.Tensor:
        """Logits of all that was read; the states are replaced by those after the piece."""
        x = self._features(piece, states)
        for layer in self.first:
            x = layer(x)
        convolved = convolve_piece(self.convolutions, x, states)
        vector = self._recurrent(x if self.beside is not None else convolved, states)
        if self.beside is not None:
            vector = tf.concat([vector, _pooled("beside", "mean", convolved, states)], axis=-1)
        return self.logits(vector)

    def _features(self, piece: tf.Tensor, states: States) -> tf.Tensor:
        if self.spectrum is not None:
            return self.spectrum.of_piece(piece, states)
        if self.learned.kind == FRAMES:
            batch, time, *image = tf.unstack(tf.shape(piece))
            height, width = self.learned.size
            images = resize(tf.reshape(piece, [batch * time, *image]), (height, width))
            return tf.reshape(images, [batch, time, height, width, 3])
        return piece

    def _recurrent(self, x: tf.Tensor, states: States) -> tf.Tensor:
        outputs = run_piece(self.recurrent, x, states)
        return outputs if self.pooling is None else _pooled("pooled", self.pooling.kind, outputs, states)


def _nothing_pooled(name: str, batch_size: tf.Tensor, size: int) -> States:
    return {
        f"{name}_sum": tf.zeros([batch_size, size]),
        f"{name}_steps": tf.zeros([batch_size, 1]),
        f"{name}_max": tf.fill([batch_size, size], float("-inf")),
    }


def _pooled(name: str, kind: str, outputs: tf.Tensor, states: States) -> tf.Tensor:
    """What `MaskedPooling` of a kind gives of all outputs so far."""
    added = tf.cast(outputs, tf.float32)
    states[f"{name}_sum"] += tf.reduce_sum(added, axis=1)
    states[f"{name}_steps"] += tf.cast(tf.shape(added)[1], tf.float32)
    states[f"{name}_max"] = tf.maximum(states[f"{name}_max"], tf.reduce_max(added, axis=1))
    parts = {"mean": states[f"{name}_sum"] / states[f"{name}_steps"], "max": states[f"{name}_max"]}
    return tf.concat([part for which, part in parts.items() if kind in (which, "both")], axis=-1)
