"""Probes: the claims that lectures make of recurrent networks, made measurable.

    memory       how many sequences a cell needs until it can remember over a given number of steps
    gradients    how much of the last step's gradient arrives at each step before it
    truncation   what truncated back-propagation through time costs and saves
    gates        states and gates over a text, and the answer after each of its prefixes

Each writes tables (.csv, .md) and pictures (.png) into its --out folder. docs/probes has a page for each.
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path
from typing import Any

from experiments.probe import gates, gradients, memory, truncation
from zoo.cli.flags import Parser, add_options, collect, main_guard
from zoo.runtime.platform import configure
from zoo.runtime.rundir import make_folder

PROBES: dict[str, Any] = {
    "memory": memory,
    "gradients": gradients,
    "truncation": truncation,
    "gates": gates,
}
EXAMPLES = """\
examples:
  python -m experiments.probe memory
  python -m experiments.probe gradients --cells vanilla lstm --scales 0.8 1 1.5
  python -m experiments.probe gradients --run runs/mine
  python -m experiments.probe truncation --cell lstm
  python -m experiments.probe gates runs/mine "not a bad film"
"""


def parser() -> Parser:
    """The command's parser."""
    parser = Parser(prog="python -m experiments.probe", description=__doc__, epilog=EXAMPLES)
    parts = parser.add_subparsers(dest="probe", required=True, metavar="PROBE")
    for name, probe in PROBES.items():
        summary = probe.__doc__.partition("\n")[0]
        part = parts.add_parser(name, help=summary, description=probe.__doc__)
        if name == "gates":
            part.add_argument("run", metavar="RUN", help="a finished run of a task that reads text")
            part.add_argument("text", metavar="TEXT", help="one input")
        _common(part, name, hasattr(probe, "FULL"))
        add_options(part, probe.Options, "what is measured")
    return parser


def _common(part: argparse.ArgumentParser, name: str, has_full: bool) -> None:
    part.add_argument(
        "--out", default=f"runs/probes/{name}", metavar="DIR", help=f"folder (default: runs/probes/{name})"
    )
    part.add_argument("--device", default="auto", choices=("auto", "cpu", "gpu"), help="where it runs")
    if has_full:
        part.add_argument("--full", action="store_true", help="the long way: more of everything")


@main_guard
def main(argv: list[str] | None = None) -> None:
    """Parse, measure, write, print."""
    arguments = parser().parse_args(argv)
    probe = PROBES[arguments.probe]
    defaults = probe.FULL if getattr(arguments, "full", False) else {}
    options = collect(arguments, probe.Options, defaults)
    inputs = {"run": arguments.run, "text": arguments.text} if arguments.probe == "gates" else {}
    probe.check(options, **inputs)
    make_folder(Path(arguments.out))
    configure(arguments.device)
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it warns of many models in one process
    print(probe.run(options, Path(arguments.out), **inputs))


if __name__ == "__main__":
    sys.exit(main())
