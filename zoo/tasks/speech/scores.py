"""How good texts are: word and character error rates by jiwer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zoo.tasks.speech.batches import SpeechBatches
from zoo.tasks.speech.ctc import steps_needed
from zoo.tasks.speech.learned import Learned
from zoo.tasks.speech.options import ATTENTION


def compared(references: Sequence[str], hypotheses: Sequence[str]) -> dict[str, float]:
    """Word and character error rate (`wer`, `cer`), and the share of texts that are exactly right (`exact`).

    The errors of all texts (substitutions, deletions and insertions of a shortest way from one to the other) by the
    words, or characters, of all references; more than 1 where much is written that was not said.

    Args:
        references: the right texts; none is empty.
        hypotheses: as many.
    """
    import jiwer

    if not references:
        return dict.fromkeys(("wer", "cer", "exact"), float("nan"))
    right, found = list(references), list(hypotheses)
    same = [a == b for a, b in zip(right, found, strict=True)]
    return {
        "wer": float(jiwer.wer(right, found)),
        "cer": float(jiwer.cer(right, found)),
        "exact": float(np.mean(same)),
    }


def loss_a_token(losses: np.ndarray, batches: SpeechBatches, learned: Learned) -> float:
    """The mean loss of a token, in nats; of CTC, over the texts that fit into the steps of their sounds; of a decoder,
    of each token and of the end of each text.

    Args:
        losses: of each text, `(sounds,)`.
        batches: the texts.
        learned: knows how many steps a sound has.
    """
    targets, frames = batches.sounds.targets, batches.sounds.sequences.lengths
    if learned.options.decoder == ATTENTION:
        return float(losses.sum() / max((targets > 0).sum() - len(targets), 1))
    needed = np.array([steps_needed(row[row > 0]) for row in targets])
    fits = (needed > 0) & (needed <= learned.steps(frames))
    return float(losses[fits].sum() / max((targets[fits] > 0).sum(), 1))
