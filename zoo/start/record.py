"""What a run that starts from another one keeps of it in its own directory, so that it can go on without the other."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from datasets.errors import UserError
from zoo.data.token_layers import Tokens
from zoo.runtime.rundir import read_json, write_json


@dataclass(frozen=True)
class Start:
    """How a run began.

    Attributes:
        tokens: the tokens of the run that it started from.
        notes: what was taken, and what was not and why.
    """

    tokens: Tokens
    notes: tuple[str, ...] = ()

    def write(self, path: Path) -> None:
        """Keep it."""
        write_json(path, dataclasses.asdict(self))

    @classmethod
    def read(cls, path: Path) -> Start:
        """The inverse of `write`.

        Raises:
            UserError: the file is missing or damaged.
        """
        stored = read_json(path)
        try:
            tokens: Mapping[str, object] = stored["tokens"]
            vocabulary = tuple(map(str, tokens["vocabulary"]))  # type: ignore[call-overload]
            return cls(
                Tokens(str(tokens["kind"]), bool(tokens["lowercase"]), vocabulary),
                tuple(map(str, stored["notes"])),
            )
        except (KeyError, TypeError) as problem:
            raise UserError(
                f"{path} does not say what the run started from ({problem}); start the run again", 1
            ) from None
