"""Make one run of several that differ in their seed alone: its outputs are the mean of theirs (an ensemble)."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import datasets
from datasets.errors import UserError
from zoo.cli.flags import Parser, add_options, collect, main_guard
from zoo.config import RunConfig
from zoo.config_file import OwnCode, read_config, to_dict
from zoo.runtime.platform import configure
from zoo.runtime.rundir import RunDirectory
from zoo.tasks.base import load_task

EXAMPLES = """\
examples:
  for seed in 0 1 2; do python -m zoo.run sentiment --seed $seed --out runs/s$seed; done
  python -m zoo.ensemble runs/s0 runs/s1 runs/s2 --out runs/all
  python -m zoo.predict runs/all "not a good film"
"""
#: Of `TrainingOptions`: what may differ between the runs of an ensemble.
FREE = ("seed", "device", "mirrored", "tensorboard", "checkpoint_seconds", "start_from")


def parser() -> Parser:
    """The command's parser."""
    parser = Parser(prog="python -m zoo.ensemble", description=__doc__, epilog=EXAMPLES)
    parser.add_argument("runs", metavar="RUN", nargs="+", help="run directories")
    parser.add_argument("--out", metavar="DIR", required=True, help="the run directory of the ensemble")
    add_options(parser, OwnCode, "a task, a cell and data of your own")
    return parser


@main_guard
def main(argv: list[str] | None = None) -> None:
    """Parse, call, print."""
    arguments = parser().parse_args(argv)
    own = collect(arguments, OwnCode)
    members = [RunDirectory.open(Path(run)) for run in arguments.runs]
    config = config_of(members, own)
    for member in members:
        member.require_model()
    task = load_task(config.task)
    directory = RunDirectory.create(arguments.out)
    with directory.lock():
        dataset = datasets.load(config.dataset, task.fields, config.data)
        configure(config.training.device)
        from zoo import pipeline

        table = pipeline.ensemble(directory, config, dataset, members, own)
        directory.save_config({"config": to_dict(config)})
    print(table)


def config_of(members: Sequence[RunDirectory], own: OwnCode) -> RunConfig:
    """The configuration of an ensemble: that of its first run.

    Raises:
        UserError: there are fewer than two runs, one is given twice, their task cannot, or they differ in more than
            their seed.
    """
    paths = [member.path.resolve() for member in members]
    if len(set(paths)) < max(2, len(paths)):
        raise UserError("an ensemble needs two runs or more, each of them once")
    first, *others = configs = [read_config(member, own) for member in members]
    if not load_task(first.task).outputs_can_be_averaged:
        raise UserError(f"{members[0].path}: answers of {first.task} cannot be averaged")
    for member, config in zip(members[1:], others, strict=True):
        if different := _difference(first, config):
            raise UserError(
                f"{member.path} has another {different} than {members[0].path}; runs of an ensemble differ in --seed"
            )
    if any(config.training.members > 1 for config in configs):
        raise UserError("one of the runs is an ensemble itself; give the runs that it was made of")
    return replace(first, training=replace(first.training, members=len(members), start_from=()), export=False)


def _difference(one: RunConfig, other: RunConfig) -> str | None:
    """What two configurations differ in, but for `FREE`; None for nothing."""
    flat = [_flat(config) for config in (one, other)]
    return next((name for name in flat[0] | flat[1] if flat[0].get(name) != flat[1].get(name)), None)


def _flat(config: RunConfig) -> dict[str, object]:
    values: dict[str, object] = {}
    for name, value in to_dict(config).items():
        values |= value if isinstance(value, dict) else {name: value}
    return {name: value for name, value in values.items() if name not in (*FREE, "export")}


if __name__ == "__main__":
    sys.exit(main())
