"""What tasks share that choose one of several classes: the head of the model, its metrics, a baseline, the answer.

`SequenceClassification` is such a task over whole sequences: many to one. The functions serve any other task.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

import numpy as np
from typing_extensions import TypeVar

from datasets.base import NOT_IN_TRAIN
from datasets.errors import UserError
from zoo.tasks.base import Learned, Metrics, NoOptions, OptionsT, Prepared, Row, Task
from zoo.tasks.sequence_batches import SequenceBatches

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from zoo.factory import RecurrentFactory
    from zoo.serving import Server
    from zoo.tensors import Inputs, Labels, Logits, Mask, Tensor

#: Inputs that are answered at once.
AT_ONCE = 256

# ------------------------------------------------------------------------------------------ the model


def sequence_vector(x: Inputs, mask: Mask, recurrent: RecurrentFactory, pooling: str = "auto") -> Tensor:
    """Inputs `(batch, time, features)` → recurrent layers → one vector a sequence, `(batch, …)`.

    Args:
        x, mask: the inputs, and where they are no padding.
        recurrent: makes the recurrent layers.
        pooling: how the outputs of all steps become one: `last`, `mean`, `max`, `both` of the latter two, or `all`
            three side by side ("concat pooling", Howard and Ruder 2018); `auto` takes both, or the last one where the
            cell does not see the order of its inputs.
    """
    import keras

    from zoo.layers.pooling import LastStep, MaskedPooling

    if pooling == "auto":
        pooling = "last" if recurrent.order_agnostic else "both"
    outputs = recurrent(return_sequences=pooling != "last", name="recurrent")(x, mask=mask)
    if pooling == "last":
        return outputs
    pooled = MaskedPooling("both" if pooling == "all" else pooling, name="pooling")(outputs, mask=mask)
    if pooling != "all":
        return pooled
    last = LastStep(1 + recurrent.options.bidirectional, name="last_step")(outputs, mask=mask)
    return keras.layers.Concatenate(name="pooled")([pooled, last])


def logits_layer(classes: int) -> keras.layers.Layer:
    """The last layer: `(batch, features)` to `(batch, classes)`."""
    import keras

    from zoo.layers.logits import logits_dtype

    return keras.layers.Dense(classes, dtype=logits_dtype(), name="logits")


def cross_entropy(targets: Labels, logits: Logits) -> Tensor:
    """The loss `(batch,)` of class ids `(batch,)` and logits `(batch, classes)`, in nats."""
    import keras

    return keras.losses.sparse_categorical_crossentropy(targets, logits, from_logits=True)


# ------------------------------------------------------------------------------------------ metrics


def scores(logits: np.ndarray, targets: np.ndarray, f1_classes: np.ndarray | None = None) -> Metrics:
    """Accuracy, macro F1, cross-entropy in nats (`loss`), and `auc`, the area under the ROC curve, of two classes.

    The F1 of a class that is neither among the targets nor predicted is undefined and counts as 0, as in scikit-learn
    with `zero_division=0`: that can only lower the mean. The AUC is left out where one of the two classes is missing.

    An example whose class train does not have (`datasets.base.NOT_IN_TRAIN`) is answered wrong. Its class has no logit,
    so that `loss` and `auc` leave it out; where there is no other the loss is NaN.

    Args:
        logits: `(examples, classes)`.
        targets: `(examples,)` class ids.
        f1_classes: the classes whose F1 is averaged; all, where this is None.

    Returns:
        The metrics; all are NaN where a logit is not finite.
    """
    from scipy.special import log_softmax
    from sklearn import metrics

    if not np.isfinite(logits).all():
        return dict.fromkeys(("accuracy", "macro_f1", "loss"), math.nan)
    chosen = logits.argmax(axis=1)
    known = np.flatnonzero(targets != NOT_IN_TRAIN)
    log_p = log_softmax(logits.astype(np.float64), axis=1)
    f1_classes = np.arange(logits.shape[1]) if f1_classes is None else f1_classes
    f1 = metrics.f1_score(targets, chosen, labels=f1_classes, average="macro", zero_division=0)
    values = {
        "accuracy": float(np.mean(chosen == targets)),
        "macro_f1": float(f1),
        "loss": float(-log_p[known, targets[known]].mean()) if len(known) else math.nan,
    }
    if logits.shape[1] == 2 and len(np.unique(targets[known])) == 2:
        values["auc"] = float(metrics.roc_auc_score(targets[known], np.exp(log_p[known, 1])))
    return values


def brier(logits: np.ndarray, targets: np.ndarray) -> float:
    """The mean squared error of all probabilities of an example, summed over the classes (Brier 1950): 0 to 2.

    An example whose class train does not have is left out. NaN where a logit is not finite, or no example is left.
    """
    from scipy.special import softmax

    known = targets != NOT_IN_TRAIN
    if not known.any():
        return math.nan
    probabilities = softmax(logits[known].astype(np.float64), axis=1)
    true = np.eye(logits.shape[1])[targets[known]]
    return float(np.square(probabilities - true).sum(axis=1).mean())


def confusion(labels: Sequence[str], logits: np.ndarray, targets: np.ndarray) -> dict[str, object]:
    """The labels, and the confusion matrix: a row per true class, a column per predicted class."""
    from sklearn import metrics

    chosen = logits.argmax(axis=1)
    matrix = metrics.confusion_matrix(targets, chosen, labels=np.arange(len(labels)))
    return {"labels": list(labels), "confusion_matrix": matrix.tolist()}


def logits_of(counts: np.ndarray) -> np.ndarray:
    """The logarithms of the shares of these counts of classes; a class that does not occur keeps a billionth."""
    return np.log(np.maximum(counts / counts.sum(), 1e-9))


def majority(train_targets: np.ndarray, classes: int, examples: int) -> np.ndarray:
    """The baseline that gives each example the frequencies of the classes in train: logits `(examples, classes)`."""
    return np.tile(logits_of(np.bincount(train_targets, minlength=classes)), (examples, 1))


# ------------------------------------------------------------------------------------------ the exported model


def decided(logits: tf.Tensor, names: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """The name of the most probable class `(batch,)`, its probability `(batch,)`, and all `(batch, classes)`."""
    import tensorflow as tf

    probabilities = tf.nn.softmax(tf.cast(logits, tf.float32))
    best = tf.gather(names, tf.argmax(probabilities, axis=1))
    return best, tf.reduce_max(probabilities, axis=1), probabilities


def label_server(
    model: keras.Model,
    labels: Sequence[str],
    signature: Sequence[tf.TensorSpec],
    inputs_of: Callable[..., dict[str, tf.Tensor]],
    parts: Sequence[tf.Module] = (),
    more: Mapping[str, tf.types.experimental.PolymorphicFunction] = MappingProxyType({}),
) -> Server:
    """A classifier's functions: `serving_default` gives `label`, `score` and `probabilities`, see `decided`.

    The other one, `labels`, gives the names of the classes in the order of `probabilities`.

    Args:
        model: from the inputs of training to logits `(batch, classes)`.
        labels: names of the classes.
        signature: of `serving_default`: the raw inputs.
        inputs_of: from raw inputs, one an argument, to the model's inputs.
        parts: what `inputs_of` needs and has to be saved, such as a `TextEncoder`.
        more: further functions, by name.
    """
    import tensorflow as tf

    from zoo.serving import Server, constant_function

    names = tf.constant(labels)

    @tf.function(autograph=False, input_signature=signature)
    def classify(*raw: tf.Tensor) -> dict[str, tf.Tensor]:
        label, score, probabilities = decided(model(inputs_of(*raw), training=False), names)
        return {"label": label, "score": score, "probabilities": probabilities}

    functions = {"serving_default": classify, "labels": constant_function("labels", names), **more}
    return Server(model, parts, functions)


def label_rows(
    server: Server, column: str, inputs: Sequence[object], tensors: Sequence[tf.Tensor]
) -> list[Row]:
    """A row for each input: the input, its label and score, and the probability of each class.

    Args:
        server: see `label_server`.
        column: what the inputs are called.
        inputs: as the rows show them.
        tensors: the same as arguments of `serving_default`.
    """
    names = [name.decode() for name in server.functions["labels"]()["labels"].numpy()]
    answers = {name: value.numpy() for name, value in server(*tensors).items()}
    columns = (answers[name] for name in ("label", "score", "probabilities"))
    return [
        {
            column: given,
            "label": label.decode(),
            "score": float(score),
            **{f"p({name})": float(p) for name, p in zip(names, probabilities, strict=True)},
        }
        for given, label, score, probabilities in zip(inputs, *columns, strict=True)
    ]


def vector_server(
    model: keras.Model,
    labels: Sequence[str],
    features: int,
    more: Mapping[str, tf.types.experimental.PolymorphicFunction] = MappingProxyType({}),
) -> Server:
    """The functions of a classifier of sequences of vectors, see `label_server`.

    `serving_default` takes `vectors` `(batch, time, features)` float32, filled up on the right, and `length` `(batch,)`
    int32, the steps of each sequence.

    Args:
        model: of the inputs `vectors` and `mask`, see `zoo.tasks.sequence_batches.SequenceBatches.load`.
        labels: names of the classes.
        features: numbers of a vector.
        more: further functions, by name.
    """
    import tensorflow as tf

    def inputs_of(vectors: tf.Tensor, length: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"vectors": vectors, "mask": tf.sequence_mask(length, tf.shape(vectors)[1])}

    signature = [
        tf.TensorSpec([None, None, features], tf.float32, name="vectors"),
        tf.TensorSpec([None], tf.int32, name="length"),
    ]
    return label_server(model, labels, signature, inputs_of, more=more)


def vector_rows(server: Server, sequences: Iterable[np.ndarray]) -> list[Row]:
    """A row for each sequence of vectors `(time, features)`: its number, label and score, and each class's probability.

    Raises:
        UserError: if vectors have another size than the model's.
    """
    import tensorflow as tf

    from zoo.data.ragged import Ragged
    from zoo.data.tokenizer import chunks

    features = server.graphs["serving_default"].inputs[0].shape[-1]
    rows: list[Row] = []
    for chunk in chunks(sequences, AT_ONCE):
        for sequence in chunk:
            if sequence.shape[1] != features:
                raise UserError(f"a vector has {sequence.shape[1]} numbers; the model reads {features}")
        ragged, numbers = Ragged.of(chunk), np.arange(len(chunk))
        padded = ragged.pad(numbers, max(1, ragged.lengths.max())).astype(np.float32)
        tensors = tf.constant(padded), tf.constant(ragged.lengths, tf.int32)
        rows += label_rows(server, "sequence", (len(rows) + numbers).tolist(), tensors)
    return rows


# ------------------------------------------------------------------------------------------ the task


class Labelled(Learned, Protocol):
    """What a classifier learns has at least the names of its classes."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Class n is `labels[n]`."""


LabelledT = TypeVar("LabelledT", bound=Labelled)
ClassifierAnswerOptionsT = TypeVar("ClassifierAnswerOptionsT", default=NoOptions)


class SequenceClassification(
    Task[OptionsT, LabelledT, SequenceBatches, np.ndarray, ClassifierAnswerOptionsT]
):
    """A sequence, of tokens or of vectors → one of several labels. Many to one.

    What is left to such a task is `prepare`, `restore`, `build`, `serve` and `answer`, and what it is called.
    """

    # Not accuracy: the loss also turns when a model grows too sure of what it has learned by heart.
    monitor = ("loss", "min")
    headline = ("accuracy", "macro_f1", "auc", "loss")
    outputs_can_be_averaged = True

    def loss(self, targets: Labels, outputs: Logits) -> Tensor:
        """See `cross_entropy`."""
        return cross_entropy(targets, outputs)

    def score(self, _learned: LabelledT, predictions: np.ndarray, batches: SequenceBatches) -> Metrics:
        """See `scores`."""
        return scores(predictions, batches.targets)

    def details(
        self, learned: LabelledT, predictions: np.ndarray, batches: SequenceBatches
    ) -> dict[str, object]:
        """See `confusion`."""
        return confusion(learned.labels, predictions, batches.targets)

    def by_length(self, _learned: LabelledT, predictions: np.ndarray, batches: SequenceBatches) -> list[Row]:
        """Metrics by the number of steps that the model reads."""
        from zoo.tasks.by_length import by_length

        return by_length(
            batches.sequences.lengths, lambda which: scores(predictions[which], batches.targets[which])
        )

    def baselines(
        self, prepared: Prepared[LabelledT, SequenceBatches]
    ) -> Callable[[SequenceBatches], dict[str, Metrics]]:
        """See `majority`."""
        train, classes = prepared.train.targets, len(prepared.learned.labels)

        def score(batches: SequenceBatches) -> dict[str, Metrics]:
            logits = majority(train, classes, len(batches.targets))
            return {"majority": scores(logits, batches.targets)}

        return score
