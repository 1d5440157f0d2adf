"""Sentences to translate: texts. Those of training were lines of a file called after its language, or a column."""

from __future__ import annotations

from datasets.formats.columns import SOURCE_NAMES, TEXT_NAMES
from datasets.input_kinds import texts
from datasets.input_kinds.base import InputKind

read = texts.TextReader(SOURCE_NAMES | TEXT_NAMES, "source_column", place=0, any_name=True)
KIND = InputKind("sentence", texts.parse, read, texts.example, texts.prefixes, ("text",))
