"""A user's sentence pairs: two line-aligned files (`train.de` beside `train.en`), or a table with two columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice, zip_longest
from pathlib import Path
from typing import TypeAlias

from datasets.assembly.pairs import Pair, assemble, checked
from datasets.assembly.parts import FilePart
from datasets.base import Dataset, Info
from datasets.errors import UserError
from datasets.file_readers.options import TableOptions, share_for_dev, share_for_test
from datasets.file_readers.paths import existing
from datasets.file_readers.split_discovery import data_files, split_files
from datasets.formats.columns import SOURCE_NAMES, TARGET_NAMES, find
from datasets.formats.lines import fingerprint, lines
from datasets.formats.tables import Table, is_table, suffix
from datasets.options import option, require

FIELDS = ("source", "target")


@dataclass(frozen=True)
class Options(TableOptions):
    """How to read a user's sentence pairs."""

    source: str | None = option(None, "language that is translated: the ending of its files, such as de")
    target: str | None = option(None, "language that it is translated into: the ending of its files")
    reverse: bool = option(False, "translate the other way round")
    source_column: str | None = option(None, "column with the sources: its name, or its position from 0")
    target_column: str | None = option(None, "column with the targets: its name, or its position from 0")
    skip_empty: bool = option(False, "leave out pairs of which a side is empty, and say how many")
    valid_fraction: float = share_for_dev("pairs")
    test_fraction: float = share_for_test("pairs")

    def __post_init__(self) -> None:
        """Refuse an empty language and one language twice, and what other options of tables may not be."""
        super().__post_init__()
        for name in ("source", "target"):
            value = getattr(self, name)
            require(value is None or bool(value.strip(".")), name, value, "give an ending, such as de")
        require(
            self.source is None or _ending(self.source) != _ending(self.target),
            "target",
            self.target,
            "is the source too",
        )

    @property
    def of_tables(self) -> str | None:
        """The name of an option that was given and means a table, if any."""
        for name in ("source_column", "target_column"):
            if getattr(self, name) is not None:
                return name
        return None


def load(spec: str, options: Options) -> Dataset:
    """Sentence pairs from a path.

    Raises:
        UserError: no such file, no known layout, or data that cannot be sentence pairs.
    """
    path = existing(spec)
    parts = _of_folder(path, options) if path.is_dir() else {"train": _of_file(path, options)}
    info = Info(name=path.name or str(path.resolve().name), fields=FIELDS, source=str(path))
    dataset = assemble(info, parts, options.valid_fraction, options.test_fraction)
    left_out = (
        f"{part.name}: {part.kept.empty:,} pairs with an empty side left out"
        for part in parts.values()
        if part.kept.empty
    )
    return replace(dataset, info=replace(dataset.info, notes=(*left_out, *dataset.info.notes)))


FilePairs: TypeAlias = "AlignedPart | TablePart"

# ---- which files


def _of_file(path: Path, options: Options) -> FilePairs:
    """A table, or one of two line-aligned files: the other one has the same name with another ending."""
    if is_table(path) or options.delimiter != "auto":
        return TablePart(path, options)
    named = suffix(path)
    beside = {suffix(other): other for other in _aligned(path.parent) if _stem(other) == _stem(path)}
    source, target = _ending(options.source), _ending(options.target)
    if not source and target != named:
        source = named
    if not target and source != named:
        target = named
    source = source or _only_other(path, "--source", target, beside)
    target = target or _only_other(path, "--target", source, beside)
    for ending in (source, target):
        if ending not in beside:
            raise UserError(f"{path}: there is no {_stem(path)}{ending} beside it")
    return AlignedPart(beside[source], beside[target], options)


def _only_other(path: Path, flag: str, known: str, beside: dict[str, Path]) -> str:
    """The ending of the file beside, where there is but one."""
    others = sorted(ending for ending in beside if ending != known)
    if not others:
        raise UserError(f"{path}: is no table, and no file {_stem(path)}.* of another language is beside it")
    if len(others) > 1:
        listed = ", ".join(ending[1:] for ending in others)
        raise UserError(f"{path}: several languages are beside it; name one with {flag}: {listed}")
    return others[0]


def _of_folder(folder: Path, options: Options) -> dict[str, FilePairs]:
    if options.source is None and options.target is None:
        if tables := split_files(folder, is_table):
            return {split: TablePart(table, options) for split, table in tables.items()}
        tables_here = data_files(folder, is_table)
        if len(tables_here) == 1:
            return {"train": TablePart(tables_here[0], options)}
    source, target = _languages(folder, options)
    by_split = [split_files(folder, partial(_ends_with, ending)) for ending in (source, target)]
    if not by_split[0] and not by_split[1]:
        alone = [[path for path in _aligned(folder) if suffix(path) == ending] for ending in (source, target)]
        if not all(len(files) == 1 for files in alone):
            raise UserError(
                f"{folder}: holds several pairs of files and none is called train; name one of them"
            )
        by_split = [{"train": files[0]} for files in alone]
    for files, others, ending in ((by_split[0], by_split[1], target), (by_split[1], by_split[0], source)):
        for split, path in files.items():
            if split not in others:
                raise UserError(f"{path}: there is no {_stem(path)}{ending} beside it")
    return {split: AlignedPart(path, by_split[1][split], options) for split, path in by_split[0].items()}


def _languages(folder: Path, options: Options) -> tuple[str, str]:
    """The endings of source and target."""
    endings = sorted({suffix(path) for path in _aligned(folder)})
    listed = ", ".join(ending[1:] for ending in endings)
    source, target = _ending(options.source), _ending(options.target)
    for flag, wanted in (("--source", source), ("--target", target)):
        if wanted and wanted not in endings:
            raise UserError(
                f"{flag} {wanted[1:]}: {folder} has no files with this ending; it has {listed or 'none'}"
            )
    if source and target:
        return source, target
    others = [ending for ending in endings if ending not in (source, target)]
    if (source or target) and len(others) == 1:
        return source or others[0], target or others[0]
    if len(endings) < 2:
        if tables := data_files(folder, is_table):
            raise UserError(
                f"{folder}: holds {len(tables)} tables and none is called train; name one of them"
            )
        raise UserError(
            f"{folder}: holds no sentence pairs: a table (.csv, .tsv, .jsonl), or files of two languages line by "
            "line (train.de, train.en), each also .gz"
        )
    raise UserError(
        f"{folder}: from which language into which? say it with --source and --target; there are {listed}"
    )


def _aligned(folder: Path) -> list[Path]:
    """The files of a folder that may hold one language each."""
    return data_files(
        folder, lambda path: bool(suffix(path)) and not is_table(path) and suffix(path) != ".md"
    )


def _ends_with(ending: str, path: Path) -> bool:
    return suffix(path) == ending


def _ending(language: str | None) -> str:
    return "." + language.lower().removesuffix(".gz").lstrip(".") if language else ""


def _stem(path: Path) -> str:
    """The name without the ending that says the language."""
    return path.name[
        : len(path.name) - len(".gz" if path.name.lower().endswith(".gz") else "") - len(suffix(path))
    ]


# ---- their content


class Kept:
    """Which pairs are examples: all, or with `--skip-empty` those of which both sides hold text.

    Attributes:
        empty: how many pairs were left out in the last pass.
    """

    def __init__(self, skip_empty: bool):
        self._skip_empty = skip_empty
        self.empty = 0

    def pairs(self, rows: Iterable[tuple[int, str, object, object]]) -> Iterator[Pair]:
        """The pairs of rows: where each stands, the words for its place, source and target.

        Raises:
            UserError: a side is no text, or empty.
        """
        self.empty = 0
        for number, place, source, target in rows:
            if not (_is_empty(source) or _is_empty(target)):
                yield number, *checked(place, source, target)
            elif self._skip_empty:
                self.empty += 1
            else:
                side = "source" if _is_empty(source) else "target"
                raise UserError(
                    f"{place}: the {side} is empty; leave the pair out, or all such with --skip-empty"
                )


def _is_empty(side: object) -> bool:
    return isinstance(side, str) and not side.strip()


class AlignedPart:
    """Two files, a sentence a line: line n of one is the translation of line n of the other."""

    def __init__(self, source: Path, target: Path, options: Options):
        if option_name := options.of_tables:
            raise UserError(
                f"--{option_name.replace('_', '-')}: {source.name} is no table; leave the option out"
            )
        self._files = (target, source) if options.reverse else (source, target)
        self._encoding = options.encoding
        self.name = f"{self._files[0]} and {self._files[1].name}"
        self.kept = Kept(options.skip_empty)

    def rows(self) -> Iterator[Pair]:
        """One pass over both files."""
        return self.kept.pairs(self._rows())

    def _rows(self) -> Iterator[tuple[int, str, str, str]]:
        read = (lines(path, self._encoding) for path in self._files)
        for number, (source, target) in enumerate(zip_longest(*read), 1):
            if source is None or target is None:
                longer, shorter = self._files if target is None else self._files[::-1]
                raise UserError(
                    f"{longer} line {number}: {shorter.name} ends at line {number - 1}; "
                    "both files need the same number of lines"
                )
            yield number, f"{self._files[0 if not source.strip() else 1]} line {number}", source, target

    def place(self, where: object) -> str:
        """The words for a line of both files."""
        return f"{self.name} line {where}"

    def fingerprint(self) -> object:
        """Changes when one of the files is written."""
        return tuple(fingerprint(path) for path in self._files)


class TablePart(FilePart):
    """A table with a column for each language."""

    def __init__(self, path: Path, options: Options):
        for name in ("source", "target"):
            if getattr(options, name) is not None:
                raise UserError(
                    f"--{name}: {path} is a table; name its columns with --source-column and --target-column"
                )
        super().__init__(path)
        self._table = Table(path, options.format)
        source, target = _columns(self._table, options)
        if not self._table.named:
            _refuse_numbers(self._table, options)
        self._positions = (target, source) if options.reverse else (source, target)
        self.kept = Kept(options.skip_empty)

    def rows(self) -> Iterator[Pair]:
        """One pass over the table."""
        rows = self._table.rows(self._positions)
        return self.kept.pairs((line, self.place(line), source, target) for line, (source, target) in rows)


def _refuse_numbers(table: Table, options: Options) -> None:
    """Refuse a column that nobody named, of a table of more than two, of which the first rows are whole numbers."""
    columns = (options.source_column, options.target_column)
    for position in (n for n, name in enumerate(columns) if name is None and len(table.columns) > 2):
        values = [str(value) for _, (value,) in islice(table.rows([position]), 100)]
        if all(value.isdecimal() for value in values):
            raise UserError(
                f"{table.path}: column {position} holds numbers and no sentences; name the columns with "
                "--source-column and --target-column"
            )


def _columns(table: Table, options: Options) -> tuple[int, int]:
    """The positions of source and target; where there is no header, the first two unless they are named."""
    wanted: list[str | None] = [options.source_column, options.target_column]
    if len(table.columns) < 2:
        raise UserError(f"{table.path}: has one column; pairs need two (is --delimiter right?)")
    if not table.named:
        wanted = [str(n) if name is None else name for n, name in enumerate(wanted)]
    usual = (SOURCE_NAMES, TARGET_NAMES)
    known = {name.strip().lower() for name in table.columns}
    if None in wanted and not all(name or known & names for name, names in zip(wanted, usual, strict=True)):
        fix = "name them with --source-column and --target-column"
        fix += "" if table.is_json else ", or give --header no if the first row is a pair"
        listed = ", ".join(f"'{name[:24]}'" for name in table.columns[:8])
        raise UserError(f"{table.path}: no columns for source and target among {listed}; {fix}")
    source = find(table, "source", wanted[0], SOURCE_NAMES)
    target = find(table, "target", wanted[1], TARGET_NAMES)
    if source == target:
        raise UserError(
            f"{table.path}: source and target are the same column; see --source-column, --target-column"
        )
    return source, target
