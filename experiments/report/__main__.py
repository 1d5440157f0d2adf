"""Finished runs as one report: tables with intervals, differences, costs, learning curves, and conclusions."""

from __future__ import annotations

import sys
from pathlib import Path

from datasets.errors import UserError
from zoo.cli.flags import Parser, main_guard, number

EXAMPLES = """\
examples:
  python -m experiments.report runs/embedded
  python -m experiments.report runs --out reports/all --difference 0.01
  python -m experiments.report runs/mine --beside experiments/results/cells
"""
#: What a comparison or a folder of run directories holds.
SIGNS = ("grid.json", "*/config.json", "runs/*/config.json")


def parser() -> Parser:
    """The command's parser."""
    parser = Parser(prog="python -m experiments.report", description=__doc__, epilog=EXAMPLES)
    parser.add_argument("folder", metavar="DIR", help="of a comparison, or any folder of run directories")
    parser.add_argument("--out", metavar="DIR", help="where to (default: into DIR)")
    parser.add_argument("--title", help="of the report")
    parser.add_argument(
        "--beside",
        nargs="+",
        default=(),
        metavar="REPORT",
        help="folders of earlier reports (their results.parquet) whose runs stand beside, without being run again",
    )
    parser.add_argument(
        "--pictures",
        type=number(int),
        default=20,
        metavar="N",
        help="groups of runs that get pictures (default: 20)",
    )
    parser.add_argument(
        "--difference",
        type=number(float),
        metavar="X",
        help="say how many seeds a difference of this size needs (default: 1 %% of the mean)",
    )
    return parser


def _refuse_no_runs(folder: Path) -> None:
    """Write no report into a folder that has nothing to do with runs."""
    if folder.is_dir() and not any(any(folder.glob(sign)) for sign in SIGNS):
        raise UserError(f"{folder} is not a folder of runs: none is in it, nor in {folder / 'runs'}")


@main_guard
def main(argv: list[str] | None = None) -> None:
    """Parse, read, write."""
    arguments = parser().parse_args(argv)
    if arguments.difference is not None and not arguments.difference > 0:
        raise UserError(f"--difference {arguments.difference}: must be above 0")
    _refuse_no_runs(Path(arguments.folder))
    from experiments.report.writing import write

    print(
        write(
            arguments.folder,
            arguments.out or arguments.folder,
            title=arguments.title,
            most_pictures=arguments.pictures,
            size=arguments.difference,
            beside=arguments.beside,
        )
    )


if __name__ == "__main__":
    sys.exit(main())
