"""Tagged sentences in parts, read once to be checked and split, become a data set.

Each later pass reads them again: the first keeps 9 bytes a sentence (the hash of its words and its split).
Official splits stay as they are: short sentences are in several of them in every corpus, and published numbers count
them. A split that is missing is taken out of train by content, so that equal sentences are on one side.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Protocol

from datasets.assembly.splitting import CODES, assign, content_hash
from datasets.base import Dataset, Example, Info, Split
from datasets.errors import UserError
from datasets.formats.sentences import TaggedSentence
from datasets.formats.spans import are_iob, to_iob2

if TYPE_CHECKING:
    import numpy as np

MOST_TAGS = 5000
FEW_TAGS = 60  # so many are never taken for a column of words
OTHER_SCHEME = (
    0.1  # share of words whose tag train does not have, from which on a part counts as tagged otherwise
)


class Part(Protocol):
    """Tagged sentences on disk, in the same order at each pass.

    Attributes:
        name: what the user knows it by.
        tag_name: the column or feature that holds the tags.
        fix: what to do when the tags make no sense.
    """

    name: str
    tag_name: str
    fix: str

    def sentences(self) -> Iterator[TaggedSentence]:
        """A fresh pass. Raises UserError on what is no sentence with a tag for each word, saying where it is."""

    def place(self, where: Any) -> str:
        """The words for where a sentence is."""

    def stamp(self) -> object:
        """Something that changes when the content does."""


@dataclass
class Scan:
    """What the first pass over a part keeps: hashes, how often each tag is there and where it is first."""

    part: Part
    stamp: object
    hashes: array[int] = field(default_factory=lambda: array("Q"))
    counts: Counter[str] = field(default_factory=Counter)
    iob2_counts: Counter[str] = field(default_factory=Counter)
    first: dict[str, Any] = field(default_factory=dict)
    rewritten: int = 0


def assemble(
    info: Info,
    parts: Mapping[str, Part],
    valid_fraction: float,
    test_fraction: float,
) -> Dataset:
    """Check every part and make the data set. Tags of IOB1 are rewritten in IOB2.

    Args:
        info: what is known; labels and notes are added.
        parts: `train` and, where they exist, `valid` and `test`.
        valid_fraction, test_fraction: share of the distinct training sentences for a split without a part.

    Returns:
        Examples with `tokens`, a tuple of strings, and `tags`, a tuple of as many numbers into `info.labels`.

    Raises:
        UserError: no sentences, one tag alone, tags that look like words, a part tagged by another scheme, a bad row.
    """
    import numpy as np

    scans = {split: _scan(part) for split, part in parts.items()}
    rewrite = are_iob(tag for scan in scans.values() for tag in scan.counts)
    _check_scheme(scans)
    labels = _labels(scans, rewrite)
    hashes = {split: np.frombuffer(scan.hashes, np.uint64) for split, scan in scans.items()}
    missing = {
        "valid": 0.0 if "valid" in parts else valid_fraction,
        "test": 0.0 if "test" in parts else test_fraction,
    }
    taken = assign({"train": hashes["train"]}, missing["valid"], missing["test"])["train"]
    codes = {split: np.full(len(rows), CODES[split], np.uint8) for split, rows in hashes.items()}
    codes["train"] = taken
    notes = [*_notes(scans, hashes, rewrite), *_split_notes(taken, missing)]
    numbers = {name: number for number, name in enumerate(labels)}

    def split(name: str) -> Split:
        part = name if name in scans else "train"
        kept = codes[part].tobytes()
        return Split(lambda: _read(scans[part], kept, CODES[name], numbers, rewrite), kept.count(CODES[name]))

    has_test = "test" in parts or test_fraction > 0
    info = replace(info, labels=labels, notes=(*info.notes, *notes))
    return Dataset(info, split("train"), split("valid"), split("test") if has_test else None)


def _scan(part: Part) -> Scan:
    scan = Scan(part, part.stamp())
    for where, tokens, tags in part.sentences():
        scan.hashes.append(content_hash("\n".join(tokens)))
        scan.counts.update(tags)
        rewritten = to_iob2(tags)
        scan.iob2_counts.update(rewritten)
        scan.rewritten += sum(old != new for old, new in zip(tags, rewritten, strict=True))
        for tag in tags:
            scan.first.setdefault(tag, where)
        if len(scan.counts) > MOST_TAGS:
            raise UserError(_too_many(scan, f"more than {MOST_TAGS}"))
    if not scan.hashes:
        raise UserError(f"{part.name}: has no tagged sentence")
    return scan


def _read(
    scan: Scan, codes: bytes, wanted: int, numbers: Mapping[str, int], rewrite: bool
) -> Iterator[Example]:
    """One pass over the sentences of a part that belong to a split."""
    if scan.part.stamp() != scan.stamp:
        raise UserError(f"{scan.part.name}: has changed since it was loaded; start again", exit_code=1)
    for sentence, code in zip_longest(scan.part.sentences(), codes):
        if sentence is None or code is None:
            raise UserError(f"{scan.part.name}: changed while it was read; start again", exit_code=1)
        if code == wanted:
            _, tokens, tags = sentence
            tags = to_iob2(tags) if rewrite else tags
            yield {"tokens": tokens, "tags": tuple(numbers[tag] for tag in tags)}


def _labels(scans: Mapping[str, Scan], rewrite: bool) -> tuple[str, ...]:
    """All tags that occur, in the order of their letters."""
    counts = [scan.iob2_counts if rewrite else scan.counts for scan in scans.values()]
    return tuple(sorted(set().union(*counts)))


def _check_scheme(scans: Mapping[str, Scan]) -> None:
    train = scans["train"]
    if len(train.counts) == 1:
        (tag,) = train.counts
        raise UserError(
            f"{train.part.name}: every word has the {train.part.tag_name} '{tag[:40]}'; "
            f"at least two tags are needed; {train.part.fix}"
        )
    if len(train.counts) > max(FEW_TAGS, train.counts.total() / 2):
        raise UserError(_too_many(train, f"{len(train.counts)} for {train.counts.total()} words"))
    for scan in scans.values():
        unseen = [tag for tag in scan.counts if tag not in train.counts]
        if sum(scan.counts[tag] for tag in unseen) > OTHER_SCHEME * scan.counts.total():
            known = ", ".join(f"'{name}'" for name in sorted(train.counts)[:5])
            raise UserError(
                f"{scan.part.place(scan.first[unseen[0]])}: the tag '{unseen[0][:40]}' is not in "
                f"{train.part.name}, whose tags begin with {known}: another scheme? {scan.part.fix}"
            )


def _too_many(scan: Scan, count: str) -> str:
    return f"{scan.part.name}: {count} different values of {scan.part.tag_name} are no tags; {scan.part.fix}"


def _notes(scans: Mapping[str, Scan], hashes: Mapping[str, np.ndarray], rewrite: bool) -> Iterator[str]:
    """What a person would like to know of the parts."""
    import numpy as np

    train = scans["train"]
    for split, scan in scans.items():
        unseen = {tag: count for tag, count in scan.counts.items() if tag not in train.counts}
        if unseen:
            listed = ", ".join(sorted(unseen)[:5])
            yield f"{scan.part.name}: {sum(unseen.values()):,} words with tags that train has not ({listed})"
        if rewrite and scan.rewritten:
            yield f"{scan.part.name}: {scan.rewritten:,} spans begin with I- (IOB1); rewritten as B- (IOB2)"
        shared = int(np.isin(hashes[split], hashes["train"]).sum()) if split != "train" else 0
        if shared:
            yield f"{scan.part.name}: {shared:,} sentences are in the training file too (kept: the splits are official)"


def _split_notes(codes: np.ndarray, missing: Mapping[str, float]) -> Iterator[str]:
    """How splits without a part came about."""
    for split, fraction in missing.items():
        if fraction:
            count = int((codes == CODES[split]).sum())
            yield f"{split}: {count:,} sentences taken out of train by the hash of their words"
