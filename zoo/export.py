"""Write a trained model as a SavedModel that takes raw input and needs nothing of this repository."""

from __future__ import annotations

import sys
from pathlib import Path

from zoo.flags import Parser, main_guard

EXAMPLES = """\
examples:
  python -m zoo.export runs/mine --to served/mine
"""


def parser() -> Parser:
    """The command's parser."""
    parser = Parser(prog="python -m zoo.export", description=__doc__, epilog=EXAMPLES)
    parser.add_argument("run", metavar="RUN", help="a run directory")
    parser.add_argument("--to", metavar="DIR", help="where to (default: RUN/export)")
    return parser


@main_guard
def main(argv: list[str] | None = None) -> None:
    """Parse, call, print."""
    arguments = parser().parse_args(argv)
    from zoo.rundir import RunDirectory

    directory = RunDirectory.open(Path(arguments.run))
    folder = Path(arguments.to) if arguments.to else directory.export_path
    from zoo.platform import configure

    configure()
    from zoo import serving
    from zoo.pipeline import load_run

    _, task, prepared, model = load_run(directory.path)
    server = task.serve(model, prepared)
    serving.save(server, folder)
    print(f"{folder}: signatures {', '.join(server.functions)}")


if __name__ == "__main__":
    sys.exit(main())
