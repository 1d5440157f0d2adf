"""The command that tries random and damaged inputs finds what it should, and finds nothing in a small count of them."""

from __future__ import annotations

import gzip
import os
import time
from pathlib import Path
from random import Random

import pytest

from datasets.errors import LONGEST, UserError
from experiments.fuzz import loaders, workers
from experiments.fuzz.__main__ import main, report
from experiments.fuzz.formats import FORMATS, Files
from experiments.fuzz.loaders import Attempt, Case
from experiments.fuzz.mutations import MUTATIONS, mutated, packed
from experiments.fuzz.workers import Answer, Try, try_all

SMALL = 250


def test_a_small_count_is_answered_as_it_should(tmp_path: Path) -> None:
    attempt = Attempt(seed=1, keep=tmp_path)()
    answers = [attempt(number) for number in range(SMALL)]
    assert [answer for answer in answers if answer.is_fault] == []
    assert {answer.answer for answer in answers} == {"read", "refused"}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_not_damaged_is_read(name: str, tmp_path: Path) -> None:
    for number in range(6):
        files = FORMATS[name](Random(f"{name} {number}"))
        case = Case(number, name, files, (), None)
        path, options = files.write(tmp_path / str(number))
        assert loaders._read(case, path, options) == Answer(number, name, "read")


def test_the_same_number_is_the_same_input() -> None:
    assert Case.of(3, 17) == Case.of(3, 17)
    assert Case.of(3, 17) != Case.of(4, 17)


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_every_mutation_takes_any_bytes(mutation: object) -> None:
    assert callable(mutation)
    for data in (b"", b"\n", b"a,b\n1,2\n", bytes(range(256))):
        for seed in range(5):
            assert isinstance(mutation(data, Random(seed)), bytes)
    assert gzip.decompress(packed(b"a", Random(0))) == b"a"


def test_some_inputs_stay_as_they_are() -> None:
    found = [mutated(b"a,b\n1,2\n", Random(seed)) for seed in range(100)]
    assert 2 < sum(damage == [] and data == b"a,b\n1,2\n" for data, damage in found) < 30


# ---- what is found


def broken(problem: BaseException | None, seconds: float = 0, rows: int = 3) -> object:
    """A stand-in for `datasets.load`."""

    def load(*_: object) -> object:
        if problem is not None:
            raise problem
        time.sleep(seconds)
        from datasets.base import Dataset, Info, Split

        split = Split(lambda: [{"text": "a"}] * rows, 3)
        return Dataset(Info("made up", ("text",)), split, split, None)

    return load


@pytest.mark.parametrize(
    ("load", "answer", "details"),
    [
        (broken(KeyError("x")), "fault", "KeyError: 'x' ("),
        (broken(UserError("line 3 is wrong")), "refused", "line 3 is wrong"),
        (broken(None, rows=2), "silent", "splits of [3, 3] examples give [2, 2]"),
        (broken(None), "silent", "4 rows became 6 examples, and no note says why"),
    ],
)
def test_what_no_user_should_get_is_found_and_kept(
    load: object, answer: str, details: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loaders.datasets, "load", load)
    case = Case(5, "text", Files({"a.txt": b"a"}, "a.txt", ("text",), {}, 4), (), None)
    monkeypatch.setattr(loaders.Case, "of", lambda *_: case)
    found = Attempt(0, tmp_path).attempt(5)
    assert found.answer == answer
    assert found.details.startswith(details)
    assert (tmp_path / "0-5" / "a.txt").exists() == found.is_fault


def prepare_wrong() -> Try:
    """Tries that hang, die, or answer."""

    def attempt(number: int) -> Answer:
        if number == 3:
            time.sleep(60)
        if number == 5:
            os._exit(1)
        return Answer(number, "any", "read")

    return attempt


@pytest.mark.slow
def test_what_hangs_or_dies_is_told_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "LIMIT_SECONDS", 2.0)
    answers = try_all(range(9), prepare_wrong, workers=2)
    assert [answer.number for answer in answers] == list(range(9))
    assert {answer.number: answer.answer for answer in answers if answer.is_fault} == {3: "hang", 5: "died"}
    assert report(answers, Path("out")).endswith("2 of 9 inputs were answered wrongly\nthey are in out")


def test_the_command_reports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["loaders", "--count", "20", "--seed", "2", "--workers", "1", "--out", str(tmp_path)]) == 0
    assert "0 of 20 inputs were answered wrongly" in capsys.readouterr().out
    assert main(["loaders", "--only", "7", "--out", str(tmp_path)]) == 0
    assert "0 of 1 inputs" in capsys.readouterr().out


@pytest.mark.slow
def test_served_functions_answer_whatever_they_are_asked(tmp_path: Path) -> None:
    from experiments.fuzz.serving import Attempt as Serve

    answers = try_all(range(60), Serve(0, tmp_path, ("sentiment", "language_model")), workers=1)
    assert [answer for answer in answers if answer.is_fault] == []
    assert {answer.answer for answer in answers} >= {"read"}


# ---- found by it, and mended


def test_a_message_is_of_a_length_that_can_be_read() -> None:
    told = str(UserError(f"file.csv line 3: the label is {'a' * 100_000}; name its column"))
    assert len(told) <= LONGEST + 3
    assert told.startswith("file.csv line 3: the label is aaa")
    assert told.endswith("aaa; name its column")


LONG = "a" * 100_000


@pytest.mark.parametrize(
    ("content", "fields", "task"),
    [
        ({"data.jsonl": b"{}\n"}, ("text", "label"), "translation"),
        ({"data.csv": f"date,x\n2020-01-01,{LONG}\n".encode()}, ("series", "start"), None),
        ({"data.csv": f"image,caption\n{LONG},a film\n".encode()}, ("image", "captions"), None),
        ({"data.txt": LONG.encode()}, ("text",), "captioning"),
    ],
)
def test_what_was_found_is_refused_at_once(
    content: dict[str, bytes], fields: tuple[str, ...], task: str | None, tmp_path: Path
) -> None:
    files = Files(content, next(iter(content)), fields)
    began = time.monotonic()
    answer = loaders._read(Case(0, "found", files, (), task), *files.write(tmp_path))
    assert answer.answer == ("read" if task == "captioning" else "refused")
    assert time.monotonic() - began < 5
