"""Answers of a trained model to raw inputs: texts on the command line, or a file of them."""

from __future__ import annotations

import argparse
import codecs
import csv
import dataclasses
import json
import math
import re
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasets.errors import UserError
from datasets.formats.lines import check_encoding, is_utf8
from datasets.formats.tables import DELIMITERS, Format
from datasets.input_kinds.base import IMAGE_COLUMN, InputKind
from datasets.plugins import is_own
from zoo.cli.flags import Parser, add_options, add_own_options, collect, given, main_guard
from zoo.config_file import OwnModel, read_config
from zoo.runtime.platform import configure
from zoo.runtime.progress import log
from zoo.runtime.rundir import RunDirectory, read_json, write_atomically
from zoo.tasks.base import AnyTask, Row, load_task, task_names

if TYPE_CHECKING:
    import pandas as pd

    from zoo.config import RunConfig

EXAMPLES = """\
examples:
  python -m zoo.predict runs/mine "a fine film" "not a good film"
  python -m zoo.predict runs/mine --file reviews.csv --out answers.csv
  python -m zoo.predict runs/mine "Once" --length 400 --temperature 0.7
"""
FORMATS = (".csv", ".tsv", ".jsonl")
#: What a file may be where its name does not tell.
KINDS = ("text", "columns", "conllu", "json")


def parser(own_task: str | None = None) -> Parser:
    """The command's parser.

    Args:
        own_task: a task of the user's own, `package.module:NAME`, whose options of answers are flags too.
    """
    parser = Parser(prog="python -m zoo.predict", description=__doc__, epilog=EXAMPLES)
    parser.add_argument("run", metavar="RUN", help="a run directory")
    parser.add_argument(
        "inputs",
        nargs="*",
        metavar="INPUT",
        help="raw inputs, one answer each; where one begins with a minus sign, write -- before the first",
    )
    parser.add_argument(
        "--file",
        metavar="FILE",
        help="read the inputs from a file of any kind that training reads (.gz too), but of sounds and movies one or a "
        "folder of them, no table; what was said of the training data, such as its columns, counts unless it is "
        "said anew",
    )
    parser.add_argument(
        "--format",
        choices=("auto", *KINDS),
        help="what the file is: a text a line, or words with or without tags (default: by its name and content)",
    )
    parser.add_argument(
        "--column",
        "--text-column",
        metavar="NAME",
        help="the file's column: its name, or its position from 0 (default: as in training, or by its usual names)",
    )
    parser.add_argument(
        IMAGE_COLUMN, metavar="NAME", help="the column of the images, where there are questions about them"
    )
    parser.add_argument(
        "--header",
        choices=("yes", "no"),
        help="whether the first row names the columns (default: as in training)",
    )
    parser.add_argument(
        "--delimiter",
        choices=("auto", *DELIMITERS),
        help="what separates the columns; auto goes by the file's name (default: as in training)",
    )
    parser.add_argument("--encoding", help="of the file, such as cp949 (default: as in training, utf-8)")
    parser.add_argument("--out", metavar="FILE", help=f"write the answers to a file ({', '.join(FORMATS)})")
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "gpu"), help="where it runs")
    add_options(parser, OwnModel, "a task and a cell of your own")
    for name, options in _answer_options(own_task).items():
        add_own_options(parser, options, f"answers of {name}", name)
    return parser


def _answer_options(own_task: str | None) -> dict[str, type]:
    """The options of answers, by the name of each task that has any."""
    tasks = [*task_names(), *([] if own_task is None else [own_task])]
    every = {name: load_task(name).answer_options for name in tasks}
    return {name: options for name, options in every.items() if dataclasses.fields(options)}


def _chosen(arguments: argparse.Namespace, task: AnyTask, name: str) -> object:
    """The options of the task's answers; options of other tasks are refused."""
    allowed = given(arguments, task.answer_options)
    every = _answer_options(name if is_own(name) else None)
    for option in sorted(
        {option for options in every.values() for option in given(arguments, options)} - allowed
    ):
        owners = " and ".join(
            owner for owner, options in every.items() if option in given(arguments, options)
        )
        raise UserError(f"--{option.replace('_', '-')} is an option of {owners}, and this is a run of {name}")
    return collect(arguments, task.answer_options)


def _parsed(argv: list[str]) -> argparse.Namespace:
    """The command line; inputs may stand before, between and after options, and behind `--` all are inputs."""
    end = argv.index("--") if "--" in argv else len(argv)
    arguments = parser(_own_task(argv[:end])).parse_intermixed_args(argv[:end])
    arguments.inputs = [*arguments.inputs, *argv[end + 1 :]]
    return arguments


def _own_task(argv: list[str]) -> str | None:
    """The task that `--task` names, if it is one of the user's own; what is wrong is told later."""
    parser = Parser(add_help=False)
    parser.add_argument("--task")
    task = parser.parse_known_args(argv)[0].task
    return task if task is not None and is_own(task) else None


@main_guard
def main(argv: list[str] | None = None) -> None:
    """Parse, call, print."""
    arguments = _parsed(sys.argv[1:] if argv is None else argv)
    if bool(arguments.inputs) == bool(arguments.file):
        raise UserError("give inputs on the command line, or a file with --file")
    out = _checked_out(arguments.out, arguments.file)
    directory = RunDirectory.open(_run_of(arguments.run))
    own = collect(arguments, OwnModel)
    config = read_config(directory, own)
    directory.require_model()
    task = load_task(config.task)
    options = _chosen(arguments, task, config.task)
    inputs = _inputs(arguments, task.input_kind, _trained(directory, config))
    configure(arguments.device)
    from zoo.stored_run import fitting_together, load_run

    learned, model = load_run(directory.path, own)
    with fitting_together(directory.path):
        server = task.serve(model, learned)
    rows = task.answer(server, inputs, options)
    if out is None:
        shown = task.show(rows)
        print(_table(rows) if shown is None else shown)
    else:
        _write(rows, out)
        print(f"{len(rows):,} answers in {out}")


def _run_of(name: str) -> str:
    """The folder of a run; of a SavedModel in it, the run, which answers the same.

    Raises:
        UserError: a SavedModel that lies elsewhere.
    """
    folder = Path(name)
    if not (folder / "saved_model.pb").is_file() or RunDirectory(folder).config_path.is_file():
        return name
    run = folder.absolute().parent
    if not RunDirectory(run).config_path.is_file():
        raise UserError(
            f"{name} is an exported SavedModel, which knows neither files nor its data set; give the folder of the "
            "run that it comes from, or load it with tf.saved_model.load"
        )
    log(f"{name} is the export of the run {run}, which answers")
    return str(run)


def _inputs(arguments: argparse.Namespace, kind: InputKind[Any], trained: Mapping[str, Any]) -> list[object]:
    if not arguments.file:
        return kind.parse(arguments.inputs)
    if arguments.format not in (None, "auto", *kind.formats):
        known = ", ".join(("auto", *kind.formats))
        raise UserError(f"--format {arguments.format}: files of this model's inputs may be {known}")
    if arguments.image_column is not None and not kind.has_images:
        raise UserError(f"{IMAGE_COLUMN}: this model's inputs have no images beside them; give --column")
    form = _format(arguments, trained)
    inputs = list(kind.read(Path(arguments.file), arguments.column, form))
    for remark in form.remarks:
        log(remark)
    if not inputs:
        raise UserError(f"{arguments.file} holds no inputs")
    return inputs


def _format(arguments: argparse.Namespace, trained: Mapping[str, Any]) -> Format:
    """How to read the file: as the command line says; what it leaves open, as the training data were read."""
    flags = {name: getattr(arguments, name) for name in ("encoding", "header", "delimiter")}
    said = {name: value for name, value in flags.items() if value is not None}
    if "encoding" in said:
        check_encoding(said["encoding"])
    form = Format.of(said.get("encoding", "utf-8"), said.get("delimiter", "auto"), said.get("header", "yes"))
    kind = None if arguments.format in (None, "auto") else arguments.format
    left_open = {name: value for name, value in trained.items() if name not in said}
    if arguments.format is not None:
        left_open.pop("format", None)
    if is_utf8(Path(arguments.file)) and not _is_named_utf8(left_open.get("encoding", "utf-8")):
        form.remarks.append(
            f"{arguments.file} is UTF-8, and not {left_open.pop('encoding')} as the training data"
        )
    return replace(form, kind=kind, image_column=arguments.image_column, trained=left_open)


def _is_named_utf8(encoding: str) -> bool:
    return codecs.lookup(encoding).name in ("utf-8", "utf-8-sig")


def _trained(directory: RunDirectory, config: RunConfig) -> dict[str, Any]:
    """What was said of the training data: the options of the data set, its name, and the labels of the model."""
    try:
        labels = read_json(directory.prepared_path).get("labels")
    except (UserError, AttributeError):  # told when the model is loaded
        labels = None
    data = {} if is_own(config.dataset) else config.data  # of the user's own, options may mean anything
    options = {name: value for name, value in data.items() if isinstance(value, str | bool)}
    check_encoding(str(options.get("encoding", "utf-8")))
    names = [label for label in labels if isinstance(label, str)] if isinstance(labels, list) else []
    return {**options, "dataset": config.dataset, "labels": names}


def _checked_out(name: str | None, source: str | None) -> Path | None:
    if name is None:
        return None
    path = Path(name)
    if source is not None and path.resolve() == Path(source).resolve():
        raise UserError(f"--out {name} is the file that is read; name another")
    if path.suffix not in FORMATS:
        raise UserError(f"--out {name}: the name must end in one of {', '.join(FORMATS)}")
    if not path.parent.is_dir():
        raise UserError(f"--out {name}: there is no folder {path.parent}")
    try:  # before the model is waited for
        tempfile.TemporaryFile(dir=path.parent).close()
    except OSError as problem:
        raise UserError(f"cannot write {path}: {problem.strerror or problem}", 1) from None
    return path


def _table(rows: list[Row]) -> str:
    import pandas as pd

    def shown(value: object) -> object:
        text = " ".join(value.split()) if isinstance(value, str) else value
        return text[:59] + "…" if isinstance(text, str) and len(text) > 60 else text

    return pd.DataFrame(rows).map(shown).to_string(index=False, float_format="{:.4f}".format)


def _write(rows: list[Row], path: Path) -> None:
    import pandas as pd

    table = pd.DataFrame(rows)
    writers = {
        ".csv": lambda file: table.to_csv(file, index=False),
        ".tsv": lambda file: _without_breaks(table).to_csv(
            file, index=False, sep="\t", quoting=csv.QUOTE_NONE
        ),
        ".jsonl": lambda file: file.write_text(_json_lines(table), encoding="utf-8", newline="\n"),
    }
    try:
        write_atomically(path, writers[path.suffix])
    except OSError as problem:
        raise UserError(f"cannot write {path}: {problem.strerror or problem}", 1) from None


def _json_lines(table: pd.DataFrame) -> str:
    """A line of JSON a row, every digit of a number; null where there is none (pandas would round at ten decimals)."""
    table = table.replace([math.inf, -math.inf], math.nan)
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    return "".join(
        json.dumps(row, ensure_ascii=False, default=lambda array: array.tolist()) + "\n" for row in rows
    )


def _without_breaks(table: pd.DataFrame) -> pd.DataFrame:
    """The table as TSV can hold it, where quotes are characters like any other: tabs and line breaks become spaces."""

    def plain(value: object) -> object:
        return re.sub(r"[\t\r\n]", " ", value) if isinstance(value, str) else value

    return table.map(plain).rename(columns=plain)


if __name__ == "__main__":
    sys.exit(main())
