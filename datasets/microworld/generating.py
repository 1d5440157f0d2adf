"""What the views of the world have in common: facts about generated data, and draws that are new."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, TypeVar

from datasets.base import Info
from datasets.errors import UserError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Drawn = TypeVar("Drawn")
#: Draws of one text before the grammar counts as exhausted.
ATTEMPTS = 200


def info_of(
    spec: str,
    options: DataclassInstance,
    names: tuple[str, ...],
    ceiling: Mapping[str, float],
    labels: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
    unit: str = "examples",
) -> Info:
    """The facts about generated data; their source is the options they were generated with.

    Args:
        names: of the fields that every example has.
        ceiling, labels, notes, unit: see `Info`.
    """
    settings = ", ".join(f"{field.name}={getattr(options, field.name)}" for field in fields(options))
    return Info(
        name=spec,
        fields=names,
        labels=labels,
        synthetic=True,
        ceiling=ceiling,
        source=f"generated: {settings}",
        notes=notes,
        unit=unit,
    )


def draw_new(
    draw: Callable[[], Drawn],
    texts_of: Callable[[Drawn], Iterable[Hashable]],
    drawn_before: set[Hashable],
    exhausted: Callable[[], str],
) -> Drawn:
    """Draw until none of the texts of what is drawn was drawn before; adds them to `drawn_before`.

    Args:
        draw: a draw.
        texts_of: what must be new about it.
        exhausted: the message for a grammar that gives nothing new.

    Raises:
        UserError: nothing new came in `ATTEMPTS` draws.
    """
    for _ in range(ATTEMPTS):
        drawn = draw()
        texts = tuple(texts_of(drawn))
        if drawn_before.isdisjoint(texts):
            drawn_before.update(texts)
            return drawn
    raise UserError(exhausted())
