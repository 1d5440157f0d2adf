"""The reference engine: `keras.layers.RNN` around the cell."""

from __future__ import annotations

from typing import Any

import keras


def unfit(cell: Any) -> str | None:
    """None: whatever obeys Keras' contract for cells runs here."""
    return None


def run(
    cell: Any,
    inputs: Any,
    mask: Any,
    states: list[Any],
    *,
    reverse: bool,
    sequences: bool,
    training: bool,
    beside: int = 1,
) -> tuple[Any, list[Any]]:
    """Run a cell over time.

    Args:
        cell: a built cell.
        inputs: `(batch, time, features)`, at least one step.
        mask: `(batch, time)` bool, True where there is an input, or None where all steps are. A masked step hands the
            states on as they are.
        states: the states before the first step, each `(batch, size)`.
        reverse: go from the last step to the first. The outputs still stand at the steps of their inputs.
        sequences: give the outputs of all steps; else the output of the last step that is not masked (for `reverse`,
            of the first).
        training: whether dropout is applied.
        beside: how many such runs go side by side, which an engine may want to know when it shares out the cores.

    Returns:
        Outputs `(batch, time, units)`, zero where masked, or `(batch, units)`, zero where all steps are masked; and the
        final states.
    """
    layer = keras.layers.RNN(cell, **layer_arguments(cell, reverse, sequences))
    return run_layer(layer, inputs, mask, states, training)


def layer_arguments(cell: Any, reverse: bool, sequences: bool) -> dict[str, Any]:
    """The arguments that make a Keras recurrent layer obey the contract of `run`."""
    return {
        "return_sequences": sequences,
        "return_state": True,
        "go_backwards": reverse,
        # With return_sequences=False Keras would return zeros for every right-padded row (keras issue 17596).
        "zero_output_for_mask": sequences,
        "dtype": cell.dtype_policy,
    }


def run_layer(layer: Any, inputs: Any, mask: Any, states: list[Any], training: bool) -> tuple[Any, list[Any]]:
    """Call a Keras recurrent layer that was made with `layer_arguments`."""
    outputs, *final_states = layer(inputs, initial_state=list(states), mask=mask, training=training)
    if layer.go_backwards and layer.return_sequences:
        outputs = keras.ops.flip(outputs, axis=1)
    return outputs, final_states
