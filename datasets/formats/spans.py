"""Schemes that write spans as one tag a word: `B-PER I-PER O`.

A tag says where in its span a word stands, and of which kind the span is. Schemes differ in the letters for the first
(`POSITIONS`), in where the letter stands (`B-PER`, `PER_B`, `B` where there is one kind), in the sign between
letter and kind (`SIGNS`, or none: `BPER`) and in what they leave out:

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

#: What may stand between the letter and the kind: signs of ASCII, and all that look like a minus sign.
SIGNS = "-_:/.\u2010\u2011\u2012\u2013\u2014\u2212\uff0d"

#: A letter, a sign and a kind, but not several tags in one, such as `B-PER|B-LOC`.
_BEFORE = re.compile(rf"([A-Za-z]+)([{SIGNS}])((?!.*\|[A-Za-z]+[{SIGNS}]).+)", re.DOTALL)
_SEVERAL = re.compile(rf"[A-Za-z]+[{SIGNS}][^|]+\|[A-Za-z]+[{SIGNS}]")
_BEHIND = re.compile(rf"(.+)([{SIGNS}])([A-Za-z]+)", re.DOTALL)
_OUTSIDE_TWICE = re.compile(rf"[Oo][{SIGNS}][Oo]")
_BRACKET = re.compile(r"(?:\((?P<kind>[^()*|]+))?[*O_-]?(?P<close>[^()*|]*\))?", re.DOTALL)

_CORE = re.compile(r"\W*(?:\w[\W_])?(.+?)(?:[\W_]\w)?\W*", re.DOTALL)

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


def _joined(tag: str) -> Marked | None:
    return (tag[0], tag[1:]) if tag[:1] in POSITIONS and tag[1:2].isalnum() else None


def _plain(tag: str) -> Marked | None:
    return None if is_outside(tag) else ("I", tag)


#: How tags hold the place in the span and the kind, with an example for notes.
_STYLES = {"B-PER": _before, "PER-B": _behind, "B": _alone, "BPER": _joined, "PER": _plain}


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
        return letter + tag[len(place) :] if self.style != "PER-B" else tag[: len(tag) - len(place)] + letter


def recognise(counts: Mapping[str, int]) -> Scheme | None:
    """The scheme by which these tags write spans; None where they write none, or by a scheme that is not known.

    Args:
        counts: how often each tag is there. Tags of no scheme are forgiven where they are rare (`STRAY`). Plain tags
            are taken for spans where more than half of all words have a tag that means outside, such as O. A letter and
            a kind without a sign (`BPER`) are taken for that where all tags say so, see `_are_joined`.
    """
    fitting = []
    for style in ("B-PER", "PER-B", "B", "BPER"):
        marked = {tag: _STYLES[style](tag) for tag in counts if not is_outside(tag)}
        stray = tuple(sorted(tag for tag, parts in marked.items() if parts is None))
        letters = {_letter(parts[0]) for parts in marked.values() if parts}
        lost = sum(counts[tag] for tag in stray)
        inside = sum(counts[tag] for tag in marked) - lost
        sure = (style != "B" or _are_places(letters)) and (style != "BPER" or _are_joined(marked.values()))
        if inside and lost <= STRAY * inside and sure:
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
    return tag.upper() in OUTSIDE_NAMES or _OUTSIDE_TWICE.fullmatch(tag) is not None


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
        return ", ".join(_suspects_without_outside(inside)[:3]) or None
    suspects = [tag for tag in inside if (tag.startswith("(") and len(tag) > 1) or _SEVERAL.match(tag)]
    marked = [tag for tag in inside if _before(tag) or _behind(tag)]
    if not suspects and 2 * sum(counts[tag] for tag in marked) >= sum(counts[tag] for tag in inside):
        suspects = [tag for tag in inside if tag not in marked]
    if not suspects and any(is_outside(tag) and tag.isalnum() for tag in counts):
        cores = {_core(tag) for tag in inside}
        suspects = inside if len(cores) < len(inside) else []
    return ", ".join(suspects[:3]) or None


def _suspects_without_outside(tags: Sequence[str]) -> list[str]:
    """Where most tags differ from another in a letter for the place alone (`B~PER I~PER`): the others, or all."""
    letters: dict[str, set[str]] = {}
    for tag in tags:
        letters.setdefault(tag[1:], set()).add(tag[:1])
    in_schemes = {rest for rest, own in letters.items() if rest and {"B"} < own <= set(POSITIONS)}
    in_pairs = [tag for tag in tags if tag[1:] in in_schemes]
    if 2 * len(in_pairs) <= len(tags):
        return []
    return [tag for tag in tags if tag not in in_pairs] or in_pairs


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


def _are_joined(marked: Iterable[Marked | None]) -> bool:
    """Whether all tags are a letter and a kind without a sign between (`BPER IPER`): the letters are those of a scheme
    with beginnings, each kind that has an inner word or an end also has a beginning, and some kind has both."""
    letters: dict[str, set[str]] = {}
    for parts in marked:
        if parts is None:
            return False
        letters.setdefault(parts[1], set()).add(parts[0])
    own = set().union(*letters.values())
    begun = all("B" in of_kind or of_kind <= set("SUW") for of_kind in letters.values())
    is_known = any(own <= set(known) for known in NAMES.values() if "B" in known)
    return begun and is_known and any(of_kind > {"B"} for of_kind in letters.values())
