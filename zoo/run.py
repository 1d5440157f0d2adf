"""Train a model on a data set, score it beside baselines, and leave a run directory."""

from __future__ import annotations

import argparse
import dataclasses
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import datasets
from datasets import plugins, sources
from datasets.errors import UserError
from datasets.options import names
from zoo.cli import cells
from zoo.cli.flags import Parser, add_options, add_own_options, collect, frozen, given, main_guard
from zoo.config import RecurrentOptions, RunConfig, TrainedBaselines, TrainingOptions
from zoo.config_file import OwnCode, own_flags, read_config, to_dict
from zoo.runtime.platform import configure
from zoo.runtime.progress import log
from zoo.runtime.rundir import RunDirectory, default_path, make_folder, remove
from zoo.runtime.signals import Stopped, stop_at_once
from zoo.start.defaults import defaults_from, own_code
from zoo.tasks.base import check_task, load_task, task_names

EXAMPLES = """\
examples:
  python -m zoo.run {task} --cell gru
  python -m zoo.run {task} --cell lstm --layers 2 --bidirectional --export
  python -m zoo.run {task} --dataset my_data.csv --out runs/mine
  python -m zoo.run --resume runs/mine
"""
#: Flags that are no options of a run; see `Beside`.
BESIDE = ("shared_baselines", "no_trained_baselines", "dev_only")
OWN_TASK = "package.module:NAME  one of your own"
DATA_HELP = (
    "microworld (the default), a path, a tensorflow-datasets name, or package.module:NAME for one of your own"
)


def general_parser() -> Parser:
    """The command without a task: `--help` lists the tasks, `--resume` needs none."""
    tasks = task_names()
    listed = "\n".join(f"  {name:<16}{load_task(name).summary}" for name in tasks)
    parser = Parser(
        prog="python -m zoo.run",
        usage="python -m zoo.run TASK [options]",
        description=f"{__doc__}\n\ntasks (TASK --help tells the options):\n{listed}\n  {OWN_TASK}",
        epilog=EXAMPLES.format(task=tasks[0]),
        argument_default=argparse.SUPPRESS,
    )
    _add_resume(parser)
    add_options(parser, OwnCode, "code of your own that --resume imports")
    _add_beside(parser)
    return parser


def _add_resume(parser: Parser) -> None:
    add = parser.add_argument
    add("--resume", metavar="DIR", help="go on with a run that was stopped; takes its options from there")
    add("--data", metavar="PATH", help="with --resume: where the same data are now")


def _add_beside(parser: Parser) -> None:
    """Flags that are no options of the run: another start of it may do without, or with others."""
    parser.add_argument(
        "--dev-only",
        action="store_true",
        help="leave the test split unread, as a search over options must; --resume then needs the flag as well",
    )
    parser.add_argument(
        "--shared-baselines",
        metavar="DIR",
        help="trained baselines are looked up in this folder and kept there, for runs of other cells",
    )
    parser.add_argument(
        "--no-trained-baselines",
        action="store_true",
        help="leave out the order-agnostic models beside the model, whose training takes about as long as its own",
    )
    # The flag's name in version 0.1.
    parser.add_argument("--shared-rows", dest="shared_baselines", metavar="DIR", help=argparse.SUPPRESS)


@dataclass(frozen=True)
class Beside:
    """What is no option of a run, but of this start of it.

    Attributes:
        baselines: which are trained, and where they are kept.
        dev_only: whether the test split stays unread.
    """

    baselines: TrainedBaselines
    dev_only: bool


def _start_of(arguments: argparse.Namespace) -> Beside:
    """The folder is made before a long training, not after it."""
    shared = Path(arguments.shared_baselines) if "shared_baselines" in arguments else None
    if shared is not None:
        make_folder(shared, "--shared-baselines")
    return Beside(
        TrainedBaselines(shared, left_out="no_trained_baselines" in arguments), "dev_only" in arguments
    )


def task_parser(name: str, dataset: str | None = None) -> Parser:
    """The command with a task: its options, and those of every source of its data.

    Args:
        name: of the task.
        dataset: what `--dataset` will be; the options of a data set of the user's own are known only by its name.
    """
    task = load_task(name)
    parser = Parser(
        prog=f"python -m zoo.run {name}",
        usage=f"python -m zoo.run {name} [options]",
        description=f"{name}: {task.summary}",
        epilog=EXAMPLES.format(task=name),
        argument_default=argparse.SUPPRESS,
    )
    add = parser.add_argument
    add("--dataset", metavar="DATA", help=DATA_HELP)
    add("--out", metavar="DIR", help="the run directory (default: a new one under runs/)")
    add("--export", action="store_true", help="also write a SavedModel to DIR/export")
    _add_resume(parser)
    _add_beside(parser)
    add_options(parser, RecurrentOptions, "the recurrent layers", task.defaults_of(RecurrentOptions))
    add_options(parser, TrainingOptions, "training", task.defaults_of(TrainingOptions))
    add_own_options(parser, task.options_type, f"the task {name}", name)
    for source, what, options in datasets.option_groups(task.fields, dataset):
        add_own_options(parser, options, f"data from {source}: {what}", source)
    return parser


def _dataset_of(argv: list[str]) -> str | None:
    """What `--dataset` says on a command line."""
    parser = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    parser.add_argument("--dataset")
    known, _ = parser.parse_known_args(argv)
    return getattr(known, "dataset", None)


def config_of(name: str, arguments: argparse.Namespace) -> RunConfig:
    """The configuration that the flags of `task_parser` describe."""
    task = load_task(name)
    dataset = getattr(arguments, "dataset", "microworld")
    own = own_code(name, cells.named(getattr(arguments, "cell", ""))[0])
    started = defaults_from(getattr(arguments, "start_from", ()), task, own)
    of_data = [given(arguments, options) for _, _, options in datasets.option_groups(task.fields, dataset)]
    return RunConfig(
        task=name,
        dataset=dataset,
        data={option: frozen(getattr(arguments, option)) for option in sorted(set().union(*of_data))},
        recurrent=collect(
            arguments, RecurrentOptions, {**task.defaults_of(RecurrentOptions), **started.recurrent}
        ),
        training=collect(arguments, TrainingOptions, task.defaults_of(TrainingOptions)),
        options=collect(arguments, task.options_type, started.options),
        export=getattr(arguments, "export", False),
    )


@main_guard
def main(argv: list[str] | None = None) -> None:
    """Parse, call, print."""
    argv = sys.argv[1:] if argv is None else argv
    name = argv[0] if argv and not argv[0].startswith("-") else None
    if name is None:
        arguments, others = general_parser().parse_known_args(argv)
    else:
        others = []
        check_task(name)
        arguments = task_parser(name, _dataset_of(argv[1:])).parse_args(argv[1:])
    beside = _start_of(arguments)
    if "resume" in arguments:
        if others or vars(arguments).keys() - {*BESIDE, "resume", "data", *names(OwnCode)}:
            raise UserError(
                "--resume takes every option from the run directory; give no other but --data, "
                "--shared-baselines, --no-trained-baselines, --dev-only, and names of code of your own"
            )
        own = collect(arguments, OwnCode, {} if name is None else {"task": name})
        print(_resume(Path(arguments.resume), own, getattr(arguments, "data", None), beside))
    elif "data" in arguments:
        raise UserError("--data says where the data of --resume are; a new run is told with --dataset")
    elif name is None:
        raise UserError(f"which task? one of: {', '.join(task_names())} (see --help)")
    else:
        config = config_of(name, arguments)
        plugins.check("zoo.cells", config.recurrent.cell, "CELL")
        print(_start(config, getattr(arguments, "out", None), beside))


def _start(config: RunConfig, out: str | None, beside: Beside) -> str:
    path = out or default_path(config.task, config.recurrent.cell, config.dataset, config.training.seed)
    is_new = not Path(path).exists()
    directory = RunDirectory.create(path)
    with directory.lock(), _stoppable(directory, beside):
        directory.save_config({"config": to_dict(config)})
        try:
            return _run(config, directory, beside)
        except UserError as problem:
            if problem.exit_code == 2:
                _forget(directory, is_new)
            raise


def _forget(directory: RunDirectory, is_new: bool) -> None:
    """Remove what a run that never began has left, so that the corrected command can have the same --out."""
    if directory.checkpoint_path.exists():
        if any(directory.checkpoint_path.iterdir()):
            return  # it began
        directory.checkpoint_path.rmdir()
    remove(directory.language_model_path)
    # The configuration goes last: as long as there is anything else, `--resume` finds a run.
    for path in (
        directory.prepared_path,
        directory.start_path,
        directory.data_path,
        directory.config_path,
        directory.lock_path,
    ):
        path.unlink(missing_ok=True)
    if is_new:
        directory.path.rmdir()


def _resume(folder: Path, own: OwnCode, data: str | None, beside: Beside) -> str:
    directory = RunDirectory.open(folder)
    with directory.lock(), _stoppable(directory, beside):
        config = read_config(directory, own)
        if data is None:
            with _sent_to_data_flag(config.dataset):
                return _run(config, directory, beside)
        _require_digest(directory, data)
        return _run(moved(config, data), directory, beside)


@contextmanager
def _sent_to_data_flag(dataset: str) -> Iterator[None]:
    """Where the data are gone, the error says how to tell their new place."""
    try:
        yield
    except UserError as problem:
        is_path = not sources.is_own(dataset) and dataset not in sources.data_sets()
        if problem.exit_code == 2 and is_path and not Path(dataset).expanduser().exists():
            raise UserError(f"{problem}; where they are now is said with --data PATH") from None
        raise


def _require_digest(directory: RunDirectory, data: str) -> None:
    """Refuse other data for a run that has begun, where nothing tells whether they are the same; raises UserError."""
    if directory.state_path.exists() and not directory.data_path.exists():
        raise UserError(
            f"--data {data} cannot be proven to be the same data, for {directory.data_path} is missing; put the data "
            "where they were and leave out --data, or start the run again"
        )


def moved(config: RunConfig, data: str) -> RunConfig:
    """The configuration of a run whose data lie elsewhere now, with the files beside them that its options name."""
    options = {name: _beside(value, config.dataset, data) for name, value in config.data.items()}
    return dataclasses.replace(config, dataset=data, data=options)


def _beside(value: object, before: str, now: str) -> object:
    """Where a file is that an option names, after the data have moved from one path to another."""
    if not isinstance(value, str) or Path(value).exists():
        return value
    old, new = Path(before).absolute(), Path(now).absolute()
    for old_folder, new_folder in ((old, new), (old.parent, new.parent)):
        path = Path(value).absolute()
        if path.is_relative_to(old_folder) and (new_folder / path.relative_to(old_folder)).exists():
            return str(new_folder / path.relative_to(old_folder))
    return value


def _run(config: RunConfig, directory: RunDirectory, beside: Beside) -> str:
    """The data are loaded first: what is wrong with them is told before TensorFlow is waited for.

    A cell of the user's own is tried before, for its module imports Keras anyway.
    """
    if directory.metrics_path.exists():
        return _finished(directory)
    task = load_task(config.task)
    if plugins.is_own(config.recurrent.cell):
        configure(config.training.device)
        from zoo import pipeline

        pipeline.check_cell(config)
    dataset = datasets.load(config.dataset, task.fields, config.data)
    if beside.dev_only:
        dataset = dataclasses.replace(dataset, test=None)
    configure(config.training.device)
    from zoo import pipeline

    return pipeline.run(directory, config, dataset, beside.baselines)


@contextmanager
def _stoppable(directory: RunDirectory, beside: Beside) -> Iterator[None]:
    """After a signal it is told how to go on."""
    try:
        with stop_at_once():
            yield
    except Stopped as stop:
        if directory.config_path.exists():
            own = own_flags(directory.load_config()["config"])
            flags = {"--no-trained-baselines": beside.baselines.left_out, "--dev-only": beside.dev_only}
            again = [name for name, is_given in flags.items() if is_given]
            resume = shlex.join(["python", "-m", "zoo.run", "--resume", str(directory.path), *own, *again])
            stop.args = (f"{stop}; go on with: {resume}",)
        raise


def _finished(directory: RunDirectory) -> str:
    from zoo.runtime.results import read_results, result_table

    results = read_results(directory.metrics_path)
    log(f"{directory.path} is finished")
    return result_table(results, directory.path)


if __name__ == "__main__":
    sys.exit(main())
