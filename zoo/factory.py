"""From options to recurrent layers: tasks ask the factory for a layer and never learn which cell is in it."""

from __future__ import annotations

import dataclasses
import inspect
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Unpack

from datasets import plugins
from datasets.errors import UserError, did_you_mean
from zoo.config import RecurrentOptions

if TYPE_CHECKING:
    import keras

    from zoo.layers.recurrent import Recurrent, RecurrentArguments

#: What a cell must have to be run and saved.
NEEDED = ("call", "state_size", "get_config")
MOST_SHOWN = 200  # characters of a cell's arguments in a message


@dataclass(frozen=True)
class RecurrentFactory:
    """Makes recurrent layers as the options say.

    Args:
        cell_class: the cell's class.
        options: see `RecurrentOptions`.
        seed: seed of the dropouts, so that two runs draw the same masks.
        beside: whether the model that a baseline stands beside reads in both directions; None: it is no baseline.
    """

    cell_class: type
    options: RecurrentOptions
    seed: int = 0
    beside: bool | None = None

    @property
    def reads_whole(self) -> bool:
        """Whether the model may know what is known when all of a sequence was read, such as how loud it is: one of both
        directions, and what is compared with it.
        """
        return self.options.bidirectional if self.beside is None else self.beside

    @property
    def order_agnostic(self) -> bool:
        """Whether the cell ignores the order of its inputs; of its outputs, then, only the last one ignores it too."""
        former = getattr(self.cell_class, "order_blind", False)  # the attribute's name in version 0.1
        return getattr(self.cell_class, "order_agnostic", former)

    def __call__(
        self, *, units: int | None = None, **layer_arguments: Unpack[RecurrentArguments]
    ) -> Recurrent:
        """A recurrent layer; the arguments overrule the options (`units`, `layers`, `bidirectional`, …)."""
        from zoo.layers.recurrent import Recurrent

        options = self.options
        arguments: RecurrentArguments = {
            "layers": options.layers,
            "bidirectional": options.bidirectional,
            "engine": options.engine,
            "weight_dropout": options.weight_dropout,
            "seed": self.seed,
            **layer_arguments,
        }
        arguments.setdefault("dropout", options.dropout if arguments["layers"] > 1 else 0.0)
        try:
            return Recurrent(self.cell(options.units if units is None else units), **arguments)
        except ValueError as problem:
            raise UserError(f"--cell {options.cell}: {problem}") from None

    def cell(self, units: int) -> keras.layers.Layer:
        """One cell with the options' arguments."""
        arguments = self._cell_arguments()
        try:
            cell = self.cell_class(units, **arguments)
        except Exception as problem:  # of a cell of a user's own anything may be raised
            given = str(arguments)[:MOST_SHOWN]
            raise UserError(f"--cell {self.options.cell} cannot be made with {given}: {problem}") from None
        missing = [name for name in NEEDED if not hasattr(cell, name)]
        if missing:
            raise UserError(f"--cell {self.options.cell} is no cell of Keras: it has no {', '.join(missing)}")
        return cell

    def check_cell(self) -> None:
        """Refuse a cell that does not do what Keras' contract asks for.

        Raises:
            UserError: says what it does not do.
        """
        from zoo.layers.states import check_cell

        units = self.options.units
        try:
            built = check_cell(self.cell(units), units)
        except ValueError as problem:
            line = " ".join(str(problem).split())
            raise UserError(f"--cell {self.options.cell}: {line[:MOST_SHOWN]}") from None
        if self.options.weight_dropout and not hasattr(built, "recurrent_kernel"):
            raise UserError(
                f"--weight-dropout: the cell {self.options.cell} has no recurrent_kernel; leave it at 0"
            )

    def check_memory(self, available: int | None) -> None:
        """Refuse layers whose weights cannot be trained in the memory that there is.

        In training there are five numbers for each weight: itself, its gradient, its average, and two of the optimiser.

        Args:
            available: bytes; None: not known, and anything is allowed.

        Raises:
            UserError: names the options.
        """
        options = self.options
        directions = 2 if options.bidirectional else 1
        of_cell = getattr(self.cell_class, "gates", 1) * options.units**2
        between = of_cell * directions * (options.layers - 1)
        weights = (0 if self.order_agnostic else of_cell * options.layers) + between
        needed = 5 * 4 * directions * weights
        if available is not None and needed > available:
            raise UserError(
                f"--units {options.units} with --layers {options.layers}: training the recurrent layers takes more "
                f"than {needed / 1e9:,.0f} GB of memory, and there are {available / 1e9:,.0f} GB; give fewer"
            )

    def _cell_arguments(self) -> dict[str, Any]:
        accepted = _constructor_arguments(self.cell_class)
        arguments = dict(_parse(text) for text in self.options.cell_options)
        for name in arguments:
            if name not in accepted:
                hint = did_you_mean(name, accepted, f"there are {', '.join(sorted(accepted))}")
                raise UserError(f"--cell-options {name}: {self.options.cell} has no such argument{hint}")
            value = arguments[name]
            if isinstance(accepted[name], bool) and not isinstance(value, bool):
                raise UserError(f"--cell-options {name}={value}: write {name}=true or {name}=false")
        if self.options.recurrent_dropout:
            if "recurrent_dropout" not in accepted:
                raise UserError(f"--recurrent-dropout: the cell {self.options.cell} has none; leave it at 0")
            arguments["recurrent_dropout"] = self.options.recurrent_dropout
            arguments.setdefault("seed", self.seed)
        return arguments


def recurrent_factory(options: RecurrentOptions, seed: int = 0) -> RecurrentFactory:
    """Find the cell by name.

    Raises:
        UserError: if there is no such cell.
    """
    cell_class = plugins.load("zoo.cells", options.cell, "CELL")
    if not isinstance(cell_class, type):
        raise UserError(f"--cell {options.cell} is no class")
    return RecurrentFactory(cell_class, options, seed)


def order_agnostic_factory(options: RecurrentOptions, seed: int = 0) -> RecurrentFactory:
    """The same options with the order-agnostic cell: one layer, one direction, no recurrent dropout."""
    order_agnostic = dataclasses.replace(
        options,
        cell="mean",
        layers=1,
        bidirectional=False,
        recurrent_dropout=0.0,
        weight_dropout=0.0,
        cell_options=(),
        engine="auto",
    )
    return dataclasses.replace(recurrent_factory(order_agnostic, seed), beside=options.bidirectional)


def _constructor_arguments(cell_class: type) -> dict[str, object]:
    """What the constructors of a class and its bases take, apart from `units` and what every layer takes: defaults by
    name.
    """
    import keras

    defaults: dict[str, object] = {}
    for ancestor in cell_class.__mro__:
        if ancestor is keras.layers.Layer:
            break
        initialiser = ancestor.__dict__.get("__init__")
        if initialiser is not None:
            parameters = inspect.signature(initialiser).parameters.values()
            own = {
                p.name: p.default for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
            }
            defaults = own | defaults
    return {name: default for name, default in defaults.items() if name not in ("self", "units")}


def _parse(text: str) -> tuple[str, Any]:
    """`name=value`; the value is read as JSON where it is JSON (`true`, `0.5`), else as a word."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UserError(f"--cell-options {text}: write NAME=VALUE, such as reset_after=false")
    try:
        return name, json.loads(value)
    except (ValueError, RecursionError):
        return name, value
