"""Random and damaged files for all that reads users' files; TensorFlow is not needed."""

from __future__ import annotations

import json
import shutil
import tempfile
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

import datasets
from datasets.errors import UserError
from datasets.formats.tables import Format
from datasets.series.time_series import TimeSeries
from experiments.fuzz.formats import FORMATS, Files
from experiments.fuzz.mutations import mutated
from experiments.fuzz.workers import Answer, Try
from zoo.tasks.base import load_task, task_names

#: Options that users get wrong.
WRONG_OPTIONS: tuple[Mapping[str, object], ...] = (
    {"encoding": "cp949"}, {"encoding": "utf-16"}, {"encoding": "latin-1"}, {"header": "no"}, {"delimiter": "tab"},
    {"delimiter": "comma"}, {"valid_fraction": 0.45}, {"test_fraction": 0.0}, {"fill": "forward"}, {"missing": "skip"},
)  # fmt: skip
#: A message longer than this is no line that one can read.
LONGEST_MESSAGE = 1500
#: Words of notes that tell of rows that were left out.
TOLD = (
    "left out",
    "dropped",
    "taken out",
    "skipped",
    "duplicate",
    "conflict",
    "empty",
    "several labels",
    "once",
)


@dataclass(frozen=True)
class Case:
    """One input: files, how they are read, and what was done to them."""

    number: int
    kind: str
    files: Files
    damage: tuple[str, ...]
    for_answers: str | None

    @classmethod
    def of(cls, seed: int, number: int) -> Case:
        """The same for the same seed and number, everywhere."""
        random = Random(f"{seed}-{number}")
        kind = random.choice(sorted(FORMATS))
        files = FORMATS[kind](random)
        name = next(iter(files.content))
        files.content[name], damage = mutated(files.content[name], random)
        if random.random() < 0.1:
            files.options |= random.choice(WRONG_OPTIONS)
            damage = [*damage, "options"]
        if random.random() < 0.05 and files.named == name:
            files.named = random.choice(
                ("data.csv", "data.tsv.gz", "data.json", "data.conllu", "data.txt", "data")
            )
            files.content = {files.named: files.content[name], **files.content}
            damage = [*damage, "name"]
        asked = random.choice(task_names()) if random.random() < 0.2 else None
        return cls(number, kind, files, tuple(damage), asked)


@dataclass(frozen=True)
class Attempt:
    """Tries cases.

    Attributes:
        seed: of the cases.
        keep: the folder where inputs that were answered wrongly are kept.
    """

    seed: int
    keep: Path

    def __call__(self) -> Try:
        """What tries one case, for a worker."""
        return self.attempt

    def attempt(self, number: int) -> Answer:
        """Read the files of a case, all splits to their end."""
        case = Case.of(self.seed, number)
        with tempfile.TemporaryDirectory() as name:
            path, options = case.files.write(Path(name))
            answer = _read(case, path, options)
            if answer.is_fault:
                kept = self.keep / f"{self.seed}-{number}"
                shutil.copytree(name, kept, dirs_exist_ok=True)
                _describe(case, answer, kept)
        return answer


def _read(case: Case, path: Path, options: Mapping[str, object]) -> Answer:
    def answer(kind: str, details: str = "") -> Answer:
        where = f"{case.kind} for {case.for_answers}" if case.for_answers else case.kind
        return Answer(case.number, where, kind, details)

    try:
        silent = _inputs(case, path) if case.for_answers else _examples(case, path, options)
    except UserError as problem:
        if len(str(problem)) > LONGEST_MESSAGE:
            return answer("fault", f"a message of {len(str(problem)):,} characters")
        return answer("refused", str(problem))
    except Exception as problem:
        place = traceback.extract_tb(problem.__traceback__)[-1]
        said = f"{type(problem).__name__}: {str(problem)[:200]} ({place.filename}, line {place.lineno})"
        return answer("fault", said)
    return answer("silent", silent) if silent else answer("read")


def _inputs(case: Case, path: Path) -> str:
    """Read the files as inputs of a trained model."""
    assert case.for_answers is not None
    for _ in load_task(case.for_answers).input_kind.read(path, None, Format()):
        pass
    return ""


def _examples(case: Case, path: Path, options: Mapping[str, object]) -> str:
    """Read the files as a data set; says what was changed without a word."""
    dataset = datasets.load(str(path), case.files.fields, options)
    splits = [split for split in (dataset.train, dataset.valid, dataset.test) if split is not None]
    sizes = [sum(1 for example in split if _look_at(example)) for split in splits]
    if sizes != [len(split) for split in splits]:
        return f"splits of {[len(split) for split in splits]} examples give {sizes}"
    expected = case.files.rows
    if expected is None or case.damage or "series" in case.files.fields:
        return ""
    if sum(sizes) != expected and not any(word in note for note in dataset.info.notes for word in TOLD):
        return f"{expected} rows became {sum(sizes)} examples, and no note says why"
    return ""


def _look_at(example: Mapping[str, object]) -> bool:
    """Look at all that is in an example: images are read, and numbers must be numbers. True."""
    import numpy as np

    for value in example.values():
        if isinstance(value, TimeSeries):
            assert np.isfinite(value.values).all()
        elif hasattr(value, "read"):
            assert np.isfinite(value.read()).all()
    return True


def _describe(case: Case, answer: Answer, folder: Path) -> None:
    """What the input was and how it was answered, beside it."""
    facts = {
        "format": case.kind, "damage": case.damage, "read as": case.for_answers or case.files.fields,
        "named": case.files.named, "options": case.files.options, "answer": answer.answer, "details": answer.details,
    }  # fmt: skip
    (folder / "case.json").write_text(json.dumps(facts, indent=2, default=str), encoding="utf-8")
