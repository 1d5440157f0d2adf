"""A user's sounds with their texts: tables, the folders of LibriSpeech, or recordings of words to be put together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from datasets.assembly.composed_sounds import Composition, compose
from datasets.assembly.splitting import SPLIT_NAMES
from datasets.assembly.spoken_texts import SpokenText, assemble, checked_text
from datasets.base import Dataset, Info
from datasets.errors import UserError
from datasets.file_readers.grouping import Facts, divided, split_rows
from datasets.file_readers.options import TableOptions, share_for_dev, share_for_test
from datasets.file_readers.paths import existing
from datasets.file_readers.split_discovery import data_files, folders, split_files
from datasets.formats.characters import composed
from datasets.formats.columns import MEDIA_NAMES, TEXT_NAMES, find
from datasets.formats.lines import lines
from datasets.formats.media_files import media_below, media_hash
from datasets.formats.name_patterns import LABEL, Condition, NamePattern
from datasets.formats.sounds import SUFFIXES, SoundFile, is_sound
from datasets.formats.tables import Table, is_table
from datasets.options import check_range, option, require

FIELDS = ("sound", "text")
LAYOUTS = (
    "a table (.csv, .tsv, .jsonl) of path and text, one or one a split (train.tsv, dev.tsv, test.tsv); folders with "
    "files .trans.txt, as LibriSpeech has them; or recordings of words whose names say the word, with --pattern and "
    "--compose or --compose-texts"
)
TRANSCRIPTS = "*.trans.txt"
CLIPS = "clips"  # where Common Voice has its sounds, beside the tables
Known = tuple[SpokenText, Facts]
Parts = dict[str, list[SpokenText]]


@dataclass(frozen=True)
class Options(TableOptions):
    """How to read a user's sounds and texts."""

    path_column: str | None = option(
        None, "column with the file of a sound: its name, or its position from 0"
    )
    text_column: str | None = option(None, "column with what is said in it: its name, or its position from 0")
    missing: str = option("refuse", "what to do with a sound that is not there", ("refuse", "skip"))
    pattern: str | None = option(
        None, "what names of files say, such as {label}_{speaker}_{take}.wav", metavar="PATTERN"
    )
    compose: str | None = option(
        None, "put so many recordings of words together to a text, such as 3-7", metavar="FEWEST-MOST"
    )
    compose_texts: str | None = option(
        None,
        "a file with a text a line, whose words have recordings: these texts are put together, in the order of the "
        "lines; the first for train, the last for dev and test",
        metavar="FILE",
    )
    texts: int = option(
        4000, "training texts that are composed; a tenth of that for dev and for test", minimum=10
    )
    gap: float = option(
        0.3, "seconds of the longest silence between two recordings that are composed", minimum=0, maximum=10
    )
    snr: float = option(
        20.0,
        "decibels by which what is composed is louder than the noise behind it, at least",
        minimum=-20,
        maximum=200,
    )
    data_seed: int = option(0, "seed of the generated data")
    split_by: str | None = option(
        None, "part of the names, or column, whose values are on one side of a split each, such as speaker"
    )
    test_where: tuple[str, ...] = option(
        (),
        "sounds that are the test split, such as take=0-4 or speaker=george,lucas; several must all hold",
        metavar="PART=VALUES",
    )
    valid_fraction: float = share_for_dev("sounds")
    test_fraction: float = share_for_test("sounds")

    def __post_init__(self) -> None:
        """Refuse a pattern, a range or a condition that is none, beside what tables refuse."""
        super().__post_init__()
        check_range(self, ("data_seed",), 0, 2**31 - 1)
        together = self.compose or self.compose_texts
        require(
            (self.pattern is None) == (together is None),
            "compose" if self.pattern is None else "pattern",
            together or self.pattern,
            "--pattern says which words recordings have, --compose or --compose-texts puts them together; give both",
        )
        require(
            None in (self.compose, self.compose_texts),
            "compose",
            self.compose,
            "draws words one by one, and --compose-texts says the texts; give one of them",
        )
        if self.pattern is not None:
            NamePattern(self.pattern)
        if self.compose is not None:
            self._range()
        self.conditions()

    def conditions(self) -> list[Condition]:
        """Those of `--test-where`."""
        return [Condition.of(text, "--test-where") for text in self.test_where]

    def composition(self) -> Composition:
        """How recordings are put together; reads the file of texts, where there is one."""
        fewest, most = self._range() if self.compose is not None else (0, 0)
        texts = self._lines() if self.compose_texts is not None else ()
        return Composition(fewest, most, self.texts, self.gap, self.snr, self.data_seed, texts)

    def _range(self) -> tuple[int, int]:
        """The fewest and the most words of a text."""
        found = re.fullmatch(r"(\d{1,3})(?:-(\d{1,3}))?", self.compose or "")
        fewest, most = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
        require(1 <= fewest <= most, "compose", self.compose, "write FEWEST-MOST, such as 3-7")
        return fewest, most

    def _lines(self) -> tuple[str, ...]:
        """The different texts of the file, in their order.

        Raises:
            UserError: it cannot be read, or holds no texts.
        """
        path = existing(str(self.compose_texts))
        texts = (" ".join(composed(line).split()) for line in lines(path, self.encoding))
        found = tuple(dict.fromkeys(filter(None, texts)))
        require(bool(found), "compose_texts", self.compose_texts, "holds no texts; write one a line")
        return found


def load(spec: str, options: Options) -> Dataset:
    """Sounds with their texts from a path.

    Raises:
        UserError: no such file, no known layout, a sound that is not there, an empty text.
    """
    path = existing(spec)
    info = Info(name=path.name, fields=FIELDS, source=str(path), unit="sounds")
    if options.pattern is not None:
        require(path.is_dir(), "pattern", options.pattern, f"is for files in a folder, and {path} is none")
        words = list(_named(path, NamePattern(options.pattern)))
        parts = divided(words, options.conditions(), options.split_by, "recordings")
        return compose(info, parts, options.valid_fraction, options.test_fraction, options.composition())
    return assemble(info, _parts(path, options), options.valid_fraction, options.test_fraction)


def _parts(path: Path, options: Options) -> Parts:
    if not path.is_dir():
        if not is_table(path):
            raise UserError(f"{path}: unknown format '{path.suffix}'; known are {LAYOUTS}")
        return _divided(list(_table(path, options)), options)
    if files := split_files(path, is_table):
        return _by_split({split: _table(file, options) for split, file in files.items()}, options)
    if by_split := _transcribed_splits(path):
        return _by_split(
            {
                split: chain.from_iterable(_transcribed(folder, options) for folder in its)
                for split, its in by_split.items()
            },
            options,
        )
    if next(path.rglob(TRANSCRIPTS), None) is not None:
        return _divided(list(_transcribed(path, options)), options)
    tables = data_files(path, is_table)
    if len(tables) == 1:
        return _divided(list(_table(tables[0], options)), options)
    problem = (
        f"holds {len(tables)} tables; name one of them" if tables else "holds no sounds with their texts"
    )
    raise UserError(f"{path}: {problem}; known are {LAYOUTS}")


def _by_split(rows: Mapping[str, Iterable[Known]], options: Options) -> Parts:
    return split_rows(rows, options.conditions(), options.split_by)


def _divided(rows: list[Known], options: Options) -> Parts:
    return divided(rows, options.conditions(), options.split_by, "sounds")


# ------------------------------------------------------------------------------------------ layouts


def _table(path: Path, options: Options) -> Iterator[Known]:
    """The rows of a table with the file of each sound, what is said in it, and perhaps more columns."""
    table = Table(path, options.format)
    sound = find(table, "path", options.path_column, MEDIA_NAMES)
    text = find(table, "text", options.text_column, TEXT_NAMES)
    for line, values in table.rows(range(len(table.columns))):
        place = f"{path} line {line}"
        name = str(values[sound] if values[sound] is not None else "").strip()
        if not name:
            raise UserError(f"{place}: the path is missing")
        facts = {name: str(value).strip() for name, value in zip(table.columns, values, strict=True)}
        said = checked_text(place, "" if values[text] is None else values[text])
        if (file := _file(path.parent, name, place, options)) is not None:
            yield _spoken(file, said, place), facts


def _file(folder: Path, name: str, place: str, options: Options) -> Path | None:
    """The file of a sound: beside the table or among its clips, with or without its suffix; None to leave it out."""
    for base in (folder / name, folder / CLIPS / name):
        if is_sound(base) and base.is_file():
            return base
        for suffix in sorted(SUFFIXES):
            if (file := base.with_name(base.name + suffix)).is_file():
                return file
    if options.missing == "skip":
        return None
    known = "" if is_sound(Path(name)) else f", nor one with a suffix such as .wav behind {name}"
    raise UserError(f"{place}: there is no sound {folder / name}{known}; --missing skip leaves such rows out")


def _transcribed_splits(path: Path) -> dict[str, list[Path]]:
    """The folders of LibriSpeech whose names say their split: `train-clean-100` is train; several may be the same."""
    by_split: dict[str, list[Path]] = {}
    for folder in folders(path):
        splits = {
            SPLIT_NAMES[word] for word in re.split(r"[^a-z]+", folder.name.lower()) if word in SPLIT_NAMES
        }
        if len(splits) == 1 and next(folder.rglob(TRANSCRIPTS), None) is not None:
            by_split.setdefault(splits.pop(), []).append(folder)
    if by_split and "train" not in by_split:
        names = ", ".join(folder.name for its in by_split.values() for folder in its)
        raise UserError(f"{path}: has {names} and no train split beside; name one folder, or add train")
    return by_split


def _transcribed(folder: Path, options: Options) -> Iterator[Known]:
    """The lines of all `.trans.txt` below a folder: the name of a sound beside it, and what is said in it."""
    for path in sorted(folder.rglob(TRANSCRIPTS)):
        voice = path.name.partition("-")[0]
        for number, line in enumerate(lines(path, options.encoding), 1):
            place = f"{path} line {number}"
            name, _, text = line.strip().partition(" ")
            if not name:
                continue
            said = checked_text(place, text)
            if (file := _file(path.parent, name, place, options)) is not None:
                yield _spoken(file, said, place, voice), {"speaker": voice}


def _named(folder: Path, pattern: NamePattern) -> Iterator[Known]:
    """Recordings of words whose names say which, wherever they lie below the folder."""
    found = False
    for path in media_below(folder):
        parts = pattern.parts_of(path.relative_to(folder).as_posix()) if is_sound(path) else None
        if parts is not None:
            found = True
            word = checked_text(str(path), parts[LABEL])
            yield _spoken(path, word, str(path), voice=parts.get("speaker")), parts
    if not found:
        raise UserError(f"--pattern {pattern.text}: fits no file of sound below {folder}")


def _spoken(
    path: Path, text: str, place: str, group: str | None = None, voice: str | None = None
) -> SpokenText:
    return SpokenText(SoundFile(path), text, place, media_hash(path), group, voice)
