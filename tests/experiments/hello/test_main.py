from __future__ import annotations

from pathlib import Path

import pytest

from experiments.hello import __main__ as command
from experiments.hello import picture
from tests.conftest import RunPython


def test_what_cannot_be_printed_is_shown_as_its_code() -> None:
    assert command.shown("a b\n한\u200d") == "a␣b<U+000A>한<U+200D>"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int | None, str, str]:
    code = command.main([*arguments, "--no-tensorflow"])
    out, err = capsys.readouterr()
    return code, out, err


def test_the_command(capsys: pytest.CaptureFixture[str], tmp_path: Path, repository: Path) -> None:
    file = tmp_path / "new" / "hello.png"
    code, out, err = run(capsys, "--picture", str(file))
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "“hello”: k = 4 letters (h e l o), d = 3 hidden units"
    assert "  hel → ell" in lines
    assert "      0    1.5332     1 of 6   hhh lhe" in lines
    assert "6 of 6   ell llo" in next(line for line in lines if line.startswith("    300"))
    assert "Alone from “h” it writes: hello" in lines
    assert lines[-1] == f"Picture: {file}"
    assert file.read_bytes().startswith(b"\x89PNG")
    documented = (repository / "docs" / "hello.md").read_text(encoding="utf-8")
    assert out[: out.index("Picture:")] in documented


@pytest.mark.parametrize(
    "arguments",
    [
        ["--text", "가나가다"],
        ["--text", "a b\n$_c{}\\😀", "--length", "1", "--steps", "0"],
        ["--text", "ab", "--length", "1", "--hidden", "40", "--steps", "1"],
        ["--text", "the quick brown fox jumps over the lazy dog", "--length", "30", "--steps", "2"],
    ],
)
def test_texts_of_every_kind(
    arguments: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    # A letter without a glyph, or one that matplotlib takes for mathematics, would warn or raise.
    code, _, err = run(capsys, *arguments, "--picture", str(tmp_path / "a.png"))
    assert (code, err) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--text", "aa"], "error: --text 'aa' leaves nothing to predict"),
        (["--length", "0"], "error: --length: 0 is too small"),
        (["--hidden", "0"], "error: --hidden: 0 is too small"),
        (["--learning-rate", "nan"], "error: --learning-rate: nan is not a finite number"),
        (["--learning-rate=-1"], "error: --learning-rate: -1.0 is too small"),
        (["--seed", "-1"], "error: --seed: -1 is too small"),
        (["--hiden", "3"], "error: unknown option --hiden; did you mean --hidden?"),
        (["--picture", "hello.jpg"], "error: --picture hello.jpg must end in .png"),
        (["--picture", "/dev/null/hello.png"], "error: --picture /dev/null/hello.png cannot be written"),
    ],
)
def test_bad_input_is_answered_in_one_line_before_any_work(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert err.startswith(message)
    assert err.count("\n") == 1


def test_a_folder_is_no_picture(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = tmp_path / "a.png"
    folder.mkdir()
    code, _, err = run(capsys, "--picture", str(folder))
    assert (code, err) == (2, f"error: --picture {folder} is a folder; name a file in it\n")


def test_a_picture_that_cannot_be_written_after_all_is_told_in_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(picture, "draw", refuse)
    code, _, err = run(capsys, "--picture", str(tmp_path / "a.png"))
    assert (code, err) == (
        1,
        f"error: --picture {tmp_path / 'a.png'} cannot be written: Input/output error\n",
    )


def test_help_waits_for_no_library(run_python: RunPython) -> None:
    script = (
        "import sys\nfrom experiments.hello.__main__ import main\n"
        "try:\n    main(['--help'])\n"
        "finally:\n    print([name for name in ('tensorflow', 'keras', 'matplotlib') if name in sys.modules])"
    )
    finished = run_python("-c", script)
    assert finished.returncode == 0
    assert "python -m experiments.hello --text 안녕하세요" in finished.stdout
    assert finished.stdout.splitlines()[-1] == "[]"


def test_a_terminal_without_hangul(run_python: RunPython, tmp_path: Path) -> None:
    arguments = [
        "--text",
        "안녕하세요",
        "--steps",
        "1",
        "--no-tensorflow",
        "--picture",
        str(tmp_path / "a.png"),
    ]
    finished = run_python("-m", "experiments.hello", *arguments, env={"PYTHONIOENCODING": "ascii"})
    assert (finished.returncode, finished.stderr) == (0, "")
    assert r"\uc548\ub155\ud558 \u2192 \ub155\ud558\uc138" in finished.stdout
