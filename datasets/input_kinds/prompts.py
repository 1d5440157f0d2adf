"""Beginnings that a language model goes on with: texts. The file of its training text may be called anything."""

from __future__ import annotations

from datasets.input_kinds import texts
from datasets.input_kinds.base import InputKind

KIND = InputKind(
    "prompt", texts.parse, texts.TextReader(any_name=True), texts.example, texts.prefixes, ("text",)
)
