"""Random and damaged inputs by the thousand: is every one of them read, or refused in one line?

    loaders   files of every format, damaged, for all that reads users' files
    serving   texts, numbers and shapes of every kind, for the served functions of small models of every task

What is answered otherwise (a traceback, no answer for 10 seconds, rows that vanish without a word) is kept in --out,
and tried again with the same --seed and --only.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from experiments.fuzz.workers import Answer, Try, try_all
from zoo.cli.flags import Parser, main_guard, number
from zoo.runtime.cores import cores
from zoo.runtime.rundir import make_folder

EXAMPLES = """\
examples:
  python -m experiments.fuzz loaders --count 20000 --seed 0     (a minute and a half on two cores)
  python -m experiments.fuzz serving --count 2000 --seed 0      (three minutes on two cores)
  python -m experiments.fuzz loaders --seed 0 --only 1234
"""
SHOWN = 20  # wrong answers that are printed


def parser() -> Parser:
    """The command's parser."""
    parser = Parser(prog="python -m experiments.fuzz", description=__doc__, epilog=EXAMPLES)
    parser.add_argument("what", choices=("loaders", "serving"), help="what is tried")
    parser.add_argument("--count", type=number(int), default=1000, metavar="N", help="inputs (default: 1000)")
    parser.add_argument("--seed", type=number(int), default=0, metavar="N", help="other inputs (default: 0)")
    parser.add_argument("--only", type=number(int), metavar="N", help="try this input alone")
    parser.add_argument(
        "--workers", type=number(int), default=cores(), metavar="N", help="processes (default: one a core)"
    )
    parser.add_argument(
        "--out", default="runs/fuzz", metavar="DIR", help="where inputs are kept (default: runs/fuzz)"
    )
    return parser


@main_guard
def main(argv: list[str] | None = None) -> int:
    """Parse, try, report."""
    arguments = parser().parse_args(argv)
    numbers = range(arguments.count) if arguments.only is None else range(arguments.only, arguments.only + 1)
    out = Path(arguments.out)
    make_folder(out)
    answers = try_all(numbers, _prepare(arguments.what, arguments.seed, out), max(1, arguments.workers))
    print(report(answers, out))
    return 1 if any(answer.is_fault for answer in answers) else 0


def _prepare(what: str, seed: int, out: Path) -> Callable[[], Try]:
    if what == "loaders":
        from experiments.fuzz.loaders import Attempt

        return Attempt(seed, out)
    from experiments.fuzz.serving import Attempt as Serve

    return Serve(seed, out)


def report(answers: list[Answer], out: Path) -> str:
    """How many inputs of each kind were answered how, and the answers that no user should get."""
    counts = Counter((answer.kind, answer.answer) for answer in answers)
    ways = sorted({answer.answer for answer in answers})
    kinds = sorted({answer.kind for answer in answers})
    width = max(map(len, [*kinds, "all"]), default=3)
    lines = [f"{'':<{width}} " + " ".join(f"{way:>8}" for way in ways)]
    lines += [f"{kind:<{width}} " + " ".join(f"{counts[kind, way]:>8,}" for way in ways) for kind in kinds]
    total = Counter(answer.answer for answer in answers)
    lines.append(f"{'all':<{width}} " + " ".join(f"{total[way]:>8,}" for way in ways))
    wrong = [answer for answer in answers if answer.is_fault]
    lines += [f"{a.number}: {a.kind}: {a.answer}: {a.details[:300]}" for a in wrong[:SHOWN]]
    lines.append(f"{len(wrong):,} of {len(answers):,} inputs were answered wrongly")
    if wrong:
        lines.append(f"they are in {out}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
