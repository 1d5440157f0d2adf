"""Tagged sentences in parts, read once to be checked and split, become a data set.

Each later pass reads them again: the first keeps 9 bytes a sentence (the hash of its words and its split).
Official splits stay as they are: short sentences are in several of them in every corpus, and published numbers count
them. A split that is missing is taken out of train by content, so that equal sentences are on one side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from datasets.assembly.parts import Index, LabelledPart, make_splits
from datasets.assembly.splitting import assign, taken_notes
from datasets.base import Dataset, Example, Info
from datasets.errors import UserError
from datasets.formats.hashes import content_hash
from datasets.formats.sentences import TaggedSentence
from datasets.formats.spans import are_iob, to_iob2

if TYPE_CHECKING:
    import numpy as np

MOST_TAGS = 5000
FEW_TAGS = 60  # so many are never taken for a column of words
#: Share of a part's words with tags that train does not have, from which on it counts as tagged by another scheme.
OTHER_SCHEME = 0.1

SentencePart = LabelledPart[TaggedSentence]


@dataclass
class SentenceIndex(Index[TaggedSentence]):
    """The index of tagged sentences.

    Attributes:
        counts: how often each tag is there, as it stands in the part.
        iob2_counts: how often, when spans are rewritten in IOB2.
        first: where each tag is first.
        rewritten: how many tags would be rewritten.
    """

    part: SentencePart
    counts: Counter[str] = field(default_factory=Counter)
    iob2_counts: Counter[str] = field(default_factory=Counter)
    first: dict[str, object] = field(default_factory=dict)
    rewritten: int = 0


def assemble(
    info: Info, parts: Mapping[str, SentencePart], valid_fraction: float, test_fraction: float
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

    indexes = {split: _index(part) for split, part in parts.items()}
    rewrite = are_iob(tag for index in indexes.values() for tag in index.counts)
    _check_scheme(indexes)
    labels = _labels(indexes, rewrite)
    hashes = {split: np.frombuffer(index.hashes, np.uint64) for split, index in indexes.items()}
    codes = assign(hashes, valid_fraction, test_fraction, drop_shared=False)
    taken = taken_notes(codes["train"], "sentences taken out of train by the hash of their words")
    info = replace(info, labels=labels, notes=(*info.notes, *_notes(indexes, hashes, rewrite), *taken))
    ids = {name: id for id, name in enumerate(labels)}

    def example(row: TaggedSentence) -> Example:
        _, tokens, tags = row
        tags = to_iob2(tags) if rewrite else tags
        return {"tokens": tokens, "tags": tuple(ids[tag] for tag in tags)}

    return Dataset(info, *make_splits(indexes, codes, "test" in parts or test_fraction > 0, example))


def _index(part: SentencePart) -> SentenceIndex:
    index = SentenceIndex(part)
    for where, tokens, tags in part.rows():
        index.hashes.append(content_hash("\n".join(tokens)))
        index.counts.update(tags)
        rewritten = to_iob2(tags)
        index.iob2_counts.update(rewritten)
        index.rewritten += sum(old != new for old, new in zip(tags, rewritten, strict=True))
        for tag in tags:
            index.first.setdefault(tag, where)
        if len(index.counts) > MOST_TAGS:
            raise UserError(_too_many(part, f"more than {MOST_TAGS}"))
    if not index.hashes:
        raise UserError(f"{part.name}: has no tagged sentence")
    return index


def _labels(indexes: Mapping[str, SentenceIndex], rewrite: bool) -> tuple[str, ...]:
    """All tags that occur, in the order of their letters."""
    counts = [index.iob2_counts if rewrite else index.counts for index in indexes.values()]
    return tuple(sorted(set().union(*counts)))


def _check_scheme(indexes: Mapping[str, SentenceIndex]) -> None:
    train = indexes["train"]
    if len(train.counts) == 1:
        (tag,) = train.counts
        raise UserError(
            f"{train.part.name}: every word has the {train.part.label_name} '{tag[:40]}'; "
            f"at least two tags are needed; {train.part.fix}"
        )
    if len(train.counts) > max(FEW_TAGS, train.counts.total() / 2):
        raise UserError(_too_many(train.part, f"{len(train.counts)} for {train.counts.total()} words"))
    for index in indexes.values():
        new = [tag for tag in index.counts if tag not in train.counts]
        if sum(index.counts[tag] for tag in new) > OTHER_SCHEME * index.counts.total():
            known = ", ".join(f"'{name}'" for name in sorted(train.counts)[:5])
            raise UserError(
                f"{index.part.place(index.first[new[0]])}: the tag '{new[0][:40]}' is not in "
                f"{train.part.name}, whose tags begin with {known}: another scheme? {index.part.fix}"
            )


def _too_many(part: SentencePart, count: str) -> str:
    return f"{part.name}: {count} different values of {part.label_name} are no tags; {part.fix}"


def _notes(
    indexes: Mapping[str, SentenceIndex], hashes: Mapping[str, np.ndarray], rewrite: bool
) -> Iterator[str]:
    """What a person would like to know of the parts."""
    import numpy as np

    train = indexes["train"]
    for split, index in indexes.items():
        name = index.part.name
        new = {tag: count for tag, count in index.counts.items() if tag not in train.counts}
        if new:
            listed = ", ".join(sorted(new)[:5])
            yield f"{name}: {sum(new.values()):,} words with tags that train has not ({listed})"
        if rewrite and index.rewritten:
            yield f"{name}: {index.rewritten:,} spans begin with I- (IOB1); rewritten as B- (IOB2)"
        shared = int(np.isin(hashes[split], hashes["train"]).sum()) if split != "train" else 0
        if shared:
            yield f"{name}: {shared:,} sentences are in the training file too (kept: the splits are official)"
