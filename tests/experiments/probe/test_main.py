from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from experiments.probe import memory
from experiments.probe.__main__ import main, parser
from tests.conftest import RunPython
from tests.zoo.conftest import call

LIGHT = """
import sys
from experiments.probe.__main__ import main
for arguments in ([], ["memory"], ["gradients"], ["truncation"], ["gates"], ["importance"]):
    try:
        main([*arguments, "--help"])
    except SystemExit as end:
        assert not end.code
    main([*arguments, "--wrong"])
print("heavy:", {"tensorflow", "keras", "pandas", "matplotlib"} & set(sys.modules))
"""


def test_help_and_errors_need_no_tensorflow(run_python: RunPython) -> None:
    done = run_python("-c", LIGHT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("heavy: set()\n")
    assert done.stdout.count("usage: ") == 6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["memori"], "did you mean memory?"),
        (["memory", "--cells", "gru", "lstmm"], "did you mean lstm?"),
        (["memory", "--lengths", "5"], "adding needs 10 steps or more"),
        (["memory", "--problems", "addin"], "did you mean adding?"),
        (["memory", "--sequences", "5"], "the least is 2000"),
        (["gradients", "--run", "nowhere"], "nowhere is not the folder of a run"),
        (["gradients", "--cells", "grru"], "did you mean gru?"),
        (["truncation", "--lag", "64"], "--lag 64 must be below --length 64"),
        (["gates", "nowhere", "a text"], "nowhere is not the folder of a run"),
        (["gates", "nowhere"], "TEXT"),
        (["importance", "nowhere"], "nowhere is not the folder of a run"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(arguments: list[str], message: str) -> None:
    done = call(main, *arguments)
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert message in done.err


def test_a_folder_that_cannot_be_made_is_told_before_anything_is_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(memory, "PROBE", replace(memory.PROBE, run=lambda *_: "measured"))
    done = call(main, "memory", "--out", tmp_path / "file" / "inside")
    assert (done.code, done.out) == (2, "")
    assert "a file is in the way" in done.err


def test_full_changes_defaults_and_not_what_was_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls = []

    def run(options: memory.Options, out: Path) -> str:
        calls.append((options, out))
        return "report"

    monkeypatch.setattr(memory, "PROBE", replace(memory.PROBE, run=run))
    done = call(main, "memory", "--full", "--lengths", "30", "--out", tmp_path)
    assert (done.code, done.out) == (0, "report\n")
    (options, out), *_ = calls
    assert (options.lengths, out) == ((30,), tmp_path)
    assert "addition" in options.problems


def test_the_help_lists_every_probe(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["--help"])
    out = capsys.readouterr().out
    for name in ("gates", "gradients", "importance", "memory", "truncation"):
        assert f"\n    {name}" in out
