"""A recurrent layer that goes on where its last call stopped: for texts that are read in chunks."""

from __future__ import annotations

from typing import Unpack

import keras

from zoo.keras_types import Config, LayerArguments
from zoo.layers.recurrent import Recurrent
from zoo.tensors import Inputs, Outputs, Shape, StackedStates, Tensor


@keras.saving.register_keras_serializable(package="zoo")
class Stateful(keras.layers.Layer):
    """Truncated back-propagation through time (Williams and Peng 1990): gradients stay in a chunk, states do not.

    Each row of a batch is a stream, and the n-th row of the next batch goes on where the n-th row of this one stopped.
    The states stand in variables that are not trained: they are saved with the weights, so that a killed run goes on
    where it was. Training and evaluation have states of their own, so that neither disturbs the other.

    Args:
        recurrent: a layer that runs forward only, with `return_state`; of its states only their shapes are known here.
        rows: streams of a batch.

    Call arguments:
        inputs: `(rows, time, features)`.
        continues: `(rows,)`, 1 where the row goes on from the last call, 0 where it starts from the initial state.
        training: which of the states are read and written, and whether dropout is applied.

    Returns:
        Outputs of all steps, `(rows, time, units)`.
    """

    def __init__(self, recurrent: Recurrent, rows: int, **layer_arguments: Unpack[LayerArguments]) -> None:
        super().__init__(**layer_arguments)
        self.recurrent = recurrent
        self.rows = rows

    def build(self, inputs_shape: Shape, continues_shape: Shape | None = None) -> None:
        """Build the cells, and two sets of variables for their states."""
        del continues_shape
        if not self.recurrent.built:
            self.recurrent.build(inputs_shape)
        initial = keras.tree.flatten(self.recurrent.get_initial_state(self.rows))
        self.states = {
            what: [
                self.add_weight(
                    shape=tuple(state.shape),
                    dtype=keras.backend.standardize_dtype(state.dtype),
                    initializer="zeros",
                    trainable=False,
                    autocast=False,
                    name=f"{what}_state_{n}",
                )
                for n, state in enumerate(initial)
            ]
            for what in ("training", "evaluation")
        }
        self.built = True

    def call(self, inputs: Inputs, continues: Tensor, training: bool = False) -> Outputs:
        """See the class."""
        if inputs.shape[0] not in (None, self.rows):
            raise ValueError(f"{inputs.shape[0]} streams where there are {self.rows}")
        variables = self.states["training" if training else "evaluation"]
        outputs, final = self.recurrent(
            inputs, initial_state=self._states_before(variables, continues), training=training
        )
        for variable, state in zip(variables, keras.tree.flatten(final), strict=True):
            variable.assign(keras.ops.cast(state, variable.dtype))
        return outputs

    def _states_before(self, variables: list[keras.Variable], continues: Tensor) -> StackedStates:
        """The states of the variables in the rows that go on, the initial ones in the others."""
        initial = self.recurrent.get_initial_state(self.rows)
        states = []
        for variable, state in zip(variables, keras.tree.flatten(initial), strict=True):
            goes_on = keras.ops.reshape(continues, (-1, *[1] * (len(state.shape) - 1))) > 0
            states.append(keras.ops.where(goes_on, keras.ops.convert_to_tensor(variable), state))
        return keras.tree.pack_sequence_as(initial, states)

    def compute_output_spec(self, inputs: Inputs, continues: Tensor, training: bool = False) -> Tensor:
        """Shape of the outputs, without running the loop."""
        del continues, training
        shape = (*inputs.shape[:2], self.recurrent.output_size)
        return keras.KerasTensor(shape, dtype=self.compute_dtype)

    def get_config(self) -> Config:
        """Every constructor argument."""
        recurrent = keras.saving.serialize_keras_object(self.recurrent)
        return {**super().get_config(), "recurrent": recurrent, "rows": self.rows}

    @classmethod
    def from_config(cls, config: Config) -> Stateful:
        """The inverse of `get_config`."""
        config = dict(config)
        return cls(keras.saving.deserialize_keras_object(config.pop("recurrent")), **config)
