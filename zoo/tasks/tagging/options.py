"""Options of the tagging task."""

from __future__ import annotations

from dataclasses import dataclass

from datasets.options import option


@dataclass(frozen=True)
class Options:
    """What is special to sentences with a tag for each word."""

    tags: str = option("all", "which tags: all, or only whether a word is a noun", choices=("all", "noun"))
    embedding: int = option(100, "size of the word vectors; 0: none", minimum=0, maximum=65_536)
    vocabulary: int = option(50_000, "the most frequent words that have a vector of their own", minimum=1)
    min_count: int = option(2, "words seen less often in training are unknown", minimum=1)
    word_dropout: float = option(
        0.1, "share of words that are unknown for once in training", minimum=0, maximum=0.95
    )
    character_embedding: int = option(
        32, "size of the character vectors; 0: words are not spelt out", minimum=0, maximum=65_536
    )
    character_units: int = option(
        64,
        "units of the cell that reads a word, in each direction; 0: no cell does",
        minimum=0,
        maximum=65_536,
    )
    character_filters: int = option(
        0,
        "filters over 2, over 3 and over 4 characters each, whose largest values tell a word; 0: none",
        minimum=0,
        maximum=65_536,
    )
    max_characters: int = option(24, "longer words lose their middle", minimum=8)
    crf: bool = option(False, "score whole sequences of tags (conditional random field)")
    split: str = option(
        "words",
        "how a plain sentence becomes words: words also parts punctuation, spaces goes by blanks alone, characters "
        "takes each for a word, as where the training data have a tag a syllable",
        choices=("words", "spaces", "characters"),
    )
