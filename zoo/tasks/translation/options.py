"""Options of the translation task."""

from __future__ import annotations

from dataclasses import dataclass

from datasets.options import option
from zoo.generation.options import ATTENTION, TOKENS, GenerationOptions


@dataclass(frozen=True)
class Options(GenerationOptions):
    """What is special to sentences and their translations."""

    tokens: str = option("subwords", "what a token is, on both sides", choices=tuple(TOKENS))
    vocabulary: int = option(8000, "most different tokens of each language", minimum=1, maximum=1_000_000)
    max_tokens: int = option(
        100, "longer training sentences are left out, other sources cut, and translations ended", minimum=2
    )
    attention: str = option(
        "general",
        "how the decoder looks at the source; none: it sees only the encoder's last states",
        choices=ATTENTION,
    )
