from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from tests.zoo.conftest import SMALL, call, toy_rows, write_tsv
from zoo.run import main

HEAVY = (
    "tensorflow",
    "keras",
    "pandas",
    "sklearn",
    "matplotlib",
    "tensorflow_datasets",
    "scipy",
    "jax",
    "torch",
)
#: Runs a command's main, then tells what it answered and which heavy packages it has imported for that.
WATCHED = f"""
import contextlib, importlib, io, json, sys
out, err = io.StringIO(), io.StringIO()
with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
    try:
        code = importlib.import_module(sys.argv[1]).main(sys.argv[2:])
    except SystemExit as exit:
        code = exit.code
found = [name for name in {HEAVY} if name in sys.modules]
print(json.dumps([code, out.getvalue(), err.getvalue(), found]))
"""


def told(arguments: tuple, *, code: int = 2) -> str:
    """The one line of an error."""
    done = call(main, *arguments)
    assert done.code == code, done.err
    lines = [line for line in done.err.splitlines() if line.startswith("error:")]
    assert done.err.splitlines()[-1:] == lines
    assert done.out == ""
    return lines[0]


# ------------------------------------------------------------------------------------------ help and misspellings


@pytest.mark.parametrize(
    ("module", "arguments", "answers"),
    [
        ("zoo.run", ["--help"], ["sentiment", "--resume", "examples:", "python -m zoo.run"]),
        (
            "zoo.run",
            ["sentiment", "--help"],
            ["--cell", "--units", "--text-column", "--distance", "examples:", "python -m zoo.run sentiment"],
        ),
        ("zoo.predict", ["--help"], ["--file", "examples:", "python -m zoo.predict"]),
        ("zoo.export", ["--help"], ["--to", "examples:", "python -m zoo.export"]),
    ],
)
def test_help_answers_with_examples_and_without_heavy_imports(run_python, module, arguments, answers):
    done = run_python("-c", WATCHED, module, *arguments)
    code, out, err, heavy = json.loads(done.stdout)
    assert (code, err, heavy) == (0, "", [])
    for answer in answers:
        assert answer in out


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (["sentimet"], "unknown task 'sentimet'; did you mean sentiment?"),
        (["sentiment", "--cell", "lstn"], "unknown cell 'lstn'; did you mean lstm?"),
        (["sentiment", "--bidirectonal"], "unknown option --bidirectonal; did you mean --bidirectional?"),
        (["sentiment", "--unit", "3"], "unknown option --unit; did you mean --units?"),
        (["sentiment", "--tokens", "word"], "--tokens: unknown tokens 'word'; did you mean words?"),
        (["sentiment", "--units", "many"], "--units: 'many' is not a whole number"),
        (["sentiment", "--dropout", "1.5"], "--dropout: 1.5 is too large, the most is 0.95"),
        (["sentiment", "--dataset", "microwrld"], "did you mean microworld?"),
        (["sentiment", "--dataset", "no/such/file.csv"], "no/such/file.csv: no such file or folder"),
        (["sentiment", "--cell", "cells.py:Mine"], "write the module, not its file: cells:Mine"),
        ([], "which task? one of: "),
        (["--cell", "gru"], "which task?"),
        (["--resume", "nowhere", "--units", "3"], "--resume takes every option"),
        (["--resume", "nowhere"], "nowhere is not the folder of a run: there is no such folder"),
    ],
)
def test_a_wrong_command_is_answered_at_once(run_python, tmp_path, arguments, answer):
    done = run_python("-c", WATCHED, "zoo.run", *arguments, cwd=tmp_path)
    code, out, err, heavy = json.loads(done.stdout)
    assert (code, out) == (2, "")
    assert set(heavy) <= {"tensorflow_datasets"}  # whose names are looked through; it imports no TensorFlow
    assert err.count("\n") == 1
    assert err.startswith("error: ")
    assert answer in err
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


# ------------------------------------------------------------------------------------------ bad data, bad places


def bad_tables() -> dict[str, tuple[str, str]]:
    """Contents of a table, and what is told of it."""
    return {
        "empty": ("", "is empty"),
        "header only": ("text\tlabel\n", "has no examples"),
        "one class": ("text\tlabel\n" + "".join(f"a {n}\tpos\n" for n in range(20)), "label"),
        "no text column": ("words\tlabel\na\tpos\n", "--text-column"),
        "two text columns": ("text\treview\tlabel\na\tb\tpos\n", "several columns may be the text"),
        "missing label": ("text\tlabel\na\t\n", "line 2"),
    }


@pytest.mark.parametrize("kind", bad_tables())
def test_bad_data_is_told_in_one_line_and_leaves_nothing_behind(kind, tmp_path):
    content, answer = bad_tables()[kind]
    data = tmp_path / "data.tsv"
    data.write_text(content)
    line = told(("sentiment", "--dataset", data, "--out", tmp_path / "run"))
    assert str(data) in line
    assert answer in line
    assert not (tmp_path / "run").exists()


def test_a_corrected_command_can_have_the_same_out(toy, tmp_path):
    out = tmp_path / "run"
    out.mkdir()
    told(("sentiment", "--dataset", tmp_path / "nothing.csv", "--out", out))
    assert list(out.iterdir()) == []
    told(
        ("sentiment", "--dataset", toy, "--out", out, *SMALL, "--engine", "keras")
    )  # found out after preparing
    assert list(out.iterdir()) == []
    assert call(main, "sentiment", "--dataset", toy, "--out", out, *SMALL).code == 0


def test_a_folder_with_something_in_it_is_refused_and_kept(toy, trained, tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    assert "not empty" in told(("sentiment", "--dataset", toy, "--out", tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]
    before = (trained / "metrics.json").read_bytes()
    assert f"--resume {trained}" in told(("sentiment", "--dataset", toy, "--out", trained))
    assert (trained / "metrics.json").read_bytes() == before


@pytest.mark.parametrize("out", ["file", "file/run", "/proc/run"])
def test_an_out_that_cannot_be_made_is_told(toy, tmp_path, out):
    (tmp_path / "file").write_text("")
    assert "--out" in told(("sentiment", "--dataset", toy, "--out", tmp_path / out))


def test_a_full_disk_is_told_and_what_was_there_stays(toy, small_disk):
    out = small_disk / "run"
    options = ("--units", 4, "--embedding", 2000, "--epochs", 1)
    line = told(("sentiment", "--dataset", toy, "--out", out, *options), code=1)
    assert "no space left" in line
    assert json.loads((out / "config.json").read_text())
    assert json.loads((out / "prepared.json").read_text())
    assert not list(out.rglob("*.partial*"))


def test_a_disk_that_fills_up_while_a_run_goes_on_keeps_the_run_resumable(toy, small_disk, tmp_path):
    out, filler = small_disk / "run", small_disk / "filler"
    filler.write_bytes(bytes(60_000))
    line = told(("sentiment", "--dataset", toy, "--out", out, "--export", *SMALL), code=1)
    assert "no space left" in line
    assert not (out / "metrics.json").exists()
    filler.unlink()
    again = tmp_path / "again"
    subprocess.run(["cp", "-r", str(out), str(again)], check=True)  # to a disk with room
    done = call(main, "--resume", again)
    assert done.code == 0, done.err


# ------------------------------------------------------------------------------------------ resume


@pytest.mark.parametrize("more", [("--units", "3"), ("--export",), ("--out", "x"), ("--no-bidirectional",)])
def test_resume_takes_no_other_option(trained, more):
    assert "--resume takes every option" in told(("sentiment", "--resume", trained, *more))


def test_resume_with_the_wrong_task_is_told(trained):
    assert "is a run of sentiment, not of tagging" in told(("tagging", "--resume", trained))
    assert call(main, "sentiment", "--resume", trained).code == 0


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        (b"", "is broken"),
        (b"\xff", "is broken"),
        (b"[]", "is broken"),
        (b"{}", "this is no configuration"),
        (b'{"config": {"task": "sentiment"}}', "this is no configuration"),
    ],
)
def test_a_broken_configuration_is_told(tmp_path, content, answer):
    (tmp_path / "config.json").write_bytes(content)
    line = told(("--resume", tmp_path))
    assert "config.json" in line
    assert answer in line


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"cell": 3}'])
def test_broken_metrics_are_told(trained, tmp_path, content):
    (tmp_path / "config.json").write_bytes((trained / "config.json").read_bytes())
    (tmp_path / "metrics.json").write_text(content)
    assert "metrics.json" in told(("--resume", tmp_path), code=2)


def test_two_processes_cannot_have_the_same_run(toy, trained, run_python):
    from zoo.runtime.rundir import RunDirectory

    with RunDirectory.open(trained).lock():
        done = run_python("-c", WATCHED, "zoo.run", "--resume", str(trained))
    code, _, err, _ = json.loads(done.stdout)
    assert code == 2
    assert f"in use by another process ({os.getpid()} on " in err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_before_training_is_told(number, repository, toy, tmp_path):
    """Sent while TensorFlow is being imported."""
    out = tmp_path / "run"
    command = [sys.executable, "-m", "zoo.run", "sentiment", "--dataset", str(toy), "--out", str(out), *SMALL]
    process = subprocess.Popen(command, cwd=repository, stderr=subprocess.PIPE, text=True)
    while not (out / "config.json").exists():
        assert process.poll() is None
    process.send_signal(number)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 128 + number
    assert err.splitlines()[-1] == (
        f"error: stopped by {number.name}; go on with: python -m zoo.run --resume {out}"
    )
    assert "Traceback" not in err


# ------------------------------------------------------------------------------------------ other data


@pytest.mark.slow
def test_three_classes_from_json_lines(tmp_path):
    data = tmp_path / "data.jsonl"
    words = ("bad", "so-so", "good")
    rows = [{"review": f"{text} {words[n % 3]}", "stars": n % 3} for n, (text, _) in enumerate(toy_rows(90))]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    options = ("--label-column", "stars", "--epochs", 1, "--units", 4, "--embedding", 4)
    done = call(main, "sentiment", "--dataset", data, "--out", tmp_path / "run", *options)
    assert done.code == 0, done.err
    found = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert found["details"]["labels"] == ["0", "1", "2"]
    assert "auc" not in found["test"]


def test_korean_by_characters(tmp_path):
    good, bad = ("정말 좋은 영화", "재미있다"), ("지루한 영화", "별로였다")
    rows = [(f"{(bad, good)[n % 2][n // 2 % 2]} {n}", ("부정", "긍정")[n % 2]) for n in range(60)]
    options = (
        *("--tokens", "characters", "--epochs", 5, "--learning-rate", 0.03, "--average", 0.5),
        *("--units", 8, "--embedding", 8, "--batch-size", 8),
    )
    data = write_tsv(tmp_path / "리뷰.tsv", rows)
    done = call(main, "sentiment", "--dataset", data, "--out", tmp_path / "run", *options)
    assert done.code == 0, done.err
    found = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert found["details"]["labels"] == ["긍정", "부정"]
    assert found["test"]["accuracy"] > found["baselines"]["majority"]["test"]["accuracy"]


def test_the_embedded_data_are_called_synthetic_and_their_ceiling_is_told(tmp_path):
    sizes = ("--examples", 40, "--valid-examples", 20, "--test-examples", 20, "--noise", 0.1)
    done = call(main, "sentiment", "--out", tmp_path / "run", *sizes, *SMALL)
    assert done.code == 0, done.err
    assert "data: microworld (synthetic), 40 train, 20 dev, 20 test examples" in done.err
    assert "ceiling     accuracy 0.9000 (known: microworld is synthetic)" in done.out
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["synthetic"] is True


def test_without_out_a_new_folder_under_runs_is_made(toy, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert call(main, "sentiment", "--dataset", toy, *SMALL).code == 0
    (out,) = (tmp_path / "runs").iterdir()
    assert out.name.startswith("sentiment-gru-toy.tsv-s0-")


def test_with_dev_only_the_test_split_stays_unread(toy, trained, tmp_path):
    options = ("--units", "4", "--embedding", "4", "--batch-size", "16", "--epochs", "1")
    done = call(main, "sentiment", "--dataset", toy, "--out", tmp_path / "run", "--dev-only", *options)
    assert done.code == 0, done.err
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert "test" not in metrics
    assert "dev" in metrics
    usual, own = (json.loads((run / "data.json").read_text()) for run in (trained, tmp_path / "run"))
    assert set(usual) - set(own) == {"test"}
    (tmp_path / "run" / "metrics.json").unlink()  # as if it had been killed before its scores
    done = call(main, "--resume", tmp_path / "run")
    assert done.code == 2
    assert "was begun without its test split; give --dev-only here, too" in done.err
    assert call(main, "--resume", tmp_path / "run", "--dev-only").code == 0
    assert "test" not in json.loads((tmp_path / "run" / "metrics.json").read_text())
