"""A linear-chain conditional random field on top of the scores of a tagger (Lafferty, McCallum and Pereira 2001).

For scores $s_t(k)$ of tag k at word t, a start score $a(k)$ and a transition score $A(j, k)$ from tag j to tag k,

$$\\log p(y \\mid x) = a(y_1) + \\sum_t s_t(y_t) + \\sum_{t>1} A(y_{t-1}, y_t) - \\log Z(x)$$

The recursions over time are those of Rabiner (1989), in logarithms: forward for $Z$, backward for the probability of a
tag at a word, Viterbi for the best sequence. A masked step hands on what came before it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias, Unpack

import keras
from keras import ops

from zoo.keras_types import Config, LayerArguments
from zoo.tensors import Mask, Shape, State, StepLabels, StepLogits, Tensor, last_axis

#: One step of a recursion: its inputs, where there is a word `(batch, 1)`, and the state; gives output and new state.
Step: TypeAlias = Callable[[Tensor, Mask, State], tuple[Tensor, State]]
#: Puts all that arrives at a tag into one number: `ops.logsumexp` or `ops.max`.
Join: TypeAlias = Callable[..., Tensor]


@keras.saving.register_keras_serializable(package="zoo")
class LinearChainCRF(keras.layers.Layer):
    """Scores of transitions between tags, and the best sequence of tags.

    Args:
        tags: how many tags there are.

    Call arguments:
        scores: `(batch, time, tags)`.
        mask: `(batch, time)` bool, True where there is a word.

    Returns:
        The best tags `(batch, time)` int32, 0 where masked; start `(tags,)`; transitions `(tags, tags)`.
    """

    def __init__(self, tags: int, **layer_arguments: Unpack[LayerArguments]) -> None:
        super().__init__(**layer_arguments)
        self.tags = tags
        self.supports_masking = True

    def build(self, scores_shape: Shape, mask_shape: Shape | None = None) -> None:
        """Make the scores, all 0: at first every sequence of tags is as good as the words say."""
        del scores_shape, mask_shape  # how many tags there are is an argument
        self.start = self.add_weight(shape=(self.tags,), initializer="zeros", name="start")
        self.transitions = self.add_weight(
            shape=(self.tags, self.tags), initializer="zeros", name="transitions"
        )

    def call(self, scores: StepLogits, mask: Mask) -> tuple[Tensor, Tensor, Tensor]:
        """See the class."""
        start, transitions = ops.convert_to_tensor(self.start), ops.convert_to_tensor(self.transitions)
        return best_tags(scores, mask, start, transitions), start, transitions

    def compute_mask(self, _inputs: Tensor, _previous_mask: Mask | None) -> None:
        """Tags and transitions have no mask."""

    def compute_output_spec(self, scores: StepLogits, mask: Mask) -> tuple[Tensor, Tensor, Tensor]:
        """Shapes of the outputs, without running the recursion."""
        del mask
        return (
            keras.KerasTensor(scores.shape[:2], dtype="int32"),
            keras.KerasTensor((self.tags,), dtype=self.compute_dtype),
            keras.KerasTensor((self.tags, self.tags), dtype=self.compute_dtype),
        )

    def get_config(self) -> Config:
        """Every constructor argument."""
        return {**super().get_config(), "tags": self.tags}


def forward_scores(scores: StepLogits, mask: Mask, start: Tensor, transitions: Tensor) -> Tensor:
    """`(batch, time, tags)`: the logarithm of the summed weights of all sequences up to a word with that last tag.

    Args:
        scores: `(batch, time, tags)`, at least one step.
        mask: `(batch, time)` bool.
        start: `(tags,)`.
        transitions: `(tags, tags)`, from the tag of the row to that of the column.
    """
    return _recursion(scores, mask, start, transitions, ops.logsumexp)


def best_tags(scores: StepLogits, mask: Mask, start: Tensor, transitions: Tensor) -> Tensor:
    """The sequence of tags with the highest score (Viterbi 1967), `(batch, time)` int32, 0 where masked.

    Arguments as those of `forward_scores`.
    """
    best = _recursion(scores, mask, start, transitions, ops.max)
    before = ops.concatenate([best[:, :1], best[:, :-1]], axis=1)
    last = ops.cast(ops.argmax(best[:, -1], axis=-1)[:, None], best.dtype)

    def step(best_before: Tensor, present: Mask, tag: State) -> tuple[Tensor, Tensor]:
        """The tag at a word, and from it the tag at the word before."""
        arriving = ops.take(ops.transpose(transitions), ops.cast(tag[:, 0], "int32"), axis=0)
        origin = ops.cast(ops.argmax(best_before + arriving, axis=-1)[:, None], tag.dtype)
        return tag, ops.where(present, origin, tag)

    tags = _over_time(step, before, mask, last, reverse=True)[..., 0]
    return ops.where(mask, ops.cast(tags, "int32"), 0)


def log_likelihoods(
    scores: StepLogits, tags: StepLabels, mask: Mask, start: Tensor, transitions: Tensor
) -> Tensor:
    """What each word adds to $\\log p(y \\mid x)$, `(batch, time)`, 0 where masked: the chain rule over time.

    Args:
        tags: `(batch, time)` int, the tags y; any valid number where masked.
        scores, mask, start, transitions: see `forward_scores`.
    """
    sums = ops.logsumexp(forward_scores(scores, mask, start, transitions), axis=-1)
    sums_before = ops.concatenate([ops.zeros_like(sums[:, :1]), sums[:, :-1]], axis=1)
    present = ops.cast(mask, scores.dtype)
    own = ops.take_along_axis(scores, tags[..., None], axis=-1)[..., 0]
    come = _transition_scores(tags, mask, start, transitions)
    return (own + come - (sums - sums_before)) * present


def probabilities(scores: StepLogits, mask: Mask, start: Tensor, transitions: Tensor) -> Tensor:
    """The probability of each tag at each word given the whole sentence, `(batch, time, tags)`.

    Arguments as those of `forward_scores`.
    """
    forward = forward_scores(scores, mask, start, transitions)

    def step(score: Tensor, present: Mask, after: State) -> tuple[Tensor, Tensor]:
        """What follows a word, and from it what follows the word before."""
        before = ops.logsumexp(transitions + (score + after)[:, None, :], axis=-1)
        return after, ops.where(present, before, after)

    after = _over_time(step, scores, mask, ops.zeros_like(scores[:, 0]), reverse=True)
    return ops.softmax(forward + after, axis=-1)


def _recursion(scores: StepLogits, mask: Mask, start: Tensor, transitions: Tensor, join: Join) -> Tensor:
    """All steps of the recursion forward in time, `(batch, time, tags)`; `join` adds up, or takes the best."""
    first = ops.cast(ops.cumsum(ops.cast(mask, "int32"), axis=1) == 1, scores.dtype)[..., None]

    def step(inputs: Tensor, present: Mask, before: State) -> tuple[Tensor, Tensor]:
        score, first = inputs[:, :-1], inputs[:, -1:] > 0
        arrived = join(before[:, :, None] + transitions, axis=1)
        new = ops.where(present, score + ops.where(first, start, arrived), before)
        return new, new

    inputs = ops.concatenate([scores, first], axis=-1)
    return _over_time(step, inputs, mask, ops.zeros_like(scores[:, 0]))


def _over_time(step: Step, inputs: Tensor, mask: Mask, state: State, reverse: bool = False) -> Tensor:
    """The outputs `(batch, time, size)` of a step `(inputs, present, state) -> (output, state)` at each time."""
    inputs = ops.concatenate([inputs, ops.cast(mask, inputs.dtype)[..., None]], axis=-1)
    loop = keras.layers.RNN(
        _Step(step, last_axis(state.shape), dtype=state.dtype),
        return_sequences=True,
        go_backwards=reverse,
        dtype=state.dtype,
    )
    outputs = loop(inputs, initial_state=[state])
    return ops.flip(outputs, axis=1) if reverse else outputs


class _Step(keras.layers.Layer):
    """A function as a cell without weights; the last of its inputs says whether there is a word."""

    def __init__(self, step: Step, size: int, **layer_arguments: Unpack[LayerArguments]) -> None:
        super().__init__(**layer_arguments)
        self.step, self.state_size, self.output_size = step, size, size
        self.built = True

    def call(self, inputs: Tensor, states: Sequence[State]) -> tuple[Tensor, list[State]]:
        output, state = self.step(inputs[:, :-1], inputs[:, -1:] > 0, states[0])
        return output, [state]


def _transition_scores(tags: StepLabels, mask: Mask, start: Tensor, transitions: Tensor) -> Tensor:
    """The score of coming to each tag, `(batch, time)`, from the tag before, or from the start."""
    before = ops.concatenate([ops.zeros_like(tags[:, :1]), tags[:, :-1]], axis=1)
    number_of_tags = ops.shape(transitions)[0]
    come = ops.take(ops.reshape(transitions, (-1,)), before * number_of_tags + tags)
    first = ops.concatenate([ops.ones_like(mask[:, :1]), ops.logical_not(mask[:, :-1])], axis=1)
    return ops.where(first, ops.take(start, tags), come)
