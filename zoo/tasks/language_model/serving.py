"""What an exported language model answers: texts in, their continuation or their probability out."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import keras
import tensorflow as tf

from zoo.data.vocabulary import RESERVED, UNKNOWN
from zoo.generation.sampling import draw
from zoo.serving import Server, constant_function
from zoo.tasks.language_model.model import Parts
from zoo.tasks.language_model.tokens import START, Tokenizer
from zoo.tasks.next_tokens import NextTokens

if TYPE_CHECKING:
    from zoo.data.token_layers import TokenLayers
    from zoo.tasks.language_model.options import AnswerOptions

Tensors: TypeAlias = list[tf.Tensor]
Answer: TypeAlias = dict[str, tf.Tensor]

TEXT = tf.TensorSpec([None], tf.string, name="text")
SAMPLING = [
    tf.TensorSpec([], tf.int32, name="length"),
    tf.TensorSpec([], tf.float32, name="temperature"),
    tf.TensorSpec([], tf.int32, name="top_k"),
    tf.TensorSpec([], tf.float32, name="top_p"),
    tf.TensorSpec([], tf.int32, name="seed"),
]


class Reader:
    """A trained model that reads texts from any state.

    Between two calls it knows the states of the cells and `expects`, the logarithms of the probabilities of the next
    token's classes, `(batch, classes)`.
    """

    def __init__(self, model: keras.Model, tokenizer: Tokenizer) -> None:
        self.parts, self.tokenizer = Parts(model), tokenizer
        initial = self.parts.recurrent.get_initial_state(1)
        self.structure = initial
        self.specs = [
            tf.TensorSpec([None, *state.shape[1:]], state.dtype, name=f"state_{n}")
            for n, state in enumerate(keras.tree.flatten(initial))
        ]
        self.specs.append(tf.TensorSpec([None, tokenizer.size - UNKNOWN], tf.float32, name="expects"))

    def begin(self, batch_size: tf.Tensor) -> tuple[Tensors, tf.Tensor]:
        """States and `expects` before the first token."""
        states = keras.tree.flatten(self.parts.recurrent.get_initial_state(batch_size))
        start = tf.fill([batch_size, 1], START)
        states, expects = self.advance(start, None, states)
        return states, expects[:, -1]

    def next_tokens(self, model: keras.Model, layers: TokenLayers) -> NextTokens:
        """The model as other tasks use it.

        Args:
            model: that this one reads with.
            layers: what it reads.
        """

        def advance(classes: tf.Tensor, states: Tensors) -> tuple[Tensors, tf.Tensor]:
            states, expects = self.advance(classes[:, None] + UNKNOWN, None, states)
            return states, expects[:, -1]

        return NextTokens(layers.tokens, layers.backward, model, self.begin, advance)

    def advance(
        self, tokens: tf.Tensor, mask: tf.Tensor | None, states: Tensors
    ) -> tuple[Tensors, tf.Tensor]:
        """Read tokens `(batch, time)`; states after the last that is not masked, `expects` after each."""
        outputs, final = self.parts.recurrent(
            self.parts.vectors(tokens, training=False),
            mask=mask,
            initial_state=keras.tree.pack_sequence_as(self.structure, states),
            training=False,
        )
        scores = self.parts.scores(
            tf.identity(outputs), training=False
        )  # without the mask that Keras hangs on
        return keras.tree.flatten(final), tf.nn.log_softmax(tf.cast(scores, tf.float32))

    def read(
        self, texts: tf.Tensor, states: Tensors, expects: tf.Tensor
    ) -> tuple[Answer, Tensors, tf.Tensor]:
        """Read texts `(batch,)` from these states.

        Returns:
            What `score` answers, the states after the texts, and `expects` then.
        """
        ragged = self.tokenizer.encode(texts)
        lengths = tf.cast(ragged.row_lengths(), tf.int32)
        tokens = ragged.to_tensor(START)
        tokens = tf.pad(tokens, [[0, 0], [0, tf.cast(tf.shape(tokens)[1] == 0, tf.int32)]])
        mask = tf.sequence_mask(lengths, tf.shape(tokens)[1])
        states, after = self.advance(tokens, mask, states)
        expected = tf.concat([expects[:, None], after[:, :-1]], axis=1)
        nats = -tf.gather(expected, tf.maximum(tokens - UNKNOWN, 0), batch_dims=2)
        nats = tf.where(mask, nats, 0.0)
        total = tf.reduce_sum(nats, axis=1)
        mean = total / tf.cast(tf.maximum(lengths, 1), tf.float32)
        last = tf.gather(after, tf.maximum(lengths - 1, 0), batch_dims=1)
        written = tf.where(mask, tf.gather(self.tokenizer.written, tf.maximum(tokens - UNKNOWN, 0)), "")
        answer = {
            "tokens": written, "nats": nats, "total_nats": total, "perplexity": tf.exp(mean), "length": lengths,
        }  # fmt: skip
        return answer, states, tf.where(lengths[:, None] > 0, last, expects)

    def write(
        self,
        states: Tensors,
        expects: tf.Tensor,
        length: tf.Tensor,
        sampling: dict[str, tf.Tensor],
        seed: tf.Tensor,
    ) -> Answer:
        """`length` tokens that go on from these states: `continuation`, and the `nats` of each token."""
        batch_size = tf.shape(expects)[0]
        # Nothing is written that is no token.
        barred = tf.concat([[float("-inf")], tf.zeros([self.tokenizer.size - RESERVED])], axis=0)
        # The first column is empty, so that there is one where nothing is to be written.
        tokens = tf.TensorArray(tf.int32, size=length + 1).write(0, tf.zeros([batch_size], tf.int32))
        nats = tf.TensorArray(tf.float32, size=length + 1).write(0, tf.zeros([batch_size]))

        def step(
            n: tf.Tensor, states: Tensors, expects: tf.Tensor, tokens: tf.TensorArray, nats: tf.TensorArray
        ) -> tuple[tf.Tensor, tuple[tf.Tensor, ...], tf.Tensor, tf.TensorArray, tf.TensorArray]:
            chance = tf.random.stateless_uniform([], tf.stack([seed, n]))
            chosen = draw(expects + barred, chance, **sampling)
            nats = nats.write(n + 1, -tf.gather(expects, chosen, batch_dims=1))
            tokens = tokens.write(n + 1, chosen + UNKNOWN)
            states, after = self.advance(chosen[:, None] + UNKNOWN, None, list(states))
            return n + 1, tuple(states), after[:, -1], tokens, nats

        invariants = (
            tf.TensorShape([]), tuple(tf.TensorShape(spec.shape) for spec in self.specs[:-1]),
            tf.TensorShape(self.specs[-1].shape), tf.TensorShape(None), tf.TensorShape(None),
        )  # fmt: skip
        _, _, _, tokens, nats = tf.while_loop(
            lambda n, *_: n < length,
            step,
            (tf.constant(0), tuple(states), expects, tokens, nats),
            shape_invariants=invariants,
            maximum_iterations=length,
        )
        written, nats = (
            tf.transpose(tf.reshape(array.stack(), [-1, batch_size])[1:]) for array in (tokens, nats)
        )
        name = "beginning" if self.tokenizer.backward else "continuation"
        return {name: self.tokenizer.decode(written), "nats": nats}


def make_server(model: keras.Model, tokenizer: Tokenizer, defaults: AnswerOptions) -> Server:
    """The signatures of a language model.

    `generate` takes `text (batch,)` and scalars `length`, `temperature`, `top_k`, `top_p`, `seed`; it gives

        continuation    (batch,) strings, without the text; backwards `beginning`, what comes before the text
        nats            (batch, length) of each of its tokens, before any sampling option

    `serving_default` takes `text` alone and answers so with the defaults. `score` takes `text` and gives

        tokens          (batch, tokens) strings, filled up with "" on the right
        nats            (batch, tokens) minus the logarithm of each token's probability, 0 where there is none
        total_nats, perplexity, length    (batch,)

    `init_state` takes a scalar `batch_size` and gives `state_0`, `state_1`, …, and `expects` `(batch, classes)`, the
    logarithms of the probabilities of the next token; `step` takes these and `text`, the next piece of each text, and
    gives the new ones, with what `score` gives of the pieces. `vocabulary` gives `tokens (classes,)`.

    Args:
        defaults: `length`, `temperature`, `top_k`, `top_p` and `seed` of `serving_default`.
    """
    reader = Reader(model, tokenizer)

    def named(states: Tensors, expects: tf.Tensor) -> Answer:
        return {f"state_{n}": state for n, state in enumerate(states)} | {"expects": expects}

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([], tf.int32, name="batch_size")])
    def init_state(batch_size: tf.Tensor) -> Answer:
        return named(*reader.begin(batch_size))

    @tf.function(autograph=False, input_signature=[TEXT, *reader.specs])
    def step(text: tf.Tensor, *state: tf.Tensor) -> Answer:
        *states, expects = state
        answer, states, expects = reader.read(text, list(states), expects)
        return answer | named(states, expects)

    def read(text: tf.Tensor) -> tuple[Answer, list[tf.Tensor]]:
        """What `step` answers on the whole texts, and the state after them."""
        state = init_state(tf.shape(text)[0])
        answer = step(text, *state.values())
        return answer, [answer.pop(name) for name in state]

    @tf.function(autograph=False, input_signature=[TEXT])
    def score(text: tf.Tensor) -> Answer:
        return read(text)[0]

    @tf.function(autograph=False, input_signature=[TEXT, *SAMPLING])
    def generate(
        text: tf.Tensor,
        length: tf.Tensor,
        temperature: tf.Tensor,
        top_k: tf.Tensor,
        top_p: tf.Tensor,
        seed: tf.Tensor,
    ) -> Answer:
        *states, expects = read(text)[1]
        sampling = {"temperature": temperature, "top_k": top_k, "top_p": top_p}
        return reader.write(states, expects, tf.maximum(length, 0), sampling, seed)

    @tf.function(autograph=False, input_signature=[TEXT])
    def serving_default(text: tf.Tensor) -> Answer:
        return generate(text, *[tf.constant(getattr(defaults, spec.name), spec.dtype) for spec in SAMPLING])

    functions = {
        "serving_default": serving_default, "generate": generate, "score": score,
        "init_state": init_state, "step": step, "vocabulary": constant_function("tokens", tokenizer.written),
    }  # fmt: skip
    return Server(model, [tokenizer], functions)
