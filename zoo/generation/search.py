"""From a model of the next token to whole sequences: greedy, sampled, or the best of a beam; all as one graph.

Nothing here knows a cell, a task or what a token means. A model is a function of one step,

    step(tokens, states) -> (logits, states, extras)

    tokens   (rows,) int32: the last token of each row; at first `begin`
    states   any nest of tensors (rows, …): whatever the model remembers
    logits   (rows, vocabulary): of the next token
    extras   any nest of tensors (rows, …): what comes out with each token, such as weights of attention

The result of a row does not depend on the other rows. A row is finished when its token is `end`, or when it has as many
tokens as its limit allows: then it is `cut`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import tensorflow as tf

from zoo.generation.decoding_loop import (
    LoopVariables,
    Record,
    decoding_loop,
    most_steps,
    room_for_extras,
    same_but_rows,
    without_end,
    write_at,
    zero_where,
)
from zoo.generation.hypotheses import Count, Hypotheses, Nest, Number, SpecialTokens, Step
from zoo.generation.sampling import draw

T = TypeVar("T")
#: Of a larger one, the power of a length of some hundreds is no number of 32 bits.
MOST_PENALTY = 10.0


def repeat(nest: T, times: Count) -> T:
    """Each row of each tensor of a nest `times` times, one below the other: `(rows, …)` to `(rows * times, …)`."""
    return tf.nest.map_structure(lambda t: same_but_rows(tf.repeat(t, times, axis=0), t), nest)


def length_penalty(lengths: tf.Tensor, strength: Number, dtype: tf.DType) -> tf.Tensor:
    r"""What the log probability of n tokens is divided by: $((5 + n) / 6)^\alpha$ (Wu et al. 2016)."""
    return ((5 + tf.cast(lengths, dtype)) / 6) ** tf.cast(strength, dtype)


# ------------------------------------------------------------------------------------------ beam


def beam_search(
    step: Step,
    states: Nest,
    limits: tf.Tensor,
    special: SpecialTokens,
    *,
    width: Count = 5,
    results: Count = 1,
    penalty: Number = 1.0,
) -> Hypotheses:
    """The best sequences of a beam that is `width` wide.

    At each step every open sequence is continued by every token, and the `width` best of all these and of the finished
    sequences stay, ranked by log probability divided by `length_penalty`. A finished sequence stays as it is. The
    search is over when all are finished, or no open one can still come among the results.

    Args:
        step: see the module. It gets `batch * width` rows: row n of the batch is the rows n * width to n * width +
            width - 1, of which all but one are empty at first.
        states: before the first step, each `(batch, …)`.
        limits: `(batch,)` int32, the most tokens of each row, `end` included; 0: the result is an empty sequence.
        special: ids of special tokens.
        width: of the beam.
        results: how many sequences of the beam to give.
        penalty: strength of the length penalty, at least 0; 0 ranks by log probability. This, `width` and `results`
            may be tensors, so that one graph can search in many ways.

    Raises:
        ValueError: `results` or `penalty`, where they are no tensors, are out of range.
    """
    beam = _Beam(step, tf.cast(limits, tf.int32), special, width, results, penalty)
    return beam.search(states)


class _Beam:
    """One search: what stays the same at all steps."""

    def __init__(
        self,
        step: Step,
        limits: tf.Tensor,
        special: SpecialTokens,
        width: Count,
        results: Count,
        penalty: Number,
    ) -> None:
        if isinstance(width, int) and isinstance(results, int) and not 1 <= results <= width:
            raise ValueError(f"results must be from 1 to the width {width}, not {results}")
        if isinstance(penalty, float) and penalty < 0:
            raise ValueError(f"penalty must be at least 0, not {penalty}")
        if tf.is_tensor(width):
            width, results, penalty = _checked(width, results, penalty)
        self.step, self.limits, self.special = step, limits, special
        self.width, self.results, self.penalty = width, results, penalty
        self.batch = tf.shape(limits)[0]
        self.steps = most_steps(limits)

    def search(self, states: Nest) -> Hypotheses:
        """See `beam_search`."""
        slots, special = [self.batch, self.width], self.special
        rows = repeat(states, self.width)
        first = tf.fill([self.batch * self.width], special.begin)
        dtype, extras = room_for_extras(self.step, first, rows, slots, self.steps)
        # Log probabilities 0, -inf, -inf, …: at first a row has one sequence.
        start = tf.broadcast_to(tf.math.log(tf.cast(tf.range(self.width) == 0, dtype)), slots)
        beam: Record = {
            "log_p": start,
            "ranks": start,
            "lengths": tf.zeros(slots, tf.int32),
            "done": tf.broadcast_to(self.limits[:, None] <= 0, slots),
            "cut": tf.zeros(slots, tf.bool),
            "tokens": tf.fill([*slots, self.steps], special.padding),
            "extras": extras,
        }
        steps, _, _, beam = decoding_loop(
            lambda n, beam: (n < 1) | ((n < self.steps) & ~tf.reduce_all(self._settled(beam))),
            self._advance,
            (tf.constant(0), first, rows, beam),
        )
        return self._hypotheses(beam, steps)

    def _advance(self, n: tf.Tensor, last: tf.Tensor, rows: Nest, beam: Record) -> LoopVariables:
        """Continue every sequence and keep the best."""
        logits, rows, extras = self.step(last, rows)
        total, ranks, lengths = self._continuations(logits, beam)
        vocabulary = tf.shape(logits)[-1]
        flat = [self.batch, self.width * vocabulary]
        best, places = tf.math.top_k(tf.reshape(ranks, flat), self.width)
        parents, tokens = places // vocabulary, places % vocabulary
        from_parents = _Taker(parents, self.width)
        lengths, was_done = from_parents(lengths), from_parents(beam["done"])
        ends = tokens == self.special.end
        cut = ~was_done & ~ends & (lengths >= self.limits[:, None])
        written = tf.where(was_done, self.special.padding, tokens)
        beam = {
            "log_p": tf.gather(tf.reshape(total, flat), places, batch_dims=1),
            "ranks": best,
            "lengths": lengths,
            "done": was_done | ends | cut,
            "cut": from_parents(beam["cut"]) | cut,
            "tokens": write_at(from_parents(beam["tokens"]), n, written, axis=2),
            "extras": tf.nest.map_structure(
                lambda before, new: write_at(
                    from_parents(before), n, zero_where(was_done, from_parents(self._in_slots(new))), axis=2
                ),
                beam["extras"],
                extras,
            ),
        }
        rows = tf.nest.map_structure(lambda t: tf.gather(t, from_parents.rows), rows)
        return n + 1, tf.reshape(tokens, [-1]), rows, beam

    def _continuations(self, logits: tf.Tensor, beam: Record) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Log probabilities and ranks `(batch, width, vocabulary)` of all continuations, and their lengths."""
        log_p = self._in_slots(tf.nn.log_softmax(self.special.allowed(logits)))
        done, dtype = beam["done"], log_p.dtype
        stays = tf.range(tf.shape(log_p)[-1]) == self.special.padding
        never = tf.constant(-float("inf"), dtype)
        log_p = tf.where(done[..., None], tf.where(stays, tf.constant(0, dtype), never), log_p)
        total = beam["log_p"][..., None] + log_p
        lengths = beam["lengths"] + tf.cast(~done, tf.int32)
        return total, total / length_penalty(lengths, self.penalty, dtype)[..., None], lengths

    def _settled(self, beam: Record) -> tf.Tensor:
        """Whether no further step can change a row's results, `(batch,)`.

        Log probabilities only fall. So the rank that an open sequence has at most is that of its present log
        probability at the greatest length.
        """
        empty = tf.math.is_inf(beam["log_p"])
        done = beam["done"] | empty
        results, first = self.results, done[:, : self.results]
        highest = beam["log_p"] / length_penalty(self.limits, self.penalty, beam["log_p"].dtype)[:, None]
        never = tf.constant(-float("inf"), highest.dtype)
        highest_open = tf.reduce_max(tf.where(done, never, highest), axis=1)
        return tf.reduce_all(done, axis=1) | (
            tf.reduce_all(first, axis=1) & (highest_open < beam["ranks"][:, results - 1])
        )

    def _in_slots(self, rows: tf.Tensor) -> tf.Tensor:
        """`(batch * width, …)` to `(batch, width, …)`."""
        return tf.reshape(rows, tf.concat([[self.batch, self.width], tf.shape(rows)[1:]], 0))

    def _hypotheses(self, beam: Record, steps: tf.Tensor) -> Hypotheses:
        best = tf.nest.map_structure(lambda t: t[:, : self.results], beam)
        empty = tf.math.is_inf(best["log_p"])  # fewer sequences than results
        tokens = tf.where(empty[..., None], self.special.padding, best["tokens"][:, :, :steps])
        tokens, ended = without_end(tokens, self.special)
        return Hypotheses(
            tokens=tokens,
            lengths=tf.where(empty, 0, best["lengths"] - ended),
            scores=best["ranks"],
            log_probabilities=best["log_p"],
            cut=best["cut"] & ~empty,
            extras=tf.nest.map_structure(lambda t: zero_where(empty, t[:, :, :steps]), best["extras"]),
        )


def _checked(width: tf.Tensor, results: Count, penalty: Number) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """The same, when the graph runs; out of range it ends at once with the reason, where a search would go on."""
    checks = [
        tf.debugging.assert_greater_equal(results, 1, "results must be at least 1"),
        tf.debugging.assert_less_equal(results, width, "results must be at most the width"),
        tf.debugging.assert_greater_equal(tf.cast(penalty, tf.float32), 0.0, "penalty must be at least 0"),
        tf.debugging.assert_less_equal(
            tf.cast(penalty, tf.float32), MOST_PENALTY, f"penalty must be at most {MOST_PENALTY:g}"
        ),
    ]
    with tf.control_dependencies([check for check in checks if check is not None]):
        return tf.identity(width), tf.identity(results), tf.identity(penalty)


class _Taker:
    """Takes from each row of a batch the slots of parents `(batch, width)`; `rows` are their row numbers, flat."""

    def __init__(self, parents: tf.Tensor, width: Count) -> None:
        self.parents = parents
        firsts = tf.range(tf.shape(parents)[0]) * width
        self.rows = tf.reshape(firsts[:, None] + parents, [-1])

    def __call__(self, slots: tf.Tensor) -> tf.Tensor:
        return tf.gather(slots, self.parents, batch_dims=1)


# ------------------------------------------------------------------------------------------ one at a time


def sample(
    step: Step,
    states: Nest,
    limits: tf.Tensor,
    special: SpecialTokens,
    *,
    chance: Callable[[tf.Tensor], Number],
    temperature: Number = 1.0,
    top_k: Count = 0,
    top_p: Number = 1.0,
) -> Hypotheses:
    """One sequence a row, each token drawn from the model's probabilities, or the most probable one.

    Args:
        step, states, limits, special: see `beam_search`; here a step has `batch` rows.
        chance: what decides at step n: a number from 0 to below 1 for all rows, so that what is drawn depends on a row
            alone, or one for each, `(batch, 1)`.
        temperature: logits are divided by it; below 1 the probable becomes more so. 0: no drawing (greedy).
        top_k: only the k most probable tokens are drawn (Fan, Lewis and Dauphin 2018); 0: all.
        top_p: only the fewest tokens that have this probability together (Holtzman et al. 2020); 1: all.

    Returns:
        One result a row; its score is its log probability under the model as it is, whatever it was drawn with.
    """
    limits = tf.cast(limits, tf.int32)
    batch = tf.shape(limits)[0]
    steps = most_steps(limits)
    first = tf.fill([batch], special.begin)
    dtype, room = room_for_extras(step, first, states, [batch], steps)

    def advance(n: tf.Tensor, last: tf.Tensor, rows: Nest, so_far: Record) -> LoopVariables:
        logits, rows, extras = step(last, rows)
        log_p = tf.nn.log_softmax(special.allowed(logits))
        drawn = draw(log_p, chance(n), temperature, top_k, top_p)
        done = so_far["done"]
        tokens = tf.where(done, special.padding, drawn)
        gain = tf.gather(log_p, drawn, batch_dims=1)
        lengths = so_far["lengths"] + tf.cast(~done, tf.int32)
        ends = tokens == special.end
        cut = ~done & ~ends & (lengths >= limits)
        so_far = {
            "log_p": so_far["log_p"] + tf.where(done, tf.zeros_like(gain), gain),
            "lengths": lengths,
            "done": done | ends | cut,
            "cut": so_far["cut"] | cut,
            "tokens": write_at(so_far["tokens"], n, tokens, axis=1),
            "extras": tf.nest.map_structure(
                lambda before, new: write_at(before, n, zero_where(done, new), axis=1),
                so_far["extras"],
                extras,
            ),
        }
        return n + 1, tokens, rows, so_far

    start: Record = {
        "log_p": tf.zeros([batch], dtype),
        "lengths": tf.zeros([batch], tf.int32),
        "done": limits <= 0,
        "cut": tf.zeros([batch], tf.bool),
        "tokens": tf.fill([batch, steps], special.padding),
        "extras": room,
    }
    steps_made, _, _, final = decoding_loop(
        lambda n, so_far: (n < 1) | ((n < steps) & ~tf.reduce_all(so_far["done"])),
        advance,
        (tf.constant(0), first, states, start),
    )
    tokens, ended = without_end(final["tokens"], special)
    lengths = final["lengths"] - ended
    extras = tf.nest.map_structure(lambda t: t[:, None, :steps_made], final["extras"])
    log_p = final["log_p"][:, None]
    return Hypotheses(
        tokens[:, None, :steps_made], lengths[:, None], log_p, log_p, final["cut"][:, None], extras
    )


def greedy(step: Step, states: Nest, limits: tf.Tensor, special: SpecialTokens) -> Hypotheses:
    """At each step the most probable token."""
    return sample(step, states, limits, special, chance=lambda _: 0.0, temperature=0.0)
