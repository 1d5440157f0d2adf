"""Batches of tagged sentences: ids of words, and the characters of each distinct word of a batch once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import tensorflow as tf

from datasets.base import Example
from zoo.data.characters import WordEncoder
from zoo.data.ragged import BUCKETS, BatchPlan, Ragged, bucket_widths, shuffled_plan, sorted_plan, widened
from zoo.tasks.base import Batch

#: A batch's distinct words are in two tables, so that few long words do not widen all: words of up to so many
#: characters, and longer ones.
SHORT = 8
#: Fewest rows of both tables.
LEAST_ROWS = np.array([128, 64])
#: Which part of the batches of one width has room in the tables that go with it; others take those of the next width.
ROOM_FOR = 0.95
NO_TAG = -1


@dataclass(frozen=True)
class DistinctWords:
    """Distinct words and what the model and the scores need to know of each.

    Attributes:
        ids: word id of each, `(distinct words,)`.
        characters: their characters.
        known: whether train has the word, `(distinct words,)` bool; None where this is train.
        keys: the words in the order of the arrays.
    """

    ids: np.ndarray
    characters: Ragged
    keys: dict[str, int]
    known: np.ndarray


@dataclass(frozen=True)
class TaggedBatches:
    """Sentences with a tag for each word, in batches of about equal length.

    Attributes:
        words: the sentences, each word as its place in `distinct`.
        tags: their tags, with the same offsets.
        distinct: the distinct words of all sentences.
        batch_size: rows of a batch.
        widths: rising widths, the last at least as long as the longest sentence.
        rows: of both tables for each width, `(widths, 2)`, rising: a run compiles one shape for each width.
        longest: characters that the encoder keeps of a word.
    """

    words: Ragged
    tags: Ragged
    distinct: DistinctWords
    batch_size: int
    widths: np.ndarray
    rows: np.ndarray
    longest: int

    @classmethod
    def of(
        cls,
        examples: Iterable[Example],
        encoder: WordEncoder,
        batch_size: int,
        train: TaggedBatches | None = None,
    ) -> TaggedBatches:
        """Encode examples with `tokens` and `tags`; `train`, where these are others, says which words are known."""
        keys: dict[str, int] = {}
        pairs = []
        for example in examples:
            places = [keys.setdefault(token, len(keys)) for token in example["tokens"]]
            pairs.append((np.array(places, np.int32), np.array(example["tags"], np.int32)))
        lengths = np.array([len(tags) for _, tags in pairs], np.int64)
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        words, tags = (
            Ragged(np.concatenate([np.zeros(0, np.int32), *arrays]), offsets)
            for arrays in ([pair[0] for pair in pairs], [pair[1] for pair in pairs])
        )
        distinct = _distinct_words(keys, encoder, keys if train is None else train.distinct.keys)
        widths = widened(_widths(lengths) if train is None else train.widths, lengths)
        rows = np.tile(LEAST_ROWS, (len(widths), 1))
        batches = cls(words, tags, distinct, batch_size, widths, rows, encoder.max_characters)
        if train is None:
            return replace(batches, rows=batches._rows_for_most())
        return replace(batches, rows=train.rows[np.minimum(np.arange(len(widths)), len(train.rows) - 1)])

    def _rows_for_most(self) -> np.ndarray:
        """See `rows`: doubled until they are enough for most batches of an epoch, of the last width for all."""
        plans = self.plan([0])
        needed = np.array([self._needed_rows(planned) for planned in plans]).reshape(-1, 2)
        width = np.array([planned.width for planned in plans])
        rows = self.rows.copy()
        for n in range(len(rows)):
            of_width = needed[width == self.widths[n]]
            part = 1 if n == len(rows) - 1 else ROOM_FOR
            most = np.quantile(of_width, part, axis=0, method="higher") if len(of_width) else LEAST_ROWS
            rows[n] = _doubled(LEAST_ROWS, most)
        return np.maximum.accumulate(rows)

    def with_tags(self, renumbered: np.ndarray) -> TaggedBatches:
        """The same sentences with tag n as `renumbered[n]`."""
        return replace(self, tags=Ragged(renumbered[self.tags.values].astype(np.int32), self.tags.offsets))

    @property
    def known(self) -> np.ndarray:
        """Whether train has the word, for every word of every sentence, `(words,)` bool."""
        return self.distinct.known[self.words.values]

    def plan(self, seed: Sequence[int] | None) -> list[BatchPlan]:
        """See `zoo.tasks.base.Batches`."""
        if seed is None:
            return sorted_plan(self.words.lengths, self.widths, self.batch_size)
        return shuffled_plan(self.words.lengths, self.widths, self.batch_size, seed)

    def load(self, planned: BatchPlan) -> Batch:
        """See `zoo.tasks.base.Batches`.

        The inputs are `words` `(batch, time)`; the two tables, `short` `(rows, SHORT)` and `long` `(rows, longest)`;
        and `spelling` `(batch, time)`, the row of each word, where `long` stands below `short`. Targets are tags, -1 at
        padding. Stored models know the inputs by these names. `time` is more than planned where there are more distinct
        words than its tables have room for.
        """
        width, table_rows = self._shape(planned)
        missing = ((0, planned.size - len(planned.which)), (0, 0))
        inside = np.pad(self.words.mask(planned.which, width), missing)
        places = np.pad(self.words.pad(planned.which, width), missing)
        tags = np.pad(self.tags.pad(planned.which, width), missing)
        words = np.where(inside, self.distinct.ids[places], 0).astype(np.int32)
        tables, rows = self._tables(places, inside, table_rows)
        return Batch(
            {"words": words, "spelling": rows, **tables},
            np.where(inside, tags, NO_TAG).astype(np.int32),
            inside.astype(np.float32),
            shared=frozenset(tables),
        )

    def _shape(self, planned: BatchPlan) -> tuple[int, np.ndarray]:
        """The first width whose tables have room for a batch, or the last, and the rows of its tables."""
        needed = self._needed_rows(planned)
        n = int(np.searchsorted(self.widths, planned.width))
        while n < len(self.widths) - 1 and (self.rows[n] < needed).any():
            n += 1
        return int(self.widths[n]), _doubled(self.rows[n], needed)

    def _needed_rows(self, planned: BatchPlan) -> np.ndarray:
        """How many distinct short and long words a batch has."""
        distinct = np.unique(self.words.take(planned.which).values)
        short = int((self.distinct.characters.lengths[distinct] <= SHORT).sum())
        return np.array([short, len(distinct) - short])

    def _tables(
        self, places: np.ndarray, inside: np.ndarray, table_rows: np.ndarray
    ) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """The characters of a batch's distinct words, and for each word of the batch its row, `(batch, time)`."""
        characters = self.distinct.characters
        distinct, which = np.unique(places[inside], return_inverse=True)
        is_short = characters.lengths[distinct] <= SHORT
        short = _table(characters, distinct[is_short], SHORT, table_rows[0])
        long = _table(characters, distinct[~is_short], max(self.longest, SHORT), table_rows[1])
        row = np.where(is_short, np.cumsum(is_short) - 1, len(short) + np.cumsum(~is_short) - 1)
        rows = np.zeros(places.shape, np.int32)
        rows[inside] = row[which]
        return {"short": short, "long": long}, rows

    def gather(self, plans: list[BatchPlan], outputs: list[dict[str, np.ndarray]]) -> np.ndarray:
        """The best tag of every word of every sentence, in order, `(words,)`; -1 where its scores are no numbers."""
        best_tags = np.zeros(len(self.words.values), np.int32)
        for planned, output in zip(plans, outputs, strict=True):
            tags = output["path"] if "path" in output else output["scores"].argmax(axis=-1)
            tags = np.where(np.isfinite(output["scores"]).all(axis=-1), tags, NO_TAG)
            starts, lengths = self.words.offsets[planned.which], self.words.lengths[planned.which]
            steps = np.arange(planned.width)
            inside = steps < lengths[:, None]
            best_tags[(starts[:, None] + steps)[inside]] = tags[: len(planned.which), : planned.width][inside]
        return best_tags


def _widths(lengths: np.ndarray) -> np.ndarray:
    """Widths of the usual buckets, one of them so that the few very long sentences do not widen a sixth of all."""
    most = np.quantile(lengths, 0.98, method="higher") if len(lengths) else 1
    if most == 0:
        return bucket_widths(lengths)
    for buckets in (BUCKETS, BUCKETS - 1):
        widths = bucket_widths(lengths, buckets)
        widths = np.unique([*widths, min(-(-int(most) // 8) * 8, widths[-1])])
        if len(widths) <= BUCKETS:
            break
    return widths


def _doubled(rows: np.ndarray, needed: np.ndarray) -> np.ndarray:
    """As many rows, or twice, four times … as many, so that they are enough."""
    while (rows < needed).any():
        rows = np.where(rows < needed, 2 * rows, rows)
    return rows


def _table(characters: Ragged, which: np.ndarray, width: int, rows: int) -> np.ndarray:
    """Characters of the words `which` as rows, filled up with empty ones."""
    return np.pad(characters.pad(which, width), ((0, rows - len(which)), (0, 0)))


def _distinct_words(keys: dict[str, int], encoder: WordEncoder, train: dict[str, int]) -> DistinctWords:
    words = list(keys)
    ids, characters = [np.zeros(0, np.int32)], []
    for start in range(0, len(words), 4096):
        chunk = tf.constant(words[start : start + 4096], tf.string)
        ids.append(encoder.word_ids(chunk).numpy())
        ragged = encoder.character_ids(chunk)
        characters.append((ragged.flat_values.numpy(), ragged.row_lengths().numpy()))
    train_words = {word.lower() for word in train}
    known = np.fromiter((word.lower() in train_words for word in words), bool, len(words))
    return DistinctWords(np.concatenate(ids), Ragged.concatenate(characters), keys, known)
