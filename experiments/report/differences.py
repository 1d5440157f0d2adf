"""Sentences about pairs of cells, each computed from its numbers: who is better, and what cannot be concluded."""

from __future__ import annotations

import math
from collections import Counter

from experiments.report.groups import Group
from experiments.report.metrics import number, share, signed
from experiments.report.sequential import Decision
from experiments.report.statistics import Difference, seeds_needed

#: Scores that differ by less are the same.
SAME = 1e-12
#: So many pairs have a sentence each.
FEW_PAIRS = 15


def of_group(group: Group) -> list[str]:
    """What the seeds say of the pairs: a sentence for each, or, where they are many, for each cell that is better."""
    pairs = group.differences
    if len(pairs) <= FEW_PAIRS or group.rule is not None:
        return [of_pair(group, pair) for pair in pairs]
    losers: dict[str, list[str]] = {}
    for pair in filter(group.is_clear, pairs):
        better, worse = (pair.first, pair.second)[:: 1 if group.first_is_better(pair) else -1]
        losers.setdefault(better, []).append(worse)
    told = [f"{cell} is better than {', '.join(losers[cell])}." for cell in group.compared if cell in losers]
    rest = [pair for pair in pairs if not group.is_clear(pair)]
    if not rest:
        return told
    alone = sum(pair.p < 0.05 for pair in rest)
    nearly = (
        f" The interval alone would tell {alone} of them apart, but {len(pairs)} pairs were tested at once."
        if alone
        else ""
    )
    return [
        *told,
        f"Of {len(rest)} {'other ' if told else ''}pairs nothing can be concluded; the table has their intervals, and "
        f"how many seeds each would take.{nearly}",
    ]


def of_pair(group: Group, pair: Difference) -> str:
    """What the seeds say of a pair of cells."""
    decision = group.decisions.get((pair.first, pair.second))
    if decision is not None:
        return _of_decision(group, decision)
    names = f"{pair.first} and {pair.second}"
    if not pair.seeds:
        return f"Nothing can be said of {names}: they have no seed in common."
    gap = f"{signed(pair.mean)} {group.split} {group.metric}"
    if len(pair.seeds) == 1:
        return f"Nothing can be concluded of {names}: one common seed, on which {pair.first} − {pair.second} = {gap}."
    if pair.deviation == 0:
        if abs(pair.mean) < SAME:
            return f"{names} score the same on each of {len(pair.seeds)} seeds."
        return (
            f"It cannot be tested which of {names} is better: {pair.first} − {pair.second} = {gap} on each of "
            f"{len(pair.seeds)} seeds, and no difference between seeds to judge it by."
        )
    facts = (
        f"{pair.first} − {pair.second} = {gap}, 95 % t interval of this pair {signed(pair.low)} to "
        f"{signed(pair.high)}, {len(pair.seeds)} seeds, corrected p {_equals(pair.corrected)}"
    )
    if pair.clear:
        better = (pair.mean < 0) == group.less_is_better
        return f"{pair.first} is {'better' if better else 'worse'} than {pair.second} ({facts})."
    return f"It cannot be concluded which of {names} is better ({facts}).{_why_not(pair)}{_excluded(group, pair)}"


def _of_decision(group: Group, pair: Decision) -> str:
    """What was decided of a pair, and with how many seeds."""
    facts = (
        f"{pair.first} − {pair.second} = {signed(pair.mean)} {group.split} {group.metric}, interval of the rule "
        f"{signed(pair.low)} to {signed(pair.high)}, {pair.seeds} seeds"
    )
    size = number(group.rule[1]) if group.rule else "–"
    match pair.verdict:
        case "equal":
            return (
                f"Between {pair.first} and {pair.second} there is no difference of {size} or more ({facts})."
            )
        case "open":
            return f"It is not clear which of {pair.first} and {pair.second} is better, if any by {size} ({facts})."
        case "waiting":
            seen = f" ({facts})" if pair.seeds else ""
            return f"{pair.first} and {pair.second} are not decided: scores are missing for {pair.next} seeds{seen}."
    return f"{pair.first} is {pair.verdict} than {pair.second} ({facts})."


def of_rule(group: Group) -> list[str]:
    """By which rule seeds were added; nothing where their number was fixed."""
    if group.rule is None:
        return []
    rule, size = group.rule
    looks = ", ".join(map(str, rule.looks))
    return [
        f"{counted([*group.decisions.values()])}.",
        f"Seeds were added to the pairs that were not clear. After {looks} seeds each of these got "
        "a t interval for its mean difference, and was decided where that lies within the smallest difference that "
        f"matters ({number(size)}) on both sides of zero, or excludes zero. Of the chance of error, 5 %, each of "
        f"{rule.pairs} pairs has an equal part, which its looks share in proportion to their seeds: with at least 95 % "
        "no decision is wrong. The table's intervals and p values are those of a fixed number of seeds; they take no "
        "account of the looks.",
    ]


def counted(decisions: list[Decision]) -> str:
    """How many pairs were decided, and how."""
    counts = Counter(pair.verdict for pair in decisions)
    waiting = f", {counts['waiting']} lack scores" if counts["waiting"] else ""
    return (
        f"Of {len(decisions):,} pairs {counts['better'] + counts['worse']} are told apart, {counts['equal']} have no "
        f"difference that matters, {counts['open']} are not clear with all seeds{waiting}"
    )


def _equals(p: float) -> str:
    text = share(p)
    return text if text.startswith("<") else f"= {text}"


def _why_not(pair: Difference) -> str:
    """Why a difference is not clear, and how many seeds would show it."""
    if math.isfinite(pair.corrected) and pair.corrected < 0.05:
        return " The test and the bootstrap interval do not agree."
    if pair.p < 0.05:
        return f" The interval alone would tell them apart, but {pair.comparisons} pairs were tested at once."
    needed = seeds_needed(pair.mean, pair.deviation, pair.comparisons)
    if pair.mean == 0:
        return " Their differences cancel out over the seeds."
    if needed is None:
        return " More than 10,000 seeds would be needed to show a true difference of this size."
    return (
        f" If the true difference is of this size, about {needed:,} seeds would show it four times in five."
    )


def _excluded(group: Group, pair: Difference) -> str:
    """What the interval excludes, where there is one: how much better either could be at most."""
    if not math.isfinite(pair.low):
        return ""
    gain, loss = (-pair.low, pair.high) if group.less_is_better else (pair.high, -pair.low)
    bounds = [
        f"{winner} better than {loser} by more than {number(most)}"
        for winner, loser, most in ((pair.first, pair.second, gain), (pair.second, pair.first, loss))
        if most > 0
    ]
    return f" Unlikely by the interval: {', and '.join(bounds)}." if bounds else ""
