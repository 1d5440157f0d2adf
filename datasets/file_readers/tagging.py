"""A user's tagged sentences: CoNLL-U, a column file, or JSON Lines; one file, or a folder with a file a split."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from datasets.assembly.parts import FilePart
from datasets.assembly.tagged_sentences import assemble
from datasets.base import Dataset, Info
from datasets.errors import UserError
from datasets.file_readers.options import FileOptions, share_for_dev, share_for_test
from datasets.file_readers.paths import existing
from datasets.file_readers.split_discovery import data_files, split_files
from datasets.formats.characters import composed, encodable
from datasets.formats.columns import TAG_NAMES, TOKEN_NAMES, find
from datasets.formats.conll import Columns, conllu_column, conllu_sentences, parse_column
from datasets.formats.sentences import FORMATS, TaggedSentence, check_tags, token_list
from datasets.formats.tables import Format, Table, suffix
from datasets.options import option

FIELDS = ("tokens", "tags")


@dataclass(frozen=True)
class Options(FileOptions):
    """How to read a user's tagged sentences."""

    format: str = option(
        "auto", "what the files are; auto goes by the name", ("auto", "conllu", "columns", "json")
    )
    token_column: str | None = option(
        None, "where the words are: a name in JSON (tokens), a position from 0 in column files (0)"
    )
    tag_column: str | None = option(
        None,
        "where the tags are: upos, xpos, feats, … in CoNLL-U (upos), a name in JSON (tags), "
        "a position in column files (-1, the last)",
    )
    valid_fraction: float = share_for_dev("sentences")
    test_fraction: float = share_for_test("sentences")


def load(spec: str, options: Options) -> Dataset:
    """Tagged sentences from a path.

    Raises:
        UserError: no such file, no known layout, or data that cannot be tagged sentences.
    """
    path = existing(spec)
    files = _files(path, options) if path.is_dir() else {"train": path}
    parts = {split: make_part(file, options) for split, file in files.items()}
    notes = tuple(note for part in parts.values() for note in part.notes)
    info = Info(name=path.name or str(path.resolve().name), fields=FIELDS, source=str(path), notes=notes)
    return assemble(info, parts, options.valid_fraction, options.test_fraction)


def make_part(path: Path, options: Options) -> ConlluPart | ColumnsPart | JsonPart:
    """The sentences of one file.

    Raises:
        UserError: a format that is not known, columns that the file does not have.
    """
    kind = _format(path, options)
    if kind == "conllu":
        return ConlluPart(path, options)
    return ColumnsPart(path, options) if kind == "columns" else JsonPart(path, options)


def _format(path: Path, options: Options) -> str:
    if options.format != "auto":
        return options.format
    if suffix(path) not in FORMATS:
        known = ", ".join(FORMATS)
        raise UserError(
            f"{path}: unknown format '{suffix(path)}'; known are {known}, each also .gz; or say it with --format"
        )
    return FORMATS[suffix(path)]


def _files(folder: Path, options: Options) -> dict[str, Path]:
    """Which file of a folder is which split. A folder may also hold other files, such as a README.txt."""
    kinds = ("conllu", "json", "columns") if options.format == "auto" else (options.format,)
    for kind in kinds:

        def is_data(path: Path, kind: str = kind) -> bool:
            return FORMATS.get(suffix(path)) == kind

        if by_split := split_files(folder, is_data):
            return by_split
        files = data_files(folder, is_data)
        if len(files) == 1:
            return {"train": files[0]}
        if files:
            raise UserError(
                f"{folder}: holds {len(files)} files of tagged sentences and none is called train; name one of them"
            )
    raise UserError(
        f"{folder}: holds no tagged sentences: CoNLL-U (.conllu), column files (.conll, .iob2, .tsv, .txt) "
        "or JSON Lines (.jsonl), each also .gz, as one file or as train, dev and test"
    )


class _TaggedFile(FilePart):
    """What parts of tagged sentences in one file have in common."""

    fix = "is --tag-column right?"
    label_name: str
    #: What the file's user should know of how it is read.
    notes: tuple[str, ...] = ()

    def __init__(self, path: Path, options: Options):
        super().__init__(path)
        self._options = options


class ConlluPart(_TaggedFile):
    """A CoNLL-U file."""

    def __init__(self, path: Path, options: Options):
        super().__init__(path, options)
        if options.token_column is not None:
            raise UserError("--token-column: words of CoNLL-U are in the column form; leave the option out")
        self._column = conllu_column(options.tag_column)
        self.label_name = f"column {self._column}"

    def rows(self) -> Iterator[TaggedSentence]:
        """One pass over the file."""
        return conllu_sentences(self.path, self._options.encoding, self._column)


class ColumnsPart(_TaggedFile):
    """A column file."""

    def __init__(self, path: Path, options: Options):
        super().__init__(path, options)
        self._columns = Columns(
            path,
            options.encoding,
            parse_column("token", options.token_column, 0),
            parse_column("tag", options.tag_column, -1),
        )
        width = self._columns.check()
        if options.token_column is None and self._columns.numbers_words():
            raise UserError(
                f"{path}: column 0 numbers the words; say where the words are with --token-column, such as 1, or give "
                "--format conllu"
            )
        self.label_name = f"column {self._columns.tag_column % width}"
        if self._columns.first_names_columns():
            self.notes = (f"{path}: the first row names the columns; it is no word",)

    def rows(self) -> Iterator[TaggedSentence]:
        """One pass over the file."""
        return self._columns.sentences()


class JsonPart(_TaggedFile):
    """JSON Lines: an object a sentence, with a list of words and a list of tags."""

    def __init__(self, path: Path, options: Options):
        super().__init__(path, options)
        self._table = Table(path, Format(options.encoding, "json"))
        self._positions = (
            find(self._table, "token", options.token_column, TOKEN_NAMES),
            find(self._table, "tag", options.tag_column, TAG_NAMES),
        )
        self.label_name = f"value of '{self._table.columns[self._positions[1]]}'"

    def rows(self) -> Iterator[TaggedSentence]:
        """One pass over the file; sentences without words are passed over."""
        for line, (tokens, tags) in self._table.rows(self._positions):
            place = self.place(line)
            words, names = token_list(place, tokens), _tag_list(place, tags)
            check_tags(place, words, names)
            if words:
                yield line, words, names


def _tag_list(place: str, value: object) -> tuple[str, ...]:
    """Tags are strings, or numbers, which then are their own names."""
    if not isinstance(value, list) or not all(
        isinstance(tag, str | int) and not isinstance(tag, bool) for tag in value
    ):
        raise UserError(f"{place}: the tags are not a list of strings or whole numbers")
    return tuple(composed(encodable(place, str(tag))) for tag in value)
