"""Weights to and from other libraries: `torch.nn.RNN/LSTM/GRU`, and the built-in recurrent layers of Keras.

    model.load_state_dict({name: torch.from_numpy(value) for name, value in to_torch(layer).items()})
    from_torch(layer, {name: value.numpy() for name, value in model.state_dict().items()})
    to_keras(layer, keras.layers.LSTM(32))                   a list of layers where the zoo's layer is stacked
    from_keras(layer, keras.layers.Bidirectional(keras.layers.LSTM(32)))

`layer` is a `zoo.layers.recurrent.Recurrent` or a single cell, which counts as one layer in one direction.
Torch itself is not needed: its state dict is a plain dict of arrays.

A cell takes part if it has the weights kernel, recurrent_kernel and bias, with a projection (torch: `proj_size`) its
kernel too, and says in `gate_order` how its
gates stand side by side, a letter each: `h` (vanilla), `ifgo` (LSTM) or `zrh` (GRU), in any order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import keras
import numpy as np
from numpy.typing import ArrayLike

#: The gates of the torch modules in torch's order. Torch writes g for the LSTM's candidate, n for the GRU's.
TORCH_GATES = {"RNN": "h", "LSTM": "ifgo", "GRU": "rzh"}
#: The options of cells that have to be equal on both sides beside the weights, and what it means to lack one.
CELL_OPTIONS = {
    **dict.fromkeys(("use_bias", "activation", "recurrent_activation", "reset_after")),
    **dict.fromkeys(("dropout", "recurrent_dropout"), 0.0),
}
#: The options of the layers around the cells that have to be as they are in `Recurrent`; see `_check_layer`.
LAYER_OPTIONS = ("go_backwards", "stateful", "return_sequences", "zero_output_for_mask", "merge_mode")

#: One cell's weights by name: kernel `(features, gates * units)`, recurrent_kernel `(units, gates * units)`,
#: and, where it has one, bias `(gates * units,)` or `(2, gates * units)`.
Weights: TypeAlias = dict[str, np.ndarray]
#: A `Recurrent` layer or a cell.
Layer: TypeAlias = "keras.layers.Layer"
#: A built-in layer or `Bidirectional` around one, or a list of them.
KerasLayers: TypeAlias = "keras.layers.Layer | Sequence[keras.layers.Layer]"


def to_torch(layer: Layer) -> dict[str, np.ndarray]:
    """The state dict of the `torch.nn.RNN/LSTM/GRU` that computes the same.

    Args:
        layer: a built `Recurrent` layer or cell.

    Returns:
        Arrays under torch's names: `weight_ih_l0` `(gates * units, features)`, `weight_hh_l0`
        `(gates * units, units)` and, with a bias, `bias_ih_l0` and `bias_hh_l0` `(gates * units,)`; `_l1` and
        so on for further layers, `_reverse` at the end for the backward direction. Torch adds its two biases
        up: the second is zero, except in a GRU, where it is the bias of the recurrent product.

    Raises:
        ValueError: if torch has no such cell, or the layer has no weights yet.
    """
    state_dict = {}
    for suffix, cell in _cells_by_suffix(layer):
        order = _torch_order(cell)
        own = _weights(cell)
        if "projection_kernel" in own:
            state_dict[f"weight_hr{suffix}"] = own.pop("projection_kernel").T
        weights = {name: _reordered(value, gate_order(cell), order) for name, value in own.items()}
        state_dict[f"weight_ih{suffix}"] = weights["kernel"].T
        state_dict[f"weight_hh{suffix}"] = weights["recurrent_kernel"].T
        if "bias" in weights:
            both = weights["bias"] if weights["bias"].ndim == 2 else (weights["bias"], 0 * weights["bias"])
            state_dict[f"bias_ih{suffix}"], state_dict[f"bias_hh{suffix}"] = both
    return {name: np.ascontiguousarray(value) for name, value in state_dict.items()}


def from_torch(layer: Layer, state_dict: Mapping[str, ArrayLike]) -> None:
    """Give a layer the weights of a `torch.nn.RNN/LSTM/GRU`; it is built if it was not.

    Args:
        layer: a `Recurrent` layer or cell with the same options.
        state_dict: what `to_torch` gives: arrays, or anything NumPy takes for one.

    Raises:
        ValueError: if torch has no such cell, or a name is missing, too many, or of the wrong shape. Then the
            layer's weights are as they were.
    """
    cells = dict(_cells_by_suffix(layer))
    orders = {suffix: _torch_order(cell) for suffix, cell in cells.items()}
    expected = {f"{kind}{suffix}" for suffix, cell in cells.items() for kind in _torch_kinds(cell)}
    _check_names(set(state_dict), expected)
    arrays = {name: np.asarray(value) for name, value in state_dict.items()}
    _build(layer, arrays["weight_ih_l0"].shape[-1])
    new = []
    for suffix, cell in cells.items():
        weights = {
            "kernel": arrays[f"weight_ih{suffix}"].T,
            "recurrent_kernel": arrays[f"weight_hh{suffix}"].T,
        }
        if cell.use_bias:
            rows = [arrays[f"bias_ih{suffix}"], arrays[f"bias_hh{suffix}"]]
            weights["bias"] = np.stack(rows) if len(cell.bias.shape) == 2 else np.add(*rows)
        fitting = _fitting(cell, weights, orders[suffix], f"at {suffix[1:]} torch's")
        if _projection(cell):
            fitting |= _of_shape(
                cell, {"projection_kernel": arrays[f"weight_hr{suffix}"].T}, f"at {suffix[1:]} torch's"
            )
        new.append((cell, fitting))
    _assign(new)


def to_keras(layer: Layer, keras_layers: KerasLayers) -> None:
    """Give built-in Keras layers the weights of a layer; they are built if they were not.

    Args:
        layer: a built `Recurrent` layer or cell.
        keras_layers: `keras.layers.SimpleRNN`, `LSTM`, `GRU`, or `Bidirectional` around one; a list of them,
            first layer first, where `layer` is stacked.

    Raises:
        ValueError: if the cells, their options, the number of layers or directions, or the shapes differ, or
            `layer` has no weights yet.
    """
    pairs = _pairs(layer, keras_layers)
    features = _features_of_layers(layer)
    for keras_layer, width in zip(_as_list(keras_layers), features, strict=True):
        if not keras_layer.built:
            keras_layer.build((None, None, width))
    _assign(
        [
            (target, _fitting(target, _weights(cell), gate_order(cell), "the layer's"))
            for cell, target in pairs
        ]
    )


def from_keras(layer: Layer, keras_layers: KerasLayers) -> None:
    """Give a layer the weights of built-in Keras layers; it is built if it was not.

    Args:
        layer: a `Recurrent` layer or cell with the same options.
        keras_layers: as in `to_keras`, built.

    Raises:
        ValueError: as in `to_keras`. Then the layer's weights are as they were.
    """
    pairs = _pairs(layer, keras_layers)
    _build(layer, _weights(pairs[0][1])["kernel"].shape[0])
    _assign(
        [(cell, _fitting(cell, _weights(source), gate_order(source), "Keras'")) for cell, source in pairs]
    )


def gate_order(cell: Layer) -> str:
    """A letter for each gate of a cell, in the order in which they stand side by side in its weights.

    Raises:
        ValueError: if the cell has none.
    """
    built_in = {keras.layers.SimpleRNNCell: "h", keras.layers.LSTMCell: "ifgo", keras.layers.GRUCell: "zrh"}
    for cell_class, order in built_in.items():
        if isinstance(cell, cell_class):
            if type(cell).call is not cell_class.call:
                raise ValueError(
                    f"{type(cell).__name__} has a call of its own, so it is not {cell_class.__name__}"
                )
            return order
    own = getattr(cell, "gate_order", None)
    if not own:
        raise ValueError(f"{type(cell).__name__} has no gate_order, so its weights cannot be converted")
    _refuse_inherited_order(type(cell))
    return own


def _refuse_inherited_order(cell_class: type) -> None:
    """Raises ValueError where the gates are those of an ancestor, and the step is another than the ancestor's."""
    for ancestor in cell_class.__mro__:
        if "gate_order" in vars(ancestor):
            return
        for name in ("call", "step", "project", "gate_values"):
            if name in vars(ancestor):
                raise ValueError(
                    f"{cell_class.__name__} has a {name} of its own and the gate_order of another cell; where its "
                    "gates stand alike, let it say so in a gate_order of its own"
                )


# ---- cells and their weights


def _cells_by_suffix(layer: Layer) -> list[tuple[str, Layer]]:
    """Every cell with the end of its names in torch."""
    return [
        (f"_l{n}{'_reverse' if way else ''}", cell)
        for n, row in enumerate(_cells(layer))
        for way, cell in enumerate(row)
    ]


def _cells(layer: Layer) -> list[list[Layer]]:
    """`cells[layer][direction]` of a recurrent layer, or of a cell by itself."""
    return layer.cells if hasattr(layer, "cells") else [[layer]]


def _weights(cell: Layer) -> Weights:
    if not cell.built:
        raise ValueError(f"{cell.name} has no weights yet: build it, or call it once on its inputs")
    names = ["kernel", "recurrent_kernel", *(["bias"] if cell.use_bias else [])]
    names += ["projection_kernel"] if _projection(cell) else []
    if {variable.name for variable in cell.weights} != set(names):
        raise ValueError(f"{type(cell).__name__} has other weights than {', '.join(names)}")
    return {name: getattr(cell, name).numpy() for name in names}


def _build(layer: Layer, features: int) -> None:
    if not layer.built:
        layer.build((None, None, features) if hasattr(layer, "cells") else (None, features))
        layer.built = True


def _features_of_layers(layer: Layer) -> list[int]:
    return [_weights(row[0])["kernel"].shape[0] for row in _cells(layer)]


def _reordered(array: np.ndarray, order: str, wanted: str) -> np.ndarray:
    """The gates, side by side in the last axis in `order`, in the order `wanted`."""
    gates = dict(zip(order, np.split(array, len(order), axis=-1), strict=True))
    return np.concatenate([gates[letter] for letter in wanted], axis=-1)


def _fitting(cell: Layer, weights: Weights, order: str, origin: str) -> Weights:
    """`weights`, whose gates stand in `order`, as `cell` has them; ValueError where a shape is wrong."""
    checked = _of_shape(cell, weights, origin)
    return {name: _reordered(value, order, gate_order(cell)) for name, value in checked.items()}


def _of_shape(cell: Layer, weights: Weights, origin: str) -> Weights:
    """The weights; ValueError where one is not of the shape that the cell's has."""
    for name, value in weights.items():
        shape = tuple(getattr(cell, name).shape)
        if value.shape != shape:
            raise ValueError(f"{origin} {name} has the shape {value.shape}, and {cell.name} needs {shape}")
    return weights


def _projection(cell: Layer) -> int | None:
    """The size of the outputs of a cell that projects them (torch: `proj_size`), else None."""
    return getattr(cell, "projection", None)


def _torch_kinds(cell: Layer) -> list[str]:
    """What the names of a cell's weights begin with in torch."""
    biases = ["bias_ih", "bias_hh"] if cell.use_bias else []
    return ["weight_ih", "weight_hh", *biases, *(["weight_hr"] if _projection(cell) else [])]


def _assign(new: list[tuple[Layer, Weights]]) -> None:
    """Last of all, so that an error leaves everything as it was."""
    for cell, weights in new:
        for name, value in weights.items():
            getattr(cell, name).assign(value)


# ---- what has to agree


def _torch_order(cell: Layer) -> str:
    """The order of the gates in the torch module that computes what the cell does."""
    letters = sorted(gate_order(cell))
    module = next((name for name, order in TORCH_GATES.items() if sorted(order) == letters), None)
    if module is None:
        raise ValueError(f"torch has no module with the gates {gate_order(cell)} of {type(cell).__name__}")
    _refuse_own_options(cell, "torch")
    if getattr(cell, "reset_after", True) is False:
        raise ValueError(
            "torch.nn.GRU resets after the recurrent product, and this cell has reset_after=False"
        )
    offered = {
        "activation": ["tanh", "relu"] if module == "RNN" else ["tanh"],
        "recurrent_activation": ["sigmoid"],
    }
    for option, names in offered.items():
        known = [keras.activations.get(name) for name in names]
        if getattr(cell, option, known[0]) not in known:
            raise ValueError(f"torch.nn.{module} has no other {option} than {' or '.join(names)}")
    return TORCH_GATES[module]


def _refuse_own_options(cell: Layer, origin: str) -> None:
    """Raises ValueError for options of our cells that change numbers and that torch and Keras do not have."""
    activation = getattr(cell, "activation", None)
    if getattr(cell, "output_activation", activation) != activation:
        raise ValueError(f"{origin} has no output_activation beside the activation")
    if any(getattr(cell, "zoneout_rates", ())):
        raise ValueError(f"{origin} has no zoneout")


def _check_names(given: set[str], expected: set[str]) -> None:
    if missing := sorted(expected - given):
        raise ValueError(f"the state dict has no {', '.join(missing)}")
    if unexpected := sorted(given - expected):
        raise ValueError(
            f"the state dict has {', '.join(unexpected)}, which this layer does not: compare the number of "
            "layers, the directions and the bias"
        )


def _pairs(layer: Layer, keras_layers: KerasLayers) -> list[tuple[Layer, Layer]]:
    """Every cell of the layer with its counterpart in Keras."""
    listed = _as_list(keras_layers)
    rows, keras_rows = _cells(layer), [_keras_cells(keras_layer) for keras_layer in listed]
    shape, keras_shape = [len(row) for row in rows], [len(row) for row in keras_rows]
    if shape != keras_shape:
        raise ValueError(f"the directions of each layer differ: {shape} here, {keras_shape} in Keras")
    for keras_layer in listed:
        _check_layer(keras_layer, _gives_sequences(layer, last=keras_layer is listed[-1]))
    pairs = [pair for both in zip(rows, keras_rows, strict=True) for pair in zip(*both, strict=True)]
    for cell, keras_cell in pairs:
        _check_same_kind(cell, keras_cell)
    return pairs


def _as_list(keras_layers: KerasLayers) -> Sequence[Layer]:
    return keras_layers if isinstance(keras_layers, (list, tuple)) else [keras_layers]


def _keras_cells(keras_layer: Layer) -> list[Layer]:
    """The cell of each direction."""
    return [layer.cell for layer in _ways(keras_layer)]


def _ways(keras_layer: Layer) -> list[keras.layers.RNN]:
    """The layer of each direction."""
    if isinstance(keras_layer, keras.layers.Bidirectional):
        return [*_ways(keras_layer.forward_layer), *_ways(keras_layer.backward_layer)]
    built_in = (keras.layers.RNN, keras.layers.SimpleRNN, keras.layers.LSTM, keras.layers.GRU)
    if isinstance(keras_layer, built_in) and type(keras_layer).call in [known.call for known in built_in]:
        return [keras_layer]
    raise ValueError(f"{type(keras_layer).__name__} is not a recurrent layer of Keras")


def _gives_sequences(layer: Layer, last: bool) -> bool | None:
    """Whether a layer of a stack gives the outputs of all steps; None for a cell, of which nothing is said."""
    return (layer.return_sequences or not last) if hasattr(layer, "cells") else None


def _check_layer(keras_layer: Layer, sequences: bool | None) -> None:
    """Compare the options around the cells that change numbers with what `Recurrent` does.

    `Recurrent` gives zeros at masked steps, where Keras' layers repeat the output before unless `zero_output_for_mask`
    is set: no result depends on these. But with `return_sequences=False`, Keras gives zeros for every sequence whose
    last step is masked.

    Raises:
        ValueError: names the option.
    """
    for way, one in enumerate(_ways(keras_layer)):
        expected = {"go_backwards": way == 1, "stateful": False, "return_sequences": sequences}
        if not one.return_sequences:
            expected["zero_output_for_mask"] = False
        for option, ours in expected.items():
            theirs = getattr(one, option)
            if ours is not None and bool(theirs) != ours:
                raise ValueError(f"{option} differs: {ours} here, {theirs} in Keras")
    if isinstance(keras_layer, keras.layers.Bidirectional) and keras_layer.merge_mode != "concat":
        raise ValueError(f"merge_mode differs: concat here, {keras_layer.merge_mode} in Keras")


def _check_same_kind(cell: Layer, keras_cell: Layer) -> None:
    if sorted(gate_order(cell)) != sorted(gate_order(keras_cell)):
        raise ValueError(f"{type(cell).__name__} and Keras' {type(keras_cell).__name__} are different cells")
    if _projection(cell):
        raise ValueError(f"Keras' {type(keras_cell).__name__} has no projection")
    _refuse_own_options(cell, "Keras")
    for option, lacking in CELL_OPTIONS.items():
        ours, theirs = getattr(cell, option, lacking), getattr(keras_cell, option, lacking)
        if ours != theirs:
            ours, theirs = (getattr(value, "__name__", value) for value in (ours, theirs))
            raise ValueError(f"{option} differs: {ours} here, {theirs} in Keras")
