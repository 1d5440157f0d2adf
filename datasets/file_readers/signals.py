"""A user's labelled signals: series of numbers; sound or moving pictures, a folder a class, in a table, or by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from datasets.assembly.labelled_signals import LabelledSignal, assemble
from datasets.base import Dataset, Info
from datasets.errors import UserError
from datasets.file_readers.grouping import Facts, divided, split_rows
from datasets.file_readers.options import TableOptions, share_for_dev, share_for_test
from datasets.file_readers.paths import existing
from datasets.file_readers.split_discovery import data_files, folders, split_files, split_folders
from datasets.formats.characters import composed, encodable
from datasets.formats.columns import LABEL_NAMES, MEDIA_NAMES, find, find_usual
from datasets.formats.hashes import content_hash
from datasets.formats.media_files import media_below, media_hash, media_in, signal_of
from datasets.formats.name_patterns import LABEL, Condition, NamePattern
from datasets.formats.number_files import Columns, archive_splits, is_archive, is_number_file, read_numbers
from datasets.formats.signals import Numbers
from datasets.formats.tables import Table, is_table
from datasets.formats.ts_files import is_ts_file
from datasets.options import option, require

FIELDS = ("signal", "label")
FIX = "is --label-column or --pattern right?"
LAYOUTS = (
    "series of numbers (.ts, .npz, .csv, .tsv, .jsonl), one file or one a split (…_TRAIN.ts, …_TEST.ts); a folder a "
    "class with sound (.wav, .flac, .ogg), movies (.avi, .mp4, .gif) or folders of frames; a table path,label; or "
    "files whose names say the label, with --pattern"
)
Known = tuple[LabelledSignal, Facts]
Parts = dict[str, list[LabelledSignal]]


@dataclass(frozen=True)
class Options(TableOptions):
    """How to read a user's signals."""

    id_column: str | None = option(
        None, "column that tells which series a row belongs to: its name, or its position from 0"
    )
    step_column: str | None = option(None, "column with the step of a row: its name, or its position from 0")
    label_column: str | None = option(None, "column with the label: its name, or its position from 0")
    path_column: str | None = option(
        None, "column with the file of a sound or movie: its name, or its position from 0"
    )
    pattern: str | None = option(
        None, "what names of files say, such as {label}_{speaker}_{take}.wav", metavar="PATTERN"
    )
    split_by: str | None = option(
        None, "part of the names, or column, whose values are on one side of a split each, such as speaker"
    )
    test_where: tuple[str, ...] = option(
        (),
        "signals that are the test split, such as take=0-4 or speaker=george,lucas; several must all hold",
        metavar="PART=VALUES",
    )
    valid_fraction: float = share_for_dev("signals")
    test_fraction: float = share_for_test("signals")

    def __post_init__(self) -> None:
        """Refuse a pattern or a condition that is none, beside what tables refuse."""
        super().__post_init__()
        if self.pattern is not None:
            NamePattern(self.pattern)
        self.conditions()

    def conditions(self) -> list[Condition]:
        """Those of `--test-where`."""
        return [Condition.of(text, "--test-where") for text in self.test_where]


def load(spec: str, options: Options) -> Dataset:
    """Labelled signals from a path.

    Raises:
        UserError: no such file, no known layout, or data that cannot be labelled signals.
    """
    path = existing(spec)
    parts, notes = _parts(path, options)
    info = Info(name=path.name, fields=FIELDS, source=str(path), unit="signals", notes=notes)
    return assemble(info, parts, options.valid_fraction, options.test_fraction, FIX)


def _parts(path: Path, options: Options) -> tuple[Parts, tuple[str, ...]]:
    if options.pattern is not None:
        require(path.is_dir(), "pattern", options.pattern, f"is for files in a folder, and {path} is none")
        return _named(path, NamePattern(options.pattern), options)
    if not path.is_dir():
        return _file(path, options), ()
    # Archives hold the same series as `.ts`, `.txt` and `.arff`; `.ts` says most.
    if files := split_files(path, is_ts_file) or split_files(path, is_number_file):
        return _by_split({split: _rows_of(file, options) for split, file in files.items()}, options), ()
    if by_split := split_folders(path):
        return _by_split({split: _classes(folder) for split, folder in by_split.items()}, options), ()
    if sum(bool(media_in(folder)) for folder in folders(path)) > 1:
        return _divided(list(_classes(path)), options), ()
    files_here = data_files(path, is_number_file)
    if len(files_here) == 1:
        return _file(files_here[0], options), ()
    if next(media_below(path), None) is not None:
        raise UserError(
            f"{path}: nothing says the labels of its files; put each class in a folder of its own, add a table "
            "path,label, or say what their names mean with --pattern"
        )
    problem = f"holds {len(files_here)} files; name one of them" if files_here else "holds no signals"
    raise UserError(f"{path}: {problem}; known are {LAYOUTS}")


def _file(path: Path, options: Options) -> Parts:
    if is_archive(path) and (splits := archive_splits(path)):
        return _by_split({split: _numbers(path, options, split) for split in splits}, options)
    if not is_number_file(path):
        raise UserError(f"{path}: unknown format '{path.suffix}'; known are {LAYOUTS}")
    return _divided(_rows_of(path, options), options)


def _by_split(rows: Mapping[str, Iterable[Known]], options: Options) -> Parts:
    return split_rows(rows, options.conditions(), options.split_by)


def _rows_of(path: Path, options: Options) -> list[Known]:
    if is_table(path):
        table = Table(path, options.format)
        if options.path_column is not None or find_usual(table, MEDIA_NAMES) is not None:
            return list(_listed_media(table, options))
    return list(_numbers(path, options))


def _divided(rows: list[Known], options: Options) -> Parts:
    return divided(rows, options.conditions(), options.split_by, "signals")


# ------------------------------------------------------------------------------------------ layouts


def _numbers(path: Path, options: Options, split: str | None = None) -> Iterator[Known]:
    columns = Columns(options.id_column, options.step_column, options.label_column)
    word = "item" if is_archive(path) else "line"
    for number, values, label in read_numbers(path, options.format, columns, split=split):
        place = f"{path} {word} {number}"
        name = _label(place, "" if label == "?" else label or "")
        signal = Numbers(values, f"{path.name} {word} {number}")
        yield LabelledSignal(signal, name, place, content_hash(values.tobytes())), {LABEL: name}


def _classes(folder: Path) -> Iterator[Known]:
    """A folder a class, each signal a file in it, or a folder of frames."""
    for of_class in folders(folder):
        label = _label(str(of_class), of_class.name)
        for path in media_in(of_class):
            yield _media(path, label, str(path)), {LABEL: label}


def _named(folder: Path, pattern: NamePattern, options: Options) -> tuple[Parts, tuple[str, ...]]:
    """Files whose names say what they are, wherever they lie below the folder."""
    rows, others = [], []
    for path in media_below(folder):
        parts = pattern.parts_of(path.relative_to(folder).as_posix())
        if parts is None:
            others.append(path)
        else:
            rows.append((_media(path, _label(str(path), parts[LABEL]), str(path)), parts))
    if not rows:
        example = f", such as {others[0].name}" if others else ""
        raise UserError(
            f"--pattern {pattern.text}: fits none of {len(others):,} files of sound or movies below {folder}{example}"
        )
    left = f"{len(others):,} files whose names do not fit the pattern are left out"
    notes = (f"{left}, such as {others[0].name}",) if others else ()
    return _divided(rows, options), notes


def _listed_media(table: Table, options: Options) -> Iterator[Known]:
    """A table with the file of each signal, relative to the table's folder, its label, and perhaps more columns."""
    positions = (
        find(table, "path", options.path_column, MEDIA_NAMES),
        find(table, "label", options.label_column, LABEL_NAMES),
    )
    every = range(len(table.columns))
    for line, values in table.rows(every):
        place = f"{table.path} line {line}"
        file, label = (
            str(values[position] if values[position] is not None else "").strip() for position in positions
        )
        if not file:
            raise UserError(f"{place}: the path is missing")
        facts = {name: str(value).strip() for name, value in zip(table.columns, values, strict=True)}
        label = _label(place, label)
        try:
            yield _media(table.path.parent / file, label, place), {**facts, LABEL: label}
        except UserError as problem:
            raise UserError(f"{place}: {problem}") from None


def _media(path: Path, label: str, place: str) -> LabelledSignal:
    return LabelledSignal(signal_of(path), label, place, media_hash(path))


def _label(place: str, value: str) -> str:
    label = composed(encodable(place, value.strip()))
    if not label:
        raise UserError(f"{place}: the label is missing")
    return label
