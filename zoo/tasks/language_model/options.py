"""Options of the language model: of the task and of its answers."""

from __future__ import annotations

from dataclasses import dataclass, fields

from datasets.errors import UserError
from datasets.options import Former, flag, option
from zoo.generation.sampling import SamplingOptions


@dataclass(frozen=True)
class Options:
    """What is special to language models."""

    tokens: str = option(
        "characters",
        "what is read and written: words have the blank before them, plain-words are those of the other tasks, "
        "subwords are learnt",
        choices=("characters", "words", "plain-words", "subwords"),
    )
    lowercase: bool = option(False, "turn letters into lower case first")
    backward: bool = option(False, "read texts from their end, and predict the token before")
    max_vocabulary: int = option(
        0, "most tokens that are told apart; 0 takes 20,000, or 8,000 sub-words", minimum=0
    )
    min_count: int = option(
        0, "rarer characters and words are unknown; 0 is 1 for characters, 2 for words of any kind", minimum=0
    )
    truncate: int = option(100, "tokens of a chunk: gradients reach back so far, states further", minimum=1)
    random_offset: bool = option(
        True, "begin each pass over the text at another token", former=[Former("turn")]
    )
    embedding: int = option(64, "size of the tokens' vectors; 0 for one-hot", minimum=0, maximum=65_536)
    input_dropout: float | None = option(
        None, "fraction of the tokens' vectors dropped, where it is not --dropout", minimum=0, maximum=0.95
    )
    embedding_dropout: float = option(
        0.0, "share of the vocabulary whose vectors are zero for a batch", minimum=0, maximum=0.95
    )
    variational_dropout: bool = option(
        False, "dropout takes the same numbers at all steps of a chunk, before, between and after the layers"
    )
    activation_penalty: float = option(
        0.0,
        "how much large outputs of the recurrent layers cost (AR of Merity et al.)",
        minimum=0,
        maximum=1e6,
    )
    temporal_penalty: float = option(
        0.0, "how much changes of these from step to step cost (TAR)", minimum=0, maximum=1e6
    )
    tied: bool = option(False, "score tokens by their vectors, with no weights of their own")
    softmax: str = option(
        "full",
        "over all tokens, or in training over a sample of them: for large vocabularies",
        ("full", "sampled"),
    )
    sampled_tokens: int = option(2048, "tokens of a sample, on average", minimum=2)

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        if self.tied and not self.embedding:
            raise UserError("--tied: there are no vectors to share; give --embedding")
        if self.embedding_dropout and not self.embedding:
            raise UserError("--embedding-dropout: there are no vectors to drop; give --embedding")


@dataclass(frozen=True)
class AnswerOptions(SamplingOptions):
    """How a trained language model goes on with a prompt."""

    length: int = option(200, "tokens to write", minimum=0)
    score: bool = option(False, "go on with nothing: tell how likely the inputs are")

    def __post_init__(self) -> None:
        """Refuse what is said of a continuation where there is none; raises UserError."""
        for field in fields(self):
            if self.score and field.name != "score" and getattr(self, field.name) != field.default:
                said = f"{flag(field.name)} {getattr(self, field.name)}"
                raise UserError(
                    f"{said}: is of a continuation, and --score writes none; leave one of them out"
                )
