"""What a decoder says of given tokens, all steps at once, to compare searches and draws with."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from zoo.subwords import BEGIN, PADDING, UNKNOWN


def log_probability(decoder: Any, tokens: list[int], start: Any, memory: Any, mask: Any = None) -> float:
    """Of the tokens of one sentence, under teacher forcing, among the tokens that a search may say."""
    read = tf.constant([[BEGIN, *tokens[:-1]]])
    logits = decoder(read, start, memory, mask, training=False).numpy()[0].astype(np.float64)
    logits[:, [PADDING, BEGIN, UNKNOWN]] = -np.inf
    shares = logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)
    return float(shares[np.arange(len(tokens)), tokens].sum())
