"""Names that options had in earlier versions: their flags and keys are read, and shown nowhere."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from datasets.errors import UserError
from datasets.options import Former, build, from_dict, option
from zoo.cli.flags import Parser, add_options, collect, given


@dataclass(frozen=True)
class Renamed:
    """Options of which earlier versions had other names."""

    side: str = option(
        "left",
        "which side is cut",
        choices=("left", "right"),
        former=[Former("keep", {"end": "left", "start": "right"})],
    )
    shuffle: bool = option(True, "in another order each time", former=[Former("mixed"), Former("turn")])
    sizes: tuple[int, ...] = option((), "several sizes", former=[Former("widths")])


def parser() -> Parser:
    made = Parser(prog="command")
    add_options(made, Renamed, "options")
    return made


def parse(*args: str) -> Renamed:
    return collect(parser().parse_args(args), Renamed)


def complaint(*args: str) -> str:
    with pytest.raises(UserError) as caught:
        parse(*args)
    return str(caught.value)


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["--keep", "start"], Renamed(side="right")),
        (["--keep", "end"], Renamed(side="left")),
        (["--side", "right"], Renamed(side="right")),
        (["--no-mixed"], Renamed(shuffle=False)),
        (["--no-turn"], Renamed(shuffle=False)),
        (["--widths", "1", "2"], Renamed(sizes=(1, 2))),
    ],
)
def test_the_flag_of_a_former_name_sets_the_field(args: list[str], expected: Renamed) -> None:
    assert parse(*args) == expected


def test_a_former_name_counts_as_given() -> None:
    assert given(parser().parse_args(["--keep", "end"]), Renamed) == {"side"}


def test_former_names_are_neither_shown_nor_suggested() -> None:
    text = parser().format_help()
    assert "--side" in text
    assert not any(former in text for former in ("keep", "mixed", "turn", "widths"))
    assert complaint("--widhts") == "unknown option --widhts; see --help"


def test_a_wrong_value_under_a_former_name_is_told_with_the_present_values() -> None:
    line = "--keep: unknown side 'middle'; choose one of: left, right"
    assert complaint("--keep", "middle") == line


def test_a_record_with_former_names_is_read() -> None:
    stored = {"keep": "start", "turn": False, "widths": [3]}
    assert from_dict(Renamed, stored) == Renamed("right", False, (3,))
    assert build(Renamed, {"keep": "start"}) == Renamed("right")
    with pytest.raises(UserError, match="f: the key 'keep' is a former name of 'side'; leave one out"):
        from_dict(Renamed, {"side": "left", "keep": "end"}, "f")


def test_two_dataclasses_may_have_the_same_former_name() -> None:
    both = parser()
    add_options(both, Renamed, "others")
    assert collect(both.parse_args(["--keep", "start"]), Renamed) == Renamed("right")
