"""Word and character encoder: a word's id and its characters' ids. One definition for training and export."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import tensorflow as tf

from zoo.data.tokenizer import JOINERS, PADDING, WHITE_SPACE, valid_utf8
from zoo.data.vocabulary import TokenTable, most_frequent

#: Stand for the full stop, comma and colon inside a number while punctuation is split from words.
INSIDE = {".": "\ue000", ",": "\ue001", ":": "\ue002"}
SPLIT_OFF = rf"([^\p{{L}}\p{{M}}\p{{N}}{JOINERS}'\s\x{{e000}}-\x{{e002}}])"
#: The English forms that treebanks take for words of their own.
CONTRACTION = r"(?i)(n't|'(?:s|re|ve|ll|d|m))(\s|$)"


class WordEncoder(tf.Module):
    """Words to ids, with the vocabularies inside, so that it can be part of an exported model.

    Args:
        words: lower-case words with the ids 2, 3, …; 0 is padding and 1 any other word.
        characters: likewise; upper and lower case are different characters.
        max_characters: a longer word keeps half as many characters from its start and half from its end.
        split: how a plain sentence is split into words: `spaces` at white space, `words` at punctuation, too;
            `characters` takes each character for a word, blanks where training has them as words.
    """

    def __init__(self, words: list[str], characters: list[str], *, max_characters: int, split: str) -> None:
        super().__init__(name="word_encoder")
        self.max_characters, self.split_by = max_characters, split
        self.word_table, self.character_table = TokenTable(words), TokenTable(characters)
        # Where training sentences have "do n't" in two words, "don't" in a plain sentence is split likewise.
        self.contractions = "n't" in self.words

    @property
    def words(self) -> tuple[str, ...]:
        """The vocabulary of words."""
        return self.word_table.tokens

    @property
    def characters(self) -> tuple[str, ...]:
        """The vocabulary of characters."""
        return self.character_table.tokens

    def word_ids(self, tokens: tf.Tensor) -> tf.Tensor:
        """Ids int32 of words, of the shape of `tokens`; 0 for an empty string."""
        ids = self.word_table.ids(tf.strings.lower(valid_utf8(tokens), encoding="utf-8"))
        return tf.where(tokens == "", PADDING, ids)

    def character_ids(self, tokens: tf.Tensor) -> tf.RaggedTensor:
        """Ids int32 of the characters of words `(words,)`: `(words, characters)`; long words are cut."""
        characters = tf.strings.unicode_split(valid_utf8(tokens), "UTF-8")
        head = (self.max_characters + 1) // 2
        tail = self.max_characters - head
        rest = characters[:, head:]
        characters = tf.concat([characters[:, :head], rest[:, -tail:] if tail else rest[:, :0]], axis=1)
        return self.character_table.ragged_ids(characters)

    def split(self, sentences: tf.Tensor) -> tf.Tensor:
        """Words `(batch, words)` of plain sentences `(batch,)`, filled up with "" on the right; at least one column.

        With `split="words"`, a character that is no letter, mark, digit or inner apostrophe is a word of its own, but
        for a point, comma or colon inside a number.
        """
        sentences = valid_utf8(sentences)
        if self.split_by == "words":
            sentences = self._split_off_punctuation(sentences)
        blank = " " if self.split_by != "characters" or " " in self.words else ""
        sentences = tf.strings.strip(tf.strings.regex_replace(sentences, WHITE_SPACE, blank))
        is_by_character = self.split_by == "characters"
        ragged = (
            tf.strings.unicode_split(sentences, "UTF-8") if is_by_character else tf.strings.split(sentences)
        )
        tokens = ragged.to_tensor("")
        return tf.pad(tokens, [[0, 0], [0, tf.cast(tf.shape(tokens)[1] == 0, tf.int32)]], constant_values="")

    def tokens_read(self, sentence: str) -> list[str]:
        """The words of a plain sentence, as a reader would see them."""
        return [token.decode() for token in self.split(tf.constant([sentence]))[0].numpy().tolist()]

    def _split_off_punctuation(self, sentences: tf.Tensor) -> tf.Tensor:
        """The sentences with blanks around punctuation and before contractions."""
        for sign, inside in INSIDE.items():
            pattern = rf"(\p{{N}})[{sign}](\p{{N}})"
            for _ in range(2):  # the second time for digits that stood on both sides of one match: 1.2.3
                sentences = tf.strings.regex_replace(sentences, pattern, rf"\1{inside}\2")
        sentences = tf.strings.regex_replace(sentences, SPLIT_OFF, r" \1 ")
        sentences = tf.strings.regex_replace(sentences, r"(^|\s)('+)([^\s])", r"\1\2 \3")
        sentences = tf.strings.regex_replace(sentences, r"([^\s'])('+)(\s|$)", r"\1 \2\3")
        if self.contractions:
            sentences = tf.strings.regex_replace(sentences, CONTRACTION, r" \1\2")
        for sign, inside in INSIDE.items():
            sentences = tf.strings.regex_replace(sentences, inside, sign)
        return sentences


def learn_words(sentences: Iterable[Iterable[str]], size: int, min_count: int) -> tuple[list[str], list[str]]:
    """The vocabularies of the training sentences.

    Args:
        sentences: the words of each.
        size: at most so many words; all characters are taken.
        min_count: words and characters seen less often are unknown.

    Returns:
        Words in lower case, and characters, the most frequent first.
    """
    counts = Counter(token for tokens in sentences for token in tokens)
    words: Counter[str] = Counter()
    characters: Counter[str] = Counter()
    for (token, count), lower in zip(counts.items(), _lower(list(counts)), strict=True):
        words[lower] += count
        for character in token:
            characters[character] += count
    return most_frequent(words, size, min_count), most_frequent(characters, None, min_count)


def _lower(words: list[str]) -> list[str]:
    """Lower case as TensorFlow makes it, which is how words are looked up."""
    return [
        word.decode() for word in tf.strings.lower(tf.constant(words, tf.string), encoding="utf-8").numpy()
    ]
