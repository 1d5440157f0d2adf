"""The tagging baseline: what each word is most often."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from zoo.tasks.tagging.batches import TaggedBatches


def most_frequent_tag(train: TaggedBatches, tags: int) -> Callable[[TaggedBatches], np.ndarray]:
    """The tag that each word has most often in train; for unknown words the tag that is most frequent there.

    Args:
        train: whose tags are counted.
        tags: how many different tags there are.

    Returns:
        A function from batches to the tag of each word, `(words,)`.
    """
    counts = np.zeros((len(train.distinct.keys), tags), np.int64)
    np.add.at(counts, (train.words.values, train.tags.values), 1)
    of_unknown, of_known = counts.sum(axis=0).argmax(), counts.argmax(axis=1)
    places = train.distinct.keys

    def predict(batches: TaggedBatches) -> np.ndarray:
        of_distinct = [
            of_known[places[word]] if word in places else of_unknown for word in batches.distinct.keys
        ]
        return np.array(of_distinct, np.int32)[batches.words.values]

    return predict
