r"""The decoder: from a memory and a starting vector to a sequence of tokens, over any cell, with attention or without.

With the tokens $y_0 = $ begin, $y_1, \dots$ and a starting vector $v$,

$$s_0 = \tanh(W_s v + b_s) \qquad h_t, s_t = \mathrm{cell}(E y_{t-1}, s_{t-1})$$
$$c_t = \mathrm{attend}(h_t, \mathrm{memory}) \qquad a_t = \tanh(W_a [h_t; c_t] + b_a)$$
$$p(y_t \mid y_{<t}) = \mathrm{softmax}(W_o a_t + b_o)$$

as in Luong, Pham and Manning (2015), section 3. The context enters above the recurrence, never into it, so that all
states of a known sequence follow from its tokens alone: in training the recurrent layer runs over all steps in one call
of its fast engine, and attention serves all steps at once. Further recurrent layers (`upper`) stand above the attention
and read $[h_t; c_t]$, so that they know what was attended to before, and still run over all steps in one call.
Without attention the context is the starting vector itself, the same at each step (Cho et al. 2014).
"""

from __future__ import annotations

import math
from typing import Unpack

import keras
from keras import ops

from zoo.keras_types import Config, LayerArguments
from zoo.layers.attention import Attention
from zoo.layers.recurrent import Recurrent
from zoo.layers.states import fixed_first_states, made_states, state_shapes, step
from zoo.tensors import Mask, Shape, StackedStates, StepLogits, Tensor, TokenIds, last_axis

#: The token that stands for nothing, and the first one that is not special, as `zoo.data.subwords` has them.
PADDING, FIRST = 0, 4


@keras.saving.register_keras_serializable(package="zoo")
class Decoder(keras.layers.Layer):
    """See the module. It knows neither where memory and starting vector come from nor what the tokens mean.

    Args:
        vocabulary: how many different tokens there are; 0 is padding.
        embedding: size of the token vectors, and of what the logits are computed from.
        recurrent: a forward `Recurrent` layer that returns sequences and states; it reads the tokens.
        upper: one more of these that reads outputs and contexts, or None.
        scoring: how attention scores (see `Attention`), or `none` for the fixed vector.
        tied: the output matrix is the transposed embedding (Press and Wolf 2017).
        dropout: fraction dropped of token vectors and before the logits.
        scheduled_sampling: in training, share of the tokens read that are the model's own guesses from a first pass
            over the right ones (Bengio et al. 2015; in two parallel passes, Mihaylova and Martins 2019).
        seed: of dropout and of the choice of guesses; None draws one.

    Call arguments:
        tokens: `(batch, time)` integers, what is read: begin, then the tokens of the target without the last.
        start: `(batch, features)`, from which the first states are made.
        memory: `(batch, places, size)`, what is attended to; not needed without attention.
        mask: `(batch, places)` bool, True where the memory holds something.
        training: whether dropout and scheduled sampling are applied.

    Returns:
        Logits `(batch, time, vocabulary)`.

    Raises:
        ValueError: if a rate is out of range or a recurrent layer is not as it must be.
    """

    def __init__(
        self,
        vocabulary: int,
        embedding: int,
        recurrent: Recurrent,
        *,
        upper: Recurrent | None = None,
        scoring: str = "general",
        tied: bool = True,
        dropout: float = 0.0,
        scheduled_sampling: float = 0.0,
        seed: int | None = None,
        **layer_arguments: Unpack[LayerArguments],
    ) -> None:
        super().__init__(**layer_arguments)
        for name, rate in (("dropout", dropout), ("scheduled_sampling", scheduled_sampling)):
            if not 0 <= rate < 1:
                raise ValueError(f"{name} must be at least 0 and below 1, not {rate}")
        for layer in (recurrent, upper):
            if layer is not None and (
                layer.bidirectional or not layer.return_state or not layer.return_sequences
            ):
                raise ValueError("a decoder's recurrent layer runs forward and returns sequences and states")
        self.vocabulary, self.embedding, self.scoring = vocabulary, embedding, scoring
        self.recurrent, self.upper, self.tied = recurrent, upper, tied
        self.dropout, self.scheduled_sampling, self.seed = dropout, scheduled_sampling, seed
        # Logits of about unit size from the first step on, where embedding and output matrix are one; `_vectors` scales
        # what is read up to the same size.
        self.embed = keras.layers.Embedding(
            vocabulary,
            embedding,
            embeddings_initializer=keras.initializers.RandomNormal(stddev=embedding**-0.5, seed=seed),
            name="embedding",
            dtype=self.dtype_policy,
        )
        self.attention = (
            None if scoring == "none" else Attention(scoring, name="attention", dtype=self.dtype_policy)
        )
        self.combine = keras.layers.Dense(
            embedding, activation="tanh", name="combine", dtype=self.dtype_policy
        )
        seeds = [None if seed is None else seed + n for n in range(3)]
        self.drop_tokens = keras.layers.Dropout(dropout, seed=seeds[0], dtype=self.dtype_policy)
        self.drop_last = keras.layers.Dropout(dropout, seed=seeds[1], dtype=self.dtype_policy)
        self.seed_generator = keras.random.SeedGenerator(seeds[2])
        self.supports_masking = True

    # ---- weights

    def build(
        self,
        tokens_shape: Shape,
        start_shape: Shape,
        memory_shape: Shape | None = None,
        mask_shape: Shape | None = None,
    ) -> None:
        """Make the weights for these shapes of the call's arguments."""
        del tokens_shape, mask_shape
        self.embed.build((None, None))
        self.recurrent.build((None, None, self.embedding))
        hidden, features = self.recurrent.output_size, last_axis(start_shape)
        context = features
        if self.attention is not None:
            if memory_shape is None:
                raise ValueError("attention needs a memory")
            context = last_axis(memory_shape)
            self.attention.build((None, None, hidden), (None, None, context))
        if self.upper is not None:
            self.upper.build((None, None, hidden + context))
            hidden = self.upper.output_size
        self.combine.build((None, hidden + context))
        self.bridges = [self._bridges(layer, features) for layer in self._layers_over_time]
        self.output_kernel = None
        if not self.tied:
            self.output_kernel = self.add_weight(
                shape=(self.vocabulary, self.embedding), initializer="glorot_uniform", name="output_kernel"
            )
        self.output_bias = self.add_weight(shape=(self.vocabulary,), initializer="zeros", name="output_bias")
        self.built = True

    @property
    def _layers_over_time(self) -> list[Recurrent]:
        return [self.recurrent] if self.upper is None else [self.recurrent, self.upper]

    def _bridges(self, layer: Recurrent, features: int) -> list[list[keras.layers.Dense | None]]:
        """For each cell of a layer and each of its states a map from the starting vector, or None.

        A state of a single number beside larger ones is a counter or the like; it starts as the cell starts it, and so
        do those that the cell names in `fixed_first_states`. A matrix gets as many numbers as it has.
        """
        bridges = []
        for number, (cell,) in enumerate(layer.cells):
            maps: list[keras.layers.Dense | None] = []
            fixed = fixed_first_states(cell)
            for n, shape in enumerate(state_shapes(cell)):
                if (shape == (1,) and layer.output_size != 1) or n in fixed:
                    maps.append(None)
                    continue
                bridge = keras.layers.Dense(
                    math.prod(shape),
                    activation="tanh",
                    name=f"bridge_{layer.name}_{number}_{n}",
                    dtype=self.dtype_policy,
                )
                bridge.build((None, features))
                maps.append(bridge)
            bridges.append(maps)
        return bridges

    # ---- all steps at once

    def call(
        self,
        tokens: TokenIds,
        start: Tensor,
        memory: Tensor | None = None,
        mask: Mask | None = None,
        training: bool = False,
    ) -> StepLogits:
        """See the class."""
        if training and self.scheduled_sampling > 0:
            logits = self._read(tokens, start, memory, mask, training)
            guesses = (
                ops.argmax(logits[..., FIRST:], axis=-1) + FIRST
            )  # no search reads one of the special tokens
            tokens = self._with_guesses(tokens, ops.cast(guesses, tokens.dtype))
        return self._read(tokens, start, memory, mask, training)

    def _read(
        self, tokens: TokenIds, start: Tensor, memory: Tensor | None, mask: Mask | None, training: bool
    ) -> StepLogits:
        present = ops.not_equal(tokens, PADDING)
        states = self.first_states(start)
        inputs = self.drop_tokens(self._vectors(tokens), training=training)
        hidden, _ = self.recurrent(inputs, mask=present, initial_state=states[0], training=training)
        if self.attention is None:
            times = ops.shape(tokens)[1]
            context = ops.repeat(ops.cast(start, hidden.dtype)[:, None], times, axis=1)
        else:
            context, _ = self.attention(hidden, memory, mask=mask)
        if self.upper is not None:
            both = ops.concatenate([hidden, context], axis=-1)
            hidden, _ = self.upper(both, mask=present, initial_state=states[1], training=training)
        return self._logits(hidden, context, training)

    def _vectors(self, tokens: TokenIds) -> Tensor:
        return self.embed(tokens) * self.embedding**0.5

    def _logits(self, hidden: Tensor, context: Tensor, training: bool) -> Tensor:
        last = self.combine(ops.concatenate([hidden, context], axis=-1))
        last = self.drop_last(last, training=training)
        kernel = ops.cast(self.embed.embeddings if self.tied else self.output_kernel, last.dtype)
        return ops.matmul(last, ops.transpose(kernel)) + ops.cast(self.output_bias, last.dtype)

    def _with_guesses(self, tokens: TokenIds, guesses: TokenIds) -> TokenIds:
        """The tokens with some replaced by what was guessed at the step before; never the first, never padding."""
        own = ops.concatenate([tokens[:, :1], guesses[:, :-1]], axis=1)
        drawn = keras.random.uniform(ops.shape(tokens), seed=self.seed_generator, dtype="float32")
        replaced = ops.logical_and(drawn < self.scheduled_sampling, ops.not_equal(tokens, PADDING))
        return ops.where(replaced, own, tokens)

    # ---- one step at a time

    def first_states(self, start: Tensor) -> list[StackedStates]:
        """The states before the first step, for each recurrent layer."""
        batch = ops.shape(start)[0]
        first_states = []
        for layer, bridges in zip(self._layers_over_time, self.bridges, strict=True):
            initial = layer.get_initial_state(batch)
            first_states.append(
                [[made_states(maps, states, start)] for maps, (states,) in zip(bridges, initial, strict=True)]
            )
        return first_states

    def fixed(self, start: Tensor, memory: Tensor | None, mask: Mask | None) -> dict[str, Tensor]:
        """What stays the same at all steps of a sequence, each `(batch, …)`."""
        if self.attention is None:
            return {"start": start}
        if memory is None:
            raise ValueError("attention needs a memory")
        if mask is None:
            mask = ops.ones(ops.shape(memory)[:2], dtype="bool")
        return {"memory": memory, "keys": self.attention.keys(memory), "mask": mask}

    def step(
        self, tokens: Tensor, states: list[StackedStates], fixed: dict[str, Tensor]
    ) -> tuple[Tensor, list[StackedStates], Tensor]:
        """One step, with the numbers of the call.

        Args:
            tokens: `(batch,)`, the tokens just said; at first begin.
            states: what `first_states` or the step before gave.
            fixed: what `fixed` gave.

        Returns:
            Logits `(batch, vocabulary)`, the states after the step, and the weights of attention `(batch, places)`;
            `(batch, 0)` where there is none.
        """
        hidden, lower = step_of(self.recurrent, self._vectors(tokens), states[0])
        if self.attention is None:
            context = ops.cast(fixed["start"], hidden.dtype)
            weights = hidden[:, :0]
        else:
            context, weights = self.attention(
                hidden[:, None], fixed["memory"], mask=fixed["mask"], keys=fixed["keys"]
            )
            context, weights = context[:, 0], weights[:, 0]
        after = [lower]
        if self.upper is not None:
            hidden, above = step_of(self.upper, ops.concatenate([hidden, context], axis=-1), states[1])
            after.append(above)
        return self._logits(hidden, context, False), after, weights

    # ---- saving

    def compute_mask(self, _inputs: Tensor, _previous_mask: Mask | None) -> None:
        """Logits have no mask."""

    def compute_output_spec(
        self,
        tokens: TokenIds,
        start: Tensor,
        memory: Tensor | None = None,
        mask: Mask | None = None,
        training: bool = False,
    ) -> Tensor:
        """Shape of the logits, without running the loop."""
        del start, memory, mask, training
        return keras.KerasTensor((*tokens.shape, self.vocabulary), dtype=self.compute_dtype)

    def get_config(self) -> Config:
        """Every constructor argument."""
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "vocabulary": self.vocabulary,
            "embedding": self.embedding,
            "recurrent": serialize(self.recurrent),
            "upper": None if self.upper is None else serialize(self.upper),
            "scoring": self.scoring,
            "tied": self.tied,
            "dropout": self.dropout,
            "scheduled_sampling": self.scheduled_sampling,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config: Config) -> Decoder:
        """The inverse of `get_config`."""
        config = dict(config)
        for name in ("recurrent", "upper"):
            if config[name] is not None:
                config[name] = keras.saving.deserialize_keras_object(config[name])
        return cls(**config)


def step_of(layer: Recurrent, inputs: Tensor, states: StackedStates) -> tuple[Tensor, StackedStates]:
    """One step of a forward recurrent layer, all its stacked cells, without dropout.

    Args:
        inputs: `(batch, features)`.
        states: as the layer gives them.

    Returns:
        Outputs `(batch, units)` and the states after the step.
    """
    outputs, after = inputs, []
    for (cell,), (before,) in zip(layer.cells, states, strict=True):
        outputs, new = step(cell, outputs, before)
        after.append([new])
    return outputs, after


@keras.saving.register_keras_serializable(package="zoo")
class TokenLoss(keras.layers.Layer):
    r"""Loss of each token, inside the model's graph, so that no logits have to leave the model.

    With label smoothing $\epsilon$ (Szegedy et al. 2016) the loss of token y among V is
    $-(1 - \epsilon) \log p(y) - \frac{\epsilon}{V} \sum_v \log p(v)$.

    Args:
        smoothing: $\epsilon$.

    Call arguments:
        logits: `(batch, time, vocabulary)`.
        tokens: `(batch, time)`, the targets y.

    Returns:
        By name, each `(batch, time)` and at least float32: `loss`, smoothed; `token_nll`, $-\log p(y)$; and
        `token_correct`, 1.0 where the most probable token is y, else 0.0.

    Raises:
        ValueError: if `smoothing` is out of range.
    """

    def __init__(self, smoothing: float = 0.0, **layer_arguments: Unpack[LayerArguments]) -> None:
        if not 0 <= smoothing < 1:
            raise ValueError(f"smoothing must be at least 0 and below 1, not {smoothing}")
        super().__init__(**layer_arguments)
        self.smoothing = smoothing
        self.supports_masking = True
        self.built = True

    def call(self, logits: StepLogits, tokens: TokenIds) -> dict[str, Tensor]:
        """See the class."""
        logits = ops.cast(logits, self.variable_dtype)
        largest = ops.argmax(logits, axis=-1)
        nll = keras.losses.sparse_categorical_crossentropy(tokens, logits, from_logits=True)
        loss = nll
        if self.smoothing:
            own = ops.take_along_axis(logits, ops.cast(tokens, "int32")[..., None], axis=-1)[..., 0]
            # -mean log p = log Z - mean of the logits, and log Z = nll + the logit of y
            loss = nll + self.smoothing * (own - ops.mean(logits, axis=-1))
        correct = ops.cast(ops.equal(ops.cast(largest, tokens.dtype), tokens), logits.dtype)
        # A saved model knows its outputs by their place in the order of the alphabet: loss, correct, nll.
        return {"loss": loss, "token_correct": correct, "token_nll": nll}

    def compute_mask(self, _inputs: Tensor, _previous_mask: Mask | None) -> None:
        """What is padding is for weights to say."""

    def compute_output_spec(self, logits: StepLogits, tokens: TokenIds) -> dict[str, Tensor]:
        """See the class."""
        del logits
        return {
            name: keras.KerasTensor(tokens.shape, dtype=self.variable_dtype)
            for name in ("loss", "token_correct", "token_nll")
        }

    def get_config(self) -> Config:
        """Every constructor argument."""
        return {**super().get_config(), "smoothing": self.smoothing}
