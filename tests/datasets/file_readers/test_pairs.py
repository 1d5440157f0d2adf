from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

import datasets
from datasets.base import Dataset, Split
from datasets.errors import UserError
from tests.datasets.splits import splits_of

FIELDS = ("source", "target")
GERMAN = [f"Satz {n}" for n in range(20)]
ENGLISH = [f"sentence {n}" for n in range(20)]


def write(path: Path, lines: list[str], ending: str = "\n") -> Path:
    data = "".join(line + ending for line in lines).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def load(path: Path, **options: object) -> Dataset:
    return datasets.load(str(path), FIELDS, options)


def pairs(*splits: Split | None) -> set[tuple[str, str]]:
    return {(example["source"], example["target"]) for split in splits for example in split or ()}


EXPECTED = set(zip(GERMAN, ENGLISH, strict=True))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Official splits, one side packed, and a page that is no data."""
    for split, rows in (("train", slice(0, 10)), ("val", slice(10, 14)), ("test_2016", slice(14, 20))):
        write(tmp_path / f"{split}.de.gz", GERMAN[rows])
        write(tmp_path / f"{split}.en", ENGLISH[rows], "\r\n")
    (tmp_path / "README.md").write_text("no data")
    return tmp_path


def test_a_folder_of_line_aligned_files(folder: Path) -> None:
    data = load(folder, source="de", target="en")
    assert [len(split) for split in splits_of(data)] == [10, 4, 6]
    assert pairs(data.train, data.valid, data.test) == EXPECTED
    assert pairs(load(folder, source="de").test) == pairs(data.test)


@pytest.mark.parametrize(
    "options", [{"source": "en", "target": "de"}, {"target": "de"}, {"source": "de", "reverse": True}]
)
def test_the_other_way_round(folder: Path, options: dict[str, object]) -> None:
    data = load(folder, **options)
    assert pairs(data.train, data.valid, data.test) == {(english, german) for german, english in EXPECTED}


def test_pairs_with_an_empty_side_are_left_out_where_that_is_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path / "all.de", [*GERMAN, "", "  ", "allein"])
    write(tmp_path / "all.en", [*ENGLISH, "", "alone", ""])
    data = load(path, skip_empty=True)
    assert pairs(*splits_of(data)) == EXPECTED
    assert f"{tmp_path}/all.de and all.en: 3 pairs with an empty side left out" in data.info.notes
    with pytest.raises(
        UserError, match="line 21: the source is empty; leave the pair out, or all such with --skip-empty"
    ):
        load(path)
    rows = [*zip(GERMAN, ENGLISH, strict=True), ("", "alone")]
    table = write(tmp_path / "all.tsv", ["source\ttarget", *("\t".join(row) for row in rows)])
    assert pairs(*splits_of(load(table, skip_empty=True))) == EXPECTED


@pytest.mark.parametrize("options", [{}, {"source": "de"}, {"target": "en"}, {"source": ".DE.gz"}])
def test_one_of_two_files(tmp_path: Path, options: dict[str, object]) -> None:
    path = write(tmp_path / "all.de.gz", GERMAN)
    write(tmp_path / "all.en", ENGLISH)
    data = load(path, **options)
    assert pairs(data.train, data.valid, data.test) == EXPECTED
    assert pairs(load(tmp_path, source="de").train) == pairs(data.train)


def test_the_file_that_is_named_may_be_the_target(tmp_path: Path) -> None:
    write(tmp_path / "all.de", GERMAN)
    data = load(write(tmp_path / "all.en", ENGLISH), target="en")
    assert pairs(data.train, data.valid, data.test) == EXPECTED


TABLES = {
    "a.tsv": "source\tattribution\ttarget\n" + "".join(f"{g}\tx\t{e}\n" for g, e in EXPECTED),
    "a.csv": "translation,src\n" + "".join(f'"{e}",{g}\n' for g, e in EXPECTED),
    "a.jsonl": "".join(json.dumps({"target": e, "source": g}) + "\n" for g, e in EXPECTED),
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", TABLES)
def test_tables_with_the_usual_names(tmp_path: Path, name: str, packed: bool) -> None:
    path = tmp_path / (name + ".gz" * packed)
    write(path, TABLES[name].splitlines())
    for found in (load(path), load(tmp_path)):
        assert pairs(found.train, found.valid, found.test) == EXPECTED


def test_a_table_without_a_header_and_other_columns(tmp_path: Path) -> None:
    path = write(tmp_path / "kor.txt", [f"{e}\t{g}\tCC-BY" for g, e in EXPECTED])
    data = load(path, header="no", reverse=True)
    assert pairs(data.train, data.valid, data.test) == EXPECTED
    data = load(path, header="no", source_column="1", target_column="0")
    assert pairs(data.train, data.valid, data.test) == EXPECTED
    path = write(tmp_path / "b.tsv", ["deutsch\tenglisch", *(f"{g}\t{e}" for g, e in EXPECTED)])
    data = load(path, source_column="Deutsch", target_column="1")
    assert pairs(data.train, data.valid, data.test) == EXPECTED


def test_a_folder_of_tables_named_after_splits(tmp_path: Path) -> None:
    for split in ("train", "dev", "test"):
        write(tmp_path / f"{split}.tsv", ["source\ttarget", *(f"{split} {g}\t{e}" for g, e in EXPECTED)])
    data = load(tmp_path)
    assert all(source.startswith("dev") for source, _ in pairs(data.valid))
    assert len(splits_of(data)[2]) == 20


@pytest.mark.parametrize(
    ("german", "english", "message"),
    [
        (
            ["a", "b", "c"],
            ["x", "y"],
            r"all.de line 3: all.en ends at line 2; both files need the same number of lines",
        ),
        (["a"], ["x", "y", "z"], r"all.en line 2: all.de ends at line 1"),
        (["a", "b"], ["x", " "], r"all.en line 2: the target is empty; leave the pair out"),
        (["a", ""], ["x", "y"], r"all.de line 2: the source is empty"),
        ([], [], "has no pair of sentences"),
    ],
)
def test_files_that_do_not_fit_together(
    tmp_path: Path, german: list[str], english: list[str], message: str
) -> None:
    write(tmp_path / "all.en", english)
    with pytest.raises(UserError, match=message):
        load(write(tmp_path / "all.de", german))


def test_a_direction_that_cannot_be_known(folder: Path) -> None:
    with pytest.raises(UserError, match=r"from which language into which.* there are de, en"):
        load(folder)
    with pytest.raises(UserError, match=r"--source fr: .* has no files with this ending; it has de, en"):
        load(folder, source="fr")
    with pytest.raises(UserError, match="--target de: is the source too"):
        load(folder, source="de", target="de")
    write(folder / "train.fr", GERMAN[:10])
    with pytest.raises(UserError, match="several languages are beside it; name one with --target: en, fr"):
        load(folder / "train.de.gz")
    with pytest.raises(UserError, match=r"test_2016.de.gz: there is no test_2016.fr beside it"):
        load(folder, source="de", target="fr")
    with pytest.raises(UserError, match=r"train.de.gz: there is no train.ko beside it"):
        load(folder / "train.de.gz", target="ko")


def test_what_holds_no_pairs(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no sentence pairs"):
        load(tmp_path)
    lonely = write(tmp_path / "all.de", GERMAN)
    with pytest.raises(UserError, match=r"is no table, and no file all.\* of another language is beside it"):
        load(lonely)
    write(tmp_path / "a.tsv", ["source\ttarget", "a\tb"])
    write(tmp_path / "b.tsv", ["source\ttarget", "a\tb"])
    with pytest.raises(UserError, match="holds 2 tables and none is called train"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (
            "Go.\t가.\tx",
            {},
            "no columns for source and target among 'Go.', '가.', 'x'; .* or give --header no",
        ),
        ("a\nb", {}, "has one column; pairs need two"),
        ("a\tb", {"header": "no", "source_column": "1"}, "source and target are the same column"),
        (
            "1\ta\t7\tb\n2\tc\t8\td",
            {"header": "no"},
            "column 0 holds numbers and no sentences; name the columns",
        ),
        ("a\t7\tb\nc\t8\td", {"header": "no"}, "column 1 holds numbers and no sentences; name the columns"),
        ("a\tb", {"source": "de"}, "--source: .* is a table; name its columns with --source-column"),
        ("source\ttarget\na\t", {}, "line 2: the target is empty"),
    ],
)
def test_tables_that_are_none(tmp_path: Path, text: str, options: dict[str, object], message: str) -> None:
    path = tmp_path / "a.tsv"
    path.write_text(text + "\n")
    with pytest.raises(UserError, match=message):
        load(path, **options)


def test_columns_are_for_tables_only(folder: Path) -> None:
    with pytest.raises(
        UserError, match=r"--source-column: test_2016.de.gz is no table; leave the option out"
    ):
        load(folder, source="de", source_column="0")


@pytest.mark.real
def test_real_files(data_dir: Path) -> None:
    data = load(data_dir / "multi30k", source="de", target="en")
    assert [len(split) for split in splits_of(data)] == [29_000, 1_014, 1_000]
    data = load(data_dir / "tatoeba_kor_eng" / "kor.txt", header="no", reverse=True)
    assert len(data.train) + len(data.valid) + len(splits_of(data)[2]) == 5_749
    assert not {e["target"] for e in data.train} & {e["target"] for e in splits_of(data)[2]}
