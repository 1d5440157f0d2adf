"""What exported models of speech take: samples, or the bytes of WAV files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import tensorflow as tf

#: From samples, their length and their rate to the outputs of `serving_default`.
TensorFunction: TypeAlias = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], dict[str, tf.Tensor]]
#: What `SAMPLES` describes.
Arguments: TypeAlias = tuple[tf.Tensor, tf.Tensor, tf.Tensor]
#: `samples` float32 from -1 to 1, filled up on the right; the `length` of each; the samples a second of all of them.
SAMPLES = (
    tf.TensorSpec([None, None], tf.float32, name="samples"),
    tf.TensorSpec([None], tf.int32, name="length"),
    tf.TensorSpec([], tf.int32, name="rate"),
)


def wav_function(
    answer: TensorFunction, outputs: Mapping[str, tf.DType]
) -> tf.types.experimental.PolymorphicFunction:
    """From `contents` `(batch,)`, the bytes of WAV files with samples of 16 bits, to what their samples are answered.

    Args:
        answer: what answers samples.
        outputs: the types of what it gives.
    """
    signature = {name: tf.TensorSpec([], dtype) for name, dtype in outputs.items()}

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([None], tf.string, name="contents")])
    def wav(contents: tf.Tensor) -> dict[str, tf.Tensor]:
        def of_one(content: tf.Tensor) -> dict[str, tf.Tensor]:
            samples, rate = tf.audio.decode_wav(content)
            mixed = tf.reduce_mean(samples, axis=1)[None]
            return {name: values[0] for name, values in answer(mixed, tf.shape(mixed)[1:], rate).items()}

        return tf.map_fn(of_one, contents, fn_output_signature=signature)

    return wav
