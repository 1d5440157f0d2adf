"""Rows of answers for `zoo.predict`."""

from __future__ import annotations

import tensorflow as tf

from zoo.data.tokenizer import chunks
from zoo.serving import Server
from zoo.tasks.base import Row
from zoo.tasks.language_model.options import AnswerOptions

#: Prompts that are answered at once.
PROMPTS = 64


def continued(server: Server, prompts: list[str], options: AnswerOptions) -> list[Row]:
    """Every prompt with each of its continuations; the n-th ones come from the seed and n.

    Args:
        options: `length`, `temperature`, `top_k`, `top_p`, `seed` and `samples`.
    """
    of_prompt: list[list[Row]] = [[] for _ in prompts]
    for sample in range(options.samples):
        done = 0
        for chunk in chunks(prompts, PROMPTS):
            answer = server.functions["generate"](
                tf.constant(chunk),
                tf.constant(options.length),
                tf.constant(options.temperature),
                tf.constant(options.top_k),
                tf.constant(options.top_p),
                tf.constant((options.seed + sample) % 2**31),
            )
            written = "beginning" if "beginning" in answer else "continuation"
            texts, nats = answer[written].numpy(), answer["nats"].numpy()
            for row, prompt in enumerate(chunk):
                mean = float(nats[row].mean()) if options.length else 0.0
                of_prompt[done + row].append(
                    {"prompt": prompt, written: texts[row].decode(), "nats_per_token": mean}
                )
            done += len(chunk)
    return [row for rows in of_prompt for row in rows]


def scored(server: Server, texts: list[str]) -> list[Row]:
    """How likely each text is; the longest are read together, so that little is filled up."""
    order = sorted(range(len(texts)), key=lambda n: len(texts[n]))
    of_text: dict[int, Row] = {}
    for chunk in chunks(order, PROMPTS):
        answer = server.functions["score"](tf.constant([texts[n] for n in chunk]))
        values = {name: answer[name].numpy() for name in ("length", "total_nats", "perplexity")}
        for row, n in enumerate(chunk):
            length, total = int(values["length"][row]), float(values["total_nats"][row])
            of_text[n] = {
                "text": texts[n],
                "tokens": length,
                "nats_per_token": total / max(length, 1),
                "perplexity": float(values["perplexity"][row]),
            }
    return [of_text[n] for n in range(len(texts))]
