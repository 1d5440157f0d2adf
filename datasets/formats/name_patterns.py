"""What the names of files say: a pattern such as `{label}_{speaker}_{take}.wav` gives each part by its name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from datasets.errors import UserError, did_you_mean

PART = re.compile(r"\{([A-Za-z][A-Za-z0-9_]*)\}")
LABEL = "label"


@dataclass(frozen=True)
class NamePattern:
    """A pattern of names.

    Attributes:
        text: parts in braces, with what stands between them. A part is as short as may be and has no slash; the last
            part of a name takes what is left. Without a suffix, any suffix fits.

    Raises:
        UserError: it has no `{label}`, a part twice, two parts with nothing between them, or a brace that is no part's.
    """

    text: str

    def __post_init__(self) -> None:
        """Refuse what is no pattern."""
        parts = PART.findall(self.text)
        rest = PART.sub("", self.text)
        fault = None
        if LABEL not in parts:
            fault = "has no {label}"
        elif len(set(parts)) < len(parts):
            fault = "has a part twice"
        elif "{" in rest or "}" in rest:
            fault = "has a brace that belongs to no part; a part is a name in braces"
        elif "}{" in self.text:
            fault = "has two parts with nothing between them"
        if fault:
            raise UserError(
                f"--pattern {self.text}: {fault}; write such as {{label}}_{{speaker}}_{{take}}.wav"
            )

    @property
    def parts(self) -> list[str]:
        """Their names, in order."""
        return PART.findall(self.text)

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        pieces = PART.split(self.text)
        between, names = pieces[::2], pieces[1::2]
        written = re.escape(between[0])
        for name, literal in zip(names, between[1:], strict=True):
            written += f"(?P<{name}>[^/]+?)" + re.escape(literal)
        return re.compile(written + ("" if "." in between[-1] else r"(?:\.[^./]+)?"))

    def parts_of(self, name: str) -> dict[str, str] | None:
        """The parts of a name; None where the pattern does not fit.

        Args:
            name: with slashes between folders where the pattern has any, else without folders.
        """
        match = self._expression.fullmatch(name if "/" in self.text else name.rpartition("/")[2])
        return None if match is None else match.groupdict()


@dataclass(frozen=True)
class Condition:
    """That a part has one of some values.

    Attributes:
        part: its name.
        values: texts; or pairs of whole numbers, the first and the last of a range.
    """

    part: str
    values: tuple[str | tuple[int, int], ...]

    @classmethod
    def of(cls, text: str, option: str) -> Condition:
        """From `take=0-4,9` or `speaker=george`.

        Raises:
            UserError: it has another form; names the option.
        """
        part, sign, values = text.partition("=")
        if not (part and sign and values):
            raise UserError(f"{option} {text}: write PART=VALUES, such as take=0-4 or speaker=george,lucas")
        return cls(part.strip(), tuple(_range(value.strip()) for value in values.split(",")))

    def holds(self, parts: dict[str, str], option: str) -> bool:
        """Whether it does for these parts.

        Raises:
            UserError: there is no such part; names the option.
        """
        if self.part not in parts:
            hint = did_you_mean(self.part, parts, f"there are {', '.join(parts)}")
            raise UserError(f"{option}: there is no part or column {self.part!r}{hint}")
        value = parts[self.part]
        number = int(value) if value.isascii() and value.isdecimal() else None
        return any(
            value == wanted
            if isinstance(wanted, str)
            else number is not None and wanted[0] <= number <= wanted[1]
            for wanted in self.values
        )


def _range(value: str) -> str | tuple[int, int]:
    match = re.fullmatch(r"(\d+)-(\d+)", value)
    return (int(match[1]), int(match[2])) if match else value
