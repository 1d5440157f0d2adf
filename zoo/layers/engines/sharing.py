"""Which cells may run the same compiled loops: those whose steps are the same function.

Compiling takes seconds, so cells share their loops. A loop was compiled from the step of one cell and is called with
the weights of another. So all else that a step can read has to be equal: the attributes of the cell.
"""

from __future__ import annotations

import functools
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from types import CellType, CodeType, FunctionType

import keras
import numpy as np

from zoo.cells.base import Cell

#: What differs between the cells of one layer, and is left out of the key of a cell whose step does not mention it.
DIFFERENT_IN_COPIES = ("name", "path", "seed", "trainable")
#: Set while a cell runs: masks of dropout, which is applied outside the loops, and graphs of the engine.
_SET_LATER = {"_dropout_mask", "_recurrent_dropout_mask", "_fused_graphs"}
#: Methods that run before the first step. What they keep for it are attributes.
_BEFORE_THE_STEP = {"__init__", "build", "get_config"}


def step_key(cell: Cell) -> Hashable:
    """Equal for two cells only if their steps are the same function of weights, states and inputs.

    The key is the class with every attribute of the cell: numbers, texts and arrays by value, weights by their place
    among `cell.weights`, functions and all other objects by identity. Left out is what Keras keeps of every layer: its
    name, seed and the like. A cell whose methods mention one of these shares its loops with no other cell.
    """
    places = {id(weight): place for place, weight in enumerate(cell.weights)}
    return _layer_key(cell, places), tuple(tuple(weight.shape) for weight in cell.weights)


@dataclass(frozen=True, eq=False)
class _Same:
    """Equal only to itself around the very same object, which it keeps alive."""

    value: object

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)


def _layer_key(layer: keras.layers.Layer, places: dict[int, int]) -> Hashable:
    """The key of a cell, or of a layer that is an attribute of it."""
    layer_class: type = type(layer)
    own = {name: value for name, value in vars(layer).items() if name not in _kept_of_any_layer()}
    attributes = tuple((name, _key(own[name], places)) for name in sorted(own))
    alone = _Same(layer) if _mentions_what_differs(layer_class) else None
    return layer_class, layer.dtype_policy.name, attributes, alone


def _key(value: object, places: dict[int, int]) -> Hashable:
    """The key of one value of an attribute."""
    if value is None or type(value) in (bool, int, float, complex, str, bytes):
        return type(value), repr(value)
    if isinstance(value, (list, tuple)):
        return type(value), tuple(_key(entry, places) for entry in value)
    if isinstance(value, (set, frozenset)):
        return type(value), frozenset(_key(entry, places) for entry in value)
    if isinstance(value, dict):
        return type(value), tuple((_key(name, places), _key(entry, places)) for name, entry in value.items())
    if isinstance(value, (np.ndarray, np.generic)) and not value.dtype.hasobject:
        return type(value), value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, keras.Variable) and id(value) in places:
        return keras.Variable, places[id(value)]
    if isinstance(value, keras.layers.Layer):
        return _layer_key(value, places)
    if isinstance(value, (keras.initializers.Initializer, keras.regularizers.Regularizer)):
        return type(value), _key(value.get_config(), places)
    return _Same(value)


@functools.cache
def _kept_of_any_layer() -> frozenset[str]:
    """Names of the attributes that Keras and TensorFlow keep of every layer, and of the cell's seed."""
    layer = keras.layers.Layer()
    layer.inner = keras.layers.Layer()  # TensorFlow begins its records of a layer when it holds another
    return frozenset({*vars(layer), "seed", "seed_generator", *_SET_LATER} - {"inner", "autocast"})


# ------------------------------------------------------------------------- what the code of a class mentions


@functools.cache
def _mentions_what_differs(layer_class: type) -> bool:
    """Whether a method that may run in a step has a word of `DIFFERENT_IN_COPIES` in a name or a text that it uses."""
    known = {*Cell.__mro__, *keras.layers.Layer.__mro__}
    own_classes = [ancestor for ancestor in layer_class.__mro__ if ancestor not in known]
    return any(
        word in mentioned
        for own_class in own_classes
        for attribute, member in vars(own_class).items()
        if attribute not in _BEFORE_THE_STEP
        for function in _functions_of(member)
        for mentioned in _mentioned_by(function, set())
        for word in DIFFERENT_IN_COPIES
    )


def _functions_of(member: object) -> list[FunctionType]:
    """The functions behind a member of a class: of a method, a property, or either with a decorator."""
    behind = [getattr(member, name, None) for name in ("__func__", "__wrapped__", "fget", "fset", "func")]
    return [function for function in (member, *behind) if isinstance(function, FunctionType)]


def _mentioned_by(function: FunctionType, visited: set[FunctionType]) -> Iterator[str]:
    """Names and one-word texts in a function, and in the functions that it reaches by globals and its closure."""
    if function in visited or function.__module__.startswith("keras."):
        return
    visited.add(function)
    names = list(_mentioned_in(function.__code__))
    yield from names
    reached = [function.__globals__.get(name) for name in names]
    reached += [_contents(cell) for cell in function.__closure__ or ()]
    for other in reached:
        if isinstance(other, FunctionType):
            yield from _mentioned_by(other, visited)


def _contents(cell: CellType) -> object:
    """What a variable of a closure stands for; None where it has not been assigned yet."""
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _mentioned_in(constant: object) -> Iterator[str]:
    """Names and one-word texts in the code of a function, and of functions inside it; not a function's `__name__`."""
    if isinstance(constant, str) and constant.isidentifier() and constant != "__name__":
        yield constant
    elif isinstance(constant, (tuple, frozenset)):
        for entry in constant:
            yield from _mentioned_in(entry)
    elif isinstance(constant, CodeType):
        yield from _mentioned_in(constant.co_names)
        yield from _mentioned_in(constant.co_consts)
