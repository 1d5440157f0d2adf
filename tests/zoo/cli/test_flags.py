from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from datasets.errors import UserError, unknown
from datasets.options import NO_DEFAULTS, from_dict, option, to_dict
from zoo.cli.flags import Parser, add_options, collect, given, main_guard

T = TypeVar("T")


@dataclass(frozen=True)
class Options:
    units: int = option(64, "size of the state", minimum=1, maximum=4096)
    dropout: float = option(0.25, "share of inputs dropped, at most 50 % of them", minimum=0)
    name: str = option("gru", "any text", metavar="CELL")
    bidirectional: bool = option(False, "read from both ends")
    bias: bool = option(True, "add a bias")
    limit: int | None = option(None, "examples at most")
    clip: float | None = option(1.0, "largest norm of the gradients")
    column: str | None = option(None, "name of the column")
    cut: str | None = option("end", "which end is cut; none cuts nothing")
    columns: tuple[str, ...] = option(("text", "label"), "names of columns")
    sizes: tuple[int, ...] = option((), "several sizes")
    merge: Literal["concat", "sum"] = option("concat", "how two directions are joined")
    activation: str = option("tanh", "squashes the state", choices=("tanh", "relu", "sigmoid"))
    recorded: str = option("here", "not to be set", flag=False)


@dataclass(frozen=True)
class Outer:
    task: str
    recurrent: Options = field(default_factory=Options)
    data: dict[str, Any] = field(default_factory=dict)


def parser_of(cls: type = Options, defaults: Mapping[str, object] = NO_DEFAULTS) -> Parser:
    parser = Parser(prog="command")
    add_options(parser, cls, "options", defaults)
    return parser


def parse(*args: str, cls: type[T] | type[Options] = Options) -> T | Options:
    return collect(parser_of(cls).parse_args(args), cls)


def complaint(*args: str, cls: type = Options) -> str:
    with pytest.raises(UserError) as caught:
        parse(*args, cls=cls)
    assert caught.value.exit_code == 2
    return str(caught.value)


# ------------------------------------------------------------------------------------------ values


def test_without_flags_the_defaults_hold() -> None:
    assert parse() == Options()


@pytest.mark.parametrize(
    ("args", "name", "value"),
    [
        (["--units", "7"], "units", 7),
        (["--units=4096"], "units", 4096),
        (["--dropout", "1e-3"], "dropout", 0.001),
        (["--dropout", "1"], "dropout", 1.0),
        (["--name", "none"], "name", "none"),
        (["--bidirectional"], "bidirectional", True),
        (["--no-bias"], "bias", False),
        (["--limit", "5"], "limit", 5),
        (["--limit", "none"], "limit", None),
        (["--clip", "none"], "clip", None),
        (["--column", "none"], "column", "none"),
        (["--cut", "none"], "cut", None),
        (["--columns", "a,b", "c"], "columns", ("a,b", "c")),
        (["--sizes", "1", "2"], "sizes", (1, 2)),
        (["--merge", "sum"], "merge", "sum"),
        (["--activation", "relu"], "activation", "relu"),
    ],
)
def test_a_flag_sets_its_field_and_no_other(args: list[str], name: str, value: object) -> None:
    options = parse(*args)
    assert to_dict(options) == {**to_dict(Options()), name: value}
    assert type(getattr(options, name)) is type(value)


def test_given_tells_the_flags_that_stood_on_the_command_line_even_with_the_default_value() -> None:
    namespace = parser_of().parse_args(["--units", "64", "--no-bias"])
    assert given(namespace) == {"units", "bias"}
    assert given(namespace, Options) == {"units", "bias"}
    assert given(parser_of().parse_args([])) == set()


def test_given_of_a_dataclass_leaves_other_arguments_out() -> None:
    parser = parser_of()
    parser.add_argument("--out", default="runs")
    namespace = parser.parse_args(["--limit", "3"])
    assert given(namespace, Options) == {"limit"}
    assert given(namespace) == {"limit", "out"}


def test_overruled_defaults_show_and_hold_unless_the_flag_is_given() -> None:
    defaults = {"units": 100, "columns": ("source",)}
    parser = parser_of(defaults=defaults)
    options = collect(parser.parse_args(["--units", "5"]), Options, defaults)
    assert (options.units, options.columns) == (5, ("source",))
    assert "default: 100" in parser.format_help()


def test_overruling_a_field_that_does_not_exist_is_refused() -> None:
    with pytest.raises(TypeError, match="unit"):
        parser_of(defaults={"unit": 3})


def test_an_option_without_default_must_be_given() -> None:
    @dataclass(frozen=True)
    class Needs:
        to: str

    with pytest.raises(UserError, match="required: --to"):
        collect(parser_of(Needs).parse_args([]), Needs)


def test_two_dataclasses_share_a_flag_of_the_same_kind() -> None:
    @dataclass(frozen=True)
    class Other:
        units: int = option(3, "of another", minimum=1, maximum=4096)

    parser = parser_of()
    add_options(parser, Other, "others")
    namespace = parser.parse_args(["--units", "9"])
    assert collect(namespace, Options).units == collect(namespace, Other).units == 9
    assert collect(parser.parse_args([]), Other).units == 3
    assert "Takes --units as well" in parser.format_help()


def test_two_dataclasses_cannot_share_a_flag_of_different_kinds() -> None:
    @dataclass(frozen=True)
    class Other:
        units: float = option(3.0, "of another")

    with pytest.raises(TypeError, match="--units"):
        add_options(parser_of(), Other, "others")


def test_a_type_that_no_flag_can_hold_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match=r"Outer\.recurrent"):
        parser_of(Outer)


def test_a_field_marked_so_has_no_flag() -> None:
    assert "recorded" not in parser_of().format_help()
    assert "unknown option --recorded" in complaint("--recorded", "x")


# ------------------------------------------------------------------------------------------ errors


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["--unit", "3"], "unknown option --unit; did you mean --units?"),
        (["--unit=3"], "unknown option --unit; did you mean --units?"),
        (["--no-bidirektional"], "unknown option --no-bidirektional; did you mean --no-bidirectional?"),
        (["--xyzzy"], "unknown option --xyzzy; see --help"),
        (["stray"], "unexpected argument 'stray' (see --help)"),
        (["--units", "many"], "--units: 'many' is not a whole number"),
        (["--units", "2.5"], "--units: '2.5' is not a whole number"),
        (["--units", "0"], "--units: 0 is too small, the least is 1"),
        (["--units", "4097"], "--units: 4097 is too large, the most is 4096"),
        (["--units"], "--units: expected one argument"),
        (["--dropout", "-0.5"], "--dropout: -0.5 is too small, the least is 0"),
        (["--dropout", "nan"], "--dropout: nan is not a finite number"),
        (["--dropout", "none"], "--dropout: 'none' is not a number"),
        (["--sizes", "1", "x"], "--sizes: 'x' is not a whole number"),
        (["--merge", "concta"], "--merge: unknown merge 'concta'; did you mean concat?"),
        (["--activation", "TANH"], "--activation: unknown activation 'TANH'; did you mean tanh?"),
        (["--activation", "q"], "--activation: unknown activation 'q'; choose one of: relu, sigmoid, tanh"),
    ],
)
def test_every_error_is_one_line_that_names_the_fix(args: list[str], line: str) -> None:
    assert complaint(*args) == line


def test_no_abbreviations() -> None:
    assert complaint("--bidir") == "unknown option --bidir; did you mean --bidirectional?"


def command_with_tasks() -> Parser:
    parser = Parser(prog="command")
    tasks = parser.add_subparsers(dest="task", required=True)
    add_options(tasks.add_parser("sentiment"), Options, "options")
    tasks.add_parser("tagging")
    return parser


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["sentimant"], "unknown task 'sentimant'; did you mean sentiment?"),
        (["sentiment", "--unit", "3"], "unknown option --unit; did you mean --units?"),
        (["tagging", "--unit", "3"], "unknown option --unit; see --help"),
        ([], "the following arguments are required: task"),
    ],
)
def test_errors_of_subcommands_name_their_own_options(args: list[str], line: str) -> None:
    with pytest.raises(UserError) as caught:
        command_with_tasks().parse_args(args)
    assert str(caught.value) == line


def test_help_shows_defaults_limits_and_choices() -> None:
    text = " ".join(parser_of().format_help().split())
    for part in (
        "--units N size of the state (default: 64; 1 to 4096)",
        "at most 50 % of them (default: 0.25; at least 0)",
        "--name CELL",
        "--bidirectional, --no-bidirectional read from both ends (default: off)",
        "--bias, --no-bias add a bias (default: on)",
        "--limit N examples at most --clip",
        "(default: text label)",
        "--activation {tanh,relu,sigmoid}",
    ):
        assert part in text


def test_unknown_says_so_where_there_is_nothing_to_choose() -> None:
    assert str(unknown("cell", "gru", [])) == "unknown cell 'gru'; choose one of: (there is none)"


# ------------------------------------------------------------------------------------------ as JSON


@for_all(
    st.builds(
        Options,
        units=st.integers(1, 4096),
        dropout=st.floats(0, 1e12),
        name=st.text(),
        bias=st.booleans(),
        limit=st.none() | st.integers(1 - 2**31, 2**31 - 1),
        column=st.none() | st.text(),
        columns=st.lists(st.text()).map(tuple),
        merge=st.sampled_from(["concat", "sum"]),
    )
)
def test_options_survive_json(options: Options) -> None:
    outer = Outer("tagging", options, {"seed": 3, "lengths": [1, 2]})
    assert from_dict(Outer, json.loads(json.dumps(to_dict(outer)))) == outer


def test_left_out_keys_take_their_defaults_and_whole_numbers_become_floats() -> None:
    options = from_dict(Options, {"dropout": 0})
    assert options == Options(dropout=0.0)
    assert type(options.dropout) is float


@pytest.mark.parametrize(
    ("values", "line"),
    [
        (
            {"task": "t", "recurrent": {"unit": 3}},
            "run.json: recurrent: unknown key 'unit'; did you mean units?",
        ),
        ({"task": "t", "recurent": {}}, "run.json: unknown key 'recurent'; did you mean recurrent?"),
        ({}, "run.json: the key 'task' is missing"),
        ({"task": 3}, "run.json: task: 3 is not a text"),
        ({"task": None}, "run.json: task: None is not a text"),
        ([], "run.json: [] is not a table of options"),
        ({"task": "t", "recurrent": 1}, "run.json: recurrent: 1 is not a table of options"),
        (
            {"task": "t", "recurrent": {"units": 0}},
            "run.json: recurrent: units: 0 is too small, the least is 1",
        ),
        (
            {"task": "t", "recurrent": {"units": True}},
            "run.json: recurrent: units: True is not a whole number",
        ),
        ({"task": "t", "recurrent": {"bias": 1}}, "run.json: recurrent: bias: 1 is not true or false"),
        ({"task": "t", "recurrent": {"sizes": 3}}, "run.json: recurrent: sizes: 3 is not a list"),
        (
            {"task": "t", "recurrent": {"sizes": ["a"]}},
            "run.json: recurrent: sizes: 'a' is not a whole number",
        ),
        (
            {"task": "t", "recurrent": {"merge": "sun"}},
            "run.json: recurrent: merge: unknown merge 'sun'; did you mean sum?",
        ),
    ],
)
def test_a_wrong_record_is_refused_by_name(values: object, line: str) -> None:
    with pytest.raises(UserError) as caught:
        from_dict(Outer, values, "run.json")
    assert str(caught.value) == line


# ------------------------------------------------------------------------------------------ commands


def raiser(problem: BaseException) -> Callable[[], int]:
    def main() -> None:
        raise problem

    return main_guard(main)


@pytest.mark.parametrize(
    ("problem", "code", "line"),
    [
        (UserError("no such file: x.csv"), 2, "error: no such file: x.csv\n"),
        (UserError("the loss became NaN", exit_code=1), 1, "error: the loss became NaN\n"),
        (KeyboardInterrupt(), 130, "stopped by Ctrl-C\n"),
        (OSError(errno.ENOSPC, "No space left on device"), 1, "error: no space left on the disk"),
        (OSError(errno.EDQUOT, "Quota exceeded"), 1, "error: no space left on the disk"),
        (
            RuntimeError("ResourceExhausted: w.index; No space left on device"),
            1,
            "error: no space left on the disk",
        ),
    ],
)
def test_a_guarded_command_answers_in_one_line(
    problem: BaseException, code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert raiser(problem)() == code
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(line)
    assert printed.err.count("\n") == 1


@pytest.mark.parametrize("problem", [ZeroDivisionError("defect"), OSError(errno.EIO, "other"), SystemExit(3)])
def test_a_defect_goes_through(problem: BaseException) -> None:
    with pytest.raises(type(problem)):
        raiser(problem)()


def test_a_guarded_command_hands_on_arguments_and_exit_code() -> None:
    assert main_guard(lambda code: code)(4) == 4
    assert main_guard(lambda: None)() == 0


@pytest.mark.parametrize("lines", [1, 100_000])
def test_a_reader_that_went_away_is_no_error(lines: int, repository: Path) -> None:
    """With one line the pipe breaks only when the output is flushed at the end."""
    code = (
        "import sys, time\nfrom zoo.cli.flags import main_guard\n"
        f"def main():\n    time.sleep(0.2)\n    print('line\\n' * {lines})\n"
        "sys.exit(main_guard(main)())"
    )
    read, write = os.pipe()
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=repository, env=buffered, stdout=write, stderr=subprocess.PIPE
    )
    os.close(read)
    os.close(write)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (141, b"")


def test_a_lack_of_memory_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    class ResourceExhaustedError(Exception):
        """As TensorFlow calls it."""

    def without(problem: type[Exception]) -> int:
        raise problem("OOM when allocating tensor with shape[65536,65536]")

    for problem in (MemoryError, ResourceExhaustedError):
        assert main_guard(without)(problem) == 1
        assert capsys.readouterr().err.startswith("error: out of memory; give smaller sizes (--batch-size")
