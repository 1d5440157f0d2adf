"""Schemes that write spans as one tag a word: `B-PER I-PER O`.

A tag says where in its span a word stands, and of which kind the span is. Schemes differ in the letters for the first
(`POSITIONS`), in where the letter stands (`B-PER`, `PER_B`, `B` where there is one kind) and in what
they leave out:

- IO has no beginnings: neighbours of one kind are one span. Plain tags (`PER PER O`) are the same without the letter;
- IOB1 (Ramshaw and Marcus 1995) begins a span with `I-` unless it touches one of its own kind; IOB2 (Ratnaparkhi 1998),
  which most call BIO, begins every span with `B-`;
- IOBES or BIOES also marks the last word of a span (`E-`) and spans of one word (`S-`). BILOU calls these `L-`, `U-`,
  BMEWO and BMES call an inner word `M-`, IOE marks the ends alone;
- brackets (`(PER* *)`), which the CoNLL tasks of 2005 and 2012 have, need the whole sentence: see `from_brackets`.

All are read by one rule, that of the script conlleval, which also says what tags mean that break their scheme: a
beginning or a single word begins a span; so does an inner word or an end that follows no open span of its kind; a span
is closed by its end, by whatever begins another, by a tag of another kind, and by the end of the sentence. `common`
gives each tag in the form that this rule is written for: B, I, E or S, a minus sign and the kind, or O.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

OUTSIDE = "O"
#: What a word outside of all spans may be called, in upper case.
OUTSIDE_NAMES = frozenset({OUTSIDE, "OUT", "OUTSIDE", "OTHER", "NONE", "0", "-", "_", "*"})
#: How a tag says where in its span a word stands, in upper case, and the letter for it in `common`.
POSITIONS = {
    **dict.fromkeys(("B", "BEGIN", "BEG", "START"), "B"),
    **dict.fromkeys(("I", "M", "IN", "INSIDE", "MID", "MIDDLE"), "I"),
    **dict.fromkeys(("E", "L", "END", "LAST"), "E"),
    **dict.fromkeys(("S", "U", "W", "SINGLE", "UNIT", "WHOLE"), "S"),
}
#: The letters of the schemes that have a name; the first that has all of a file's letters is meant.
NAMES = {
    "IO": "I", "IOB2 (BIO)": "BI", "IOE": "IE", "IOBES (BIOES)": "BIES", "BILOU": "BILU", "BMES": "BMES",
    "BMEWO": "BMEW",
}  # fmt: skip
#: The kind of spans that have no name.
ONLY_KIND = "span"
#: Share of the words in spans that may have tags of no scheme, such as a misprint; they count as outside.
STRAY = 0.01

#: A letter, a sign and a kind, but not several tags in one, such as `B-PER|B-LOC`.
_BEFORE = re.compile(r"([A-Za-z]+)([-_:])((?!.*\|[A-Za-z]+[-_:]).+)", re.DOTALL)
_SEVERAL = re.compile(r"[A-Za-z]+[-_:][^|]+\|[A-Za-z]+[-_:]")
_BEHIND = re.compile(r"(.+)([-_:])([A-Za-z]+)", re.DOTALL)
_BRACKET = re.compile(r"(?:\((?P<kind>[^()*|]+))?[*O_-]?(?P<close>[^()*|]*\))?", re.DOTALL)

_CORE = re.compile(r"\W*(?:\w[-_:.])?(.+?)(?:[-_:.]\w)?\W*", re.DOTALL)

#: The word or letter for the place in the span, and the kind.
Marked = tuple[str, str]


def _before(tag: str) -> Marked | None:
    match = _BEFORE.fullmatch(tag)
    return (match[1], match[3]) if match and match[1].upper() in POSITIONS else None


def _behind(tag: str) -> Marked | None:
    match = _BEHIND.fullmatch(tag)
    return (match[3], match[1]) if match and match[3].upper() in POSITIONS else None


def _alone(tag: str) -> Marked | None:
    return (tag, ONLY_KIND) if tag in POSITIONS and len(tag) == 1 else None


def _plain(tag: str) -> Marked | None:
    return None if is_outside(tag) else ("I", tag)


#: How tags hold the place in the span and the kind, with an example for notes.
_STYLES = {"B-PER": _before, "PER-B": _behind, "B": _alone, "PER": _plain}


@dataclass(frozen=True)
class Scheme:
    """How the tags of a file write spans.

    Attributes:
        style: a key of `_STYLES`.
        letters: the letters for places in a span that the file has, sorted.
        stray: tags that are of no scheme; they count as outside.
    """

    style: str
    letters: str
    stray: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What people call it."""
        if self.style == "PER":
            return "plain tags"
        own = set(self.letters.upper())
        known = (name for name, letters in NAMES.items() if own <= set(letters))
        return next(known, f"the letters {self.letters}")

    @property
    def is_iob(self) -> bool:
        """Whether it marks beginnings at most: IO, IOB1 or IOB2."""
        return self.style != "PER" and set(self.letters.upper()) <= set("BI")

    @property
    def joins(self) -> bool:
        """Whether it has no beginnings, so that neighbours of one kind are one span."""
        return self.letters.upper() == "I"

    def common(self, tag: str) -> str:
        """The tag as B, I, E or S, a minus sign and the kind; O outside of spans and for tags of no scheme."""
        marked = _STYLES[self.style](tag)
        return OUTSIDE if marked is None else f"{POSITIONS[marked[0].upper()]}-{marked[1]}"

    def to_iob2(self, tags: Sequence[str]) -> tuple[str, ...]:
        """The same spans in IOB2: an `I-` that begins a span becomes a `B-`; tags of IOB2 stay as they are."""
        changed = []
        before = OUTSIDE
        for tag in tags:
            now = self.common(tag)
            begins = now.startswith("I-") and before[2:] != now[2:]
            changed.append(self._begun(tag) if begins else tag)
            before = now
        return tuple(changed)

    def _begun(self, tag: str) -> str:
        """An inner tag as a beginning, in the same style and case."""
        letter = "b" if "i" in self.letters else "B"
        if self.style == "B":
            return letter
        place, _ = _STYLES[self.style](tag) or ("", "")
        return letter + tag[len(place) :] if self.style == "B-PER" else tag[: len(tag) - len(place)] + letter


def recognise(counts: Mapping[str, int]) -> Scheme | None:
    """The scheme by which these tags write spans; None where they write none, or by a scheme that is not known.

    Args:
        counts: how often each tag is there. Tags of no scheme are forgiven where they are rare (`STRAY`). Plain tags
            are taken for spans where more than half of all words have a tag that means outside, such as O.
    """
    fitting = []
    for style in ("B-PER", "PER-B", "B"):
        marked = {tag: _STYLES[style](tag) for tag in counts if not is_outside(tag)}
        stray = tuple(sorted(tag for tag, parts in marked.items() if parts is None))
        letters = {_letter(parts[0]) for parts in marked.values() if parts}
        lost = sum(counts[tag] for tag in stray)
        inside = sum(counts[tag] for tag in marked) - lost
        if inside and lost <= STRAY * inside and (style != "B" or _are_places(letters)):
            fitting.append((lost, Scheme(style, "".join(sorted(letters)), stray)))
    if fitting:
        return min(fitting, key=lambda pair: pair[0])[1]
    if unknown_scheme(counts):
        return None
    total = sum(counts.values())
    outside = sum(count for tag, count in counts.items() if is_outside(tag) and tag.isalnum())
    return Scheme("PER", "I") if total > outside > total / 2 else None


def common_forms(labels: Iterable[str]) -> tuple[str, ...]:
    """Each of these tags in the common form, see `Scheme.common`; empty where they write no spans."""
    labels = tuple(labels)
    scheme = recognise(dict.fromkeys(labels, 1))
    return () if scheme is None else tuple(scheme.common(label) for label in labels)


def is_outside(tag: str) -> bool:
    """Whether a tag stands for a word outside of all spans."""
    return tag.upper() in OUTSIDE_NAMES


def are_iob(tags: Iterable[str]) -> bool:
    """Whether these are the tags of IO, IOB1 or IOB2."""
    scheme = recognise(dict.fromkeys(tags, 1))
    return scheme is not None and scheme.is_iob


def are_spans(tags: Iterable[str]) -> bool:
    """Whether these are the tags of any scheme for spans."""
    return bool(common_forms(tags))


def from_brackets(tags: Sequence[str]) -> tuple[str, ...] | None:
    """A sentence's brackets in IOB2: `(PER* *) * (LOC)` is `B-PER I-PER O B-LOC`.

    None where they are no brackets, or brackets that nest, end before they begin or do not end.
    """
    kind: str | None = None
    changed = []
    for tag in tags:
        match = _BRACKET.fullmatch(tag)
        if match is None or (match["kind"] and kind) or (match["close"] and not (match["kind"] or kind)):
            return None
        changed.append(f"B-{match['kind']}" if match["kind"] else f"I-{kind}" if kind else OUTSIDE)
        kind = None if match["close"] else match["kind"] or kind
    return None if kind else tuple(changed)


def unknown_scheme(counts: Mapping[str, int]) -> str | None:
    """Examples of tags that look like spans and are of no scheme that is known; None where none do."""
    inside = sorted(tag for tag in counts if not is_outside(tag))
    if len(inside) == len(counts):
        return None
    suspects = [tag for tag in inside if (tag.startswith("(") and len(tag) > 1) or _SEVERAL.match(tag)]
    marked = [tag for tag in inside if _before(tag) or _behind(tag)]
    if not suspects and 2 * sum(counts[tag] for tag in marked) >= sum(counts[tag] for tag in inside):
        suspects = [tag for tag in inside if tag not in marked]
    if not suspects and any(is_outside(tag) and tag.isalnum() for tag in counts):
        cores = {_core(tag) for tag in inside}
        suspects = inside if len(cores) < len(inside) else []
    return ", ".join(suspects[:3]) or None


def _core(tag: str) -> str:
    """What is left of a tag without a letter or digit and a sign before or behind it, and without signs around it."""
    match = _CORE.fullmatch(tag)
    return tag if match is None else match[1]


def _letter(place: str) -> str:
    """The letter of a place: itself, or for a word such as BEGIN the letter that is common for it."""
    return place if len(place) == 1 else POSITIONS[place.upper()]


def _are_places(letters: Iterable[str]) -> bool:
    """Whether bare letters are places in spans and no parts of speech of one letter."""
    return {POSITIONS[letter] for letter in letters} > {"B"}
