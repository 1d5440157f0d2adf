"""Several models of one task as one: the mean of their outputs."""

from __future__ import annotations

from collections.abc import Sequence

import keras


def mean_of(models: Sequence[keras.Model]) -> keras.Model:
    """A model of the same inputs whose outputs are the means of theirs.

    Args:
        models: of the same inputs and outputs, by name where there are several.
    """
    first = models[0]
    inputs = {
        tensor.name: keras.Input(tensor.shape[1:], dtype=tensor.dtype, name=tensor.name)
        for tensor in first.inputs
    }
    members = [
        keras.Model(model.input, model.output, name=f"member_{n}") for n, model in enumerate(models, 1)
    ]
    outputs = [member(inputs) for member in members]
    if isinstance(outputs[0], dict):
        mean = {name: _mean([each[name] for each in outputs], name) for name in outputs[0]}
    else:
        mean = _mean(outputs, "mean")
    return keras.Model(inputs, mean, name=first.name)


def _mean(tensors: list[keras.KerasTensor], name: str) -> keras.KerasTensor:
    return keras.layers.Average(name=name, dtype=tensors[0].dtype)(tensors)
