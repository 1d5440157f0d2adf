from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from datasets.errors import UserError
from datasets.formats import conll
from datasets.formats.conll import Columns, conllu_column, conllu_sentences, conllu_words, parse_column


def row(number: str, form: str, upos: str = "X", xpos: str = "_") -> str:
    return "\t".join([number, form, "_", upos, xpos, *["_"] * 5])


CONLLU = "\n".join([
    "# text = al sol", row("1-2", "al", "_"), row("1", "a", "ADP", "IN"), row("2", "el", "DET", "DT"),
    row("2.1", "gran", "ADJ", "JJ"), row("3", "sol", "NOUN", "NN"), "", "", "# newpar",
    row("1", "e\u0301", "X", "FW"), row("2", "#", "SYM", "#"), row("3", "a\u2028b", "X", "FW"),
])  # fmt: skip

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str, name: str = "file.txt") -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode())
        return path

    return write


def test_rows_of_multiword_tokens_and_empty_nodes_are_no_words(write: Write) -> None:
    first, second = conllu_sentences(write(CONLLU), "utf-8")
    assert first == (3, ("a", "el", "sol"), ("ADP", "DET", "NOUN"))
    assert second == (10, ("é", "#", "a\u2028b"), ("X", "SYM", "X"))


def test_another_column_can_be_read(write: Write) -> None:
    tags = [tags for _, _, tags in conllu_sentences(write(CONLLU), "utf-8", "xpos")]
    assert tags == [("IN", "DT", "NN"), ("FW", "#", "FW")]


def test_words_alone_need_no_tags(write: Write) -> None:
    path = write(row("1", "a", "_") + "\r\n\r\n# end\r\n")
    assert list(conllu_words(path, "utf-8")) == [("a",)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1\ta\tb", "line 1: 3 columns where CoNLL-U has 10"),
        (row("1", "a") + "\n" + row("3", "b"), "line 2: the word is numbered '3' and not 2"),
        (row("1", "a") + "\n" + row("1", "b"), "line 2: the word is numbered '1' and not 2; an empty line"),
        (row("x", "a"), "line 1: the word is numbered 'x'"),
        ("# c\n" + row("1", "a", "_"), "line 2: the word 'a' has no tag in the column upos"),
        (row("1", ""), "line 1: a word is empty"),
    ],
)
def test_a_broken_row_is_named(write: Write, text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        list(conllu_sentences(write(text), "utf-8"))


COLUMNS = """-DOCSTART- -X- O O

# the comment of a sentence
EU NNP B-NP I-ORG
rejects VBZ B-VP O
# SYM O O

Peter NNP B-NP I-PER
"""


def test_columns_are_the_first_and_the_last_unless_others_are_named(write: Write) -> None:
    path = write(COLUMNS)
    assert list(Columns(path, "utf-8").sentences()) == [
        (4, ("EU", "rejects", "#"), ("I-ORG", "O", "O")),
        (8, ("Peter",), ("I-PER",)),
    ]
    tags = [tags for _, _, tags in Columns(path, "utf-8", 0, 1).sentences()]
    assert tags == [("NNP", "VBZ", "SYM"), ("NNP",)]
    assert Columns(path, "utf-8").check() == 4


def test_columns_separated_by_tabs_may_hold_blanks(write: Write) -> None:
    path = write("New York\tB-LOC\r\nis\tO\r\n\r\n", "a.tsv")
    assert list(Columns(path, "utf-8").sentences()) == [(1, ("New York", "is"), ("B-LOC", "O"))]


def words_and_tags(path: Path) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    return [(words, tags) for _, words, tags in Columns(path, "utf-8").sentences()]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("## the sentence\tas it was\na\tX\n", "a"),  # as in KLUE's files
        ("## form: ##\n\n## id-1\tx\na\tX\n", "a"),
        ("# 1\na X\nb Y\n\n# 2\na X\n", "a b a"),  # as many columns as words have, and a tag of no word
        ("# X\na X\n", "# a"),  # the word #, for its tag is that of a word
        ("#\tX\na\tX\n", "# a"),
        ("a X\n# X\n", "a #"),
        ("#tag X\na X\n", "#tag a"),
        ("# begin document (x); part 000\na X\n\n#end document\n", "a"),
    ],
)
def test_comments_are_told_from_words(write: Write, text: str, words: str) -> None:
    read = words_and_tags(write(text))
    assert " ".join(word for sentence, _ in read for word in sentence) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a\tX\n \tO\nb\tX\n", ("a", " ", "b")),
        ("a X\n  O\nb X\n", ("a", " ", "b")),
        ("a X\n\u00a0 O\nb X\n", ("a", "\u00a0", "b")),
        ("a\tX\n\t\tO\nb\tX\n", ("a", "\t", "b")),
        ("a\tX\n\u00a0\tO\nb\tX\n", ("a", "\u00a0", "b")),
        ("a \t X \n b\tY\n", ("a", "b")),
        ("  a   X  \n  b   Y\n", ("a", "b")),
        ("Word\tTag\na\tX\nb\tY\n", ("a", "b")),
    ],
)
def test_blanks_may_be_words_and_may_pad_columns(write: Write, text: str, words: tuple[str, ...]) -> None:
    ((read, tags),) = words_and_tags(write(text))
    assert read == words
    assert all(tag == tag.strip() for tag in tags)


def test_words_of_a_column_file_need_no_tags(write: Write) -> None:
    assert list(Columns(write("a\nb\n\nc\n"), "utf-8").tokens()) == [("a", "b"), ("c",)]


@pytest.mark.parametrize(
    ("text", "columns", "message"),
    [
        ("a A\nb\n", (0, -1), "line 2: 1 columns where the first row has 2"),
        ("a\t\n", (0, -1), "line 1: the word 'a' has no tag"),
        ("word\ttag\na\tX\n\nword\ttag\nb\tX\n", (0, -1), "line 4: is the header row again"),
        ("a\tX\n" * 120, (0, -1), "is one sentence of 120 words; an empty line ends each sentence"),
    ],
)
def test_a_ragged_row_is_named(write: Write, text: str, columns: tuple[int, int], message: str) -> None:
    with pytest.raises(UserError, match=message):
        list(Columns(write(text), "utf-8", *columns).sentences())


@pytest.mark.parametrize(
    ("text", "columns", "message"),
    [
        ("", (0, -1), "is empty"),
        ("-DOCSTART-\n\n", (0, -1), "is empty"),
        ("a A\n", (0, 2), "--tag-column 2: .* has the columns 0 to 1"),
        ("a A\n", (-3, 1), "--token-column -3"),
        ("a\nb\n", (0, -1), "has 1 columns, and words and tags would be the same one"),
    ],
)
def test_columns_that_are_not_there_are_refused(
    write: Write, text: str, columns: tuple[int, int], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        Columns(write(text), "utf-8", *columns).check()


def test_a_file_without_empty_lines_does_not_become_one_sentence(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conll, "LONGEST_SENTENCE", 3)
    with pytest.raises(UserError, match="line 1: a sentence of more than 3 lines"):
        list(Columns(write("a A\n" * 4), "utf-8").sentences())
    assert len(list(Columns(write("a A\n" * 3), "utf-8").sentences())) == 1


def test_columns_are_given_by_name_or_position() -> None:
    assert conllu_column(None) == "upos"
    assert conllu_column("XPOS") == "xpos"
    with pytest.raises(UserError, match=r"--tag-column xpo: .*; did you mean xpos\?"):
        conllu_column("xpo")
    assert parse_column("tag", None, -1) == -1
    assert parse_column("tag", "2", -1) == 2
    with pytest.raises(UserError, match="--tag-column ner: columns of this file have no names"):
        parse_column("tag", "ner", -1)
