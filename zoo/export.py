"""Write a trained model as a SavedModel that takes raw input and needs nothing of this repository."""

from __future__ import annotations

import sys
from pathlib import Path

from zoo.cli.flags import Parser, add_options, collect, main_guard
from zoo.config_file import OwnModel, read_config
from zoo.runtime.platform import configure
from zoo.runtime.rundir import RunDirectory
from zoo.tasks.base import load_task

EXAMPLES = """\
examples:
  python -m zoo.export runs/mine --to served/mine
"""


def parser() -> Parser:
    """The command's parser."""
    parser = Parser(prog="python -m zoo.export", description=__doc__, epilog=EXAMPLES)
    parser.add_argument("run", metavar="RUN", help="a run directory")
    parser.add_argument("--to", metavar="DIR", help="where to (default: RUN/export)")
    add_options(parser, OwnModel, "a task and a cell of your own")
    return parser


@main_guard
def main(argv: list[str] | None = None) -> None:
    """Parse, call, print."""
    arguments = parser().parse_args(argv)
    directory = RunDirectory.open(Path(arguments.run))
    own = collect(arguments, OwnModel)
    task = load_task(read_config(directory, own).task)
    directory.require_model()
    folder = Path(arguments.to) if arguments.to else directory.export_path
    configure()
    from zoo import serving
    from zoo.stored_run import fitting_together, load_run

    learned, model = load_run(directory.path, own)
    with fitting_together(directory.path):
        server = task.serve(model, learned)
    serving.save(server, folder)
    print(f"{folder}: signatures {', '.join(server.functions)}")


if __name__ == "__main__":
    sys.exit(main())
