"""Sound in pieces, as it arrives: states in, states out, and the text of all that was heard so far.

A model reads so if it runs in one direction: nothing that it says of a step then depends on a later one.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from zoo.layers.convolution import TimeConvolution
from zoo.layers.pieces import PieceStates, convolution_states, convolve_piece, recurrent_states, run_piece
from zoo.layers.recurrent import Recurrent
from zoo.tasks.speech.ctc import greedy
from zoo.tasks.speech.language_model import Fusion
from zoo.tasks.speech.learned import Learned

#: States that grow: ids of the tokens so far, or of those of each prefix of a search.
WRITTEN, BEAM = "written", "beam_"
GROWING = (WRITTEN, f"{BEAM}tokens")
Functions = dict[str, tf.types.experimental.PolymorphicFunction]


def functions(recognizer: keras.Model, learned: Learned, fusion: Fusion | None = None) -> Functions:
    """`init_state` and `step` of an exported model; none where it reads in both directions.

    `init_state` takes a scalar `batch_size` and gives the states. `step` takes these by name and the next `samples`
    `(batch, time)` at the model's own rate, of the same length for all rows. It gives the new states and `text`, the
    best token of each step of all that was heard; with a language model it is what the search finds best so far, and
    may still change. Pieces but the last are of a multiple of the samples of a step of the model.
    """
    layers = {layer.name: layer for layer in recognizer.layers}
    if layers["recurrent"].bidirectional:
        return {}
    stream = _Stream(layers, learned) if fusion is None else _FusedStream(layers, learned, fusion)
    first = stream.begin(tf.constant(1))
    shapes = {name: [None, *state.shape[1:]] for name, state in first.items()}
    shapes |= {name: [*shapes[name][:-1], None] for name in GROWING if name in shapes}
    specs = [
        tf.TensorSpec(shapes[name], state.dtype, name=f"state_{n}")
        for n, (name, state) in enumerate(first.items())
    ]

    def numbered(states: PieceStates) -> dict[str, tf.Tensor]:
        return {f"state_{n}": state for n, state in enumerate(states.values())}

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([], tf.int32, name="batch_size")])
    def init_state(batch_size: tf.Tensor) -> dict[str, tf.Tensor]:
        return numbered(stream.begin(batch_size))

    @tf.function(
        autograph=False, input_signature=[tf.TensorSpec([None, None], tf.float32, name="samples"), *specs]
    )
    def step(samples: tf.Tensor, *given: tf.Tensor) -> dict[str, tf.Tensor]:
        states = dict(zip(first, given, strict=True))
        return {"text": stream.read(samples, states), **numbered(states)}

    return {"init_state": init_state, "step": step}


class _Stream:
    """The layers of a recognizer that read pieces; states are tensors by name, with the batch as their first axis."""

    def __init__(self, layers: dict[str, keras.layers.Layer], learned: Learned) -> None:
        self.learned, self.scaling, self.logits = learned, layers["scaling"], layers["logits"]
        self.recurrent: Recurrent = layers["recurrent"]
        self.convolutions: list[TimeConvolution] = [
            layer for name, layer in layers.items() if name.startswith("convolution_")
        ]

    def begin(self, batch_size: tf.Tensor) -> PieceStates:
        """The states before the first piece."""
        return {
            **self.learned.spectrum.states(batch_size),
            **convolution_states(self.convolutions, batch_size),
            **recurrent_states(self.recurrent, batch_size),
            **self.nothing_written(batch_size),
        }

    def nothing_written(self, batch_size: tf.Tensor) -> PieceStates:
        """The states of what writes, before the first piece."""
        return {"last": tf.zeros([batch_size, 1], tf.int32), WRITTEN: tf.zeros([batch_size, 0], tf.int32)}

    def read(self, samples: tf.Tensor, states: PieceStates) -> tf.Tensor:
        """The texts of all that was heard; the states are replaced by those after the piece."""
        x = self.scaling(self.learned.spectrum.of_piece(samples, states))
        x = convolve_piece(self.convolutions, x, states)
        logits = tf.cast(self.logits(run_piece(self.recurrent, x, states)), tf.float32)
        return self.write(logits, tf.ones(tf.shape(logits)[:2], tf.bool), states)

    def write(self, logits: tf.Tensor, mask: tf.Tensor, states: PieceStates) -> tf.Tensor:
        """The texts after more steps."""
        ids, states["last"] = greedy(logits, mask, states["last"])
        states[WRITTEN] = tf.concat([states[WRITTEN], ids], axis=1)
        return self.learned.tokens.sentences(states[WRITTEN])


class _FusedStream(_Stream):
    """The same with a language model: the beam of its search is among the states."""

    def __init__(self, layers: dict[str, keras.layers.Layer], learned: Learned, fusion: Fusion) -> None:
        super().__init__(layers, learned)
        self.fusion = fusion

    def nothing_written(self, batch_size: tf.Tensor) -> PieceStates:
        """The empty prefix."""
        beam = self.fusion.search.begin(batch_size)
        return {f"{BEAM}{name}": values for name, values in beam.items()}

    def write(self, logits: tf.Tensor, mask: tf.Tensor, states: PieceStates) -> tf.Tensor:
        """The best prefixes after more steps."""
        beam = {name.removeprefix(BEAM): values for name, values in states.items() if name.startswith(BEAM)}
        beam = self.fusion.search.read(beam, logits, mask, tf.convert_to_tensor(self.fusion.weights))
        states |= {f"{BEAM}{name}": values for name, values in beam.items()}
        return self.fusion.answer_of(beam)["text"]
