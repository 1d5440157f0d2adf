"""What a token of a data set's texts is, and how often it must come: chosen by the data where that is not said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from datasets.base import Dataset, Split
from datasets.errors import UserError
from zoo.data.ragged import Ragged
from zoo.data.scripts import in_hangul, unspaced_script
from zoo.data.subword_texts import learn_subwords, text_encoder
from zoo.data.tokenizer import learn_vocabulary
from zoo.data.vocabulary import UNKNOWN, most_tokens

#: Training texts from which on a token that comes once is unknown, for there are others to learn from.
MANY_TEXTS = 10_000
#: Share of the dev split's words that are unknown from which on characters are the tokens.
MOST_UNKNOWN = 0.5
#: The same of Korean, where words have endings and a character is a syllable.
MOST_UNKNOWN_KOREAN = 0.1


@dataclass(frozen=True)
class TextsInTokens:
    """The training texts in tokens.

    Attributes:
        kind: `words`, `characters` or `subwords`.
        vocabulary: tokens with the ids 2, 3, …
        train: the ids of the training texts, uncut.
        why: why they are words or characters where that was to be chosen; empty where it was not.
        origin: where the vocabulary is from, for people.
    """

    kind: str
    vocabulary: list[str]
    train: Ragged
    why: str = ""
    origin: str = "learnt on train"

    @property
    def notes(self) -> tuple[str, ...]:
        """What was chosen and learnt, for people."""
        unknown = unknown_share(self.train)
        learnt = f"vocabulary: {len(self.vocabulary):,} tokens {self.origin}; {unknown:.1%} of its tokens are unknown"
        return (f"tokens: {self.kind}, {self.why} (--tokens)", learnt) if self.why else (learnt,)


def learn_tokens(dataset: Dataset, kind: str, *, lowercase: bool, size: int, min_count: int) -> TextsInTokens:
    """Learn the vocabulary on train; where `kind` is `auto`, the script and the dev split choose between the kinds.

    Args:
        dataset: whose texts are meant.
        kind: `auto`, `words`, `characters` or `subwords`.
        lowercase: see `learn_vocabulary`.
        size: at most so many tokens; see `most_tokens`.
        min_count: likewise; 0 takes 1 where there are fewer than `MANY_TEXTS` training texts, else 2. Sub-words come at
            least twice.

    Raises:
        UserError: no token comes often enough.
    """
    least = min_count or (1 if len(dataset.train) < MANY_TEXTS else 2)
    size = most_tokens(kind, size)

    def learnt(kind: str, why: str = "") -> TextsInTokens:
        vocabulary, train = learn_vocabulary(
            texts_of(dataset.train), tokens=kind, lowercase=lowercase, size=size, min_count=least
        )
        return TextsInTokens(kind, vocabulary, train, why)

    if kind == "subwords":
        return _learnt_subwords(dataset, lowercase, size)
    if kind != "auto":
        return _not_empty(learnt(kind), least)
    if unspaced_script(texts_of(dataset.train)):
        return _not_empty(learnt("characters", "for the script has no blanks between words"), least)
    words = learnt("words")
    unknown = _unknown_in_dev(dataset.valid, words.vocabulary, lowercase)
    why = f"for {unknown:.1%} of the dev split's words are unknown"
    is_korean = in_hangul(texts_of(dataset.train))
    if unknown > (MOST_UNKNOWN_KOREAN if is_korean else MOST_UNKNOWN):
        return _not_empty(learnt("characters", why), least)
    return _not_empty(replace(words, why=why), least)


def known_tokens(dataset: Dataset, kind: str, vocabulary: tuple[str, ...], lowercase: bool) -> TextsInTokens:
    """The training texts in the tokens of a vocabulary that another run has learnt; arguments as of `learn_tokens`."""
    train = _encoded(dataset.train, kind, vocabulary, lowercase)
    return TextsInTokens(
        kind,
        list(vocabulary),
        train,
        why="as in the run that this one starts from",
        origin="of that run, looked up in train",
    )


def _learnt_subwords(dataset: Dataset, lowercase: bool, size: int) -> TextsInTokens:
    texts = texts_of(dataset.train)
    vocabulary = learn_subwords(texts, lowercase=lowercase, size=size, flag="--vocabulary")
    return TextsInTokens("subwords", vocabulary, _encoded(dataset.train, "subwords", vocabulary, lowercase))


def _encoded(split: Split, kind: str, vocabulary: Sequence[str], lowercase: bool) -> Ragged:
    """The texts of a split in tokens, uncut."""
    encoder = text_encoder(
        vocabulary, tokens=kind, lowercase=lowercase, max_tokens=1, truncation_side="right"
    )
    return encoder.encode_all(texts_of(split))


def _unknown_in_dev(dev: Split, vocabulary: list[str], lowercase: bool) -> float:
    if not vocabulary:
        return 1.0
    return unknown_share(_encoded(dev, "words", vocabulary, lowercase))


def _not_empty(tokens: TextsInTokens, least: int) -> TextsInTokens:
    if not tokens.vocabulary:
        raise UserError(f"no token is in the training texts {least} times; give a smaller --min-count")
    return tokens


def unknown_share(tokens: Ragged) -> float:
    """Share of tokens that are unknown; 0 where there are none."""
    return float((tokens.values == UNKNOWN).mean()) if len(tokens.values) else 0.0


def texts_of(split: Split) -> Iterable[str]:
    """The texts of examples."""
    return (example["text"] for example in split)
