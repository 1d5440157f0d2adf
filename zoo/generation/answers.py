"""Options of `zoo.predict` for tasks whose answers are sentences, and the rows and the text of such answers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Any, TypeAlias

from datasets.errors import UserError
from datasets.options import flag, option
from zoo.generation.sampling import SamplingOptions
from zoo.runtime.figures import KINDS, picture_path

#: Inputs at most of which attention is drawn.
MOST_DRAWN = 20

#: The sentences of one input: the input under its own name, arrays `(results, …)` of the search under theirs.
Candidates: TypeAlias = dict[str, Any]
Row: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class AnswerOptions(SamplingOptions):
    """How to search for sentences, or to draw them; what is not given of the search is as in training."""

    beam: int | None = option(
        None, "sequences that the search follows at once; 1: greedy", minimum=1, maximum=100
    )
    length_penalty: float | None = option(
        None, "how much longer sentences are favoured; 0 ranks by probability", minimum=0, maximum=10
    )
    n_best: int = option(1, "sentences for each input", minimum=1, maximum=100)
    sampling: bool = option(
        False, "draw sentences token by token instead of searching for the best (--temperature, --top-k, --top-p, "
        "--samples, --seed)",
    )  # fmt: skip
    attention: str | None = option(
        None, f"draw what was looked at for each token, of the first few inputs ({', '.join(KINDS)})",
        metavar="FILE",
    )  # fmt: skip

    def __post_init__(self) -> None:
        """Refuse options that do not go together.

        Raises:
            UserError: more sentences than the beam has, options of a search and of draws together, a picture of an
                unknown kind, or no folder for it.
        """
        of_search = self.beam, self.length_penalty, self.attention
        if self.sampling and (self.n_best > 1 or any(value is not None for value in of_search)):
            raise UserError(
                "--sampling draws and does not search; leave out --beam, --length-penalty, --n-best and --attention"
            )
        if self.samples > 1 and not self.sampling:
            raise UserError(
                f"--samples {self.samples}: give --sampling too, or --n-best for the best of a search"
            )
        for field in fields(SamplingOptions):
            if not self.sampling and getattr(self, field.name) != field.default:
                said = f"{flag(field.name)} {getattr(self, field.name)}"
                raise UserError(f"{said}: is of drawing; give --sampling too")
        if self.attention:
            picture_path("--attention", self.attention)
        if self.beam and self.n_best > self.beam:
            raise UserError(f"--n-best {self.n_best}: a beam of {self.beam} has no more; give --beam")

    def width_and_penalty(self, width: int, penalty: float) -> tuple[int, float]:
        """Width of the beam and length penalty, given those that the model was trained with."""
        own = penalty if self.length_penalty is None else self.length_penalty
        return max(self.beam or width, self.n_best), own


def collect_rows(
    candidates: Iterable[Candidates], input_name: str, name: str, options: AnswerOptions
) -> tuple[list[Row], list[Candidates]]:
    """The rows of all inputs; and, where attention is drawn, the candidates of the first inputs.

    Args:
        candidates: of each input.
        input_name, name: of the input and of its sentences, see `rows`.
        options: of the answers.

    Raises:
        UserError: attention is to be drawn and the model has none; raised at the first input.
    """
    collected: list[Row] = []
    drawn: list[Candidates] = []
    column = "sample" if options.sampling else "rank"
    for of_input in candidates:
        if options.attention and of_input["attention"].shape[-1] == 0:
            raise UserError("--attention: this model has no attention; there is nothing that it looks at")
        if options.attention and len(drawn) < MOST_DRAWN:
            drawn.append(of_input)
        collected += rows(of_input, input_name, name, column)
    return collected, drawn


def rows(candidates: Candidates, input_name: str, name: str, column: str = "rank") -> Iterator[Row]:
    """A row for each sentence of one input; places without a sentence are left out.

    Args:
        candidates: the input, under `input_name`; and arrays `(results,)`: the sentences, under `name`, `score`, `cut`.
        input_name, name: of the input and of its sentences.
        column: numbers the sentences from 1, where there are several.
    """
    sentences, scores, cuts = candidates[name], candidates["score"], candidates["cut"]
    for number, (text, score, cut) in enumerate(zip(sentences, scores, cuts, strict=True), 1):
        if math.isfinite(score):
            row = {
                input_name: candidates[input_name], name: text.decode(), "score": float(score), "cut": bool(cut),
            }  # fmt: skip
            yield {**row, column: number} if len(sentences) > 1 else row


def as_text(rows: list[Row], input_name: str, name: str) -> str:
    """Each input, and its sentences in full below it."""
    lines = []
    for row in rows:
        if row.get("rank", row.get("sample", 1)) == 1:
            lines.append(row[input_name])
        lines.append(f"  → {row[name]}  ({row['score']:.3f}{', cut' if row['cut'] else ''})")
    return "\n".join(lines)
