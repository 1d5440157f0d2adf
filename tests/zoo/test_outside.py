"""Data sets and tasks of a user's own, from modules that lie anywhere: trained, resumed, asked, exported, compared."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from experiments.compare.__main__ import main as compare
from tests.zoo.conftest import SMALL, call
from zoo import export, predict, run
from zoo.config import TrainedBaselines
from zoo.runtime.rundir import RunDirectory
from zoo.runtime.signals import Stopped

DATA = '''
"""Tickets by department."""

from dataclasses import dataclass

from datasets import Dataset, Info, Split
from datasets.options import option


@dataclass(frozen=True)
class Options:
    rooms: int = option(20, "how many rooms have lights", minimum=4)


class Tickets:
    """Tickets of a made-up office."""

    FIELDS = ("text", "label")
    Options = Options

    def load(self, spec, options):
        texts = [f"no {'light' if n % 2 else 'chair'} in room {n}" for n in range(options.rooms)]
        rows = [{"text": text, "label": n % 2} for n, text in enumerate(texts)]
        split = Split(lambda: iter(rows), len(rows))
        return Dataset(Info(name=spec, fields=self.FIELDS, labels=("furniture", "lamps")), split, split, None)


@dataclass(frozen=True)
class Clash(Options):
    units: float = option(0.5, "a flag that is taken")


class Clashing(Tickets):
    Options = Clash
'''


TASK = '''
"""Tickets to departments."""

import dataclasses
from dataclasses import dataclass

from datasets.input_kinds import texts
from datasets.options import option
from zoo.tasks.base import Task
from zoo.tasks.sentiment.task import Options as SentimentOptions
from zoo.tasks.sentiment.task import Sentiment


def parse(arguments):
    return texts.parse([argument.removeprefix("ticket:") for argument in arguments])


@dataclass(frozen=True)
class Options(SentimentOptions):
    urgent: bool = option(False, "only for urgent ones")


@dataclass(frozen=True)
class AnswerOptions:
    shout: bool = option(False, "answer in capitals")


class Departments(Sentiment):
    summary = "ticket to department"
    options_type = Options
    input_kind = dataclasses.replace(texts.KIND, name="ticket", parse=parse)
    answer_options = AnswerOptions

    def answer(self, server, inputs, options):
        rows = super().answer(server, inputs, options)
        return [{**row, "label": row["label"].upper()} if options.shout else row for row in rows]


OBJECT = Departments()


class Unfinished(Task):
    summary = "lacks what a task needs"


@dataclass(frozen=True)
class Clash:
    epochs: str = option("many", "a flag that is taken")


class Clashing(Departments):
    options_type = Clash


NUMBER = 3
'''


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The current folder: it holds `outside_data.py` and `outside/task.py`."""
    folder = tmp_path_factory.mktemp("outside")
    (folder / "outside_data.py").write_text(DATA)
    (folder / "outside").mkdir()
    (folder / "outside" / "task.py").write_text(TASK)
    before, paths = Path.cwd(), [*sys.path]
    os.chdir(folder)
    yield folder
    os.chdir(before)
    sys.path[:] = paths
    for module in [name for name in sys.modules if name.partition(".")[0] in ("outside", "outside_data")]:
        del sys.modules[module]


@pytest.fixture(scope="module")
def trained(folder: Path) -> Path:
    arguments = ("--dataset", "outside_data:Tickets", "--rooms", "12", *SMALL, "--out", "run")
    done = call(run.main, "sentiment", *arguments)
    assert done.code == 0, done.err
    return folder / "run"


def told(*arguments: object) -> str:
    done = call(run.main, *arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.count("\n") == 1
    return done.err


def test_the_record_of_a_run_has_its_name_and_options(trained: Path) -> None:
    config = json.loads((trained / "config.json").read_text())["config"]
    assert config["dataset"] == "outside_data:Tickets"
    assert config["data"] == {"rooms": 12}
    assert json.loads((trained / "metrics.json").read_text())["dataset"] == "outside_data:Tickets"


def test_a_model_of_it_answers_and_is_exported(trained: Path) -> None:
    answered = call(predict.main, trained, "no light in room 3")
    assert answered.code == 0, answered.err
    assert "lamps" in answered.out or "furniture" in answered.out
    assert call(export.main, trained, "--to", trained / "saved").code == 0
    assert (trained / "saved" / "saved_model.pb").exists()


def test_a_run_goes_on(trained: Path) -> None:
    (trained / "metrics.json").unlink()
    refused = told("--resume", trained)
    assert refused == (
        f"error: {trained}/config.json names code that is not the zoo's and would be run (see docs/reading.md, "
        '"Run directories"); if you trust it, add --dataset outside_data:Tickets\n'
    )
    done = call(run.main, "--resume", trained, "--dataset", "outside_data:Tickets")
    assert done.code == 0, done.err
    assert (trained / "metrics.json").exists()


@pytest.mark.usefixtures("folder")
def test_help_has_its_options_where_it_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run.main(["sentiment", "--dataset=outside_data:Tickets", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert "data from outside_data:Tickets: Tickets of a made-up office." in shown
    assert "--rooms N how many rooms have lights (default: 20; at least 4)" in shown
    assert "unknown option --rooms" in told("sentiment", "--rooms", "12")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ("--dataset", "outside_data:Tikets"),
            "the module outside_data has no 'Tikets'; did you mean Tickets?",
        ),
        (("--dataset", "outside_dat:Tickets"), "there is no module 'outside_dat', neither installed nor in"),
        (("--dataset", "outside_data.py:Tickets"), "write the module, not its file: outside_data:Tickets"),
        (("--dataset", "outside_data:Tickets", "--rooms", "3"), "--rooms: 3 is too small, the least is 4"),
        (("--dataset", "outside_data:Clashing"), "Clash.units: another option has the flag --units"),
        (("--dataset",), "--dataset: expected one argument"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(arguments: tuple[str, ...], line: str) -> None:
    assert line in told("sentiment", *arguments)


@pytest.mark.usefixtures("folder")
def test_a_comparison_of_it_knows_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    grid = ("--cells", "gru", "--seeds", "0", "--keras-seeds", "0", "--out", "compared", "--list")
    arguments = ["--datasets", "microworld", "outside_data:Tickets", "--vary", "epochs=1", *grid]
    assert compare(["sentiment", *arguments]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.split("--dataset ")[1].split()[0] for line in listed] == [
        "microworld",
        "outside_data:Tickets",
    ]
    assert compare(["sentiment", "--datasets", "outside_data:Tickets", "--vary", "rooms=8,16", *grid]) == 0
    assert ["--rooms 8" in line for line in capsys.readouterr().out.splitlines()] == [True, False]


# ------------------------------------------------------------------------------------------ tasks


@pytest.fixture(scope="module")
def trained_task(folder: Path) -> Path:
    """A run of a task of one's own on a data set of one's own."""
    arguments = ("--dataset", "outside_data:Tickets", "--urgent", *SMALL, "--out", "task")
    done = call(run.main, "outside.task:Departments", *arguments)
    assert done.code == 0, done.err
    return folder / "task"


def test_the_record_of_a_run_has_the_name_of_its_task(trained_task: Path) -> None:
    config = json.loads((trained_task / "config.json").read_text())["config"]
    assert config["task"] == "outside.task:Departments"
    assert config["options"]["urgent"] is True
    assert json.loads((trained_task / "metrics.json").read_text())["task"] == "outside.task:Departments"


def test_its_model_answers_with_its_own_kind_of_input_and_options(trained_task: Path) -> None:
    name = ("--task", "outside.task:Departments")
    answered = call(predict.main, trained_task, *name, "ticket:no light in room 3", "--shout")
    assert answered.code == 0, answered.err
    assert "ticket:" not in answered.out
    assert "LAMPS" in answered.out or "FURNITURE" in answered.out
    assert "LAMPS" not in call(predict.main, trained_task, *name, "no light in room 3", "--no-shout").out
    refused = call(predict.main, trained_task, *name, "a", "--length", "3")
    assert (
        "--length is an option of language_model, and this is a run of outside.task:Departments"
        in refused.err
    )


@pytest.mark.parametrize(
    ("beside", "flag"),
    [
        (run.Beside(TrainedBaselines(), dev_only=False), ""),
        (
            run.Beside(TrainedBaselines(left_out=True), dev_only=True),
            " --no-trained-baselines --dev-only",
        ),
    ],
)
def test_a_run_that_is_stopped_says_what_to_name(trained_task: Path, beside: run.Beside, flag: str) -> None:
    directory = RunDirectory.open(trained_task)
    with pytest.raises(Stopped) as caught, run._stoppable(directory, beside):
        raise Stopped(signal.SIGTERM, "at epoch 1")
    assert str(caught.value).endswith(
        f"go on with: python -m zoo.run --resume {trained_task} --task outside.task:Departments "
        f"--dataset outside_data:Tickets{flag}"
    )


def test_its_model_is_exported(trained_task: Path) -> None:
    assert call(export.main, trained_task, "--task", "outside.task:Departments").code == 0
    assert (trained_task / "export" / "saved_model.pb").exists()


def test_its_run_goes_on(trained_task: Path) -> None:
    (trained_task / "metrics.json").unlink()
    data = ("--dataset", "outside_data:Tickets")
    assert f"add --task outside.task:Departments {' '.join(data)}\n" in told("--resume", trained_task)
    done = call(run.main, "outside.task:Departments", "--resume", trained_task, *data)
    assert done.code == 0, done.err
    assert "is a run of outside.task:Departments, not of sentiment" in told(
        "sentiment", "--resume", trained_task
    )


def test_options_of_the_answers_are_shown_where_the_task_is_named(
    trained_task: Path, trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = ["--task", "outside.task:Departments"]
    for arguments, shown in (([trained_task, *named], True), ([trained_task], False), ([trained], False)):
        with pytest.raises(SystemExit):
            predict.main([*map(str, arguments), "--help"])
        assert ("answers of outside.task:Departments" in capsys.readouterr().out) == shown
    assert "unknown option --shout" in call(predict.main, trained, "a", "--shout").err


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", ["outside.task:Departments", "outside.task:OBJECT"])
def test_help_of_a_task_is_that_of_any_other(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run.main([name, "--dataset", "outside_data:Tickets", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    for text in (
        f"{name}: ticket to department",
        f"python -m zoo.run {name} --cell gru",
        "--urgent",
        "--rooms",
    ):
        assert text in shown


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("outside.task:Departmens", "the module outside.task has no 'Departmens'; did you mean Departments?"),
        ("outside.tasks:Departments", "there is no module 'outside.tasks', neither installed nor in"),
        ("outside/task.py:Departments", "write the module, not its file: outside.task:Departments"),
        ("outside.task.Departments", "for one of your own write package.module:Class"),
        ("outside.task:NUMBER", "is no task: a task is of a class that derives from zoo.tasks.base.Task"),
        ("outside.task:Unfinished", "outside.task:Unfinished lacks answer, build, fields, headline"),
        (
            "outside.task:Clashing",
            "outside.task:Clashing: Clash.epochs: another option has the flag --epochs",
        ),
    ],
)
def test_a_wrong_name_of_a_task_is_told_in_one_line(name: str, line: str) -> None:
    assert line in told(name, "--units", "3")


@pytest.mark.usefixtures("folder")
def test_a_comparison_takes_tasks_of_ones_own(capsys: pytest.CaptureFixture[str]) -> None:
    name = "outside.task:Departments"
    grid = ("--cells", "gru", "--seeds", "0", "--keras-seeds", "0", "--out", "compared", "--list")
    vary = ("--datasets", "outside_data:Tickets", "--vary", f"{name}.urgent=true", "rooms=8")
    assert compare(["sentiment", name, *vary, *grid]) == 0
    own, other = sorted(capsys.readouterr().out.splitlines())
    assert f"zoo.run {name} " in own
    assert "--urgent" in own
    assert "--urgent" not in other
    assert call(compare, "outside.task:Departmens", *grid).code == 2
