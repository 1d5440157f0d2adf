"""Weights for a new model from runs that have ended: vectors of tokens, and recurrent layers around any cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from datasets.errors import UserError
from zoo.data.token_layers import TokenLayers, Tokens
from zoo.keras_private import all_layers
from zoo.layers.recurrent import Recurrent

#: Of a cell's configuration: what decides neither its weights nor what it computes when the model is used.
_IMMATERIAL = ("name", "seed", "trainable", "dtype", "units", "dropout", "recurrent_dropout")

WAYS = ("forwards", "backwards")


@dataclass(frozen=True)
class Donor:
    """A run that has ended, and what of its model can be taken.

    Attributes:
        path: its directory.
        task: the name of its task.
        model: its model.
        parts: see `zoo.tasks.base.Task.token_layers`.
    """

    path: Path
    task: str
    model: keras.Model
    parts: tuple[TokenLayers, ...]

    def part(self, wanted: TokenLayers | None = None) -> TokenLayers:
        """The part that is called as the wanted one is, or else the first, of the same tokens where there is one.

        Raises:
            UserError: there is none.
        """
        if not self.parts:
            raise self.refused(f"its task, {self.task}, reads no tokens")
        if wanted is None:
            return self.parts[0]
        alike = [part for part in self.parts if spelt(part) == spelt(wanted)] or self.parts
        return next((part for part in alike if part.part == wanted.part), alike[0])

    @property
    def tokens(self) -> Tokens:
        """The tokens of its first part."""
        return self.part().tokens

    def refused(self, why: str) -> UserError:
        """The error for a run that does not fit."""
        return UserError(f"--start-from {self.path}: {why}")


def begin(model: keras.Model, parts: tuple[TokenLayers, ...], donors: Sequence[Donor]) -> list[str]:
    """Give a fresh model the weights of other runs; sentences on what was taken, and on what was not and why.

    A run whose tokens are characters is for what reads characters, if anything does, and any other run for the rest.
    Where there is one such part, a second run gives what reads backwards. Where there are several, such as an encoder
    and a decoder, each run is for one part, in their order.

    Raises:
        UserError: a run has other tokens, other cells or other sizes.
    """
    if not parts:
        raise donors[0].refused("the task that is to start reads no tokens, or cannot start from another run")
    notes = []
    for alike in _by_spelling(parts):
        theirs = [donor for donor in donors if spelt(donor.part(alike[0])) == spelt(alike[0])]
        if theirs or len(alike) == len(parts):
            notes += _parts_from(model, alike, theirs or donors)
        else:
            notes += [f"start: the {part.part} are new, for no run of such tokens is given" for part in alike]
    return notes


def spelt(part: TokenLayers) -> bool:
    """Whether a part reads single characters."""
    return part.tokens.kind == "characters"


def _by_spelling(parts: tuple[TokenLayers, ...]) -> list[tuple[TokenLayers, ...]]:
    """The parts that read characters apart from the others; only groups with a part."""
    groups = [tuple(part for part in parts if spelt(part) is wanted) for wanted in (False, True)]
    return [group for group in groups if group]


def _parts_from(model: keras.Model, parts: tuple[TokenLayers, ...], donors: Sequence[Donor]) -> list[str]:
    """See `begin`; of parts that read the same kind of tokens."""
    if len(parts) == 1:
        return list(_part_from(model, parts[0], donors))
    if len(donors) > len(parts):
        raise donors[-1].refused(f"there are {len(parts)} parts to start, and {len(donors)} runs are given")
    notes = [
        note for part, donor in zip(parts, donors, strict=False) for note in _part_from(model, part, [donor])
    ]
    return notes + [
        f"start: the {part.part} is new, for no run is given for it" for part in parts[len(donors) :]
    ]


def _part_from(model: keras.Model, part: TokenLayers, donors: Sequence[Donor]) -> Iterator[str]:
    target = _recurrent(model, part)
    new = set(range(target.directions))
    yield _take_vectors(model, part, donors[0])
    for donor in donors:
        ours = _directions(target, donor, part)
        if not new.issuperset(ours):
            raise donor.refused(
                "another run is given for what reads the same way; a second one is of language_model --backward"
            )
        new -= set(ours)
        if ours:
            yield _take_cells(target, donor, donor.part(part), ours)
    for direction in new:
        way = WAYS[part.backward or direction]
        yield f"start: what reads the {part.part} {way} is new, for no run that reads so is given"


def _directions(target: Recurrent, donor: Donor, part: TokenLayers) -> list[int]:
    """The directions of a recurrent layer that a run is for; none where only its vectors are of use."""
    source = donor.part(part)
    if _recurrent(donor.model, source).directions == 2 == target.directions:
        return [0, 1]
    if part.backward and not source.backward:
        return []
    if source.backward != part.backward and target.directions == 1:
        raise donor.refused(f"it reads {WAYS[source.backward]}, and here nothing does; give --bidirectional")
    return [int(source.backward) if target.directions == 2 else 0]


# ------------------------------------------------------------------------------------------ vectors


def _take_vectors(model: keras.Model, part: TokenLayers, donor: Donor) -> str:
    """Copy the vectors of the tokens that both know; the others stay as they are."""
    source = donor.part(part)
    if _differ(source.tokens.kind, part.tokens.kind):
        raise donor.refused(
            f"its tokens are {source.tokens.kind}, and here they are {part.tokens.kind}; give the same --tokens"
        )
    old, new = _table(donor.model, source, donor), _table(model, part, donor)
    if old.shape[1] != new.shape[1]:
        raise donor.refused(
            f"its vectors have {old.shape[1]} numbers, and here {new.shape[1]}; give --embedding {old.shape[1]}"
        )
    taken, given = _shared_rows(source, part)
    values = new.numpy()
    values[taken] = old.numpy()[given] * (source.scale / part.scale)
    new.assign(values)
    known = len(part.tokens.vocabulary)
    return (
        f"start: the vectors of {np.count_nonzero(taken >= part.reserved):,} of {known:,} tokens of the {part.part} "
        f"are those of {donor.path}"
    )


def _differ(source: str, target: str) -> bool:
    """Whether tokens of two kinds cannot be the same: whole words may be among sub-words, no others among words."""
    return source != target and (source == "subwords" or "characters" in (source, target))


def _table(model: keras.Model, part: TokenLayers, donor: Donor) -> keras.Variable:
    layer = next((layer for layer in all_layers(model) if layer.name == part.vectors), None)
    if layer is None:
        raise donor.refused(f"the {part.part} has no vectors of tokens, for which --embedding was 0")
    variable: keras.Variable = layer.embeddings
    return variable


def _shared_rows(source: TokenLayers, target: TokenLayers) -> tuple[np.ndarray, np.ndarray]:
    """The rows of tokens that both know: of the target's table, and of the source's, `(tokens,)` each.

    A token is known by its text without the blank or mark before it; of several such, the most frequent counts, unless
    both are split alike and one is written as it is there. Only where both are sub-words does the mark tell the
    beginning of a word from what may be in its middle.
    """
    both = source.tokens.kind == target.tokens.kind == "subwords"
    bare = str if both else _bare
    rows: dict[str, int] = {}
    alike = source.tokens.kind == target.tokens.kind
    for written in [str, bare] if alike else [bare]:
        for n, token in enumerate(source.tokens.vocabulary):
            rows.setdefault(written(token), source.reserved + n)
    pairs = [(1, 1)]  # the unknown token
    for n, token in enumerate(target.tokens.vocabulary):
        for spelling in (token, bare(token), bare(token).lower()):
            if spelling in rows:
                pairs.append((target.reserved + n, rows[spelling]))
                break
    taken, given = np.array(pairs).T
    return taken, given


def _bare(token: str) -> str:
    return token.strip(" ▁") or token


# ------------------------------------------------------------------------------------------ recurrent layers


def _recurrent(model: keras.Model, part: TokenLayers) -> Recurrent:
    found = (
        layer for layer in all_layers(model) if isinstance(layer, Recurrent) and layer.name == part.recurrent
    )
    layer = next(found, None)
    if layer is None:
        raise UserError(
            f"--start-from: nothing reads the {part.part}, whose vectors are switched off (size 0)"
        )
    return layer


def _take_cells(target: Recurrent, donor: Donor, part: TokenLayers, directions: list[int]) -> str:
    """Copy the cells of these directions, layer by layer as far as they fit."""
    source = _recurrent(donor.model, part)
    pairs = [(way, way if len(directions) == 2 else 0) for way in directions]
    taken = 0
    for layer, (old, new) in enumerate(zip(source.cells, target.cells, strict=False)):
        if layer == 0:
            _refuse_others(donor, old[0], new[0], source, target)
        if not all(_fits(old[theirs], new[ours]) for ours, theirs in pairs):
            break
        for ours, theirs in pairs:
            _copy(old[theirs], new[ours], reads_last=layer > 0 and ours == 1)
        taken += 1
    ways = "both directions" if len(directions) == 2 else f"what reads {WAYS[part.backward]}"
    told = f"start: {ways}, {taken} of {target.layers} layers, from {donor.path}"
    if taken < target.layers:
        what = "it has no more" if taken == source.layers else "the next ones read outputs of another size"
        told += f"; the others are new, for {what}"
    return told


def _refuse_others(
    donor: Donor, old: keras.layers.Layer, new: keras.layers.Layer, source: Recurrent, target: Recurrent
) -> None:
    """Raises UserError where cells of two first layers differ."""
    if type(old) is not type(new):
        raise donor.refused(f"its cell is {type(old).__name__}, not {type(new).__name__}; give its --cell")
    units = [layer.output_size // layer.directions for layer in (source, target)]
    if units[0] != units[1]:
        raise donor.refused(
            f"its cells have {units[0]} units, and here they have {units[1]}; make them the same with --units"
        )
    theirs, ours = old.get_config(), new.get_config()
    other = [name for name in ours if name not in _IMMATERIAL and theirs.get(name) != ours[name]]
    if other:
        raise donor.refused(
            f"its cells have another {other[0]}, {theirs.get(other[0])!r}; give the same --cell-options"
        )
    if not _fits(old, new):
        raise donor.refused(
            "its cells have weights of other shapes; give the same --cell-options and --embedding"
        )


def _fits(old: keras.layers.Layer, new: keras.layers.Layer) -> bool:
    """Whether each weight has the same shape, or more rows: where a layer reads more features than it did."""
    return len(old.weights) == len(new.weights) and all(
        one.shape == other.shape or (one.shape[1:] == other.shape[1:] and one.shape[0] < other.shape[0])
        for one, other in zip(old.weights, new.weights, strict=True)
    )


def _copy(old: keras.layers.Layer, new: keras.layers.Layer, reads_last: bool) -> None:
    """Copy the weights of a cell.

    Args:
        reads_last: where the new cell reads more features, the old one's are the last of these: a layer reads the
            outputs of both directions of the one below, forwards first.
    """
    for one, other in zip(old.weights, new.weights, strict=True):
        if one.path.endswith("seed_generator_state"):
            continue
        values = other.numpy()
        rows = one.shape[0]
        values[-rows if reads_last else 0 :][:rows] = one.numpy()
        other.assign(values)
