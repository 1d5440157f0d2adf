from __future__ import annotations

import csv
import gzip
import json
import shutil
from pathlib import Path

import pytest

from tests.zoo.conftest import call
from zoo.predict import main

TEXTS = [
    "a good film",
    "a bad film",
    'she said "great"',
    "",
    "NA",
    "line one\nline two\tgood",
    "좋다 👍",
    "a\u2028b",
]


def told(*arguments: object, code: int = 2) -> str:
    done = call(main, *arguments)
    assert (done.code, done.out) == (code, ""), done.err
    assert done.err.count("\n") == 1
    assert done.err.startswith("error: ")
    return done.err


@pytest.fixture(scope="module")
def answers(trained) -> list[dict]:
    """The answers to `TEXTS`, from a file of JSON Lines to one of JSON Lines."""
    folder = trained.parent
    source = folder / "texts.jsonl"
    source.write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS))
    done = call(main, trained, "--file", source, "--out", folder / "answers.jsonl")
    assert done.code == 0, done.err
    assert done.out == f"8 answers in {folder / 'answers.jsonl'}\n"
    return [json.loads(line) for line in (folder / "answers.jsonl").read_text().split("\n")[:-1]]


def test_answers_are_right_and_in_order(answers):
    assert [row["text"] for row in answers] == TEXTS
    assert [answers[n]["label"] for n in (0, 1, 2, 6)] == ["pos", "neg", "pos", "pos"]
    for row in answers:
        assert list(row) == ["text", "label", "score", "p(neg)", "p(pos)"]
        assert row["p(neg)"] + row["p(pos)"] == pytest.approx(1)
        assert row["score"] == row[f"p({row['label']})"] == max(row["p(neg)"], row["p(pos)"])


def test_answers_to_texts_on_the_command_line(trained, answers):
    done = call(main, trained, *TEXTS[:2], "long " * 50, "a\n b")
    assert done.code == 0
    head, good, bad, long, broken = done.out.splitlines()
    assert head.split() == ["text", "label", "score", "p(neg)", "p(pos)"]
    for line, answer in ((good, answers[0]), (bad, answers[1])):
        assert line.split()[:4] == [*answer["text"].split(), answer["label"]]
        numbers = [float(word) for word in line.split()[4:]]
        assert numbers == pytest.approx([answer["score"], answer["p(neg)"], answer["p(pos)"]], abs=6e-5)
    assert "long long…" in long
    assert broken.split()[:2] == ["a", "b"]


def test_a_text_that_begins_with_a_minus_sign(trained):
    assert "-bad" in call(main, trained, "--", "-bad").out
    assert "unknown option -bad" in told(trained, "-bad")


def read(path: Path) -> list[dict]:
    if path.suffix == ".csv":
        with path.open(newline="") as file:
            return list(csv.DictReader(file))
    head, *rows = (line.split("\t") for line in path.read_text().split("\n")[:-1])
    return [dict(zip(head, row, strict=True)) for row in rows]


@pytest.mark.parametrize("source", ["csv", "csv.gz", "tsv", "txt", "jsonl"])
@pytest.mark.parametrize("target", ["csv", "tsv"])
def test_files_of_every_kind(trained, answers, tmp_path, source, target):
    texts = [text for text in TEXTS if source in ("csv", "csv.gz", "jsonl") or "\n" not in text]
    rows = [["text", *texts], ["review", *texts]]
    contents = {
        "csv": "".join('"{}"\n'.format(text.replace('"', '""')) for text in rows[0]),
        "tsv": "".join(f"{n}\t{text}\n" for n, text in enumerate(rows[1])),
        "txt": "".join(f"{text}\n" for text in texts),
        "jsonl": "".join(json.dumps({"review": text}) + "\n" for text in texts),
    }
    path, out = tmp_path / f"texts.{source}", tmp_path / f"answers.{target}"
    content = contents[source.removesuffix(".gz")].encode()
    path.write_bytes(gzip.compress(content) if source.endswith(".gz") else content)
    done = call(main, trained, "--file", path, "--out", out)
    assert done.code == 0, done.err
    expected = [row for row in answers if row["text"] in texts]
    for row, answer in zip(read(out), expected, strict=True):
        text = answer["text"]
        assert row["text"] == (text if target == "csv" else text.replace("\n", " ").replace("\t", " "))
        assert row["label"] == answer["label"]
        assert float(row["p(pos)"]) == pytest.approx(answer["p(pos)"], abs=1e-6)


def test_the_column_and_the_encoding_can_be_named(trained, answers, tmp_path):
    path = tmp_path / "texts.csv"
    path.write_bytes("제목;감상\nx;좋다\n".encode("cp949"))
    options = ("--encoding", "cp949", "--delimiter", "semicolon", "--column", "감상")
    done = call(main, trained, "--file", path, *options)
    assert done.code == 0, done.err
    assert done.out.splitlines()[1].split()[:2] == ["좋다", "pos"]


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        ([], "give inputs on the command line, or a file with --file"),
        (["a", "--file", "b.txt"], "give inputs on the command line, or a file with --file"),
        (["--file", "nothing.csv"], "nothing.csv"),
        (["a", "--out", "answers.xlsx"], "must end in one of .csv, .tsv, .jsonl"),
        (["a", "--out", "no/answers.csv"], "there is no folder no"),
        (["--file", "same.csv", "--out", "./same.csv"], "is the file that is read"),
        (["a", "--devise", "cpu"], "did you mean --device?"),
        (["a", "--device", "cpy"], "did you mean cpu?"),
        (["--file", "empty.txt"], "empty.txt holds no inputs"),
        (["--file", "empty.txt", "--encoding", "utf-9"], "--encoding utf-9: not a text encoding"),
        (["--file", "same.csv", "--format", "conllu"], "files of this model's inputs may be auto, text"),
        (["--file", "same.csv", "--image-column", "a"], "--image-column: this model's inputs have no images"),
    ],
)
def test_wrong_commands_are_told(trained, tmp_path, monkeypatch, arguments, answer):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "same.csv").write_text("text\na\n")
    (tmp_path / "empty.txt").write_text("")
    assert answer in told(trained, *arguments)
    assert (tmp_path / "same.csv").read_text() == "text\na\n"


def test_inputs_may_stand_after_options(trained, answers):
    plain = call(main, trained, *TEXTS[:2])
    assert plain.code == 0
    assert call(main, trained, TEXTS[0], "--device", "cpu", TEXTS[1]) == plain
    assert call(main, "--device", "cpu", trained, *TEXTS[:2]) == plain
    assert call(main, trained, "--device", "cpu", "--", "-a").out.split()[-5] == "-a"


def test_where_nothing_can_be_written_is_told_before_the_model_is_read(tmp_path, monkeypatch):
    def refuse(**where):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    line = told(tmp_path / "no run", "a", "--out", tmp_path / "answers.csv", code=1)
    assert line == f"error: cannot write {tmp_path / 'answers.csv'}: Permission denied\n"


def test_a_folder_that_is_no_run_is_told(tmp_path):
    assert "not the folder of a run" in told(tmp_path, "a")
    assert "not the folder of a run" in told(tmp_path / "nothing", "a")


def test_an_export_is_answered_by_its_run_and_told_where_it_has_none(trained, answers, tmp_path):
    (tmp_path / "saved_model.pb").touch()
    assert "is an exported SavedModel" in told(tmp_path, "a")
    export = trained / "an export"
    export.mkdir()
    (export / "saved_model.pb").touch()
    done = call(main, export, TEXTS[0])
    shutil.rmtree(export)
    assert (done.code, "is the export of the run" in done.err) == (0, True)
    assert done.out == call(main, trained, TEXTS[0]).out


@pytest.mark.parametrize(
    ("content", "flags"),
    [
        ("0;a good film\n", []),
        ("id|text\n1|a good film\n", ["--delimiter", "pipe", "--header", "yes", "--column", "text"]),
    ],
)
def test_what_was_said_of_the_training_data_counts_unless_it_is_said_anew(trained, tmp_path, content, flags):
    run = shutil.copytree(trained, tmp_path / "run")
    config = json.loads((run / "config.json").read_text())
    config["config"]["data"] = {"text_column": "1", "header": "no", "delimiter": "semicolon"}
    (run / "config.json").write_text(json.dumps(config))
    path = tmp_path / "new.csv"
    path.write_text(content)
    done = call(main, run, "--file", path, *flags)
    assert done.code == 0, done.err
    assert done.out.splitlines()[1].split()[:4] == ["a", "good", "film", "pos"]
    assert done.err == ""


def test_a_file_in_utf8_is_no_file_in_the_encoding_of_training(trained, tmp_path):
    run = shutil.copytree(trained, tmp_path / "run")
    config = json.loads((run / "config.json").read_text())
    config["config"]["data"] = {"encoding": "latin-1"}
    (run / "config.json").write_text(json.dumps(config))
    path = tmp_path / "new.txt"
    path.write_text("좋다\n", "utf-8")
    done = call(main, run, "--file", path)
    assert (done.code, done.err) == (0, f"{path} is UTF-8, and not latin-1 as the training data\n")
    assert done.out.splitlines()[1].split()[0] == "좋다"


def test_a_run_without_a_model_is_told(trained, tmp_path):
    shutil.copy(trained / "config.json", tmp_path)
    assert f"{tmp_path} has no model yet; finish it with: python -m zoo.run --resume" in told(tmp_path, "a")


def test_a_run_without_a_model_is_told_without_tensorflow(run_python, trained, tmp_path):
    shutil.copy(trained / "config.json", tmp_path)
    for command in ("predict", "export"):
        inputs = ["a"] if command == "predict" else []
        code = f"import sys; from zoo.{command} import main; print(main({[str(tmp_path), *inputs]!r}), "
        code += "'keras' in sys.modules)"
        assert run_python("-c", code).stdout == "2 False\n"


@pytest.fixture
def copy(trained, tmp_path) -> Path:
    """A run of which files may be broken."""
    return Path(shutil.copytree(trained, tmp_path / "run"))


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"vocabulary": 3, "labels": []}',
        '{"vocabulary": ["a", "a"], "labels": ["x", "y"]}',
    ],
)
def test_a_broken_vocabulary_is_told(copy, content):
    (copy / "prepared.json").write_text(content)
    done = call(main, copy, "a")
    assert done.code in (1, 2)
    assert done.err.startswith(f"error: {copy / 'prepared.json'} ")
    assert done.err.count("\n") == 1


def test_a_broken_model_is_told(copy):
    path = copy / "model.keras"
    whole = path.read_bytes()
    half = len(whole) // 2
    for damaged in (
        b"",
        b"no model",
        whole[:half],
        whole[:half] + bytes([whole[half] ^ 255]) + whole[half + 1 :],
    ):
        path.write_bytes(damaged)
        assert f"{path} cannot be loaded" in told(copy, "a", code=1)


def test_a_full_disk_keeps_earlier_answers(trained, toy, small_disk):
    out = small_disk / "answers.csv"
    assert call(main, trained, "a", "--out", out).code == 0
    before = out.read_bytes()
    (small_disk / "filler").write_bytes(bytes(250_000))
    assert "no space left" in told(trained, *["some text " * 50] * 300, "--out", out, code=1)
    assert out.read_bytes() == before


def test_an_out_that_cannot_be_written_is_told(trained):
    assert "cannot write /proc/answers.csv" in told(trained, "a", "--out", "/proc/answers.csv", code=1)
