"""The same network in TensorFlow: its automatic gradients beside those that were derived by hand."""

from __future__ import annotations

import numpy as np

from datasets.errors import UserError
from experiments.hello.exercise import Exercise
from experiments.hello.network import Weights, loss_and_gradients

ALLOWED_DIFFERENCE = 1e-10


def tensorflow_gradients(weights: Weights, task: Exercise) -> Weights:
    """The gradients that TensorFlow derives from the forward pass, in float64."""
    import tensorflow as tf

    variables = {name: tf.Variable(weight, dtype=tf.float64) for name, weight in weights.items()}
    inputs = tf.constant(task.one_hot)
    with tf.GradientTape() as tape:
        h = tf.zeros((inputs.shape[0], weights["bias"].size), tf.float64)
        step_losses = []
        for t in range(inputs.shape[1]):
            product = inputs[:, t] @ variables["kernel"] + h @ variables["recurrent_kernel"]
            h = tf.tanh(product + variables["bias"])
            logits = h @ variables["output_kernel"] + variables["output_bias"]
            step_losses.append(tf.nn.sparse_softmax_cross_entropy_with_logits(task.targets[:, t], logits))
        loss = tf.reduce_mean(tf.stack(step_losses))
    gradients = tape.gradient(loss, variables)
    return {name: gradient.numpy() for name, gradient in gradients.items()}


def compare_with_tensorflow(stages: dict[str, Weights], task: Exercise) -> None:
    """Print the largest difference between the gradients derived by hand and TensorFlow's, for each weight.

    Args:
        stages: the weights to compare at, by the name of their column ("before training").
        task: the exercise.

    Raises:
        UserError: with exit code 1, if one is above 1e-10, or TensorFlow is not installed.
    """
    print("\nGradients derived by hand against TensorFlow's GradientTape, in float64: largest difference")
    try:
        from zoo.runtime.platform import configure

        configure("cpu")
    except ModuleNotFoundError:
        raise UserError(
            "TensorFlow is not installed; leave the comparison out with --no-tensorflow", 1
        ) from None
    print(f"  {'weight':17s}{'shape':10s}" + "".join(f"{stage:>18s}" for stage in stages))
    ours = {stage: loss_and_gradients(weights, task)[1] for stage, weights in stages.items()}
    theirs = {stage: tensorflow_gradients(weights, task) for stage, weights in stages.items()}
    all_differences: list[float] = []
    for name, weight in next(iter(stages.values())).items():
        differences = [float(np.abs(ours[stage][name] - theirs[stage][name]).max()) for stage in stages]
        all_differences += differences
        shape = " × ".join(map(str, weight.shape))
        print(f"  {name:17s}{shape:10s}" + "".join(f"{difference:18.1e}" for difference in differences))
    if not all(difference <= ALLOWED_DIFFERENCE for difference in all_differences):  # true of NaN too
        worst = np.max(all_differences)
        raise UserError(f"the gradients differ by {worst:.1e}, more than {ALLOWED_DIFFERENCE:.0e}", 1)
    print(f"  They are equal: no difference is above {ALLOWED_DIFFERENCE:.0e}.")
