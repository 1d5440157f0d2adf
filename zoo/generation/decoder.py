"""The decoder of a task's options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoo.data.subwords import RESERVED
from zoo.data.token_layers import TokenLayers, Tokens
from zoo.layers.decoder import Decoder

if TYPE_CHECKING:
    from zoo.data.subwords import SubwordTokenizer
    from zoo.factory import RecurrentFactory
    from zoo.generation.options import DecoderOptions
    from zoo.layers.recurrent import Recurrent


def make_decoder(
    size: int,
    units: int,
    recurrent: RecurrentFactory,
    options: DecoderOptions,
    scoring: str | None = None,
) -> Decoder:
    """The layer named `decoder`.

    Args:
        size: how many different tokens there are.
        units: of each of its cells.
        recurrent: makes recurrent layers.
        options: of the task.
        scoring: how attention scores, where it is not `options.attention`.
    """

    def layer(layers: int, name: str) -> Recurrent:
        return recurrent(
            units=units,
            layers=layers,
            bidirectional=False,
            return_sequences=True,
            return_state=True,
            name=name,
        )

    return Decoder(
        size,
        options.embedding,
        layer(1, "decoder_recurrent"),
        upper=layer(options.decoder_layers - 1, "decoder_upper") if options.decoder_layers > 1 else None,
        scoring=scoring or options.attention,
        tied=options.tied,
        dropout=recurrent.options.dropout,
        scheduled_sampling=options.scheduled_sampling,
        seed=recurrent.seed + 100,  # other random numbers than those of the recurrent layers
        name="decoder",
    )


def decoder_layers(tokens: Tokens, options: DecoderOptions) -> TokenLayers:
    """What of the layer named `decoder` reads the tokens that were written."""
    return TokenLayers("decoder", "embedding", "decoder_recurrent", tokens, RESERVED, options.embedding**0.5)


def tokens_of(tokenizer: SubwordTokenizer) -> Tokens:
    """The tokens of one side; letters keep their case."""
    return Tokens(tokenizer.kind, False, tokenizer.vocabulary)
