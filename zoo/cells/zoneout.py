"""Zoneout: states that now and then stay as they were."""

from __future__ import annotations

import keras

from zoo.tensors import State, States


def zoned_out(
    before: States, after: States, rates: tuple[float, ...], seeds: keras.random.SeedGenerator | None
) -> States:
    r"""States after a step with zoneout (Krueger et al. 2017, arXiv:1606.01305).

    In training each number stays as it was before the step with the probability z, drawn anew for each number and step:
    $s_t = d \odot s_{t-1} + (1 - d) \odot \hat s_t$. Elsewhere the expectation takes its place:
    $s_t = z s_{t-1} + (1 - z) \hat s_t$.

    Args:
        before, after: the states before and after the step.
        rates: z of each state.
        seeds: where the numbers come from; None: the expectation.
    """
    return [
        _zoned_out(old, new, rate, seeds) if rate else new
        for old, new, rate in zip(before, after, rates, strict=True)
    ]


def _zoned_out(old: State, new: State, rate: float, seeds: keras.random.SeedGenerator | None) -> State:
    if seeds is None:
        return rate * old + (1 - rate) * new
    stays = keras.random.uniform(keras.ops.shape(new), seed=seeds) < rate
    return keras.ops.where(stays, old, new)


def refuse_rates(**rates: float) -> None:
    """Check rates of zoneout by the names of their options.

    Raises:
        ValueError: if one is below 0, or 1 or above.
    """
    for name, rate in rates.items():
        if not 0 <= rate < 1:
            raise ValueError(f"{name} must be at least 0 and below 1, not {rate!r}")
