"""Texts of a sound that a language model finds likely, too: the search of CTC with shallow fusion.

What is looked for is the text with the largest

    log p_CTC(text | sound) + weight · log p_LM(text) + bonus · tokens of the text

(Hannun et al. 2014; the search by prefixes: Graves and Jaitly 2014). The language model's states go with each prefix.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import tensorflow as tf

from datasets.errors import UserError
from zoo.tasks.next_tokens import NextTokens
from zoo.tasks.speech.tokens import Tokens

#: A beam: tensors `(batch, width, …)` by name; see `FusedSearch`.
Beam: TypeAlias = dict[str, tf.Tensor]
NEVER = float("-inf")
#: The tokens of language models that read what is written, by its kind.
READ = {"characters": ("characters",), "words": ("words", "plain-words")}
#: Before the names of the language model's states in a beam.
STATE = "language_state_"


def refuse_misfit(language_model: NextTokens, tokens: Tokens, run: str) -> None:
    """Refuse a language model of other tokens, or that reads backwards; raises UserError."""
    flag, theirs = f"--language-model {run}", language_model.tokens.kind
    if tokens.kind not in READ:
        raise UserError(f"{flag}: no language model reads {tokens.kind}; give --tokens {' or '.join(READ)}")
    if theirs not in READ[tokens.kind]:
        raise UserError(
            f"{flag}: reads {theirs}, and here {tokens.kind} are written; give a language model with --tokens "
            f"{' or '.join(READ[tokens.kind])}{_or_write(theirs)}"
        )
    if language_model.backward:
        raise UserError(f"{flag}: reads texts from their end; give one without --backward")
    if not classes_of(tokens, language_model)[1].any():
        raise UserError(f"{flag}: knows none of the {tokens.kind} that are written here")


def _or_write(theirs: str) -> str:
    """The end of a message: what else may be given for a language model of these tokens."""
    ours = [kind for kind, read in READ.items() if theirs in read]
    return f", or --tokens {ours[0]} here" if ours else ""


def classes_of(tokens: Tokens, language_model: NextTokens) -> tuple[np.ndarray, np.ndarray]:
    """The language model's class of each token, `(tokens,)` each: at the start of a text, and later; 0 is unknown.

    Words may have the blank before them, at the start of a text they have none.
    """
    known = {token: n for n, token in enumerate(language_model.tokens.vocabulary, 1)}
    lowercase = language_model.tokens.lowercase
    plain = [token.lower() if lowercase else token for token in tokens.vocabulary]
    bare = np.array([known.get(token, 0) for token in plain], np.int32)
    if language_model.tokens.kind != "words":
        return bare, bare
    behind_blank = np.array([known.get(" " + token, 0) for token in plain], np.int32)
    return np.where(bare > 0, bare, behind_blank), np.where(behind_blank > 0, behind_blank, bare)


def unknown_tokens(tokens: Tokens, language_model: NextTokens) -> list[str]:
    """The tokens that the language model does not know."""
    later = classes_of(tokens, language_model)[1]
    return [token for token, known in zip(tokens.vocabulary, later, strict=True) if not known]


class FusedSearch(tf.Module):
    """The search, step by step; a part of the exported model.

    A beam has, for each of its prefixes, `(batch, width, …)`:

        tokens      ids, 0 behind the last
        lengths     how many these are
        last        the last of them; 0 where there is none
        blank       the logarithm of the probability that the steps so far give the prefix and end with the blank
        token       the same for those that end with its last token
        language    the logarithm of its probability in the language model
        expects     the same for each token that may come next, `(batch, width, tokens)`

    and the states of the language model. Places without a prefix are never probable.

    Args:
        language_model: that reads what is written.
        tokens: that are written.
        width: prefixes that are followed at once.
    """

    def __init__(self, language_model: NextTokens, tokens: Tokens, width: int) -> None:
        super().__init__(name="fused_search")
        self.language_model, self.width, self.size = language_model, width, tokens.size - 1
        self.variables_of_language_model = [variable.value for variable in language_model.model.variables]
        self.first, self.later = map(tf.constant, classes_of(tokens, language_model))

    def begin(self, batch_size: tf.Tensor) -> Beam:
        """The empty prefix alone."""
        states, expects = self.language_model.begin(batch_size)
        alone = tf.one_hot(tf.zeros([batch_size], tf.int32), self.width, 0.0, NEVER)
        none = tf.zeros([batch_size, self.width], tf.int32)
        return {
            "tokens": none[..., None][..., :0],
            "lengths": none,
            "last": none,
            "blank": alone,
            "token": tf.fill(tf.shape(alone), NEVER),
            "language": tf.zeros_like(alone),
            "expects": self._repeated(tf.gather(expects, self.first, axis=1)),
            **{f"{STATE}{n}": self._repeated(state) for n, state in enumerate(states)},
        }

    def _repeated(self, values: tf.Tensor) -> tf.Tensor:
        """`(batch, …)` to `(batch, width, …)`."""
        repeated = tf.repeat(values[:, None], self.width, axis=1)
        return tf.ensure_shape(repeated, [None, self.width, *values.shape[1:]])

    def read(self, beam: Beam, logits: tf.Tensor, mask: tf.Tensor, weights: tf.Tensor) -> Beam:
        """The beam after more steps.

        Args:
            beam: before them.
            logits: `(batch, steps, tokens)`, the blank first.
            mask: `(batch, steps)`, where there is a step.
            weights: of the language model, and the bonus of a token, `(2,)`.
        """
        nothing = tf.one_hot(0, self.size + 1, 0.0, NEVER)  # a certain blank changes no text
        steps = tf.where(mask[..., None], tf.nn.log_softmax(logits), nothing)
        steps = tf.transpose(steps, [1, 0, 2])

        def step(n: tf.Tensor, beam: Beam) -> tuple[tf.Tensor, Beam]:
            return n + 1, self._step(beam, steps[n], weights)

        shapes = {name: tf.TensorShape([None, *values.shape[1:]]) for name, values in beam.items()}
        shapes["tokens"] = tf.TensorShape([None, self.width, None])
        _, beam = tf.while_loop(
            lambda n, _: n < tf.shape(steps)[0],
            step,
            (tf.constant(0), beam),
            shape_invariants=(tf.TensorShape([]), shapes),
        )
        return beam

    def best(self, beam: Beam, weights: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Of each row the best prefix.

        Returns:
            Its ids `(batch, …)` int32, 0 behind the last; and the logarithms of its probability by CTC and by the
            language model, `(batch,)` each.
        """
        heard = _either(beam["blank"], beam["token"])
        place = tf.argmax(heard + _prior(beam["language"], beam["lengths"], weights), axis=1)[:, None]
        ids, heard, language = (
            tf.gather(values, place, batch_dims=1)[:, 0]
            for values in (beam["tokens"], heard, beam["language"])
        )
        return ids, heard, language

    # ---- one step

    def _step(self, beam: Beam, step: tf.Tensor, weights: tf.Tensor) -> Beam:
        """From the logarithms of the probabilities of a step, `(batch, tokens)`, the blank first."""
        grown, again = self._grown(beam, step[:, None, 1:])
        stays = {
            "blank": _either(beam["blank"], beam["token"]) + step[:, :1],
            "token": _either(beam["token"] + _at(step, beam["last"]), again),
        }
        candidates = self._candidates(beam, stays, grown, weights)
        _, chosen = tf.math.top_k(candidates, self.width)
        grows = chosen >= self.width
        growth = tf.maximum(chosen - self.width, 0)
        source = tf.where(grows, growth // self.size, chosen)
        written = tf.where(grows, growth % self.size + 1, 0)
        grown = tf.reshape(grown, [tf.shape(chosen)[0], self.width * self.size])
        before = {name: tf.gather(values, source, batch_dims=1) for name, values in (beam | stays).items()}
        return self._written(before, written) | {
            "blank": tf.where(grows, NEVER, before["blank"]),
            "token": tf.where(grows, _at(grown, growth), before["token"]),
        }

    def _grown(self, beam: Beam, tokens: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """How probable each prefix with one token more is, `(batch, width, tokens)`, where the beam has it not yet.

        What it has already, gets what its beginning gives as well: the second tensor, `(batch, width)`.
        """
        last = tf.one_hot(beam["last"] - 1, self.size, True, False)
        total = _either(beam["blank"], beam["token"])
        # A token that is written twice needs a blank between.
        grown = tf.where(last, beam["blank"][..., None], total[..., None]) + tokens
        begins = _begins(beam)
        by_last = tf.gather(grown, tf.maximum(beam["last"] - 1, 0), axis=2, batch_dims=1)
        again = tf.reduce_max(tf.where(begins, by_last, NEVER), axis=1)
        there = tf.matmul(tf.cast(begins, tf.float32), tf.cast(last, tf.float32)) > 0
        return tf.where(there, NEVER, grown), again

    def _candidates(self, beam: Beam, stays: Beam, grown: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        """The scores of all prefixes as they are, then of each with each token more, `(batch, …)`."""
        stay = _either(stays["blank"], stays["token"]) + _prior(beam["language"], beam["lengths"], weights)
        language = beam["language"][..., None] + beam["expects"]
        grow = grown + _prior(language, beam["lengths"][..., None] + 1, weights)
        return tf.concat([stay, tf.reshape(grow, [tf.shape(stay)[0], self.width * self.size])], axis=1)

    def _written(self, beam: Beam, written: tf.Tensor) -> Beam:
        """The beam with one token more where one is written, `(batch, width)` int32, else 0."""
        grows, place = written > 0, tf.maximum(written - 1, 0)
        classes = tf.gather(
            tf.where((beam["lengths"] > 0)[..., None], self.later, self.first), place, batch_dims=2
        )
        said = tf.gather(beam["expects"], place, batch_dims=2)
        lengths = beam["lengths"] + tf.cast(grows, tf.int32)
        return {
            **beam,
            **self._expected(beam, classes, grows),
            "tokens": _appended(beam["tokens"], beam["lengths"], written)[..., : tf.reduce_max(lengths)],
            "lengths": lengths,
            "last": tf.where(grows, written, beam["last"]),
            "language": beam["language"] + tf.where(grows, said, 0.0),
        }

    def _expected(self, beam: Beam, classes: tf.Tensor, grows: tf.Tensor) -> Beam:
        """What the language model expects after these classes, and its states, where a prefix grows."""
        names = [name for name in beam if name.startswith(STATE)]
        rows = [tf.reshape(beam[name], [-1, *beam[name].shape[2:]]) for name in names]
        states, expects = self.language_model.advance(tf.reshape(classes, [-1]), rows)
        after = dict(zip(names, states, strict=True)) | {"expects": tf.gather(expects, self.later, axis=1)}
        return {name: _where(grows, values, beam[name]) for name, values in after.items()}


def _prior(language: tf.Tensor, lengths: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """What a prefix is worth without the sound."""
    return weights[0] * language + weights[1] * tf.cast(lengths, tf.float32)


def _either(one: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    """The logarithm of the sum of two probabilities, of which the logarithms are given."""
    return tf.reduce_logsumexp(tf.stack([one, other]), axis=0)


def _at(values: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
    """`(batch, width)` of `(batch, …)`."""
    return tf.gather(values, places, batch_dims=1)


def _begins(beam: Beam) -> tf.Tensor:
    """Whether one prefix is another one without its last token, `(batch, width, width)`."""
    places = tf.range(tf.shape(beam["tokens"])[2])
    shorter = tf.where(places < beam["lengths"][..., None] - 1, beam["tokens"], 0)
    same = tf.reduce_all(beam["tokens"][:, :, None] == shorter[:, None], axis=3)
    there = _either(beam["blank"], beam["token"]) > NEVER
    return same & (beam["lengths"][:, :, None] + 1 == beam["lengths"][:, None]) & there[:, None]


def _appended(tokens: tf.Tensor, lengths: tf.Tensor, written: tf.Tensor) -> tf.Tensor:
    """Ids with one more behind the last; 0 is nothing."""
    wider = tf.pad(tokens, [[0, 0], [0, 0], [0, 1]])
    here = tf.range(tf.shape(wider)[2]) == lengths[..., None]
    return tf.where(here, written[..., None], wider)


def _where(grows: tf.Tensor, rows: tf.Tensor, before: tf.Tensor) -> tf.Tensor:
    """`rows` `(batch * width, …)` where a prefix grows, else `before` `(batch, width, …)`."""
    after = tf.reshape(rows, tf.shape(before))
    grows = tf.reshape(grows, [*tf.unstack(tf.shape(grows)), *[1] * (len(before.shape) - 2)])
    return tf.ensure_shape(tf.where(grows, after, before), before.shape)
