"""How `zoo.predict` asks for sentences, and the rows that come back."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from datasets.errors import UserError
from datasets.options import option
from zoo.generation.sampling import SamplingOptions
from zoo.runtime.figures import KINDS, asked_for

#: Inputs at most of which a picture may want to see what was looked at.
MOST_DRAWN = 20


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

    def check(self) -> None:
        """Refuse what means nothing.

        Raises:
            UserError: more sentences than the beam has, options of a search and of draws together, a picture of an
                unknown kind, or no folder for it.
        """
        searching = self.beam, self.length_penalty, self.attention
        if self.sampling and (self.n_best > 1 or any(one is not None for one in searching)):
            raise UserError(
                "--sampling draws and does not search; leave out --beam, --length-penalty, --n-best and --attention"
            )
        if self.samples > 1 and not self.sampling:
            raise UserError(
                f"--samples {self.samples}: give --sampling too, or --n-best for the best of a search"
            )
        if self.attention:
            asked_for("--attention", self.attention)
        if self.beam and self.n_best > self.beam:
            raise UserError(f"--n-best {self.n_best}: a beam of {self.beam} has no more; give --beam")

    def asked(self, width: int, penalty: float) -> tuple[int, float]:
        """Width of the beam and length penalty, where these are the model's own ones."""
        own = penalty if self.length_penalty is None else self.length_penalty
        return max(self.beam or width, self.n_best), own


def gathered(
    found: Iterable[dict[str, Any]], given: str, name: str, options: AnswerOptions
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows of all inputs; and, where a picture is asked for, the first inputs with all that was found for them.

    Raises:
        UserError: a picture is asked for and the model has no attention; told at the first input.
    """
    told: list[dict[str, Any]] = []
    first: list[dict[str, Any]] = []
    number = "sample" if options.sampling else "rank"
    for one in found:
        if options.attention and one["attention"].shape[-1] == 0:
            raise UserError("--attention: this model has no attention; there is nothing that it looks at")
        if options.attention and len(first) < MOST_DRAWN:
            first.append(one)
        told += rows(one, given, name, number)
    return told, first


def rows(found: dict[str, Any], given: str, name: str, number: str = "rank") -> Iterator[dict[str, Any]]:
    """A row for each sentence that was found for an input; those that do not exist are left out.

    Args:
        found: the input, under the name `given`; and arrays `(results,)`: the sentences, under `name`, `score`, `cut`.
        number: the column that numbers the sentences of an input, where there are several.
    """
    many = len(found[name]) > 1
    for rank, (text, score, cut) in enumerate(zip(found[name], found["score"], found["cut"], strict=True), 1):
        if math.isfinite(score):
            row = {given: found[given], name: text.decode(), "score": float(score), "cut": bool(cut)}
            yield {**row, number: rank} if many else row


def shown(rows: list[dict[str, Any]], given: str, name: str) -> str:
    """Each input, and its sentences in full below it."""
    lines = []
    for row in rows:
        if row.get("rank", row.get("sample", 1)) == 1:
            lines.append(row[given])
        lines.append(f"  → {row[name]}  ({row['score']:.3f}{', cut' if row['cut'] else ''})")
    return "\n".join(lines)
