"""The linear classifier inside the model, and the shares of the two in its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import keras
from keras import ops

from zoo.keras_types import Config, LayerArguments
from zoo.tensors import Logits, Shape, Tensor

if TYPE_CHECKING:
    import tensorflow as tf

    from zoo.tasks.sentiment.tfidf import Tfidf


@keras.saving.register_keras_serializable(package="zoo")
class Base(keras.layers.Layer):
    """A share of the model's logits, and one of those of a linear classifier of n-grams; nothing here is trained.

    It begins with the whole of the model and nothing of the classifier, so that the model learns as if alone. What the
    dev split decides is set by `share`. The classifier's logits are an input, which training leaves at 0; a
    served model computes them by `logits_of`.

    Args:
        features: n-grams that the classifier knows.

    Call arguments:
        inputs: `(batch, classes)`, what the model gives.
        base: `(batch, classes)`, logits of the classifier.
    """

    def __init__(self, features: int, **layer_arguments: Unpack[LayerArguments]) -> None:
        super().__init__(**layer_arguments)
        self.features = features

    def build(self, inputs_shape: Shape, base_shape: Shape) -> None:
        """Make the shares, and room for the classifier."""
        del base_shape
        classes = inputs_shape[-1]

        def fixed(name: str, *shape: int | None, dtype: str = "float32") -> keras.Variable:
            return self.add_weight(shape=shape, initializer="zeros", name=name, trainable=False, dtype=dtype)

        self.shares = self.add_weight(
            shape=(2,), initializer=_alone, name="shares", trainable=False, dtype="float32"
        )
        self.ngrams = fixed("ngrams", self.features, dtype="int64")
        self.idf = fixed("idf", self.features)
        self.kernel = fixed("kernel", self.features, classes)
        self.bias = fixed("bias", classes)
        self.built = True

    def assign(self, classifier: Tfidf) -> None:
        """Take the weights of a classifier that was fitted."""
        self.ngrams.assign(classifier.ngrams)
        self.idf.assign(classifier.idf)
        self.kernel.assign(classifier.kernel)
        self.bias.assign(classifier.bias)

    def share(self, ours: float, theirs: float) -> None:
        """Set how much of the model's logits and of the classifier's is in the answer."""
        self.shares.assign([ours, theirs])

    def told(self) -> str:
        """The shares, for people."""
        ours, theirs = self.shares.numpy()
        return f"base: dev gives the recurrent model a share of {ours:.2f} and TF-IDF one of {theirs:.2f} (--base)"

    def call(self, inputs: Logits, base: Logits) -> Logits:
        """See the class."""
        ours, theirs = (ops.cast(self.shares[n], self.compute_dtype) for n in range(2))
        return ours * inputs + theirs * ops.cast(base, self.compute_dtype)

    def compute_output_spec(self, inputs: Logits, base: Logits) -> Tensor:
        """The shape of the inputs."""
        del base
        return keras.KerasTensor(inputs.shape, dtype=self.compute_dtype)

    def logits_of(self, ngrams: tf.RaggedTensor) -> tf.Tensor:
        """The classifier's logits `(batch, classes)` of texts as their n-grams, `(batch, n-grams)` int64.

        See `zoo.tasks.sentiment.tfidf`, which computes the same in NumPy.
        """
        import tensorflow as tf

        known = tf.convert_to_tensor(self.ngrams.value)
        values, texts = ngrams.flat_values, ngrams.value_rowids()
        place = tf.minimum(tf.searchsorted(known, values, out_type=tf.int64), self.features - 1)
        found = tf.equal(tf.gather(known, place), values)
        place, texts = tf.boolean_mask(place, found), tf.boolean_mask(texts, found)
        distinct, _, counts = tf.unique_with_counts(texts * self.features + place)
        texts, place = distinct // self.features, distinct % self.features
        weights = (1 + tf.math.log(tf.cast(counts, tf.float32))) * tf.gather(self.idf.value, place)
        rows = ngrams.nrows()
        squares = tf.math.unsorted_segment_sum(tf.square(weights), texts, rows)
        sums = tf.math.unsorted_segment_sum(
            weights[:, None] * tf.gather(self.kernel.value, place), texts, rows
        )
        return tf.math.divide_no_nan(sums, tf.sqrt(squares)[:, None]) + self.bias.value

    def get_config(self) -> Config:
        """Every constructor argument."""
        return {**super().get_config(), "features": self.features}


def _alone(shape: Shape, dtype: str | None = None) -> Tensor:
    """All of the model, nothing of the classifier."""
    return ops.cast(ops.arange(shape[0]) == 0, dtype or "float32")
