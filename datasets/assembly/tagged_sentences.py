"""Tagged sentences in parts, read once to be checked and split, become a data set.

Each later pass reads them again: the first keeps 9 bytes a sentence (the hash of its words and its split).
Official splits stay as they are: short sentences are in several of them in every corpus, and published numbers count
them. A split that is missing is taken out of train by content, so that equal sentences are on one side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING

from datasets.assembly.parts import Index, LabelledPart, make_splits
from datasets.assembly.splitting import assign, taken_notes
from datasets.base import Dataset, Example, Info
from datasets.errors import UserError, see
from datasets.formats.hashes import content_hash
from datasets.formats.sentences import TaggedSentence
from datasets.formats.spans import Scheme, from_brackets, recognise, unknown_scheme

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
        following: how often each tag is there behind each other tag; "" is before the first.
        without_brackets: the counts when brackets are rewritten in IOB2; None where tags are no brackets.
        first: where each tag is first.
    """

    part: SentencePart
    counts: Counter[str] = field(default_factory=Counter)
    following: Counter[tuple[str, str]] = field(default_factory=Counter)
    without_brackets: Counter[str] | None = field(default_factory=Counter)
    first: dict[str, object] = field(default_factory=dict)

    def add(self, where: object, tags: Sequence[str]) -> None:
        """Count the tags of a sentence."""
        self.counts.update(tags)
        self.following.update(zip(("", *tags), tags, strict=False))
        for tag in tags:
            self.first.setdefault(tag, where)
        if self.without_brackets is not None:
            changed = from_brackets(tags)
            self.without_brackets = None if changed is None else self.without_brackets + Counter(changed)


@dataclass(frozen=True)
class Spans:
    """How the parts write spans, and how they are rewritten.

    Attributes:
        scheme: of train, after brackets were rewritten; None where tags write no spans.
        brackets: whether all parts have brackets.
    """

    scheme: Scheme | None
    brackets: bool

    @property
    def rewrite(self) -> Callable[[Sequence[str]], tuple[str, ...]]:
        """From the tags of a sentence to those that are learnt: IOB2 in place of brackets, IO and IOB1."""
        if self.brackets:
            return lambda tags: from_brackets(tags) or ()
        return self.scheme.to_iob2 if self.scheme is not None and self.scheme.is_iob else tuple

    def counts(self, index: SentenceIndex) -> Counter[str]:
        """How often each tag that is learnt is there."""
        if self.brackets:
            return index.without_brackets or Counter()
        counts: Counter[str] = Counter()
        for (before, tag), count in index.following.items():
            counts[self.rewrite([before, tag] if before else [tag])[-1]] += count
        return counts

    def begun(self, index: SentenceIndex) -> int:
        """How many spans of a part begin with a tag that IOB2 has inside of them only."""
        return 0 if self.brackets else (self.counts(index) - index.counts).total()


def assemble(
    info: Info, parts: Mapping[str, SentencePart], valid_fraction: float, test_fraction: float
) -> Dataset:
    """Check every part and make the data set. Brackets and tags of IO and IOB1 are rewritten in IOB2.

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
    spans = _spans_of(indexes)
    counts = {split: spans.counts(index) for split, index in indexes.items()}
    _check_scheme(indexes, counts)
    labels = tuple(sorted(set().union(*counts.values())))
    hashes = {split: np.frombuffer(index.hashes, np.uint64) for split, index in indexes.items()}
    codes = assign(hashes, valid_fraction, test_fraction, drop_shared=False)
    taken = taken_notes(codes["train"], "sentences taken out of train by the hash of their words")
    notes = chain(
        _span_notes(indexes["train"], spans),
        *(_notes(index, spans, counts["train"], indexes["train"]) for index in indexes.values()),
        _shared_notes(indexes, hashes),
        taken,
    )
    info = replace(info, labels=labels, notes=(*info.notes, *notes))
    ids = {name: id for id, name in enumerate(labels)}
    rewrite = spans.rewrite

    def example(row: TaggedSentence) -> Example:
        _, tokens, tags = row
        return {"tokens": tokens, "tags": tuple(ids[tag] for tag in rewrite(tags))}

    return Dataset(info, *make_splits(indexes, codes, "test" in parts or test_fraction > 0, example))


def _index(part: SentencePart) -> SentenceIndex:
    index = SentenceIndex(part)
    for where, tokens, tags in part.rows():
        index.hashes.append(content_hash("\n".join(tokens)))
        index.add(where, tags)
        if len(index.counts) > MOST_TAGS:
            raise UserError(_too_many(part, f"more than {MOST_TAGS}"))
    if not index.hashes:
        raise UserError(f"{part.name}: has no tagged sentence")
    return index


def _spans_of(indexes: Mapping[str, SentenceIndex]) -> Spans:
    """How the parts write spans, recognised on the whole of train."""
    brackets = all(
        index.without_brackets is not None and any("(" in tag for tag in index.counts)
        for index in indexes.values()
    )
    train = indexes["train"]
    return Spans(recognise((brackets and train.without_brackets) or train.counts), brackets)


def _check_scheme(indexes: Mapping[str, SentenceIndex], counts: Mapping[str, Counter[str]]) -> None:
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
        new = _new(index, counts["train"], train)
        if sum(index.counts[tag] for tag in new) > OTHER_SCHEME * index.counts.total():
            known = ", ".join(f"'{name}'" for name in sorted(train.counts)[:5])
            raise UserError(
                f"{index.part.place(index.first[new[0]])}: the tag '{new[0][:40]}' is not in "
                f"{train.part.name}, whose tags begin with {known}: another scheme? {index.part.fix}"
            )


def _too_many(part: SentencePart, count: str) -> str:
    return f"{part.name}: {count} different values of {part.label_name} are no tags; {part.fix}"


def _new(index: SentenceIndex, counts: Counter[str], train: SentenceIndex) -> list[str]:
    """The tags that train has neither as they stand nor rewritten."""
    return [tag for tag in index.counts if tag not in train.counts and tag not in counts]


def _span_notes(train: SentenceIndex, spans: Spans) -> Iterator[str]:
    """By which scheme the tags of train write spans, or that they seem to write some by none that is known."""
    if spans.scheme is None:
        if suspects := unknown_scheme(train.counts):
            what = f"spans: tags such as {suspects} are of no scheme that is known"
            yield f"{what}; scores are word by word; {see('Tags and spans')}"
        return
    touching = " (neighbours of one kind are one span)" if spans.scheme.joins else ""
    yield f"spans: {'brackets' if spans.brackets else _scheme_name(train, spans)}{touching}"
    if spans.scheme.stray:
        count = sum(train.counts[tag] for tag in spans.scheme.stray)
        yield (
            f"spans: {count:,} words have tags of no scheme ({', '.join(spans.scheme.stray[:5])}); "
            "they count as outside"
        )


def _scheme_name(train: SentenceIndex, spans: Spans) -> str:
    """The name of the scheme: IOB1 where a beginning is marked only behind a span of its kind."""
    scheme = spans.scheme
    assert scheme is not None
    common = [(scheme.common(before), scheme.common(tag)) for before, tag in train.following]
    begins = [before[2:] == tag[2:] for before, tag in common if tag.startswith("B-")]
    name = "IOB1" if scheme.is_iob and begins and all(begins) else scheme.name
    return name if scheme.style in ("B-PER", "PER") else f"{name}, written as {scheme.style}"


def _notes(
    index: SentenceIndex, spans: Spans, counts_of_train: Counter[str], train: SentenceIndex
) -> Iterator[str]:
    """What a person would like to know of a part."""
    new = {tag: index.counts[tag] for tag in _new(index, counts_of_train, train)}
    if new:
        listed = ", ".join(sorted(new)[:5])
        yield f"{index.part.name}: {sum(new.values()):,} words with tags that train has not ({listed})"
    if spans.scheme is not None and spans.scheme.style != "PER" and (begun := spans.begun(index)):
        yield f"{index.part.name}: {begun:,} spans begin with I- (IOB1); rewritten as B- (IOB2)"


def _shared_notes(indexes: Mapping[str, SentenceIndex], hashes: Mapping[str, np.ndarray]) -> Iterator[str]:
    """How many sentences official splits share with train."""
    import numpy as np

    for split, index in indexes.items():
        shared = int(np.isin(hashes[split], hashes["train"]).sum()) if split != "train" else 0
        if shared:
            yield (
                f"{index.part.name}: {shared:,} sentences are in the training file too "
                "(kept: the splits are official)"
            )
