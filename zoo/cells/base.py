"""What every recurrent cell of the zoo shares: arguments, weights, dropout, and the split of one step in two.

A cell is one step of recurrence. It does not know of time, stacking, direction or padding: `zoo.layers.Recurrent` does.
It is split in two so that it can be run fast:

    project(inputs)              all that does not depend on the state, for one step or for all steps at once
    step(projected, states)      the recurrence itself, a few lines that read like the equation

`call(inputs, states, training)` is the two in a row, which is what `keras.layers.RNN` runs.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Unpack

import keras

from zoo.cells.zoneout import zoned_out
from zoo.keras_private import DropoutRNNCell
from zoo.keras_types import Activation, Config, Initializer, LayerArguments, Regularizer
from zoo.tensors import (
    Mask,
    Outputs,
    Projected,
    RecurrentMask,
    Rows,
    Shape,
    State,
    States,
    StepInputs,
    StepOutputs,
    Tensor,
)


class CellArguments(LayerArguments, total=False):
    """What every cell of the zoo takes beside its units; see `Cell`."""

    use_bias: bool
    kernel_initializer: Initializer
    recurrent_initializer: Initializer
    bias_initializer: Initializer
    kernel_regularizer: Regularizer
    recurrent_regularizer: Regularizer
    bias_regularizer: Regularizer
    dropout: float
    recurrent_dropout: float
    seed: int | None


class Cell(DropoutRNNCell, keras.layers.Layer):
    """Base of the zoo's cells: one input kernel, one recurrent kernel and a bias, for `gates` gates side by side.

    A subclass sets `gates` and writes `step`; it adds states by overriding `state_size`. With `gate_names` and
    `gate_values` it also shows what its gates do.

    Args:
        units: number of units, the size of the output and of each state.
        use_bias: whether to add a bias (torch: `bias`).
        kernel_initializer, recurrent_initializer, bias_initializer: Keras initialisers or their names.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: Keras regularisers, their names, or None.
        dropout: fraction of the inputs set to zero in training, the same ones at each step of a sequence.
        recurrent_dropout: fraction of the state set to zero inside the recurrent product in training, the same units at
            each step of a sequence (Gal and Ghahramani 2016, "variational" dropout). The state that is carried on to
            the next step is not touched.
        seed: seed of both dropouts; None draws one.

    Weights:
        kernel `(features, gates * units)`, recurrent_kernel `(units, gates * units)`, bias `(gates * units,)`.

    Raises:
        ValueError: if `units` is not a positive integer or a rate is outside [0, 1).
    """

    #: How many blocks of `units` columns the kernels have.
    gates = 1
    #: A letter for each gate in the order of the blocks; `zoo.interop` converts the weights of cells that say it.
    gate_order: str | None = None
    #: Letters of the gates whose bias says how long the state is kept: open, they keep it, or write over it.
    keeping_gates: str = ""
    writing_gates: str = ""
    #: The gates that `gate_values` gives: what each is called, by its letter. Call a gate what lies between 0 and 1.
    gate_names: ClassVar[Mapping[str, str]] = {}
    #: What the states are called; of a cell that does not say it, they are numbered.
    state_names: tuple[str, ...] = ("h",)
    #: Those of them that start as the cell starts them even where a decoder makes first states of a vector.
    fixed_first_states: tuple[str, ...] = ()

    def __init__(
        self,
        units: int,
        *,
        use_bias: bool = True,
        kernel_initializer: Initializer = "glorot_uniform",
        recurrent_initializer: Initializer = "orthogonal",
        bias_initializer: Initializer = "zeros",
        kernel_regularizer: Regularizer = None,
        recurrent_regularizer: Regularizer = None,
        bias_regularizer: Regularizer = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **layer_arguments: Unpack[LayerArguments],
    ) -> None:
        whole: object = units  # a NumPy integer is as good as an int
        if isinstance(whole, bool) or not isinstance(whole, numbers.Integral) or whole < 1:
            raise ValueError(f"units must be a positive integer, not {units!r}")
        for name, rate in (("dropout", dropout), ("recurrent_dropout", recurrent_dropout)):
            if not 0 <= rate < 1:
                raise ValueError(f"{name} must be at least 0 and below 1, not {rate!r}")
        super().__init__(**layer_arguments)
        self.units = int(units)
        self.use_bias = use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.recurrent_initializer = keras.initializers.get(recurrent_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = keras.regularizers.get(recurrent_regularizer)
        self.bias_regularizer = keras.regularizers.get(bias_regularizer)
        self.dropout = dropout
        self.recurrent_dropout = recurrent_dropout
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True

    # ---- shapes

    @property
    def state_size(self) -> list[int]:
        """Size of each state tensor."""
        return [self.units]

    @property
    def output_size(self) -> int:
        """Size of the output of one step."""
        return self.units

    def get_initial_state(self, batch_size: int | Tensor | None = None) -> States:
        """The state before the first step: zeros, one `(batch, size)` tensor for each entry of `state_size`.

        An entry may be a shape: `(units, 4)` for a matrix.
        """
        sizes: Sequence[int | Sequence[int]] = self.state_size
        shapes = [[size] if isinstance(size, int) else size for size in sizes]
        return [keras.ops.zeros((batch_size, *shape), dtype=self.compute_dtype) for shape in shapes]

    def recurrent_shape(self) -> tuple[int, ...]:
        """Shape of the recurrent kernel; a row for each unit of the state that it reads."""
        return (self.units, self.gates * self.units)

    @property
    def zoneout_rates(self) -> tuple[float, ...]:
        """The rate of zoneout of each state; none without. A cell that has any runs on the `loop` engine alone."""
        return ()

    def bias_shape(self) -> tuple[int, ...]:
        """Shape of the bias."""
        return (self.gates * self.units,)

    def build(self, input_shape: Shape) -> None:
        """Create the weights for inputs of shape `(batch, features)` or `(batch, time, features)`."""
        self.build_kernel(input_shape)
        self.recurrent_kernel = self.add_weight(
            shape=self.recurrent_shape(),
            name="recurrent_kernel",
            initializer=self.recurrent_initializer,
            regularizer=self.recurrent_regularizer,
        )
        self.build_bias()
        self.built = True

    def build_kernel(self, input_shape: Shape) -> None:
        """Create the kernel `(features, gates * units)`."""
        self.kernel = self.add_weight(
            shape=(input_shape[-1], self.gates * self.units),
            name="kernel",
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
        )

    def build_bias(self) -> None:
        """Create the bias, or set it to None without `use_bias`."""
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                shape=self.bias_shape(),
                name="bias",
                initializer=self.build_bias_initializer(),
                regularizer=self.bias_regularizer,
            )

    def build_bias_initializer(self) -> Initializer | Callable[..., Tensor]:
        """The initialiser of the bias; a cell whose gates start differently overrides it."""
        return self.bias_initializer

    # ---- one step

    def project(self, inputs: Tensor) -> Projected:
        """All that does not depend on the state: `x W + b`.

        Args:
            inputs: `(..., features)`, one step or all steps.

        Returns:
            `(..., gates * units)`.
        """
        projected = keras.ops.matmul(inputs, self.kernel)
        return projected if self.bias is None else projected + self.bias

    def step(
        self, projected: Projected, states: States, recurrent_mask: RecurrentMask | None = None
    ) -> tuple[StepOutputs, States]:
        """One step of the recurrence.

        Args:
            projected: what `project` gave for this step, `(batch, gates * units)`.
            states: the states before the step, each `(batch, size)`.
            recurrent_mask: `(batch, units)`, multiplied into the state inside the recurrent product, or None.

        Returns:
            The output `(batch, units)` and the states after the step.
        """
        raise NotImplementedError(f"{type(self).__name__} has no step")

    def scan(self, projected: Projected, mask: Mask | None, states: States) -> tuple[Outputs, States]:
        """All steps at once, for a recurrence that allows it: what `step` gives, step by step. Optional.

        A cell that has it runs on the `parallel` engine, which turns sequences round for the other direction, draws the
        dropout of the inputs, and sets outputs to zero where masked.

        Args:
            projected: what `project` gave for all steps, `(batch, time, gates * units)`, at least one step.
            mask: `(batch, time)` bool, True where there is an input, or None where all steps are. A masked step hands
                the states on as they are. There may be gaps anywhere; inputs are zero there.
            states: the states before the first step, each `(batch, size)`.

        Returns:
            Outputs `(batch, time, units)`, any number where masked, and the final states.
        """
        raise NotImplementedError(f"{type(self).__name__} has no scan")

    def gate_values(
        self, projected: Projected, states: States, recurrent_mask: RecurrentMask | None = None
    ) -> dict[str, Tensor]:
        """The gates of one step, `(batch, units)` each, by the letters of `gate_names`.

        `step` of a cell with gates starts from them, so that what is shown of a cell is what it computes.

        Args: see `step`.
        """
        raise NotImplementedError(f"{type(self).__name__} has no gates with a name")

    def call(
        self, inputs: StepInputs, states: Sequence[State], training: bool = False
    ) -> tuple[StepOutputs, States]:
        """One step from `inputs` `(batch, features)` and `states`; gives the output and the next states."""
        recurrent_mask = None
        if training and self.dropout > 0:
            inputs = inputs * self.get_dropout_mask(inputs)
        if training and self.recurrent_dropout > 0:
            recurrent_mask = self.get_recurrent_dropout_mask(states[0])
        output, after = self.step(self.project(inputs), list(states), recurrent_mask)
        if not any(self.zoneout_rates):
            return output, after
        seeds = self.seed_generator if training else None
        after = zoned_out(list(states), after, self.zoneout_rates, seeds)
        return after[0], after

    # ---- the step's gradient by hand, for the fused engine (see docs/engines.md); all optional

    def no_backward(self) -> str | None:
        """Why this cell has no backward step of its own, or None where it has one."""
        return "it has no backward step of its own"

    def products(
        self, projected: Projected, states: States, recurrent_mask: RecurrentMask | None = None
    ) -> list[Tensor]:
        """The first half of `step`: its matrix products with the state. `advance` does the rest, element by element.

        Args: see `step`. Returns: the pre-activations, each `(batch, ...)`.
        """
        raise NotImplementedError(f"{type(self).__name__} has no products")

    def advance(
        self, products: list[Tensor], states: States, recurrent_mask: RecurrentMask | None = None, /
    ) -> tuple[States, list[Tensor]]:
        """The second half of `step`.

        Args:
            products: what `products` gave for this step.
            states, recurrent_mask: see `step`.

        Returns:
            The states after the step, of which the first is the output; and the residuals: all that `step_backward`
            needs to know of this step, each `(batch, ...)`. The first has the shape of what `project` gave.
        """
        raise NotImplementedError(f"{type(self).__name__} has no advance")

    def step_backward(
        self,
        residuals: list[Tensor],
        d_states: States,
        recurrent_mask: RecurrentMask | None,
        transposed: list[Tensor],
    ) -> tuple[Projected, States]:
        """One step backward through time.

        Args:
            residuals: what `advance` gave for this step.
            d_states: gradients of the loss by the states after the step; the output's is in the first.
            recurrent_mask: see `step`.
            transposed: what `transposed_kernels` gives.

        Returns:
            Gradients by what `project` gave for this step, and by the states before the step.
        """
        raise NotImplementedError(f"{type(self).__name__} has no step_backward")

    def recurrent_weights(self) -> list[keras.Variable]:
        """The weights that `step` reads. The gradients of those in `project` come from the backend."""
        return [self.recurrent_kernel]

    def transposed_kernels(self) -> list[Tensor]:
        """The matrices of `step_backward`'s products, transposed once for all steps."""
        return [keras.ops.transpose(self.recurrent_kernel)]

    def recurrent_gradients(
        self, d_projected: Rows, _residuals: list[Rows], state_before: Rows, /
    ) -> list[Tensor]:
        """Gradients by `recurrent_weights`, as one product over all steps of all sequences.

        Args:
            d_projected: `(rows, gates * units)`, from `step_backward`, zero where masked.
            _residuals: each `(rows, ...)`, from `advance`; not needed where the state enters one product as it is.
            state_before: `(rows, units)`, the first state before each step, with recurrent dropout.
        """
        return [keras.ops.matmul(keras.ops.transpose(state_before), d_projected)]

    def reset_masks(self) -> None:
        """Forget the dropout masks of the last sequence. Whoever owns the loop calls it when the sequence ends."""
        self.reset_dropout_mask()
        self.reset_recurrent_dropout_mask()

    # ---- saving

    def get_config(self) -> Config:
        """Every constructor argument, so that `from_config` gives an equal cell."""
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "units": self.units,
            "use_bias": self.use_bias,
            "kernel_initializer": serialize(self.kernel_initializer),
            "recurrent_initializer": serialize(self.recurrent_initializer),
            "bias_initializer": serialize(self.bias_initializer),
            "kernel_regularizer": serialize(self.kernel_regularizer),
            "recurrent_regularizer": serialize(self.recurrent_regularizer),
            "bias_regularizer": serialize(self.bias_regularizer),
            "dropout": self.dropout,
            "recurrent_dropout": self.recurrent_dropout,
            "seed": self.seed,
        }


def masked_state(state: State, recurrent_mask: RecurrentMask | None) -> State:
    """The state as the recurrent product sees it: with recurrent dropout where there is a mask."""
    return state if recurrent_mask is None else state * recurrent_mask


#: Derivatives of activations, by what they gave: `dy/dx` as a function of `y`.
DERIVATIVES: dict[Activation, Activation] = {
    keras.activations.tanh: lambda y: 1 - y * y,
    keras.activations.sigmoid: lambda y: y * (1 - y),
    keras.activations.relu: lambda y: keras.ops.cast(y > 0, y.dtype),
    keras.activations.linear: lambda y: keras.ops.ones_like(y),
}


def no_derivative(*activations: Activation) -> str | None:
    """Why one of these activations has no derivative by its own output, or None where all have."""
    for activation in activations:
        if activation not in DERIVATIVES:
            name = getattr(activation, "__name__", activation)
            return f"the derivative of its activation {name} is not written down"
    return None
