"""Long short-term memory, and its variants."""

from __future__ import annotations

from typing import ClassVar, Unpack

import keras

from zoo.cells.base import DERIVATIVES, Cell, CellArguments, masked_state, no_derivative
from zoo.cells.gate_bias import Initialize, memory_spans, refuse_spans, side_by_side
from zoo.cells.normalisation import normalised
from zoo.cells.zoneout import refuse_rates
from zoo.keras_types import Activation, Config, Initializer
from zoo.tensors import Projected, RecurrentMask, Rows, Shape, State, States, StepOutputs, Tensor


@keras.saving.register_keras_serializable(package="zoo")
class LSTMCell(Cell):
    r"""One step of long short-term memory (Hochreiter and Schmidhuber 1997; forget gate: Gers et al. 2000).

    $$i_t = \sigma(x_t W_i + h_{t-1} U_i + b_i) \qquad f_t = \sigma(x_t W_f + h_{t-1} U_f + b_f)$$
    $$g_t = \tanh(x_t W_g + h_{t-1} U_g + b_g) \qquad o_t = \sigma(x_t W_o + h_{t-1} U_o + b_o)$$
    $$c_t = f_t \odot c_{t-1} + i_t \odot g_t \qquad h_t = o_t \odot \tanh(c_t)$$

    Args:
        units: size of the state c, and of the state h and the output where there is no projection.
        activation: of the candidate g, and of the cell state on its way out.
        recurrent_activation: of the three gates.
        output_activation: of the cell state on its way out, `linear` for none; None: `activation`.
        unit_forget_bias: start the forget gate's bias at 1: the cell remembers at first (Jozefowicz et al. 2015).
        chrono: start the biases of forget and input gate for memories of up to so many steps (Tallec and Ollivier
            2018), in the place of `unit_forget_bias`; None: do not. See `zoo.cells.gate_bias.memory_spans`.
        peephole: the gates see the memory: $p_i \odot c_{t-1}$ is added inside i, $p_f \odot c_{t-1}$ inside f and
            $p_o \odot c_t$ inside o (Gers and Schmidhuber 2000). They start at zero.
        coupled: one gate forgets and writes: $i_t = 1 - f_t$ (CIFG in Greff et al. 2017).
        projection: the state h and the output are $(o_t \odot \tanh(c_t)) P$, of this size (Sak et al. 2014; torch:
            `proj_size`); None: there is no P.
        layer_norm: pre-activations are $\mathrm{LN}(x_t W) \odot s_x + \mathrm{LN}(h_{t-1} U) \odot s_h + b$, each
            normalised over all gates together, and the memory is shown as $\mathrm{LN}(c_t) \odot s_c + b_c$ (Ba et al.
            2016, equations 20 to 22).
        zoneout_c, zoneout_h: the rates at which c and h stay as they were; see `zoo.cells.zoneout.zoned_out`.
        cell_arguments: see `Cell`.

    Weights:
        kernel W `(features, 4 * units)`, recurrent_kernel U `(units, 4 * units)`, bias b `(4 * units,)`; the gates
        stand side by side in the order i, f, g, o, as in Keras and torch. Coupled there are three: f, g, o. With
        peepholes, peephole_kernel p `(units, 3)` in the order i, f, o, coupled `(units, 2)`: f, o. With a projection,
        projection_kernel P `(units, projection)`, and U has so many rows. With layer_norm, kernel_scale and
        recurrent_scale `(4 * units,)`, memory_scale and memory_shift `(units,)`.

    Raises:
        ValueError: if a rate is outside [0, 1), `projection` is below 1, or `chrono` is below 2 or asked for without a
            bias.
    """

    gates = 4
    gate_order = "ifgo"
    keeping_gates, writing_gates = "f", "i"
    gate_names: ClassVar = {
        "i": "input gate i",
        "f": "forget gate f",
        "g": "candidate g",
        "o": "output gate o",
    }
    state_names = ("h", "c")

    def __init__(
        self,
        units: int,
        *,
        activation: Activation | str = "tanh",
        recurrent_activation: Activation | str = "sigmoid",
        output_activation: Activation | str | None = None,
        unit_forget_bias: bool = True,
        chrono: int | None = None,
        peephole: bool = False,
        coupled: bool = False,
        projection: int | None = None,
        layer_norm: bool = False,
        zoneout_c: float = 0.0,
        zoneout_h: float = 0.0,
        **cell_arguments: Unpack[CellArguments],
    ) -> None:
        super().__init__(units, **cell_arguments)
        if projection is not None and projection < 1:
            raise ValueError(f"projection must be at least 1 or None, not {projection!r}")
        self.activation = keras.activations.get(activation)
        self.recurrent_activation = keras.activations.get(recurrent_activation)
        self.output_activation = keras.activations.get(
            self.activation if output_activation is None else output_activation
        )
        self.unit_forget_bias = unit_forget_bias
        self.chrono = chrono
        self.peephole = peephole
        self.coupled = coupled
        self.projection = projection
        self.layer_norm = layer_norm
        self.zoneout_c, self.zoneout_h = zoneout_c, zoneout_h
        if coupled:
            self.gates, self.gate_order = 3, "fgo"
        refuse_spans(chrono, self.use_bias)
        refuse_rates(zoneout_c=zoneout_c, zoneout_h=zoneout_h)

    # ---- shapes and weights

    @property
    def state_size(self) -> list[int]:
        """The states are h and c."""
        return [self.output_size, self.units]

    @property
    def output_size(self) -> int:
        """Size of the output and of h."""
        return self.units if self.projection is None else self.projection

    def recurrent_shape(self) -> tuple[int, ...]:
        """See `Cell.recurrent_shape`; what the gates see is h."""
        return (self.output_size, self.gates * self.units)

    @property
    def zoneout_rates(self) -> tuple[float, ...]:
        """See `Cell.zoneout_rates`."""
        return (self.zoneout_h, self.zoneout_c)

    def build(self, input_shape: Shape) -> None:
        """Create the weights; those of variants only where they are asked for."""
        super().build(input_shape)
        if self.layer_norm:
            wide = (self.gates * self.units,)
            self.kernel_scale = self.add_weight(shape=wide, name="kernel_scale", initializer="ones")
            self.recurrent_scale = self.add_weight(shape=wide, name="recurrent_scale", initializer="ones")
            self.memory_scale = self.add_weight(shape=(self.units,), name="memory_scale", initializer="ones")
            self.memory_shift = self.add_weight(shape=(self.units,), name="memory_shift", initializer="zeros")
        if self.peephole:
            self.peephole_kernel = self.add_weight(
                shape=(self.units, self.gates - 1),
                name="peephole_kernel",
                initializer="zeros",
                regularizer=self.recurrent_regularizer,
            )
        if self.projection is not None:
            self.projection_kernel = self.add_weight(
                shape=(self.units, self.projection),
                name="projection_kernel",
                initializer=self.recurrent_initializer,
                regularizer=self.recurrent_regularizer,
            )

    def build_bias_initializer(self) -> Initializer | Initialize:
        """Spans of memory with `chrono`; else ones for the forget gate where `unit_forget_bias`; the rest as it is."""
        rest = self.bias_initializer
        if self.chrono is not None:
            return memory_spans(self, self.chrono)
        if not self.unit_forget_bias:
            return rest
        return side_by_side(self.units, [rest, keras.initializers.Ones(), rest, rest][-self.gates :])

    # ---- one step

    def project(self, inputs: Tensor) -> Projected:
        """See `Cell.project`; with layer_norm the product is normalised before the bias is added."""
        if not self.layer_norm:
            return super().project(inputs)
        projected = normalised(keras.ops.matmul(inputs, self.kernel)) * self.kernel_scale
        return projected if self.bias is None else projected + self.bias

    def step(
        self, projected: Projected, states: States, recurrent_mask: RecurrentMask | None = None
    ) -> tuple[StepOutputs, States]:
        """See `Cell.step`; the states are h and c."""
        (product,) = self.products(projected, states, recurrent_mask)
        _, _, _, o, c = self._gates(product, states[1])
        h = o * self.output_activation(self._shown(c))
        if self.projection is not None:
            h = keras.ops.matmul(h, self.projection_kernel)
        return h, [h, c]

    def gate_values(
        self, projected: Projected, states: States, recurrent_mask: RecurrentMask | None = None
    ) -> dict[str, Tensor]:
        """See `Cell.gate_values`."""
        (product,) = self.products(projected, states, recurrent_mask)
        i, f, g, o, _ = self._gates(product, states[1])
        return {"i": i, "f": f, "g": g, "o": o}

    def _gates(self, product: Tensor, c: State) -> tuple[Tensor, Tensor, Tensor, Tensor, State]:
        """i, f, g and o, and the memory after the step."""
        *a_i, a_f, a_g, a_o = keras.ops.split(product, self.gates, axis=-1)
        f = self.recurrent_activation(self._peeped("f", a_f, c))
        i = 1 - f if self.coupled else self.recurrent_activation(self._peeped("i", a_i[0], c))
        g = self.activation(a_g)
        c = f * c + i * g
        return i, f, g, self.recurrent_activation(self._peeped("o", a_o, c)), c

    def _shown(self, c: State) -> State:
        """The memory as the output sees it."""
        return normalised(c) * self.memory_scale + self.memory_shift if self.layer_norm else c

    def _peeped(self, gate: str, product: Tensor, c: State) -> Tensor:
        """The pre-activation of a gate with what it sees of the memory."""
        if not self.peephole:
            return product
        return product + c * self.peephole_kernel[:, self._peepholes.index(gate)]

    @property
    def _peepholes(self) -> str:
        """The gates with peepholes, in the order of their columns."""
        return "fo" if self.coupled else "ifo"

    # ---- the step's gradient by hand

    def no_backward(self) -> str | None:
        """See `Cell.no_backward`."""
        if self.projection is not None:
            return "its projection has no backward step of its own"
        if self.layer_norm:
            return "its layer normalisation has no backward step of its own"
        return no_derivative(self.activation, self.recurrent_activation, self.output_activation)

    def products(
        self, projected: Projected, states: States, recurrent_mask: RecurrentMask | None = None
    ) -> list[Tensor]:
        """See `Cell.products`."""
        product = keras.ops.matmul(masked_state(states[0], recurrent_mask), self.recurrent_kernel)
        return [projected + (normalised(product) * self.recurrent_scale if self.layer_norm else product)]

    def advance(
        self, products: list[Tensor], states: States, _recurrent_mask: RecurrentMask | None = None, /
    ) -> tuple[States, list[Tensor]]:
        """See `Cell.advance`; the residuals are the gates side by side, c before the step, and what o lets out of c."""
        c_before = states[1]
        gates = self._seeing(products[0], c_before) if self.peephole else self._activated(products[0])
        i, f, g, o = self._split(gates)
        c = f * c_before + i * g
        c_activated = self.output_activation(c)
        return [o * c_activated, c], [gates, c_before, c_activated]

    def _seeing(self, product: Tensor, c: State) -> Tensor:
        """The gates side by side, activated, with what they see of the memory."""
        i, f, g, o, _ = self._gates(product, c)
        return keras.ops.concatenate([i, f, g, o][-self.gates :], axis=-1)

    def _activated(self, gates: Tensor) -> Tensor:
        """The gates `(batch, gates * units)`, activated where they stand.

        All in one where they are the textbook's: $\\sigma(x) = (1 + \\tanh(x / 2)) / 2$.
        """
        if (self.activation, self.recurrent_activation) == (
            keras.activations.tanh,
            keras.activations.sigmoid,
        ):
            half = keras.ops.convert_to_tensor([0.5, 0.5, 1.0, 0.5][-self.gates :], gates.dtype)
            half = keras.ops.repeat(half, self.units)
            return half * keras.ops.tanh(half * gates) + (1 - half)
        *a, g, o = keras.ops.split(gates, self.gates, axis=-1)
        a, o = [self.recurrent_activation(each) for each in a], self.recurrent_activation(o)
        return keras.ops.concatenate([*a, self.activation(g), o], axis=-1)

    def step_backward(
        self,
        residuals: list[Tensor],
        d_states: States,
        recurrent_mask: RecurrentMask | None,
        transposed: list[Tensor],
    ) -> tuple[Projected, States]:
        """See `Cell.step_backward`."""
        gate_derivative = DERIVATIVES[self.recurrent_activation]
        gates, c_before, c_activated = residuals
        i, f, g, o = self._split(gates)
        d_h, d_c = d_states
        d_o = d_h * c_activated * gate_derivative(o)
        d_c = d_c + d_h * o * DERIVATIVES[self.output_activation](c_activated)
        if self.peephole:
            d_c = d_c + d_o * transposed[1][-1]
        d_g = d_c * i * DERIVATIVES[self.activation](g)
        if self.coupled:
            seeing = [d_c * (c_before - g) * gate_derivative(f)]
        else:
            seeing = [d_c * g * gate_derivative(i), d_c * c_before * gate_derivative(f)]
        d_projected = keras.ops.concatenate([*seeing, d_g, d_o], axis=-1)
        d_c = d_c * f
        if self.peephole:
            d_c = d_c + sum(d_gate * transposed[1][n] for n, d_gate in enumerate(seeing))
        return d_projected, [
            masked_state(keras.ops.matmul(d_projected, transposed[0]), recurrent_mask),
            d_c,
        ]

    def _split(self, gates: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """i, f, g and o of those that stand side by side."""
        if not self.coupled:
            return tuple(keras.ops.split(gates, 4, axis=-1))
        f, g, o = keras.ops.split(gates, 3, axis=-1)
        return 1 - f, f, g, o

    def recurrent_weights(self) -> list[keras.Variable]:
        """See `Cell.recurrent_weights`."""
        return [self.recurrent_kernel, *([self.peephole_kernel] if self.peephole else [])]

    def transposed_kernels(self) -> list[Tensor]:
        """See `Cell.transposed_kernels`."""
        return [keras.ops.transpose(kernel) for kernel in self.recurrent_weights()]

    def recurrent_gradients(
        self, d_projected: Rows, residuals: list[Rows], state_before: Rows, /
    ) -> list[Tensor]:
        """See `Cell.recurrent_gradients`."""
        d_kernel = keras.ops.matmul(keras.ops.transpose(state_before), d_projected)
        if not self.peephole:
            return [d_kernel]
        gates, c_before, _ = residuals
        i, f, g, _ = self._split(gates)
        *seeing, _, d_o = keras.ops.split(d_projected, self.gates, axis=-1)
        seen = [d_gate * c_before for d_gate in seeing] + [d_o * (f * c_before + i * g)]
        return [d_kernel, keras.ops.stack([keras.ops.sum(each, axis=0) for each in seen], axis=-1)]

    def get_config(self) -> Config:
        """See `Cell.get_config`."""
        return {
            **super().get_config(),
            "activation": keras.activations.serialize(self.activation),
            "recurrent_activation": keras.activations.serialize(self.recurrent_activation),
            "output_activation": keras.activations.serialize(self.output_activation),
            "unit_forget_bias": self.unit_forget_bias,
            "chrono": self.chrono,
            "peephole": self.peephole,
            "coupled": self.coupled,
            "projection": self.projection,
            "layer_norm": self.layer_norm,
            "zoneout_c": self.zoneout_c,
            "zoneout_h": self.zoneout_h,
        }


CELL = LSTMCell
YEAR = 1997
