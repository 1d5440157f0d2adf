"""What stands on top of a recurrent layer: a linear map to one logit per class, softmax, cross-entropy."""

from __future__ import annotations

import numpy as np

from zoo.reference.cell import Array


def linear(kernel: Array, bias: Array, hidden: Array) -> Array:
    """Logits `(..., classes)` = hidden `(..., units)` · kernel `(units, classes)` + bias `(classes,)`."""
    return hidden @ kernel + bias


def linear_backward(kernel: Array, hidden: Array, d_logits: Array) -> tuple[Array, Array, Array]:
    """Gradients with respect to kernel, bias and hidden, given that with respect to the logits."""
    units, classes = kernel.shape
    d_kernel = hidden.reshape(-1, units).T @ d_logits.reshape(-1, classes)
    return d_kernel, d_logits.reshape(-1, classes).sum(axis=0), d_logits @ kernel.T


def softmax(logits: Array) -> Array:
    """Probabilities `(..., classes)`. Taking the largest logit off first changes nothing but the overflow."""
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def cross_entropy(logits: Array, targets: Array, mask: Array | None = None) -> tuple[float, Array]:
    """Softmax cross-entropy, averaged over the length of each sequence and then over the sequences.

    Args:
        logits: `(batch, time, classes)`.
        targets: the right class of each step, integers `(batch, time)`.
        mask: `(batch, time)`, true where a step counts; None: everywhere. A sequence without any step has no
            loss and is left out of the average.

    Returns:
        The loss in nats, and the gradient with respect to the logits: (probability - 1 for the right class,
        probability for the others) times the weight of the step in the average.
    """
    mask = np.ones(targets.shape, dtype=bool) if mask is None else np.asarray(mask, dtype=bool)
    lengths = mask.sum(axis=1, keepdims=True)
    step_weights = mask / np.maximum(lengths, 1) / max(np.count_nonzero(lengths), 1)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    right = np.where(mask, targets, 0)[:, :, None]
    loss = -float(np.sum(step_weights * np.take_along_axis(log_probabilities, right, axis=-1)[:, :, 0]))
    one_hot = np.arange(logits.shape[-1]) == right
    return loss, (np.exp(log_probabilities) - one_hot) * step_weights[:, :, None]
