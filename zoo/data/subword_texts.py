"""Sub-words of texts: the tokenizer of sentences (`zoo.data.subwords`), with the ids that texts in words have, too.

A text is cleaned first, as texts in words are: line-break tags and white space of any kind separate words. Only a long
text that is to be written again keeps its line breaks: each becomes the word `↵`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

import tensorflow as tf

from zoo.data.ragged import Ragged
from zoo.data.subwords import SubwordTokenizer, learn
from zoo.data.tokenizer import CHUNK, LINE_BREAK_TAG, TextEncoder, chunks, valid_utf8
from zoo.data.vocabulary import RESERVED, UNKNOWN

#: Stands for a line break.
LINE = "↵"
#: What an unknown token is shown as.
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def clean(texts: tf.Tensor, lowercase: bool, lines: bool = False) -> tf.Tensor:
    """Texts `(batch,)` as the tokenizer of sentences reads them.

    Args:
        texts: strings, UTF-8; invalid bytes become U+FFFD, NUL becomes a blank.
        lowercase: turn letters into lower case.
        lines: whether a line break is a word of its own.
    """
    texts = tf.strings.regex_replace(valid_utf8(texts), r"\x00", " ")
    if lowercase:
        texts = tf.strings.lower(texts, encoding="utf-8")
    texts = tf.strings.regex_replace(texts, LINE_BREAK_TAG, "\n")
    return tf.strings.regex_replace(texts, "\n", f" {LINE} ") if lines else texts


def learn_subwords(
    texts: Iterable[str], *, lowercase: bool, size: int, flag: str, lines: bool = False
) -> list[str]:
    """The sub-words of training texts, see `zoo.data.subwords.learn`.

    Args:
        texts: the training texts.
        lowercase, lines: see `clean`.
        size: at most so many.
        flag: what the option is called that gives `size`.

    Raises:
        UserError: if there is no text, or `size` does not hold its characters.
    """
    return learn(_cleaned(texts, lowercase, lines), "subwords", size, flag=flag)


def _cleaned(texts: Iterable[str], lowercase: bool, lines: bool) -> Iterator[str]:
    for chunk in chunks(texts, CHUNK):
        for text in clean(tf.constant(chunk), lowercase, lines).numpy():
            yield text.decode()


class TextSubwords(SubwordTokenizer):
    """Texts to the ids of sub-words: 0 is padding, 1 an unknown token, the vocabulary follows.

    Args:
        vocabulary: the sub-words with the ids 2, 3, …; where `↵` is one of them, line breaks are kept.
        lowercase: whether texts were turned into lower case before they were learnt.
    """

    def __init__(self, vocabulary: Iterable[str], lowercase: bool) -> None:
        super().__init__(vocabulary, "subwords", RESERVED)
        self.prepare = partial(clean, lowercase=lowercase, lines=LINE in self.vocabulary)

    def ids_of(self, texts: tf.Tensor) -> tf.RaggedTensor:
        """Token ids `(batch, tokens)` int32 of texts `(batch,)`."""
        return self(self.prepare(texts))

    def all_ids_of(self, texts: Iterable[str], at_once: int = CHUNK) -> Ragged:
        """The same of any number of texts, so many per call into TensorFlow."""
        return self.encode_all(texts, self.prepare, at_once)


class SubwordEncoder(TextEncoder):
    """A `TextEncoder` whose tokens are sub-words. Arguments as there."""

    def __init__(
        self, vocabulary: Iterable[str], *, lowercase: bool, max_tokens: int, truncation_side: str
    ) -> None:
        super().__init__(
            vocabulary,
            tokens="subwords",
            lowercase=lowercase,
            max_tokens=max_tokens,
            truncation_side=truncation_side,
        )
        self.subwords = TextSubwords(self.vocabulary, lowercase)

    def ragged(self, texts: tf.Tensor) -> tf.RaggedTensor:
        """Token ids `(batch, tokens)` int32, uncut."""
        return self.subwords.ids_of(texts)

    def tokens_read(self, text: str) -> list[str]:
        """The sub-words of a text whose ids `__call__` gives; an unknown one is U+FFFD."""
        ids = self(tf.constant([text]))[0].numpy()
        return [REPLACEMENT if n == UNKNOWN else self.vocabulary[n - RESERVED] for n in ids if n]

    def encode_all(self, texts: Iterable[str]) -> Ragged:
        """Token ids of any number of texts, uncut; memory grows with the tokens only."""
        return self.subwords.all_ids_of(texts)


def text_encoder(
    vocabulary: Iterable[str], *, tokens: str, lowercase: bool, max_tokens: int, truncation_side: str
) -> TextEncoder:
    """The encoder for what a token is: `words`, `characters` or `subwords`; see `TextEncoder`."""
    if tokens == "subwords":
        return SubwordEncoder(
            vocabulary, lowercase=lowercase, max_tokens=max_tokens, truncation_side=truncation_side
        )
    return TextEncoder(
        vocabulary, tokens=tokens, lowercase=lowercase, max_tokens=max_tokens, truncation_side=truncation_side
    )
