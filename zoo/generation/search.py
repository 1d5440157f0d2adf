"""From a model of the next token to whole sequences: greedy, sampled, or the best of a beam; all as one graph.

Nothing here knows a cell, a task or what a token means. A model is a function of one step,

    step(tokens, states) -> (logits, states, extras)

    tokens   (rows,) int32: what was said last; at first `begin`
    states   any nest of tensors (rows, …): whatever the model remembers
    logits   (rows, vocabulary): of what comes next
    extras   any nest of tensors (rows, …): what is to come out beside each token, such as weights of attention

A row is answered alike whatever the other rows are. It is over when the model says `end`, or when it has said as many
tokens as its limit allows: then it is `cut`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from zoo.generation.sampling import draw

Step = Callable[[tf.Tensor, Any], tuple[tf.Tensor, Any, Any]]


@dataclass(frozen=True)
class Hypotheses:
    """What a search found, the best first.

    Attributes:
        tokens: `(batch, results, steps)` int32, at least one step; `padding` from `end` on.
        lengths: `(batch, results)` int32, tokens without `end`.
        scores: `(batch, results)`, what the results are ranked by; -inf where there are not so many sequences.
        log_probabilities: `(batch, results)`, of the tokens and of `end` where it was said, under the model.
        cut: `(batch, results)` bool, whether the limit came before `end`.
        extras: as `step` gives them, each `(batch, results, steps, …)`, those of `end` included, 0 behind.
    """

    tokens: tf.Tensor
    lengths: tf.Tensor
    scores: tf.Tensor
    log_probabilities: tf.Tensor
    cut: tf.Tensor
    extras: Any


@dataclass(frozen=True)
class SpecialTokens:
    """Token ids that a search must know of.

    Attributes:
        begin: what the model is asked with at first.
        end: what ends a sequence.
        padding: what stands behind the end; never said.
        forbidden: others that are never said.
    """

    begin: int
    end: int
    padding: int = 0
    forbidden: tuple[int, ...] = ()

    def allowed(self, logits: tf.Tensor) -> tf.Tensor:
        """Logits `(rows, vocabulary)` with -inf at what is never said."""
        banned = tf.constant(sorted({self.padding, self.begin, *self.forbidden} - {self.end}), tf.int32)
        never = tf.reduce_any(tf.range(tf.shape(logits)[-1])[:, None] == banned, axis=1)
        return tf.where(never, tf.constant(-float("inf"), logits.dtype), logits)


def repeat(nest: Any, times: Any) -> Any:
    """Each row of each tensor `times` times, one below the other: `(rows, …)` to `(rows * times, …)`."""
    return tf.nest.map_structure(lambda t: _same_but_rows(tf.repeat(t, times, axis=0), t), nest)


def length_penalty(lengths: tf.Tensor, strength: Any, dtype: Any) -> tf.Tensor:
    r"""What the log probability of n tokens is divided by: $((5 + n) / 6)^\alpha$ (Wu et al. 2016)."""
    return ((5 + tf.cast(lengths, dtype)) / 6) ** tf.cast(strength, dtype)


# ------------------------------------------------------------------------------------------ beam


def beam_search(
    step: Step,
    states: Any,
    limits: tf.Tensor,
    special: SpecialTokens,
    *,
    width: int | tf.Tensor = 5,
    results: int | tf.Tensor = 1,
    penalty: float | tf.Tensor = 1.0,
) -> Hypotheses:
    """The best sequences of a beam that is `width` wide.

    At each step every open sequence is continued by every token, and the `width` best of all these and of the finished
    sequences stay, ranked by log probability divided by `length_penalty`. A finished sequence stays as it is. The
    search is over when all are finished, or nothing open can come among the results any more.

    Args:
        step: see the module. It gets `batch * width` rows: row n of the batch is the rows n * width to n * width +
            width - 1, of which all but one are nothing at first.
        states: before the first step, each `(batch, …)`.
        limits: `(batch,)` int32, the most tokens of each row, `end` included; 0: the row is answered with nothing.
        special: see there.
        width: of the beam.
        results: how many sequences of the beam to give.
        penalty: strength of the length penalty, at least 0; 0 ranks by log probability. This, `width` and `results`
            may be tensors, so that one graph can search in many ways.
    """
    beam = _Beam(step, tf.cast(limits, tf.int32), special, width, results, penalty)
    return beam.search(states)


class _Beam:
    """One search: what stays the same at all steps."""

    def __init__(
        self, step: Step, limits: tf.Tensor, special: SpecialTokens, width: Any, results: Any, penalty: Any
    ):
        if isinstance(width, int) and isinstance(results, int) and not 1 <= results <= width:
            raise ValueError(f"results must be from 1 to the width {width}, not {results}")
        if isinstance(penalty, float) and penalty < 0:
            raise ValueError(f"penalty must be at least 0, not {penalty}")
        self.step, self.limits, self.special = step, limits, special
        self.width, self.results, self.penalty = width, results, penalty
        self.batch = tf.shape(limits)[0]
        self.steps = tf.maximum(1, tf.reduce_max(tf.concat([limits, [1]], 0)))

    def search(self, states: Any) -> Hypotheses:
        """See `beam_search`."""
        slots, special = [self.batch, self.width], self.special
        rows = repeat(states, self.width)
        before = tf.fill([self.batch * self.width], special.begin)
        dtype, extras = _room(self.step, before, rows, slots, self.steps)
        first = tf.cast(tf.range(self.width) == 0, dtype)
        start = {
            "log_p": tf.broadcast_to(tf.math.log(first), slots),  # 0, -inf, -inf, …
            "ranks": tf.broadcast_to(tf.math.log(first), slots),
            "lengths": tf.zeros(slots, tf.int32),
            "done": tf.broadcast_to(self.limits[:, None] <= 0, slots),
            "cut": tf.zeros(slots, tf.bool),
            "tokens": tf.fill([*slots, self.steps], special.padding),
            "extras": extras,
        }
        steps, _, _, beam = _loop(
            lambda n, last, rows, beam: (n < 1) | ((n < self.steps) & ~tf.reduce_all(self._settled(beam))),
            self._advance,
            [tf.constant(0), before, rows, start],
        )
        return self._found(beam, steps)

    def _advance(self, n: tf.Tensor, last: tf.Tensor, rows: Any, beam: dict[str, Any]) -> tuple[Any, ...]:
        """Continue every sequence and keep the best."""
        logits, rows, extras = self.step(last, rows)
        total, ranks, lengths = self._continuations(logits, beam)
        vocabulary = tf.shape(logits)[-1]
        flat = [self.batch, self.width * vocabulary]
        best, which = tf.math.top_k(tf.reshape(ranks, flat), self.width)
        parents, said = which // vocabulary, which % vocabulary
        from_parents = _taker(parents, self.width)
        lengths, was_done = from_parents(lengths), from_parents(beam["done"])
        ends = said == self.special.end
        cut = ~was_done & ~ends & (lengths >= self.limits[:, None])
        beam = {
            "log_p": tf.gather(tf.reshape(total, flat), which, batch_dims=1),
            "ranks": best,
            "lengths": lengths,
            "done": was_done | ends | cut,
            "cut": from_parents(beam["cut"]) | cut,
            "tokens": _write(
                from_parents(beam["tokens"]), n, tf.where(was_done, self.special.padding, said), axis=2
            ),
            "extras": tf.nest.map_structure(
                lambda kept, new: _write(
                    from_parents(kept), n, _zero_where(was_done, from_parents(self._in_slots(new))), axis=2
                ),
                beam["extras"],
                extras,
            ),
        }
        rows = tf.nest.map_structure(lambda t: tf.gather(t, from_parents.rows), rows)
        return n + 1, tf.reshape(said, [-1]), rows, beam

    def _continuations(
        self, logits: tf.Tensor, beam: dict[str, Any]
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Log probabilities and ranks `(batch, width, vocabulary)` of all continuations, and their lengths."""
        log_p = tf.nn.log_softmax(self.special.allowed(logits))
        log_p = self._in_slots(log_p)
        done, dtype = beam["done"], log_p.dtype
        stays = tf.range(tf.shape(log_p)[-1]) == self.special.padding
        never = tf.constant(-float("inf"), dtype)
        log_p = tf.where(done[..., None], tf.where(stays, tf.constant(0, dtype), never), log_p)
        total = beam["log_p"][..., None] + log_p
        lengths = beam["lengths"] + tf.cast(~done, tf.int32)
        return total, total / length_penalty(lengths, self.penalty, dtype)[..., None], lengths

    def _settled(self, beam: dict[str, Any]) -> tf.Tensor:
        """Whether no further step can change a row's results, `(batch,)`."""
        none = tf.math.is_inf(beam["log_p"])
        done = beam["done"] | none
        results, first = self.results, done[:, : self.results]
        highest = beam["log_p"] / length_penalty(self.limits, self.penalty, beam["log_p"].dtype)[:, None]
        never = tf.constant(-float("inf"), highest.dtype)
        hope = tf.reduce_max(tf.where(done, never, highest), axis=1)
        return tf.reduce_all(done, axis=1) | (
            tf.reduce_all(first, axis=1) & (hope < beam["ranks"][:, results - 1])
        )

    def _in_slots(self, rows: tf.Tensor) -> tf.Tensor:
        """`(batch * width, …)` to `(batch, width, …)`."""
        return tf.reshape(rows, tf.concat([[self.batch, self.width], tf.shape(rows)[1:]], 0))

    def _found(self, beam: dict[str, Any], steps: tf.Tensor) -> Hypotheses:
        best = tf.nest.map_structure(lambda t: t[:, : self.results], beam)
        none = tf.math.is_inf(best["log_p"])  # fewer sequences than results
        tokens = tf.where(none[..., None], self.special.padding, best["tokens"][:, :, :steps])
        ended = tf.reduce_any(tokens == self.special.end, axis=-1)
        return Hypotheses(
            tokens=tf.where(tokens == self.special.end, self.special.padding, tokens),
            lengths=tf.where(none, 0, best["lengths"] - tf.cast(ended, tf.int32)),
            scores=best["ranks"],
            log_probabilities=best["log_p"],
            cut=best["cut"] & ~none,
            extras=tf.nest.map_structure(lambda t: _zero_where(none, t[:, :, :steps]), best["extras"]),
        )


class _taker:
    """Takes from each row of a batch the slots of parents `(batch, width)`; `rows` are their numbers, flat."""

    def __init__(self, parents: tf.Tensor, width: Any):
        self.parents = parents
        firsts = tf.range(tf.shape(parents)[0]) * width
        self.rows = tf.reshape(firsts[:, None] + parents, [-1])

    def __call__(self, slots: tf.Tensor) -> tf.Tensor:
        return tf.gather(slots, self.parents, batch_dims=1)


# ------------------------------------------------------------------------------------------ one at a time


def sample(
    step: Step,
    states: Any,
    limits: tf.Tensor,
    special: SpecialTokens,
    *,
    chance: Callable[[tf.Tensor], Any],
    temperature: Any = 1.0,
    top_k: Any = 0,
    top_p: Any = 1.0,
) -> Hypotheses:
    """One sequence a row, each token drawn from what the model says, or with `temperature` 0 the most probable one.

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
    steps = tf.maximum(1, tf.reduce_max(tf.concat([limits, [1]], 0)))
    first = tf.fill([batch], special.begin)
    dtype, room = _room(step, first, states, [batch], steps)

    def advance(n: tf.Tensor, last: tf.Tensor, rows: Any, so_far: dict[str, Any]) -> tuple[Any, ...]:
        logits, rows, extras = step(last, rows)
        log_p = tf.nn.log_softmax(special.allowed(logits))
        drawn = draw(log_p, chance(n), temperature, top_k, top_p)
        done = so_far["done"]
        said = tf.where(done, special.padding, drawn)
        gain = tf.gather(log_p, drawn, batch_dims=1)
        lengths = so_far["lengths"] + tf.cast(~done, tf.int32)
        ends = said == special.end
        cut = ~done & ~ends & (lengths >= limits)
        so_far = {
            "log_p": so_far["log_p"] + tf.where(done, tf.zeros_like(gain), gain),
            "lengths": lengths,
            "done": done | ends | cut,
            "cut": so_far["cut"] | cut,
            "tokens": _write(so_far["tokens"], n, said, axis=1),
            "extras": tf.nest.map_structure(
                lambda kept, new: _write(kept, n, _zero_where(done, new), axis=1), so_far["extras"], extras
            ),
        }
        return n + 1, said, rows, so_far

    start = {
        "log_p": tf.zeros([batch], dtype),
        "lengths": tf.zeros([batch], tf.int32),
        "done": limits <= 0,
        "cut": tf.zeros([batch], tf.bool),
        "tokens": tf.fill([batch, steps], special.padding),
        "extras": room,
    }
    taken, _, _, end = _loop(
        lambda n, last, rows, so_far: (n < 1) | ((n < steps) & ~tf.reduce_all(so_far["done"])),
        advance,
        [tf.constant(0), first, states, start],
    )
    ended = tf.reduce_any(end["tokens"] == special.end, axis=-1)
    tokens = tf.where(end["tokens"] == special.end, special.padding, end["tokens"])[:, :taken]
    lengths = end["lengths"] - tf.cast(ended, tf.int32)
    extras = tf.nest.map_structure(lambda t: t[:, None, :taken], end["extras"])
    log_p = end["log_p"][:, None]
    return Hypotheses(tokens[:, None], lengths[:, None], log_p, log_p, end["cut"][:, None], extras)


def greedy(step: Step, states: Any, limits: tf.Tensor, special: SpecialTokens) -> Hypotheses:
    """At each step the most probable token."""
    return sample(step, states, limits, special, chance=lambda n: 0.0, temperature=0.0)


# ------------------------------------------------------------------------------------------ helpers


def _loop(condition: Any, body: Any, variables: list[Any]) -> Any:
    """`tf.while_loop` in which the number of rows, and of steps, may be unknown."""

    def kept(*before: Any) -> Any:
        after = body(*before)
        states = tf.nest.map_structure(_same_but_rows, after[2], variables[2])
        return after[0], after[1], states, after[3]

    free = tf.nest.map_structure(lambda t: tf.TensorShape([None] * len(t.shape)), variables[3])
    rows = tf.nest.map_structure(lambda t: tf.TensorShape([None, *t.shape[1:]]), variables[2])
    shapes = [tf.TensorShape([]), tf.TensorShape([None]), rows, free]
    return tf.while_loop(condition, kept, variables, shape_invariants=shapes)


def _room(step: Step, tokens: tf.Tensor, states: Any, slots: list[Any], steps: tf.Tensor) -> tuple[Any, Any]:
    """The logits' type, and zeros `(*slots, steps, …)` for what comes out beside; asks the model once."""
    logits, _, extras = step(tokens, states)

    def zeros(extra: tf.Tensor) -> tf.Tensor:
        return tf.zeros(tf.concat([tf.stack([*slots, steps]), tf.shape(extra)[1:]], 0), extra.dtype)

    return logits.dtype, tf.nest.map_structure(zeros, extras)


def _same_but_rows(new: tf.Tensor, old: tf.Tensor) -> tf.Tensor:
    new.set_shape([None, *old.shape[1:]])
    return new


def _write(kept: tf.Tensor, n: tf.Tensor, new: tf.Tensor, axis: int) -> tf.Tensor:
    """`kept` with `new`, which has no such axis, at place n of the axis."""
    here = tf.range(tf.shape(kept)[axis]) == n
    here = tf.reshape(here, [-1 if one == axis else 1 for one in range(len(kept.shape))])
    return tf.where(here, tf.expand_dims(new, axis), kept)


def _zero_where(done: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    """0 where `done`, whose axes are the first of `values`."""
    for _ in range(len(values.shape) - len(done.shape)):
        done = done[..., None]
    return tf.where(done, tf.zeros_like(values), values)
