"""What an exported model of CTC answers: samples or a WAV file in, text and score out, the search inside."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import keras
import numpy as np
import tensorflow as tf

from datasets.errors import UserError
from datasets.formats.signals import Sound
from zoo.runtime.figures import picture_path, save
from zoo.serving import Server
from zoo.tasks.base import Row
from zoo.tasks.speech import attention_serving, ctc, streaming
from zoo.tasks.speech.batches import SpeechBatches, texts_of_split
from zoo.tasks.speech.language_model import Fusion
from zoo.tasks.speech.learned import Learned
from zoo.tasks.speech.model import RECOGNIZER
from zoo.tasks.speech.options import ATTENTION
from zoo.tasks.speech.picture import MOST_SHOWN, Heard, draw
from zoo.tasks.speech.samples import SAMPLES, Arguments, TensorFunction, wav_function


def make(model: keras.Model, learned: Learned) -> Server:
    """What answers with a trained model; see `functions` and `zoo.tasks.speech.attention_serving.functions`."""
    fusion = Fusion.of(model, learned)
    if learned.options.decoder == ATTENTION:
        answers = attention_serving.functions(model, learned)
    else:
        answers = functions(model, learned, fusion)
    server = Server(model, [learned.tokens] if fusion is None else [learned.tokens, fusion], answers)
    server.configuration = learned
    return server


def functions(model: keras.Model, learned: Learned, fusion: Fusion | None = None) -> streaming.Functions:
    """The functions of a model of CTC.

    `serving_default` takes `samples` `(batch, time)` float32 from -1 to 1, filled up on the right, `length` `(batch,)`
    int32, and `rate`, the samples a second of all of them. It gives

        text            (batch,) strings, the best text that the search found
        score           (batch,) the logarithm of its probability
        greedy_text     (batch,) the text of the best token of each step, which `step` gives, too

    and with a language model `language_model_score`, the logarithm of the text's probability there.

    `wav` takes `contents` `(batch,)`, the bytes of WAV files with samples of 16 bits, and gives the same. `steps` takes
    what `serving_default` takes, and gives `probabilities` `(batch, steps, tokens)`, 0 behind the end, and `tokens`,
    what they are of, the blank "" first. See `zoo.tasks.speech.streaming` for `init_state` and `step`.
    """
    recognizer = model.get_layer(RECOGNIZER)
    answer = _answer_function(recognizer, learned, fusion)

    @tf.function(autograph=False, input_signature=SAMPLES)
    def serving_default(samples: tf.Tensor, length: tf.Tensor, rate: tf.Tensor) -> dict[str, tf.Tensor]:
        return answer(samples, length, rate)

    @tf.function(autograph=False, input_signature=SAMPLES)
    def steps(samples: tf.Tensor, length: tf.Tensor, rate: tf.Tensor) -> dict[str, tf.Tensor]:
        logits, mask = _logits(recognizer, learned, samples, length, rate)
        probabilities = tf.where(mask[..., None], tf.nn.softmax(logits), 0.0)
        return {"probabilities": probabilities, "tokens": tf.constant(["", *learned.tokens.vocabulary])}

    outputs = {"text": tf.string, "score": tf.float32, "greedy_text": tf.string}
    if fusion is not None:
        outputs["language_model_score"] = tf.float32
    wav = wav_function(answer, outputs)
    functions = {"serving_default": serving_default, "wav": wav, "steps": steps}
    return {**functions, **streaming.functions(recognizer, learned, fusion)}


def _answer_function(recognizer: keras.Model, learned: Learned, fusion: Fusion | None) -> TensorFunction:
    def answer(samples: tf.Tensor, length: tf.Tensor, rate: tf.Tensor) -> dict[str, tf.Tensor]:
        logits, mask = _logits(recognizer, learned, samples, length, rate)
        return texts_of(logits, mask, learned, fusion)

    return answer


def _logits(
    recognizer: keras.Model, learned: Learned, samples: tf.Tensor, length: tf.Tensor, rate: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    read = learned.spectrum.inputs(samples, length, rate)
    logits, mask = recognizer([read["vectors"], read["mask"]], training=False)
    return tf.cast(logits, tf.float32), mask


def texts_of(
    logits: tf.Tensor, mask: tf.Tensor, learned: Learned, fusion: Fusion | None = None
) -> dict[str, tf.Tensor]:
    """`text`, `score` and `greedy_text` of logits `(batch, steps, tokens)`; see `make`."""
    ids, _ = ctc.greedy(logits, mask, tf.zeros_like(tf.cast(mask[:, :1], tf.int32)))
    greedy = learned.tokens.sentences(ids)
    if fusion is not None:
        return {**fusion.answer(logits, mask), "greedy_text": greedy}
    if learned.options.beam == 1:
        return {"text": greedy, "score": ctc.greedy_score(logits, mask), "greedy_text": greedy}
    best, score = ctc.beam_search(logits, mask, learned.options.beam)
    return {"text": learned.tokens.sentences(best), "score": score, "greedy_text": greedy}


def searched(model: keras.Model, learned: Learned, batches: SpeechBatches) -> list[str]:
    """The texts that the search finds for all sounds of a split, in order; without a language model."""
    of_decoder = attention_serving.texts_function if learned.options.decoder == ATTENTION else _texts_function
    return texts_of_split(
        tf.function(of_decoder(model, learned), autograph=False, reduce_retracing=True), batches
    )


def _texts_function(model: keras.Model, learned: Learned) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    recognizer = model.get_layer(RECOGNIZER)

    def texts(vectors: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        logits, steps = recognizer([vectors, mask], training=False)
        return texts_of(tf.cast(logits, tf.float32), steps, learned)["text"]

    return texts


# ------------------------------------------------------------------------------------------ answers


def answer(server: Server, sounds: Iterable[Sound], picture: str | None = None) -> list[Row]:
    """A row for each sound: its name as `sound`, `text` and `score`; of a decoder also whether the text was `cut`.

    Args:
        server: see `make`.
        sounds: raw inputs.
        picture: a file for a picture of the first ones, see `zoo.tasks.speech.picture`.

    Raises:
        UserError: a sound cannot be read; a picture is wanted of attention, and the model has none.
    """
    learned = server.configuration
    if picture is not None and learned.options.decoder == ATTENTION and learned.options.attention == "none":
        raise UserError("--picture: this model has no attention; there is nothing that it looks at")
    rows: list[Row] = []
    heard: list[Heard] = []
    for sound in sounds:
        samples, rate = sound.read()
        arguments = tf.constant(samples[None]), tf.constant([len(samples)]), tf.constant(rate, tf.int32)
        found = server(*arguments)
        text = found["text"].numpy()[0].decode()
        rows.append({"sound": sound.name, "text": text, "score": float(found["score"][0])})
        if "cut" in found:
            rows[-1]["cut"] = bool(found["cut"][0])
        if picture is not None and len(heard) < MOST_SHOWN:
            heard.append(Heard(sound.name, samples, rate, text, *_weights(server, arguments)))
    if picture is not None:
        save(draw(heard, learned), picture_path("--picture", picture))
    return rows


def _weights(server: Server, arguments: Arguments) -> tuple[np.ndarray, list[str] | None]:
    """What is drawn of a sound, see `zoo.tasks.speech.picture.Heard`."""
    if server.configuration.options.decoder == ATTENTION:
        return attention_serving.attended(server, arguments)
    return server.functions["steps"](*arguments)["probabilities"].numpy()[0], None
