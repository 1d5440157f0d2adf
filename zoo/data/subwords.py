"""A tokenizer of sentences that loses nothing: to words, characters, or sub-words learnt from the training texts.

A sentence is first split into words. The blank before a word belongs to the word and is written as the mark `▁`. Every
character that is no letter, mark or digit is a word of its own. `Ein Mann, der` becomes `▁Ein ▁Mann , ▁der`. To get the
sentence back, join the tokens and turn the marks into blanks (Kudo and Richardson 2018).

Sub-words are learnt by byte-pair encoding (Sennrich, Haddow and Birch 2016) with the library sentencepiece. A word is
split into sub-words here, in TensorFlow operations, the same in training and in the exported model: from the left,
always the longest sub-word that fits.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import tensorflow as tf

from datasets.errors import UserError
from zoo.data.ragged import Ragged
from zoo.data.scripts import is_of_word
from zoo.data.tokenizer import CHUNK, JOINERS, by_chunks, valid_utf8
from zoo.data.vocabulary import UNKNOWN, Encoder, TokenIndex, most_frequent

PADDING, BEGIN, END = 0, 2, 3
#: Ids that stand for no token of the vocabulary.
RESERVED = 4
#: Stands for the blank before a word.
MARK = "▁"
SPACES = r"[\s\x{0b}\x{1c}-\x{1f}\x{85}\p{Z}]+"
OF_WORDS = rf"\p{{L}}\p{{M}}\p{{N}}{JOINERS}"
WORD = rf"▁?(?:[{OF_WORDS}]+|[^▁{OF_WORDS}])"
KINDS = ("subwords", "words", "characters")
#: Rare characters that make up less than this share of the text get no token of their own.
RARE_CHARACTERS = 0.0002
#: Characters that are learnt from at once, so that the library passes over none.
LONGEST = 10_000
#: Distinct words per call into TensorFlow; and of those that have more bytes than `LONG_WORD`.
WORDS_AT_ONCE, LONG_WORDS_AT_ONCE = 8192, 64
LONG_WORD = 64


def split_words(texts: tf.Tensor) -> tf.RaggedTensor:
    """The words of sentences `(batch,)`, with their marks: `(batch, words)` strings."""
    return tf.strings.split(tf.strings.regex_replace(_marked(texts), f"({WORD})", r" \1"))


def split_characters(texts: tf.Tensor) -> tf.RaggedTensor:
    """The characters of sentences `(batch,)`, the marks among them: `(batch, characters)` strings."""
    return tf.strings.unicode_split(_marked(texts), "UTF-8")


def _marked(texts: tf.Tensor) -> tf.Tensor:
    """Sentences with a mark at the start and for each run of blanks; a sentence of blanks alone becomes empty."""
    texts = valid_utf8(texts)
    for pattern, replacement in (
        (r"\x00", " "),
        (MARK, "_"),
        (SPACES, MARK),
        (f"^{MARK}|{MARK}$", ""),
        (r"^([\s\S])", MARK + r"\1"),
    ):
        texts = tf.strings.regex_replace(texts, pattern, replacement)
    return texts


class SubwordTokenizer(Encoder):
    """The tokens of one language: sentences to token ids and token ids to sentences.

    0 is padding, 1 an unknown token, 2 the begin and 3 the end of a sentence; the tokens of the vocabulary follow.

    Args:
        vocabulary: the tokens with the ids 4, 5, …
        kind: `subwords`, `words` or `characters`.
        reserved: ids that stand for no token of the vocabulary; 2 where no token begins or ends a sentence.
    """

    def __init__(self, vocabulary: Iterable[str], kind: str, reserved: int = RESERVED) -> None:
        super().__init__("tokenizer", vocabulary, reserved)
        self.kind = kind
        #: The text of each id, `(size,)`; of a reserved one "".
        self.texts = tf.constant([*[""] * reserved, *self.vocabulary])
        self.longest = max(map(len, self.vocabulary), default=1)

    def __call__(self, texts: tf.Tensor, most: int | None = None) -> tf.RaggedTensor:
        """Token ids of sentences `(batch,)`: `(batch, tokens)` int32, without begin and end.

        Args:
            texts: `(batch,)` strings.
            most: gives the first tokens of each sentence only, at most so many, and reads no further than these need.
        """
        words = split_characters(texts) if self.kind == "characters" else split_words(texts)
        if most is not None:
            words = words[:, :most]
        distinct, places = tf.unique(words.flat_values)
        if most is not None and self.kind == "subwords":
            distinct = tf.strings.substr(distinct, 0, most * self.longest, unit="UTF8_CHAR")
        segments = tf.gather(self.segment(distinct), places)
        return words.with_flat_values(segments).merge_dims(1, 2)[:, :most]

    def segment(self, words: tf.Tensor) -> tf.RaggedTensor:
        """Token ids of words `(words,)`: `(words, tokens)` int32, at least one each."""
        if self.kind != "subwords":
            return tf.RaggedTensor.from_tensor(self.table.ids(words)[:, None])
        lengths = tf.strings.length(words, unit="UTF8_CHAR")
        steps = tf.reduce_max(tf.concat([lengths, [1]], 0))
        tokens = tf.TensorArray(tf.int32, size=steps, element_shape=[None])

        def step(
            n: tf.Tensor, place: tf.Tensor, tokens: tf.TensorArray
        ) -> tuple[tf.Tensor, tf.Tensor, tf.TensorArray]:
            token, size = self._longest_subword(words, tf.minimum(place, tf.maximum(lengths - 1, 0)))
            not_done = place < lengths
            token = tf.where(not_done, token, PADDING)
            return n + 1, tf.where(not_done, place + size, place), tokens.write(n, token)

        steps_made, _, tokens = tf.while_loop(
            lambda n, place, _: (n < 1) | tf.reduce_any(place < lengths),  # one step at least, for the shape
            step,
            [0, tf.zeros_like(lengths), tokens],
        )
        rows = tf.reshape(tokens.gather(tf.range(steps_made)), [steps_made, tf.shape(words)[0]])
        return tf.RaggedTensor.from_tensor(tf.transpose(rows), padding=PADDING)

    def _longest_subword(self, words: tf.Tensor, place: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Id and length of the longest sub-word at a place in each word; where none fits, UNKNOWN and one character."""
        sizes = tf.range(self.longest, 0, -1)
        at = tf.repeat(place[:, None], self.longest, axis=1)
        candidates = tf.strings.substr(
            words[:, None], at, tf.broadcast_to(sizes, tf.shape(at)), unit="UTF8_CHAR"
        )
        ids = self.table.ids(candidates)
        first = tf.argmax(ids != UNKNOWN, axis=1, output_type=tf.int32)
        token = tf.gather(ids, first, batch_dims=1)
        size = tf.strings.length(tf.gather(candidates, first, batch_dims=1), unit="UTF8_CHAR")
        return token, tf.where(token == UNKNOWN, 1, size)

    def sentences(self, ids: tf.Tensor) -> tf.Tensor:
        """The sentences that token ids `(…, tokens)` stand for, `(…)` strings; padding, begin and end are nothing."""
        joined = tf.strings.reduce_join(tf.gather(self.texts, ids), axis=-1)
        joined = tf.strings.regex_replace(joined, MARK, " ")
        return tf.strings.strip(joined)

    def encode_all(
        self,
        texts: Iterable[str],
        prepare: Callable[[tf.Tensor], tf.Tensor] = tf.identity,
        at_once: int = CHUNK,
    ) -> Ragged:
        """Token ids of any number of sentences; memory grows with the tokens only.

        Args:
            texts: the sentences.
            prepare: what is done to sentences `(batch,)` before they are split.
            at_once: sentences per call into TensorFlow.
        """
        split = split_characters if self.kind == "characters" else split_words
        index = TokenIndex()
        sentences = Ragged.concatenate(
            (index.add(flat), lengths)
            for flat, lengths in by_chunks(texts, lambda chunk: split(prepare(chunk)), at_once)
        )
        return _in_tokens(sentences, self._segment_all(index.tokens))

    def _segment_all(self, words: list[bytes]) -> Ragged:
        """Token ids of any number of words. A call takes the steps of its longest word, so long ones are apart."""
        lengths = np.array([len(word) for word in words])
        order = np.argsort(lengths, kind="stable")
        short = int((lengths <= LONG_WORD).sum())
        parts = [*_slices(order[:short], WORDS_AT_ONCE), *_slices(order[short:], LONG_WORDS_AT_ONCE)]
        segments = [self.segment(tf.constant([words[n] for n in part])) for part in parts]
        pairs = ((ragged.flat_values.numpy(), ragged.row_lengths().numpy()) for ragged in segments)
        return Ragged.concatenate(pairs).take(np.argsort(order))


def _slices(numbers: np.ndarray, size: int) -> Iterator[np.ndarray]:
    return (numbers[start : start + size] for start in range(0, len(numbers), size))


def _in_tokens(sentences: Ragged, words: Ragged) -> Ragged:
    """Sentences in tokens.

    Args:
        sentences: of each its words, as places in `words`.
        words: of each its tokens.
    """
    lengths = words.lengths[sentences.values]
    ends = np.concatenate([[0], np.cumsum(lengths)])
    places = np.arange(ends[-1]) + np.repeat(words.offsets[:-1][sentences.values] - ends[:-1], lengths)
    return Ragged(words.values[places], ends[sentences.offsets])


# ------------------------------------------------------------------------------------------ learning


def learn(
    texts: Iterable[str], kind: str, size: int, min_count: int = 2, flag: str = "--vocabulary"
) -> list[str]:
    """The tokens of the training texts.

    Args:
        texts: training sentences.
        kind: `subwords`, `words` or `characters`.
        size: at most so many tokens.
        min_count: words and characters that come less often are left out; sub-words come at least twice anyway.
        flag: what the option is called that gives `size`.

    Returns:
        Words and characters with the most frequent first (equal counts in the order of the text); sub-words in the
        order in which they were learnt, the characters last.

    Raises:
        UserError: if nothing is left, or `size` does not hold the characters.
    """
    if kind == "subwords":
        return _learn_subwords(texts, size, flag)
    split = split_characters if kind == "characters" else split_words
    counts: Counter[bytes] = Counter()
    for words, _ in by_chunks(texts, split):
        counts.update(words.tolist())
    vocabulary = [word.decode() for word in most_frequent(counts, size, min_count)]
    if not vocabulary:
        raise UserError(f"no token is in the training texts {min_count} times; give a smaller --min-count")
    return vocabulary


def _learn_subwords(texts: Iterable[str], size: int, flag: str) -> list[str]:
    import sentencepiece

    written = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=_sentences(texts),
            model_writer=written,
            model_type="bpe",
            vocab_size=size + 3,  # the library counts its own three
            hard_vocab_limit=False,
            character_coverage=1 - RARE_CHARACTERS,
            normalization_rule_name="identity",
            max_sentence_length=1 << 20,  # bytes; the library passes over longer ones
            num_threads=1,
            minloglevel=4,
        )
    except RuntimeError as problem:
        reason = f"more characters than {flag}" if "required_chars" in str(problem) else "no text"
        raise UserError(f"no sub-words can be learnt: the training texts hold {reason}") from None
    model = sentencepiece.SentencePieceProcessor(model_proto=written.getvalue())
    subwords = (
        model.id_to_piece(n)
        for n in range(model.get_piece_size())
        if not (model.is_control(n) or model.is_unknown(n))
    )
    return [subword for subword in subwords if _in_one_word(subword)]


def _sentences(texts: Iterable[str]) -> Iterator[str]:
    """What is learnt from: words with a blank between them, at most `LONGEST` characters at once."""
    for text in texts:
        line = ""
        for word in text.replace(MARK, "_").split():
            if line and len(line) + len(word) >= LONGEST:
                yield line
                line = ""
            while len(word) > LONGEST:
                yield word[:LONGEST]
                word = word[LONGEST:]
            line = f"{line} {word}" if line else word
        if line:
            yield line


def _in_one_word(subword: str) -> bool:
    """Whether a sub-word is part of one word. The library also learns runs of punctuation, which are several words."""
    body = subword.removeprefix(MARK)
    return len(body) <= 1 or all(is_of_word(letter) for letter in body)
