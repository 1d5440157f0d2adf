"""The recurrent layer: any cell over time, stacked, in one direction or both, with masks and initial states."""

from __future__ import annotations

import importlib
from typing import Unpack

import keras

from zoo.keras_types import Config, LayerArguments
from zoo.layers import engines
from zoo.layers.engines.engine import Call
from zoo.layers.states import initial_states, output_size
from zoo.tensors import Inputs, Mask, Shape, StackedStates, States, Tensor, last_axis


class RecurrentArguments(LayerArguments, total=False):
    """What `Recurrent` takes beside its cell."""

    layers: int
    bidirectional: bool
    dropout: float
    variational: bool
    weight_dropout: float
    return_sequences: bool
    return_state: bool
    engine: str
    seed: int | None


@keras.saving.register_keras_serializable(package="zoo")
class Recurrent(keras.layers.Layer):
    """Run a cell over time: the arguments of `torch.nn.RNN/LSTM/GRU` for any cell.

    Args:
        cell: a cell that serves as the pattern; each layer and direction gets a copy of its own, with fresh weights.
        layers: how many layers are stacked (torch: `num_layers`).
        bidirectional: also run from the end to the start; the outputs of both are concatenated in the last axis.
        dropout: fraction of the outputs set to zero between layers in training, not after the last (torch: `dropout`).
        variational: that dropout takes the same numbers at all steps of a sequence (Gal and Ghahramani 2016).
        weight_dropout: fraction of the entries of each cell's recurrent kernel set to zero in training, the same ones
            for a whole batch (DropConnect: Wan et al. 2013; in recurrent kernels: Merity et al. 2018).
        return_sequences: give the outputs of all steps; else of the last step that is not masked (backward: the first).
        return_state: also give the final states.
        engine: `auto`, or an engine by name (see `zoo.layers.engines`). `engine_choice` says which one runs, and why.
        seed: seed of the dropout between layers and of `weight_dropout`; None draws one.

    Call arguments:
        inputs: `(batch, time, features)`, at least one step.
        mask: `(batch, time)` bool, True where there is an input. A masked step gives zeros and hands the states on:
            padding never changes a result.
        initial_state: `states[layer][direction]` as the layer gives with `return_state`; None: the cell's own.
        training: whether dropout is applied.

    Returns:
        Outputs `(batch, time, directions * units)` or `(batch, directions * units)`; with `return_state` the pair of
        outputs and final states.

    Raises:
        ValueError: if `layers` or a dropout is out of range, dropout is asked for between fewer than two layers, or the
            engine cannot run the cell; in `build`, for `weight_dropout` with a cell that has no `recurrent_kernel`.
    """

    def __init__(
        self,
        cell: keras.layers.Layer,
        *,
        layers: int = 1,
        bidirectional: bool = False,
        dropout: float = 0.0,
        variational: bool = False,
        weight_dropout: float = 0.0,
        return_sequences: bool = True,
        return_state: bool = False,
        engine: str = "auto",
        seed: int | None = None,
        **layer_arguments: Unpack[LayerArguments],
    ) -> None:
        if layers < 1:
            raise ValueError(f"layers must be at least 1, not {layers}")
        for name, rate in (("dropout", dropout), ("weight_dropout", weight_dropout)):
            if not 0 <= rate < 1:
                raise ValueError(f"{name} must be at least 0 and below 1, not {rate}")
        if dropout and layers == 1:
            raise ValueError(
                "dropout acts between layers and there is one layer; give layers=2 or more, or dropout=0"
            )
        super().__init__(**layer_arguments)
        self.cell = cell
        self.layers = layers
        self.bidirectional = bidirectional
        self.dropout = dropout
        self.variational = variational
        self.weight_dropout = weight_dropout
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.engine = engine
        self.seed = seed
        self.supports_masking = True
        self._cell_outputs: int | None = getattr(cell, "output_size", None)
        self.engine_choice = engines.choose(cell, engine)
        self.cells = [[_copy(cell, layer, way) for way in range(self.directions)] for layer in range(layers)]
        # Counted on from the seeds of the cells: a cell with the same seed must not draw the same masks.
        seeds = [_nth_seed(seed, 2 * layers + n) for n in range(layers - 1)]
        shape = (None, 1, None) if variational else None
        self.dropouts = [keras.layers.Dropout(dropout, shape, seed=layer_seed) for layer_seed in seeds]
        self._kernel_seeds: keras.random.SeedGenerator | None = None
        if weight_dropout:  # else there is no state of it to be saved
            self._kernel_seeds = keras.random.SeedGenerator(_nth_seed(seed, 3 * layers - 1))

    @property
    def directions(self) -> int:
        """2 where bidirectional, else 1."""
        return 2 if self.bidirectional else 1

    @property
    def output_size(self) -> int:
        """Size of the last axis of the outputs; where the cell does not say it, it is known once the layer is built."""
        if self._cell_outputs is None:
            raise ValueError(f"{type(self.cell).__name__} has no output_size: build the layer first")
        return self.directions * self._cell_outputs

    def build(
        self, inputs_shape: Shape, mask_shape: Shape | None = None, initial_state_shape: object = None
    ) -> None:
        """Build every cell for inputs of shape `(batch, time, features)`."""
        del mask_shape, initial_state_shape  # Keras gives a shape for each argument of `call`
        features = last_axis(inputs_shape)
        for cells in self.cells:
            for cell in cells:
                if not cell.built:
                    cell.build((None, features))
                    cell.built = True
            if self.weight_dropout and not hasattr(cells[0], "recurrent_kernel"):
                raise ValueError(f"weight_dropout: {type(cells[0]).__name__} has no recurrent_kernel")
            if self._cell_outputs is None:
                self._cell_outputs = output_size(cells[0], features)
            features = self.output_size
        self.built = True

    def get_initial_state(self, batch_size: int | Tensor) -> StackedStates:
        """The states of every cell before the first step."""
        return [[initial_states(cell, batch_size) for cell in row] for row in self.cells]

    def call(
        self,
        inputs: Inputs,
        mask: Mask | None = None,
        initial_state: StackedStates | None = None,
        training: bool = False,
    ) -> Tensor | tuple[Tensor, StackedStates]:
        """See the class."""
        outputs, final_states = self.outputs_and_states(inputs, mask, initial_state, training)
        return (outputs, final_states) if self.return_state else outputs

    def outputs_and_states(
        self,
        inputs: Inputs,
        mask: Mask | None = None,
        initial_state: StackedStates | None = None,
        training: bool = False,
    ) -> tuple[Tensor, StackedStates]:
        """Outputs and final states, whatever `return_state` says; see the class."""
        if initial_state is None:
            initial_state = self.get_initial_state(keras.ops.shape(inputs)[0])
        if mask is not None:
            mask = keras.ops.cast(mask, "bool")
            inputs = _without_padding(inputs, mask)
        outputs, final_states = inputs, []
        for layer, (cells, states) in enumerate(zip(self.cells, initial_state, strict=True)):
            if layer > 0 and self.dropout > 0:
                outputs = self.dropouts[layer - 1](outputs, training=training)
            sequences = self.return_sequences or layer < self.layers - 1
            outputs, states = self._run_layer(cells, outputs, mask, states, sequences, training)
            final_states.append(states)
        return outputs, final_states

    def _run_layer(
        self,
        cells: list[keras.layers.Layer],
        inputs: Inputs,
        mask: Mask | None,
        states: list[States],
        sequences: bool,
        training: bool,
    ) -> tuple[Tensor, list[States]]:
        """One layer in its directions: concatenated outputs, and the list of each direction's final states."""
        calls = [
            Call(
                cell,
                inputs,
                mask,
                cell_states,
                reverse=direction == 1,
                sequences=sequences,
                training=training,
                recurrent_kernel=self._dropped_kernel(cell) if training else None,
                concurrent=self.directions,
            )
            for direction, (cell, cell_states) in enumerate(zip(cells, states, strict=True))
        ]
        results = [self.engine_choice.implementation.run(call) for call in calls]
        outputs = [output for output, _ in results]
        joined = outputs[0] if len(outputs) == 1 else keras.ops.concatenate(outputs, axis=-1)
        return joined, [list(final) for _, final in results]

    def _dropped_kernel(self, cell: keras.layers.Layer) -> Tensor | None:
        """The recurrent kernel with some of its entries zero and the others scaled up; None for it as it is."""
        if self._kernel_seeds is None:
            return None
        kernel = keras.ops.convert_to_tensor(cell.recurrent_kernel)
        ones = keras.ops.ones_like(kernel)
        return kernel * keras.random.dropout(ones, self.weight_dropout, seed=self._kernel_seeds)

    def compute_mask(self, _inputs: object, previous_mask: Mask | None) -> Mask | None:
        """The mask goes on where there are outputs of all steps."""
        return previous_mask if self.return_sequences else None

    def compute_output_spec(
        self,
        inputs: Inputs,
        mask: Mask | None = None,
        initial_state: StackedStates | None = None,
        training: bool = False,
    ) -> Tensor | tuple[Tensor, StackedStates]:
        """Shapes of the outputs, without running the loop."""
        del mask, initial_state, training  # Keras gives all arguments of `call`
        batch, time = inputs.shape[0], inputs.shape[1]
        shape = (batch, time, self.output_size) if self.return_sequences else (batch, self.output_size)
        outputs = keras.KerasTensor(shape, dtype=self.compute_dtype)
        if not self.return_state:
            return outputs

        def state(one: Tensor) -> Tensor:
            return keras.KerasTensor((batch, *one.shape[1:]), dtype=self.compute_dtype)

        return outputs, keras.tree.map_structure(state, self.get_initial_state(1))

    def get_config(self) -> Config:
        """Every constructor argument."""
        return {
            **super().get_config(),
            "cell": keras.saving.serialize_keras_object(self.cell),
            "layers": self.layers,
            "bidirectional": self.bidirectional,
            "dropout": self.dropout,
            "variational": self.variational,
            "weight_dropout": self.weight_dropout,
            "return_sequences": self.return_sequences,
            "return_state": self.return_state,
            "engine": self.engine,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config: Config) -> Recurrent:
        """The inverse of `get_config`. A cell of the zoo is imported; one of your own has to be imported before."""
        arguments = dict(config)
        cell = arguments.pop("cell")
        if (cell["module"] or "").startswith("zoo.cells."):
            importlib.import_module(cell["module"])  # which registers the cell
        return cls(keras.saving.deserialize_keras_object(cell), **arguments)


def _without_padding(inputs: Inputs, mask: Mask) -> Inputs:
    """Zero where masked, so that not even a NaN in the padding reaches a product, or a gradient on its way back."""
    return keras.ops.where(mask[..., None], inputs, keras.ops.zeros_like(inputs))


def _copy(cell: keras.layers.Layer, layer: int, direction: int) -> keras.layers.Layer:
    """A fresh cell with the pattern's arguments, a name of its own, and a dropout seed of its own."""
    config = dict(cell.get_config())
    if "name" in config:
        config["name"] = f"layer_{layer}_{'backward' if direction else 'forward'}"
    if config.get("seed") is not None:
        config["seed"] = _nth_seed(config["seed"], 2 * layer + direction)
    return type(cell).from_config(config)


def _nth_seed(seed: int | None, n: int) -> int | None:
    return None if seed is None else seed + n
