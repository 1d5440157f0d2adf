"""From examples to batches: spectra in one pass, texts as ids; what cannot be learnt or scored is left out and told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

import numpy as np

from datasets.base import Dataset, Example, Split
from datasets.errors import UserError, listed
from datasets.formats.signals import SOUND, Sound
from zoo.data.channels import Channels
from zoo.data.log_mel import LogMel, bands_of
from zoo.data.ragged import Ragged
from zoo.data.subwords import BEGIN, END
from zoo.generation.tokens import with_special_tokens
from zoo.runtime.progress import progress_bar
from zoo.tasks.base import Prepared
from zoo.tasks.feature_cache import Features, features_of
from zoo.tasks.sound import reading
from zoo.tasks.speech.batches import SpeechBatches
from zoo.tasks.speech.ctc import steps_needed
from zoo.tasks.speech.learned import Learned, reserved
from zoo.tasks.speech.options import ATTENTION, TOKENS, Options
from zoo.tasks.speech.tokens import learn, normalised

NOT_IN_PIECES = (
    "the decoder looks at the whole of a sound: it writes nothing before the end of it, and the exported model has no "
    "signatures init_state and step (--decoder ctc --no-bidirectional has)"
)


@dataclass(frozen=True)
class Read:
    """A split that was read once.

    Attributes:
        features: the spectrum of each sound, `(frames, bands)`.
        texts: normalised; none is empty.
        empty: how many examples were left out whose texts are empty then.
    """

    features: Features
    texts: list[str]
    empty: int

    @property
    def spectra(self) -> Ragged:
        """Of each sound, `(frames, bands)`."""
        return self.features.sequences

    def take(self, which: np.ndarray) -> Read:
        """The sounds with these numbers."""
        return replace(self, features=self.features.take(which), texts=[self.texts[n] for n in which])


def prepare(dataset: Dataset, options: Options, batch_size: int) -> Prepared[Learned, SpeechBatches]:
    """Learn the tokens and the scale of the bands on train, and read train and dev.

    Raises:
        UserError: a sound cannot be read; no training text has tokens, or none fits, see `fitting`.
    """
    first: Example = next(iter(dataset.train))
    spectrum = LogMel(**reading(first["sound"], options))
    train = read(dataset.train, spectrum, options)
    if not train.texts:
        raise UserError("every training text is empty without its punctuation; give --punctuation")
    tokens = learn(train.texts, options.tokens, options.vocabulary, options.min_count, reserved(options))
    scale = Channels.of(train.spectra.values)
    learned = Learned(tokens, spectrum, scale.mean, scale.deviation, options)
    fits = np.flatnonzero(fitting(train, learned))
    if not len(fits):
        raise UserError(_none_fits(options))
    batches = _batched(train.take(fits), learned, batch_size)
    valid = read(dataset.valid, spectrum, options)
    notes = [
        _note(learned, train),
        *_left_out(len(train.texts) - len(fits), train.empty, options),
        *([NOT_IN_PIECES] if options.decoder == ATTENTION else []),
        *_not_written(valid, learned),
    ]

    def test() -> SpeechBatches | None:
        if dataset.test is None:
            return None
        return _batched(read(dataset.test, spectrum, options), learned, batch_size, batches)

    return Prepared(learned, batches, _batched(valid, learned, batch_size, batches), test, tuple(notes))


def read(split: Split, spectrum: LogMel, options: Options) -> Read:
    """The spectra and texts of a split; where nothing is cached, in one pass."""
    bands = bands_of(spectrum)
    texts: list[str] = []

    def sounds() -> Iterator[Sound]:
        texts.clear()
        for example in progress_bar(split, "reading sound"):
            if text := normalised(example["text"], options.lowercase, options.punctuation):
                texts.append(text)
                yield example["sound"]

    def read_one(sound: Sound) -> np.ndarray:
        return bands(*heard(sound))

    features = features_of(options.cache, sounds, read_one, {"kind": SOUND, **asdict(spectrum)})
    return Read(features, texts, len(split) - len(texts))


def heard(sound: Sound) -> tuple[np.ndarray, int]:
    """The samples of a sound, and how many there are in a second.

    Raises:
        UserError: it cannot be read, or all its samples are the same.
    """
    samples, rate = sound.read()
    if len(samples) > 1 and samples.min() == samples.max():
        raise UserError(
            f"{sound.name}: all samples are {samples[0]:g}, there is nothing to hear; leave it out"
        )
    return samples, rate


def fitting(split: Read, learned: Learned) -> np.ndarray:
    """Whether each text has tokens, and no more than its sound has steps for, or than the decoder may write;
    `(sounds,)` bool.
    """
    ids = [learned.tokens.ids(text) for text in split.texts]
    if learned.options.decoder == ATTENTION:
        lengths = np.array([len(tokens) for tokens in ids])
        return (lengths > 0) & (lengths <= learned.options.max_tokens)
    needed = np.array([steps_needed(tokens) for tokens in ids])
    return (needed > 0) & (needed <= learned.steps(split.spectra.lengths))


def _batched(
    split: Read, learned: Learned, batch_size: int, train: SpeechBatches | None = None
) -> SpeechBatches:
    ids = Ragged.of(learned.tokens.ids(text) for text in split.texts)
    if learned.options.decoder == ATTENTION:
        ids = with_special_tokens(ids, [BEGIN], [END])
    return SpeechBatches.of(split.spectra, ids, split.texts, batch_size, train)


# ------------------------------------------------------------------------------------------ what is told


def _note(learned: Learned, train: Read) -> str:
    hours = len(train.spectra.values) * learned.spectrum.step / learned.spectrum.rate / 3600
    return (
        f"sound: {len(train.texts):,} training sounds, {hours:.2f} hours, are {len(train.spectra.values):,} frames of "
        f"{learned.spectrum.bands} bands, {train.features.size}; {len(learned.tokens.vocabulary):,} different "
        f"{TOKENS[learned.tokens.kind]} learnt on train"
    )


def _none_fits(options: Options) -> str:
    if options.decoder == ATTENTION:
        return f"every training text has more than --max-tokens {options.max_tokens} tokens; give more"
    return (
        f"every training sound is too short for its text: there are {options.hop * options.stride:g} seconds to a "
        "step, and a token needs one; give a smaller --hop or --stride, or --tokens words"
    )


def _left_out(unfit: int, empty: int, options: Options) -> Iterator[str]:
    if unfit and options.decoder == ATTENTION:
        yield f"left out: {unfit:,} training texts longer than {options.max_tokens} tokens (--max-tokens)"
    elif unfit:
        yield (
            f"left out: {unfit:,} training sounds too short for their texts (--hop, --stride; is the rate in the files "
            "right?)"
        )
    if empty:
        yield f"left out: {empty:,} training sounds whose texts are empty without punctuation (--punctuation)"


def _not_written(valid: Read, learned: Learned) -> Iterator[str]:
    """What dev has that cannot be written."""
    unknown = [token for text in valid.texts for token in learned.tokens.unknown(text)]
    if unknown:
        different = listed([repr(token) for token in sorted(set(unknown))])
        yield f"dev has {len(unknown):,} tokens that train lacks and nothing writes: {different}"
