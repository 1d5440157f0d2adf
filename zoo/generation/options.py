"""Options of every task whose answers are written token by token: the decoder, the search, the tokens."""

from __future__ import annotations

from dataclasses import dataclass

from datasets.options import option
from zoo.generation.bleu import AUTO, TOKENIZERS

#: What a token may be, and the name of many of them.
TOKENS = {"subwords": "sub-words", "words": "words", "characters": "characters"}
ATTENTION = ("general", "dot", "additive", "none")


@dataclass(frozen=True)
class SearchConfiguration:
    """How a model searches by default.

    Attributes:
        width: of the beam.
        penalty: strength of the length penalty.
        max_tokens: most tokens of a sentence.
    """

    width: int
    penalty: float
    max_tokens: int


@dataclass(frozen=True)
class DecoderOptions:
    """Options of the decoder and of its search; a task adds its own, and may declare one again with another default or
    help.
    """

    max_tokens: int = option(100, "longer training sentences are left out, and written ones ended", minimum=2)
    embedding: int = option(64, "size of the token vectors", minimum=1, maximum=65_536)
    attention: str = option("general", "how the decoder looks at what was read", choices=ATTENTION)
    decoder_layers: int = option(
        1,
        "stacked layers of the decoder; those after the first see what is attended to",
        minimum=1,
        maximum=256,
    )
    tied: bool = option(True, "the decoder's output matrix is its embedding")
    label_smoothing: float = option(
        0.1, "share of each target that is spread over all tokens in training", minimum=0, maximum=0.9
    )
    scheduled_sampling: float = option(
        0.0, "share of the decoder's inputs that are its own guesses in training", minimum=0, maximum=0.95
    )
    beam: int = option(5, "sequences that the search follows at once; 1: greedy", minimum=1, maximum=100)
    length_penalty: float = option(
        1.0, "how much longer sentences are favoured; 0 ranks by probability", minimum=0, maximum=10
    )

    @property
    def search(self) -> SearchConfiguration:
        """How the exported model searches by default."""
        return SearchConfiguration(self.beam, self.length_penalty, self.max_tokens)


@dataclass(frozen=True)
class GenerationOptions(DecoderOptions):
    """Options of tasks whose answers are scored by BLEU: of the decoder, of the tokens, and of the score."""

    tokens: str = option("subwords", "what a token is", choices=tuple(TOKENS))
    vocabulary: int = option(10_000, "most different tokens", minimum=1, maximum=1_000_000)
    min_count: int = option(2, "words and characters seen less often in training are unknown", minimum=1)
    bleu_tokenize: str = option(
        AUTO,
        "the tokens that BLEU counts, by sacreBLEU's names; auto goes by the script: zh for Chinese, ja-mecab or char "
        "for Japanese, char for others without blanks between words",
        choices=TOKENIZERS,
    )
