"""Probes: the claims that lectures make of recurrent networks, made measurable.

Each probe writes tables (.csv, .md) and pictures (.png) into its --out folder. docs/probes has a page for each.
"""

from __future__ import annotations

import dataclasses
import logging
import sys
from pathlib import Path

from datasets import plugins
from experiments.probe.base import Probe
from zoo.cli.flags import Parser, add_options, collect, main_guard
from zoo.runtime.platform import configure
from zoo.runtime.rundir import make_folder

PROBES = "experiments.probe"
EXAMPLES = """\
examples:
  python -m experiments.probe memory
  python -m experiments.probe gradients --cells vanilla lstm --scales 0.8 1 1.5
  python -m experiments.probe gradients --run runs/mine
  python -m experiments.probe truncation --cell lstm
  python -m experiments.probe gates runs/mine "not a bad film"
  python -m experiments.probe importance runs/weather
"""


def load(name: str) -> Probe:
    """A probe by the name of its module."""
    return plugins.load(PROBES, name, "PROBE", Probe)


def parser() -> Parser:
    """The command's parser."""
    parser = Parser(prog="python -m experiments.probe", description=__doc__, epilog=EXAMPLES)
    commands = parser.add_subparsers(dest="probe", required=True, metavar="PROBE")
    for name in plugins.names(PROBES, "PROBE"):
        probe = load(name)
        description = sys.modules[f"{PROBES}.{name}"].__doc__ or ""
        command = commands.add_parser(name, help=description.partition("\n")[0], description=description)
        helps = {field.name: field.metadata["help"] for field in dataclasses.fields(probe.options)}
        for option, metavar in probe.positional.items():
            command.add_argument(option, metavar=metavar, help=helps[option])
        folder = f"runs/probes/{name}"
        command.add_argument("--out", default=folder, metavar="DIR", help=f"folder (default: {folder})")
        command.add_argument(
            "--device", default="auto", choices=("auto", "cpu", "gpu"), help="where it runs (default: auto)"
        )
        if probe.full:
            command.add_argument("--full", action="store_true", help="the long way: more of everything")
        add_options(command, probe.options, "what is measured")
    return parser


@main_guard
def main(argv: list[str] | None = None) -> None:
    """Parse, measure, write, print."""
    arguments = parser().parse_args(argv)
    probe = load(arguments.probe)
    defaults = probe.full if getattr(arguments, "full", False) else {}
    options = collect(arguments, probe.options, defaults)
    probe.check(options)
    make_folder(Path(arguments.out))
    configure(arguments.device)
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it warns of many models in one process
    print(probe.run(options, Path(arguments.out)))


if __name__ == "__main__":
    sys.exit(main())
