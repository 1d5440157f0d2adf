"""The layers of a model that read tokens: what another run can start from, and what can start from another run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tokens:
    """The tokens that a model knows.

    Attributes:
        kind: what a token is: `plain-words` as `zoo.data.tokenizer` splits them, `words` with a mark or a blank before
            them, `characters` or `subwords`.
        lowercase: whether letters are turned into lower case first.
        vocabulary: the tokens with the ids from `TokenLayers.reserved` on.
    """

    kind: str
    lowercase: bool
    vocabulary: tuple[str, ...]


@dataclass(frozen=True)
class TokenLayers:
    """One part of a model that reads tokens: vectors, then recurrent layers.

    Attributes:
        part: what messages call it, such as `encoder`.
        vectors: name of the layer with the table of the tokens' vectors.
        recurrent: name of the layer `zoo.layers.recurrent.Recurrent` that reads them.
        tokens: what tokens it knows.
        reserved: ids that stand for no token of the vocabulary; 1 is the unknown token.
        scale: what the model multiplies the vectors by.
        backward: whether what runs forwards gets the tokens from the last to the first.
    """

    part: str
    vectors: str
    recurrent: str
    tokens: Tokens
    reserved: int = 2
    scale: float = 1.0
    backward: bool = False
